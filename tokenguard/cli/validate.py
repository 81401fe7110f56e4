"""`tokenguard validate`."""

from __future__ import annotations

import contextlib
import os

import click

from tokenguard.cli import _shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.token import Token
    from tokenguard.errors import TokenguardError


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=_shared.names)
@click.option("--all", "everything", is_flag=True, help="Every token in the vault.")
@click.option("--env", "variable", metavar="VAR", help="The token in this environment variable.")
@click.option("--stdin", "from_stdin", is_flag=True, help="The token on standard input.")
@click.option(
    "--can",
    "wanted",
    multiple=True,
    metavar="PERMISSION[:ENTITY]",
    help="Ask whether it may do this, too; repeatable.",
)
@click.option("--fresh", is_flag=True, help="Ask the Hub again, even if it answered within the last minute.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
def validate(
    names: tuple[str, ...],
    *,
    everything: bool,
    variable: str | None,
    from_stdin: bool,
    wanted: tuple[str, ...],
    fresh: bool,
    as_json: bool,
) -> int:
    """Ask the Hub whether tokens are valid, and what they may do.

    Exits 0 where they are, 1 where the Hub rejects one or it lacks a permission asked for with --can, 5 where the
    Hub could not be asked or would not say.

    \b
    Examples:
      tokenguard validate
      tokenguard validate --all --json
      tokenguard validate work --can read:acme/private-model --can inference
      tokenguard validate --env HF_TOKEN --can repo.write:acme
    """
    from tokenguard import tokens, validation
    from tokenguard.cli._shared import token_in_variable, token_on_stdin
    from tokenguard.core.name import check_name
    from tokenguard.core.printable import printable
    from tokenguard.errors import VaultError
    from tokenguard.process import say, write
    from tokenguard.render.tokens import document, verdict_lines
    from tokenguard.vault.index import Index

    if sum([bool(names), everything, variable is not None, from_stdin]) > 1:
        raise click.UsageError("NAME, --all, --env and --stdin exclude each other")
    vault, hub = _shared.open_vault(), _shared.open_hub()
    permissions = _shared.permissions(wanted, vault)
    index = Index()
    if variable is not None or from_stdin:
        token = token_on_stdin() if variable is None else token_in_variable(variable)
        targets: list[tuple[str | None, Token | TokenguardError]] = [(None, token)]
        with contextlib.suppress(VaultError):  # a token from elsewhere needs no vault
            index = vault.index()
    else:
        index = vault.index()
        if everything:
            names = tuple(sorted(index.tokens))
        elif not names:
            names = (tokens.chosen(index, os.environ, tokens.here()),)
        targets = [*tokens.held(vault, [check_name(name) for name in names])]
    rows, learnt = validation.validate(index, hub, targets, permissions, fresh=fresh)
    if as_json:
        write(f"{document(rows, validated=True)}\n")
    else:
        write("".join(f"{line}\n" for line in verdict_lines(rows, _shared.now())))
    if not rows:
        _shared.warn("there are no tokens to validate")
    errors = [row.error for row in rows if row.error is not None]
    for hint in dict.fromkeys(error.hint for error in errors if error.hint):
        say(f"  {printable(hint)}")
    validation.remember(vault, learnt)
    return max((error.exit_code for error in errors), default=0)
