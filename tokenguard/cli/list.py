"""`tokenguard list`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
def list(*, as_json: bool) -> None:  # noqa: A001 -- a command is called as its function is
    """Say which tokens there are.

    Neither the keyring nor the Hub is asked: it is what is remembered, without the secrets.

    \b
    Examples:
      tokenguard list
      tokenguard list --json
    """
    from tokenguard.process import write
    from tokenguard.render.tokens import document, table

    rows = _shared.open_vault().index().rows()
    if as_json:
        write(f"{document(rows)}\n")
    elif rows:
        write("".join(f"{line}\n" for line in table(rows, _shared.now())))
    else:
        _shared.warn("there are no tokens yet; `tokenguard add NAME` puts one there")
