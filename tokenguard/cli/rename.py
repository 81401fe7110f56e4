"""`tokenguard rename`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared


@click.command()
@click.argument("old", shell_complete=_shared.names)
@click.argument("new")
def rename(old: str, new: str) -> None:
    """Give a token another name.

    It stays the default, and bound to the folders that it was bound to.

    \b
    Example:
      tokenguard rename work acme
    """
    from tokenguard.core.name import check_name

    _shared.open_vault().rename(old, check_name(new))
    _shared.warn(f"{old} is called {new} now")
