"""`tokenguard status`."""

from __future__ import annotations

import os

import click

from tokenguard.cli import _shared
from tokenguard.errors import ExitCode


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
def status(*, as_json: bool) -> int:
    """Say which token Hugging Face's libraries use here, and why.

    It has every place that they look in, in their order, whose token is there and what that hides; what tokenguard
    itself would choose; the vault; git's hooks and credential helpers. The Hub is not asked.

    \b
    Examples:
      tokenguard status
      tokenguard status --json
    """
    from tokenguard import tokens
    from tokenguard.home import home
    from tokenguard.process import write
    from tokenguard.render.standing import document, lines
    from tokenguard.standing import standing

    found = standing(_shared.open_vault(), os.environ, tokens.here(), home())
    write(f"{document(found)}\n" if as_json else "".join(f"{line}\n" for line in lines(found)))
    return ExitCode.INCOMPLETE if found.unreadable else ExitCode.CLEAN
