"""`tokenguard add`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared


@click.command()
@click.argument("name")
@_shared.takes_token
@click.option("--no-validate", is_flag=True, help="Do not ask the Hub whose token it is.")
@click.option("--replace", is_flag=True, help="Overwrite the token that has this name.")
@click.option("--default", is_flag=True, help="Make it the default.")
def add(
    name: str, *, from_stdin: bool, from_env: str | None, no_validate: bool, replace: bool, default: bool
) -> None:
    """Put a token into the vault, under a name of your choosing.

    It is asked for without being shown. The Hub says whose it is before it is kept.

    \b
    Examples:
      tokenguard add work
      tokenguard add ci --from-env HF_TOKEN
      pass show huggingface | tokenguard add work --stdin --replace
    """
    from tokenguard import tokens
    from tokenguard.errors import HubError
    from tokenguard.process import say
    from tokenguard.render.tokens import verdict_lines

    _shared.expect_one_source(from_stdin=from_stdin, from_env=from_env)
    vault = _shared.open_vault()
    hub = None if no_validate else _shared.open_hub()
    tokens.expect_free(vault, name, replace=replace)
    token = _shared.take_token(from_stdin=from_stdin, from_env=from_env)
    try:
        row = tokens.add(vault, hub, name, token, replace=replace, default=default, warn=_shared.warn)
    except HubError as error:
        error.hint += "; --no-validate keeps it without asking"
        raise
    for line in verdict_lines([row], _shared.now()):
        say(f"kept {line}")
    if not row.is_default and not vault.index().default:
        say(f"`tokenguard use {name}` makes it the default")
