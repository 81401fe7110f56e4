"""`tokenguard rotate`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared


@click.command()
@click.argument("name", shell_complete=_shared.names)
@_shared.takes_token
@click.option("--no-browser", is_flag=True, help="Only say where the page is.")
def rotate(name: str, *, from_stdin: bool, from_env: str | None, no_browser: bool) -> None:
    """Put a new token in the place of an old one.

    Opens the page where the new value is made, takes it in, and checks that it is the same account's and can do
    all that the old one could.

    \b
    Examples:
      tokenguard rotate work
      tokenguard rotate ci --from-env NEW_TOKEN --no-browser
    """
    from tokenguard import tokens
    from tokenguard.errors import HubError
    from tokenguard.process import say

    _shared.expect_one_source(from_stdin=from_stdin, from_env=from_env)
    vault, hub = _shared.open_vault(), _shared.open_hub()
    old = vault.get(name)  # before anybody invalidates it
    page = f"{hub.endpoint.url}/settings/tokens"
    say(f"Make a new value there (Manage, then Invalidate and refresh): {page}")
    if not (from_stdin or from_env or no_browser):
        _shared.open_page(page)
    new = _shared.take_token(from_stdin=from_stdin, from_env=from_env, prompt="New token (not shown)")
    try:
        is_alive = tokens.rotate(vault, hub, name, old, new, warn=_shared.warn)
    except HubError as error:
        error.hint += f"; the new token was not kept: `tokenguard add {name} --replace --no-validate` keeps it"
        raise
    if is_alive:
        _shared.warn(f"{name} is rotated, but the old token is still valid: revoke it at {page}")
    else:
        _shared.warn(f"{name} is rotated")
