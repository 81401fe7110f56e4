"""`tokenguard vault`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared
from tokenguard.vault.file import TTL, VaultFile

_LONGEST_TTL = 366 * 24 * 3600
_LOCKED = {True: "yes", False: "no", None: "not known"}


@click.group()
def vault() -> None:
    """Look after the vault that tokens are kept in.

    \b
    Examples:
      tokenguard vault status
      tokenguard vault unlock --ttl 3600
    """


@vault.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
def status(*, as_json: bool) -> None:
    """Say which vault is in use, and whether it is open.

    \b
    Example:
      tokenguard vault status
    """
    import json

    from tokenguard import vaults

    state = vaults.status(_shared.open_vault())
    if as_json:
        click.echo(json.dumps({"schema": 1, **state._asdict()}))
        return
    click.echo(f"kind     {state.kind}")
    click.echo(f"backend  {state.backend}")
    if state.path:
        click.echo(f"file     {state.path}")
    click.echo(f"locked   {_LOCKED[state.locked]}")
    click.echo(f"tokens   {state.tokens}")
    if state.problem:
        _shared.warn(state.problem)


@vault.command()
@click.option(
    "--ttl",
    type=click.IntRange(min=1, max=_LONGEST_TTL),
    default=TTL,
    show_default=True,
    metavar="SECONDS",
    help="For how long.",
)
def unlock(*, ttl: int) -> None:
    """Open the vault file for some hours.

    Its key is kept by the kernel until then, as ssh-agent keeps one: programs of yours can read it.

    \b
    Example:
      tokenguard vault unlock --ttl 3600
    """
    _file().unlock(ttl)
    _shared.warn(f"the vault file is open for {ttl} seconds")


@vault.command()
def lock() -> None:
    """Close the vault file again.

    \b
    Example:
      tokenguard vault lock
    """
    _file().lock()
    _shared.warn("the vault file is locked")


@vault.command()
def change_passphrase() -> None:
    """Give the vault file another passphrase.

    \b
    Example:
      tokenguard vault change-passphrase
    """
    _file().change_passphrase()
    _shared.warn("the vault file has a new passphrase")


@vault.command()
@click.argument("file", type=click.Path())
def add_key(*, file: str) -> None:
    """Let a key file open the vault file as well.

    FILE is made if it is not there, and replaces the key file that there was before. Where TOKENGUARD_KEY_FILE
    names it, nobody has to type anything.

    \b
    Example:
      tokenguard vault add-key /mnt/usb/tokenguard.key
    """
    _file().add_key(file)
    _shared.warn(f"{file} opens the vault file where TOKENGUARD_KEY_FILE names it")


@vault.command()
@click.option("--to", "kind", type=click.Choice(["keyring", "file"]), required=True, help="Where to.")
@click.option("--dry-run", is_flag=True, help="Only say what would be moved.")
def move(*, kind: str, dry_run: bool) -> None:
    """Take all tokens to the OS keyring, or to the encrypted file.

    Each is copied and read back before any is deleted.

    \b
    Example:
      tokenguard vault move --to file --dry-run
    """
    names = _shared.open_vault().move(kind, dry_run=dry_run, warn=_shared.warn)
    done = "would be moved" if dry_run else "moved"
    _shared.warn(
        f"{done} to the {kind}: {', '.join(names)}" if names else f"nothing has to be moved to the {kind}"
    )


def _file() -> VaultFile:
    from tokenguard.process import forbid_dumps

    forbid_dumps()
    return VaultFile()
