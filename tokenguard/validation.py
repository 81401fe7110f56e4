"""Asking the Hub about tokens, no more often than there is something new to learn."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from tokenguard.core import moment
from tokenguard.core.entry import Entry, Row, entry_of, with_verdicts
from tokenguard.core.identity import Identity
from tokenguard.errors import RejectedError, TokenguardError, VaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokenguard.core.permissions import Permission
    from tokenguard.core.token import Token
    from tokenguard.hub import Hub
    from tokenguard.vault.index import Index
    from tokenguard.vault.vault import Vault

# Seconds for which an answer serves again. whoami-v2 has a strict rate limit, and a loop asks the same.
_FRESH = 60.0
# Seconds that somebody else's change is waited for, when there is an answer that might be remembered.
_PATIENCE = 1.0


class Validation(NamedTuple):
    """What became of each target, and what the Hub has said, by fingerprint."""

    rows: list[Row]
    learnt: dict[str, Entry]


def validate(
    index: Index,
    hub: Hub,
    targets: Sequence[tuple[str | None, Token | TokenguardError]],
    wanted: Sequence[Permission] = (),
    *,
    fresh: bool = False,
) -> Validation:
    """Asks the Hub about each target: a token, and its name in the vault if it was named.

    An answer of the last minute serves again unless `fresh`. A row has an `error` where the Hub did not say, said
    no, or the token lacks something `wanted`; also where the target is itself an error.
    """
    asked = {
        token.fingerprint: token
        for _, token in targets
        if not isinstance(token, TokenguardError) and (fresh or not _serves(index, hub, token))
    }
    answers = dict(zip(asked, hub.whoami_all(list(asked.values())), strict=True))
    result = Validation([], {})
    for name, token in targets:
        if isinstance(token, TokenguardError):
            entry = index.tokens.get(name or "", Entry("", ""))
            result.rows.append(_row(index, name, entry._replace(status="unknown"), token))
            continue
        answer = answers.get(token.fingerprint)
        entry, error = _judged(index, token, answer, hub)
        if entry.status != "unknown":
            result.learnt[token.fingerprint] = entry
        result.rows.append(with_verdicts(_row(index, name, entry, error), wanted))
    return result


def remember(vault: Vault, learnt: Mapping[str, Entry]) -> None:
    """Notes what the Hub has said, if that can be done at once: the answer stands without."""

    def note(index: Index) -> None:
        for name, entry in index.tokens.items():
            index.tokens[name] = _newer(entry, learnt.get(entry.fingerprint, entry))
        index.answers = {
            fingerprint: entry
            for fingerprint, entry in {**index.answers, **learnt}.items()
            if entry.status == "valid" and moment.age(entry.validated_at) < _FRESH
        }

    if learnt:
        with contextlib.suppress(VaultError):
            vault.change(note, _PATIENCE)


def forget(vault: Vault, token: Token) -> None:
    """Has the next question about `token` go to the Hub, whatever was said just now."""

    def note(index: Index) -> None:
        index.answers.pop(token.fingerprint, None)

    with contextlib.suppress(VaultError):
        vault.change(note, _PATIENCE)


def _newer(known: Entry, learnt: Entry) -> Entry:
    # That another Hub does not know a token says nothing about the one that does.
    is_elsewhere = known.status == "valid" and known.endpoint != learnt.endpoint
    return known if is_elsewhere and learnt.status == "invalid" else learnt


def _serves(index: Index, hub: Hub, token: Token) -> bool:
    answer = index.answers.get(token.fingerprint)
    return (
        answer is not None
        and answer.endpoint == hub.endpoint.url
        and 0 <= moment.age(answer.validated_at) < _FRESH
    )


def _judged(
    index: Index, token: Token, answer: Identity | TokenguardError | None, hub: Hub
) -> tuple[Entry, TokenguardError | None]:
    if answer is None:
        return index.answers[token.fingerprint], None
    if isinstance(answer, Identity):
        return entry_of(token, answer, hub.endpoint.url), None
    name = index.name_of(token.fingerprint)
    known = index.tokens[name] if name else entry_of(token)
    if isinstance(answer, RejectedError):
        return known._replace(status="invalid", validated_at=moment.now(), endpoint=hub.endpoint.url), answer
    return known._replace(status="unknown"), answer


def _row(index: Index, name: str | None, entry: Entry, error: TokenguardError | None) -> Row:
    name = name or index.name_of(entry.fingerprint)
    if name not in index.tokens:
        return Row(name, entry, error=error)
    return index.row(name)._replace(entry=entry, error=error)
