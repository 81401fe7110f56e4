"""`tokenguard export`."""

from __future__ import annotations

import os

import click

from tokenguard.cli import _shared
from tokenguard.exporters import FORMATS


@click.command()
@click.argument("name", required=False, shell_complete=_shared.names)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="sh", show_default=True, help="For which consumer."
)
@click.option(
    "--var", "variables", multiple=True, metavar="VAR", help="The variable; repeatable.  [default: HF_TOKEN]"
)
@click.option("--unset", is_flag=True, help="Take the variables out again.")
@click.option("--reveal", is_flag=True, help="Show the token even on a terminal.")
def export(name: str | None, *, form: str, variables: tuple[str, ...], unset: bool, reveal: bool) -> None:
    """Write a token for a shell, a file or a CI service.

    For a single program, `tokenguard run -- COMMAND` is better: nothing else gets to see the token.

    \b
    Examples:
      tokenguard export work --format fish | source
      eval "$(tokenguard export)"
      docker run --env-file <(tokenguard export ci --format docker) IMAGE
      tokenguard export --format github
      eval "$(tokenguard export --unset)"
    """
    from tokenguard import handing, launch
    from tokenguard.core.name import HF_TOKEN

    if not unset:
        _shared.expect_pipe(reveal=reveal)
        for warning in launch.warnings(os.environ):
            _shared.warn(warning)
    token = None if unset else _shared.chosen_token(name)
    handing.export(form, variables or (HF_TOKEN,), token, os.environ)
