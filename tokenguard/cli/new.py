"""`tokenguard new`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared


@click.command()
@click.argument("name", required=False)
@click.option(
    "--can",
    "wanted",
    multiple=True,
    default=("read",),
    show_default=True,
    metavar="PERMISSION[:ENTITY]",
    help="What the token is to be good for; repeatable.",
)
@_shared.takes_token
@click.option("--no-browser", is_flag=True, help="Only print the link.")
def new(
    name: str | None, *, wanted: tuple[str, ...], from_stdin: bool, from_env: str | None, no_browser: bool
) -> None:
    """Make a token that can do what is asked for, and no more.

    Prints a link that fills in the Hub's form. With NAME, the token that is made there is taken in: the Hub says
    whether it has these permissions and no others, and it is kept.

    \b
    Examples:
      tokenguard new serving --can inference
      tokenguard new upload --can repo.write:acme --can gated
      tokenguard new --can read --no-browser
    """
    from tokenguard import tokens
    from tokenguard.core.grants import by_hand, form_link
    from tokenguard.errors import HubError
    from tokenguard.process import say, write
    from tokenguard.render.tokens import verdict_lines

    _shared.expect_one_source(from_stdin=from_stdin, from_env=from_env)
    vault = _shared.open_vault()
    hub = _shared.open_hub()
    permissions = _shared.permissions(wanted, vault)
    if name is not None:
        tokens.expect_free(vault, name, replace=False)
    link = form_link(permissions, tokens.accounts(vault), hub.endpoint.url)
    write(f"{link}\n")
    for permission in by_hand(permissions):
        _shared.warn(
            f"the link cannot fill in {permission}: choose it in the form, under Repositories permissions"
        )
    if not (from_stdin or from_env or no_browser):
        _shared.open_page(link)
    if name is None:
        return
    token = _shared.take_token(from_stdin=from_stdin, from_env=from_env)
    try:
        row = tokens.take_new(vault, hub, name, token, permissions, warn=_shared.warn)
    except HubError as error:
        error.hint += (
            f"; the new token was not kept: `tokenguard add {name} --no-validate` keeps it without asking"
        )
        raise
    for line in verdict_lines([row], _shared.now()):
        say(f"kept {line}")
