"""Taking tokens that lie in the clear into the vault, and out of where they lie.

A token is stored and read back before its place is touched, and a place is replaced at once: whoever is killed
leaves each token in the vault, where it lay, or in both.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tokenguard import files, validation
from tokenguard.core import kinds
from tokenguard.core.blob import Unreadable
from tokenguard.core.entry import Row, entry_of
from tokenguard.core.places import HISTORY, STORED_TOKENS, TOKEN_FILE, find, take_out
from tokenguard.core.places.naming import name_for
from tokenguard.core.places.plaintext import DEAD, FOREIGN, HELD, NEW, UNKNOWN, Candidate, Plaintext
from tokenguard.core.rewrite.edit import NotRewritableError
from tokenguard.core.scan import ChangedError
from tokenguard.errors import ExitCode, RejectedError, VaultError
from tokenguard.plaintext import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tokenguard.core.token import Token
    from tokenguard.hub import Hub
    from tokenguard.vault.vault import Vault

# How often a file is read again that somebody else has written to meanwhile, as shells do with their histories.
_ATTEMPTS = 3


class Plan(NamedTuple):
    """What lies in the clear, each Token once, and what could not be read."""

    candidates: tuple[Candidate, ...]
    unreadable: tuple[Unreadable, ...]

    def of(self, *states: str) -> list[Candidate]:
        """The Candidates in one of these states."""
        return [candidate for candidate in self.candidates if candidate.state in states]

    def exit_code(self, *, dead: bool) -> int:
        """What has to be told whatever is done: what could not be read, what the Hub rejects or does not say.

        Unless what it rejects is `dead`, and to be taken out.
        """
        candidates = self.of(UNKNOWN) if dead else self.candidates
        errors = [candidate.error.exit_code for candidate in candidates if candidate.error]
        return max([ExitCode.INCOMPLETE if self.unreadable else ExitCode.CLEAN, *errors])


class Outcome(NamedTuple):
    """What was done: the Candidates that are `kept` now, the places they were `taken` out of.

    `left` are places that still have what was to be taken out, `refused` the Candidates that the vault did not
    take or does not give back; each with the reason.
    """

    kept: tuple[Candidate, ...]
    taken: tuple[Plaintext, ...]
    left: tuple[tuple[Plaintext, str], ...]
    refused: tuple[tuple[Candidate, VaultError], ...]

    @property
    def exit_code(self) -> int:
        """VAULT where the vault refused one, INCOMPLETE where one still lies where it lay."""
        if self.refused:
            return ExitCode.VAULT
        return ExitCode.INCOMPLETE if self.left else ExitCode.CLEAN


def plan(vault: Vault, hub: Hub | None, found: Iterable[Plaintext | Unreadable]) -> Plan:
    """What is to become of all that was found; `hub` says of each token that is not in `vault` whose it is.

    The vault is not opened, and nothing is written but what the Hub said. Raises VaultError where the index cannot
    be read.
    """
    unreadable: list[Unreadable] = []
    places: dict[Token, list[Plaintext]] = {}
    for item in found:
        if isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            places.setdefault(item.token, []).append(item)
    index = vault.index()
    renewed = _renewed([place for lying in places.values() for place in lying])
    fates = {token: _foreign(token, renewed) for token in places}
    asked = [token for token in places if not fates[token] and index.name_of(token.fingerprint) is None]
    rows = [Row(None, entry_of(token)) for token in asked]
    if hub is not None:
        rows, learnt = validation.validate(index, hub, [(None, token) for token in asked])
        validation.remember(vault, learnt)
    answers = dict(zip(asked, rows, strict=True))
    names = [*index.tokens, *index.intents]
    candidates = []
    for token, lying in places.items():
        candidate = Candidate(token, tuple(lying), FOREIGN, entry_of(token), reason=fates[token])
        if name := index.name_of(token.fingerprint):
            candidate = candidate._replace(state=HELD, name=name, entry=index.tokens[name], reason="")
        elif token in answers:
            candidate = _judged(candidate, answers[token], names)
            names += [candidate.name] if candidate.name else []
        candidates.append(candidate)
    return Plan(tuple(candidates), tuple(unreadable))


def _renewed(places: Sequence[Plaintext]) -> set[Token]:
    """The tokens beside which the one lies that huggingface_hub renews them with."""
    logins = {
        (place.real_path, place.name)
        for place in places
        if place.place == STORED_TOKENS and place.token.kind is kinds.OAUTH_REFRESH_TOKEN
    }
    return {place.token for place in places if (place.real_path, place.name) in logins}


def _foreign(token: Token, renewed: set[Token]) -> str:
    """Why the vault is not for `token`; empty where it is."""
    if token in renewed:
        return "huggingface_hub renews it by itself; `hf auth logout` ends that"
    if token.kind not in kinds.ASKED_OF_THE_HUB:
        return "no program can log in to the Hub with it alone"
    return ""


def _judged(candidate: Candidate, row: Row, taken: Iterable[str]) -> Candidate:
    candidate = candidate._replace(entry=row.entry, error=row.error)
    if isinstance(row.error, RejectedError):
        return candidate._replace(state=DEAD)
    if row.error is not None:
        return candidate._replace(state=UNKNOWN)
    called = [place.name for place in candidate.places if place.place == STORED_TOKENS and place.name]
    identity = row.entry.identity
    label = identity.display_name or next(iter(called), None)
    return candidate._replace(state=NEW, name=name_for(identity.account, label, taken))


def carry_out(
    plan: Plan,
    vault: Vault,
    *,
    delete: bool,
    dead: bool,
    tell: Callable[[Candidate], None],
    warn: Callable[[str], None],
) -> Outcome:
    """Keeps what is new, and with `delete` takes what the vault has given back out of its places.

    With `dead`, what the Hub rejects goes as well. `tell` is called with each that is kept, `warn` told what else
    there is to know. What fails is in the Outcome, and the others go on.
    """
    kept, refused, sure = [], [], set()
    for candidate in plan.of(NEW, HELD):
        try:
            _keep(vault, candidate, warn)
        except VaultError as error:
            refused.append((candidate, error))
            continue
        sure.add(candidate.token)
        if candidate.state == NEW:
            kept.append(candidate)
            tell(candidate)
    if dead:
        sure.update(candidate.token for candidate in plan.of(DEAD))
    taken: list[Plaintext] = []
    left: list[tuple[Plaintext, str]] = []
    for lying in _by_file(plan, sure) if delete else ():
        try:
            remaining = _take_out(lying[0], sure)
        except (OSError, NotRewritableError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            left += [(place, reason) for place in lying]
            continue
        for place in lying:
            if place.token in remaining:
                left.append((place, "still has it, as part of a longer word"))
            else:
                taken.append(place)
    return Outcome(tuple(kept), tuple(taken), tuple(left), tuple(refused))


def notes(outcome: Outcome) -> Iterator[str]:
    """What whoever had tokens taken out should know of those places."""
    if any(place.place == HISTORY for place in outcome.taken):
        yield "shells that are running have their history in memory, and write it again when they end"
    if any(place.place == TOKEN_FILE for place in outcome.taken):
        yield "programs that read the token file find none now: `tokenguard run -- COMMAND` hands it to them"


def _keep(vault: Vault, candidate: Candidate, warn: Callable[[str], None]) -> None:
    name = candidate.name or ""
    if candidate.state == NEW:
        vault.put(name, candidate.token, candidate.entry, warn=warn)
    if vault.get(name) != candidate.token:
        raise VaultError(f"the vault does not give back what was put into it as {name}")


def _by_file(plan: Plan, sure: set[Token]) -> list[list[Plaintext]]:
    by_path: dict[str, list[Plaintext]] = {}
    for candidate in plan.candidates:
        if candidate.token in sure:
            for place in candidate.places:
                by_path.setdefault(place.real_path, []).append(place)
    return list(by_path.values())


def _take_out(lying: Plaintext, sure: set[Token]) -> set[Token]:
    """Takes all tokens in `sure` out of the file in which `lying` is, and gives those that are still in it."""
    name = os.path.basename(lying.path)
    for attempt in range(_ATTEMPTS):
        try:
            before, _ = read(lying.real_path)
        except FileNotFoundError:
            return set()
        after = take_out(lying.place, name, before, sure.__contains__)
        try:
            if lying.place == TOKEN_FILE and not after.strip():
                return _remove(lying.real_path, before)
            if after != before:
                files.rewrite(lying.real_path, before, after)
            break
        except ChangedError:
            if attempt == _ATTEMPTS - 1:
                raise
    data, _ = read(lying.real_path)
    there = {spot.token for spot in find(lying.place, name, data)}
    return {token for token in sure if token in there or token.reveal().encode() in data}


def _remove(path: str, before: bytes) -> set[Token]:
    if read(path)[0] != before:
        raise ChangedError("changed while it was removed")
    os.remove(path)
    return set()
