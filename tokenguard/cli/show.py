"""`tokenguard show`."""

from __future__ import annotations

import os

import click

from tokenguard.cli import _shared


@click.command()
@click.argument("name", required=False, shell_complete=_shared.names)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
def show(name: str | None, *, as_json: bool) -> None:
    """Say all that is known about a token.

    That is its account, the organizations and what they restrict for this token, and every permission, as the Hub
    said when it was last asked; `tokenguard validate` asks again.

    \b
    Examples:
      tokenguard show work
      tokenguard show --json
    """
    from tokenguard import tokens
    from tokenguard.process import write
    from tokenguard.render.tokens import details, document

    index = _shared.open_vault().index()
    row = index.row(tokens.chosen(index, os.environ, tokens.here()) if name is None else name)
    if as_json:
        write(f"{document([row])}\n")
    else:
        write("".join(f"{line}\n" for line in details(row, _shared.now())))
