"""`tokenguard remove`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=_shared.names)
def remove(names: tuple[str, ...]) -> None:
    """Take tokens out of the vault. They stay valid until they are revoked on the Hub.

    \b
    Example:
      tokenguard remove old-laptop colab
    """
    unique = tuple(dict.fromkeys(names))
    _shared.open_vault().remove(unique)
    _shared.warn(f"removed {', '.join(unique)}; to revoke too: https://huggingface.co/settings/tokens")
