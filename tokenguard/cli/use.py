"""`tokenguard use`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared
from tokenguard.errors import UsageError


@click.command()
@click.argument("name", required=False, shell_complete=_shared.names)
@click.option("--here", is_flag=True, help="In this folder and those below it, instead of everywhere.")
@click.option("--clear", is_flag=True, help="Take the choice back.")
def use(name: str | None, *, here: bool, clear: bool) -> None:
    """Choose the token that is meant where no name is given.

    What is bound to a folder is remembered on your side; nothing is written into the folder. TOKENGUARD_TOKEN=NAME
    outranks both.

    \b
    Examples:
      tokenguard use work
      tokenguard use acme --here
      tokenguard use --here --clear
    """
    from tokenguard import tokens

    if bool(name) == clear:
        raise click.UsageError("give either NAME or --clear")
    folder = tokens.here() if here else None
    if here and folder is None:
        raise UsageError("this folder is gone", "change to another one")
    tokens.use(_shared.open_vault(), name, folder=folder)
    where = f"in {folder}" if here else "by default"
    _shared.warn(f"{name} is used {where}" if name else f"nothing is chosen {where}")
