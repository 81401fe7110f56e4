"""Being git's credential helper: answering for the Hub, with the token of whom the repository belongs to."""

from __future__ import annotations

import io
import os
import sys

from tokenguard import process, tokens
from tokenguard.core import moment
from tokenguard.core.endpoint import read_endpoint
from tokenguard.core.gitcredential import LARGEST, answer, read_request
from tokenguard.errors import ExitCode, UsageError, VaultError
from tokenguard.home import home
from tokenguard.vault.vault import Vault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.core.endpoint import Endpoint
    from tokenguard.core.gitcredential import Request
    from tokenguard.vault.index import Index

# Seconds that git waits for us while others change the vault: what is noted then is of no more use than that.
_PATIENCE = 5.0


def perform(operation: str) -> int:
    """Does what git asks for on standard input, and gives the exit status.

    `get` is answered on standard output, with nothing where the token may not go there or there is none; then git
    goes on to its next helper, or asks its user. `erase` deletes nothing: it is remembered that the Hub refused
    the token. Anything else is ignored. Raises UsageError where git would not have asked like that, VaultError
    where the token is out of reach.
    """
    if operation not in ("get", "erase"):
        return ExitCode.CLEAN
    if operation == "get" and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError(
            "this would show the token on your screen", "git calls it: `tokenguard git-credential install`"
        )
    request = read_request(_question())
    endpoint = read_endpoint(os.environ.get("HF_ENDPOINT", ""))
    if request.is_for(endpoint):
        process.forbid_dumps()
        vault = Vault(home(), os.environ)
        if operation == "get":
            if isinstance(sys.stdout, io.TextIOWrapper):
                sys.stdout.reconfigure(newline="\n")  # an older git on Windows takes \r for a part of the token
            process.write(_answered(vault, request, endpoint, os.environ))
        elif request.secret:
            _note_refusal(vault, request.secret)
    return ExitCode.CLEAN


def choose(index: Index, request: Request, endpoint: Endpoint, environment: Mapping[str, str]) -> str | None:
    """The name of the token to answer `request` with, None where none is chosen.

    The one that `TOKENGUARD_TOKEN` names, else that of the repository's owner, else what is chosen here. Raises
    UsageError where the variable holds no name.
    """
    repository = request.repository(endpoint)
    folder = tokens.here()
    if repository is not None and not environment.get("TOKENGUARD_TOKEN"):
        from tokenguard.core.ownership import owners_token

        bound = tokens.bound(index, folder) if folder else None
        if name := owners_token(index.tokens, repository, bound=bound, default=index.default):
            return name
    try:
        return tokens.chosen(index, environment, folder)
    except VaultError:
        return None


def _question() -> bytes:
    """What git asks, up to the empty line: whoever asks need not close the pipe."""
    data = b""
    while (line := process.standard_input().readline(LARGEST)).strip(b"\n") and len(data) < LARGEST:
        data += line
    return data


def _answered(vault: Vault, request: Request, endpoint: Endpoint, environment: Mapping[str, str]) -> str:
    index = vault.index()
    name = choose(index, request, endpoint, environment)
    if name is None:
        return ""
    token = vault.get(name)
    end = index.entry(name).identity.expires_at or token.expires_at
    expires = moment.read(end)
    if expires is not None and moment.age(end) > 0:
        process.say(f"tokenguard: {name} has expired; `tokenguard rotate {name}` replaces it")
    return answer(request, token, None if expires is None else int(expires.timestamp()))


def _note_refusal(vault: Vault, secret: str) -> None:
    from tokenguard.core.token import Token

    fingerprint = Token(secret).fingerprint
    if vault.index().name_of(fingerprint) is not None:
        vault.change(lambda index: index.note_refusal(fingerprint, moment.now()), patience=_PATIENCE)
