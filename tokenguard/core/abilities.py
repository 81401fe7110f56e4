"""What a live token can do, in words, and how much harm that makes it good for."""

from __future__ import annotations

from enum import IntEnum

from tokenguard.core.permissions import GATED, Permission, decide, sure_places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.entity import Entity
    from tokenguard.core.finding import Finding
    from tokenguard.core.identity import Identity

# What hurts most comes first. The rest of the Hub's permissions is in the Identity, under their own names.
_DEEDS = (
    ("org.members.write", "administer"),
    ("repo.write", "push to"),
    ("inference.endpoints.write", "change the endpoints of"),
    ("job.write", "run jobs for"),
    ("repo.content.read", "read what is private of"),
    ("inference.serverless.write", "spend the inference credits of"),
)
_CHANGES = ("org.members.write", "repo.write", "inference.endpoints.write", "job.write", "org.write")
_MOST_NAMED = 3


class Harm(IntEnum):
    """How much a leaked credential can be used for, as far as that is known."""

    NONE = 0
    """It is dead or expired."""
    POSSIBLE = 1
    """Nobody has asked, or the Hub did not say."""
    LIVE = 2
    """It is live, and as far as is known nothing can be changed with it."""
    POWERFUL = 3
    """It is live, and things can be changed with it."""


def harm(finding: Finding) -> Harm:
    """How much `finding` hurts: what the Hub said outranks what a signed token says of itself."""
    status, _, identity, _ = finding.verification
    if status == "live":
        scopes = finding.claims.scopes if finding.claims else ()  # OAuth: whoami says nothing of what it may do
        changes = any(sure_places(identity, name) for name in _CHANGES) or any(map(_is_for_changes, scopes))
        return Harm.POWERFUL if changes else Harm.LIVE
    is_expired = finding.claims is not None and bool(finding.claims.expired)
    return Harm.NONE if status == "dead" or is_expired else Harm.POSSIBLE


def abilities(identity: Identity) -> Iterator[str]:
    """What the token of `identity` can do, the worst first: "can push to 3 organizations (…)" and the like."""
    for name, deed in _DEEDS:
        if where := sure_places(identity, name):
            yield f"can {deed} {_named(identity, where)}"
    if decide(identity, Permission(GATED)).allowed:
        yield "can read the gated repositories that the account was let into"


def _is_for_changes(scope: str) -> bool:
    # https://huggingface.co/docs/hub/oauth, "Currently supported scopes"
    return scope.startswith(("write-", "manage-")) or scope == "jobs"


def _named(identity: Identity, where: Sequence[Entity]) -> str:
    names = {org.name for org in identity.orgs}
    orgs = [str(place) for place in where if place.repo is None and place.namespace in names]
    own = [str(place) for place in where if place.repo is None and place.namespace not in names]
    repos = [str(place) for place in where if place.repo is not None]
    return " and ".join([*_counted("organization", orgs), *_counted("repository", repos), *own])


def _counted(noun: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    some = ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
    if len(names) == 1:
        return [f"the {noun} {some}"]
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return [f"{len(names)} {plural} ({some})"]
