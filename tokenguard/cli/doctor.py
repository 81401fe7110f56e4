"""`tokenguard doctor`."""

from __future__ import annotations

import os

import click

from tokenguard.cli import _shared
from tokenguard.errors import ExitCode


@click.command()
@click.option("--fix", is_flag=True, help="Do what is safe: modes, the index, dead hooks.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
def doctor(*, fix: bool, as_json: bool) -> int:
    """Say what is wrong with tokens on this machine and in this repository, and what mends it.

    It looks for tokens in the clear, files that others can read, variables that hide a token or have a wrong name,
    differences between index and vault, hooks that check nothing, .env files that git tracks, and tokens that are
    rejected, expired, old, or can do much. The Hub is not asked.

    Exits 0 where nothing is wrong, 1 where something is, 3 where something could not be looked at.

    \b
    Examples:
      tokenguard doctor
      tokenguard doctor --fix
      tokenguard doctor --json
    """
    from tokenguard import tokens
    from tokenguard.checkup import examine
    from tokenguard.home import home
    from tokenguard.process import write
    from tokenguard.render.checkup import document, lines

    found = examine(_shared.open_vault(), os.environ, tokens.here(), home(), fix=fix)
    write(f"{document(found)}\n" if as_json else "".join(f"{line}\n" for line in lines(found)))
    if found.unreadable:
        return ExitCode.INCOMPLETE
    return ExitCode.FOUND if found.wrong else ExitCode.CLEAN
