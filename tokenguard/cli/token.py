"""`tokenguard token`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared
from tokenguard.process import write


@click.command()
@click.argument("name", required=False, shell_complete=_shared.names)
@click.option("--header", is_flag=True, help="As a header of HTTP, for `curl -H @-`.")
@click.option("--reveal", is_flag=True, help="Show the token even on a terminal.")
def token(name: str | None, *, header: bool, reveal: bool) -> None:
    """Write a token to a pipe.

    \b
    Examples:
      tokenguard token work | docker login registry.hf.space --username alice --password-stdin
      tokenguard token --header | curl -H @- https://huggingface.co/api/whoami-v2
    """
    _shared.expect_pipe(reveal=reveal)
    secret = _shared.chosen_token(name).reveal()
    write(f"Authorization: Bearer {secret}\n" if header else f"{secret}\n")
