"""Making a leaked token worthless: what it is, what used it here, and whether it is dead afterwards."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from tokenguard import validation
from tokenguard.core.kinds import ASKED_OF_THE_HUB
from tokenguard.errors import HubError, RejectedError, TokenguardError, UsageError, VaultError
from tokenguard.files import open_regular
from tokenguard.vault.index import Index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tokenguard.core.entry import Entry
    from tokenguard.core.token import Token
    from tokenguard.hub import Hub
    from tokenguard.vault.vault import Vault

# Seconds before each question whether a revoked token is dead.
_PATIENCE = (0.0, 1.0, 3.0)
# More than the file of a token has, or of all that were stored.
_LARGEST = 1024 * 1024


class Candidate(NamedTuple):
    """A token that may be revoked: its name in the vault, what the Hub says of it, and where it is in use here.

    `error` is set where the Hub did not say that it is valid; a RejectedError means that it is dead already.
    """

    token: Token
    name: str | None
    entry: Entry
    error: TokenguardError | None
    uses: tuple[str, ...]


def examine(token: Token, vault: Vault, hub: Hub, environment: Mapping[str, str]) -> Candidate:
    """What there is to know before `token` is revoked. Raises UsageError where the Hub cannot revoke its kind."""
    if token.kind not in ASKED_OF_THE_HUB:
        kind = token.kind.name if token.kind else "credential"
        raise UsageError(
            f"the Hub takes no {kind} back in this way",
            f"do it in the settings of the account: {hub.endpoint.url}/settings",
        )
    index = _index(vault)
    rows, learnt = validation.validate(index, hub, [(None, token)], fresh=True)
    validation.remember(vault, learnt)
    (row,) = rows
    return Candidate(token, row.name, row.entry, row.error, tuple(_uses(token, index, environment)))


def revoke(candidate: Candidate, vault: Vault, hub: Hub) -> None:
    """Has the Hub revoke the token, and sees to it that it is dead.

    Raises HubError where the Hub does not accept, still knows the token, or does not say.
    """
    validation.forget(vault, candidate.token)
    refusal: HubError | None = None
    try:
        hub.revoke([candidate.token])
    except HubError as error:  # it may have been done all the same
        refusal = error
    said: TokenguardError | None = None
    for seconds in _PATIENCE if refusal is None else _PATIENCE[:1]:
        time.sleep(seconds)
        rows, learnt = validation.validate(_index(vault), hub, [(candidate.name, candidate.token)], fresh=True)
        said = rows[0].error
        if isinstance(said, RejectedError):
            validation.remember(vault, learnt)
            return
    by_hand = f"do it by hand: {hub.endpoint.url}/settings/tokens"
    if refusal is not None:
        raise HubError(refusal.message, by_hand)
    if said is None:
        raise HubError("the Hub accepted, and the token is valid all the same", by_hand)
    raise HubError(f"the Hub accepted, and whether the token is dead is not known: {said.message}", by_hand)


def _index(vault: Vault) -> Index:
    try:
        return vault.index()
    except VaultError:  # a leaked token of somebody else needs no vault
        return Index()


def _uses(token: Token, index: Index, environment: Mapping[str, str]) -> Iterator[str]:
    """Where the token is in use on this machine, as far as that can be told without searching it."""
    for name, entry in sorted(index.tokens.items()):
        if entry.fingerprint == token.fingerprint:
            row = index.row(name)
            chosen = [
                *(["the default"] if row.is_default else []),
                *(f"bound to {folder}" for folder in row.bound),
            ]
            yield ", ".join([f"in your vault as {name}", *chosen])
    for variable, value in sorted(environment.items()):
        if token.reveal() in value:
            yield f"in this environment as {variable}"
    for path in _files(environment):
        if token.reveal().encode() in _read(path):
            yield f"in {path}"


def _files(environment: Mapping[str, str]) -> Iterable[str]:
    """Where huggingface_hub keeps tokens (huggingface_hub/constants.py)."""
    cache = environment.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    home = environment.get("HF_HOME") or os.path.join(cache, "huggingface")
    path = os.path.expandvars(os.path.expanduser(environment.get("HF_TOKEN_PATH") or os.path.join(home, "token")))
    return dict.fromkeys((path, os.path.join(os.path.dirname(path), "stored_tokens")))


def _read(path: str) -> bytes:
    try:
        descriptor, _ = open_regular(path, _LARGEST)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _LARGEST)
    finally:
        os.close(descriptor)
