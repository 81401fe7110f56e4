"""What a token has too little or too much of, and the form in which the Hub makes one that has just enough."""

from __future__ import annotations

from tokenguard.core.entity import same
from tokenguard.core.permissions import (
    DISCUSSION,
    FINE_GRAINED,
    GATED,
    POST,
    ROLES,
    Permission,
    decide,
    grants,
    implies,
    places,
    rank,
    role_covers,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tokenguard.core.identity import Identity, Org

_FIELDS = ("tokenType", "ownUserPermissions", "globalPermissions", "canReadGatedRepos", "orgs", "orgPermissions")


def lacking(old: Identity, new: Identity) -> list[str]:
    """What the token of `old` could do and that of `new` cannot, in words. Both are of one account.

    It is the tokens that are compared: what has changed in the organizations meanwhile does not count.
    """
    lost: list[str] = []
    if old.role in ROLES:
        if _power(new.role) < _power(old.role):
            lost.append(f"role {old.role}")
    else:
        # The organizations of both are those of `old`, so that only the tokens differ.
        here = new._replace(orgs=old.orgs)
        lost += [_words(grant) for grant in grants(old) if _loses(old, here, grant)]
        if old.gated and not decide(new, Permission(GATED)).allowed:
            lost.append(GATED)
    return lost + [
        f"access to {org.name} ({', '.join(org.restrictions)})"
        for org in new.orgs
        if org.restrictions and _could_reach(old, org)
    ]


def exceeding(identity: Identity, wanted: Sequence[Permission]) -> list[str]:
    """What the token can do beyond `wanted`, in words.

    What is wanted without an entity is wanted for the account itself; `org.…`, which no account has, for any
    organization.
    """
    if identity.role not in (None, FINE_GRAINED):
        return [f"role {identity.role}"]
    beyond = [
        _words(grant)
        for grant in grants(identity)
        if not any(_asks_for(one, grant, identity.account) for one in wanted)
    ]
    if identity.gated and not any(one.name == GATED for one in wanted):
        beyond.append(GATED)
    return beyond


def form_link(
    wanted: Iterable[Permission], accounts: Collection[str], endpoint: str = "https://huggingface.co"
) -> str:
    """The URL of the Hub's form for a new token, filled in with no more than `wanted`.

    `accounts` are the user's own names. What is `by_hand` is left out. The form has one set of permissions for all
    organizations together: where they are wanted to differ, each gets them all.
    The fields are those of links in https://huggingface.co/docs/hub/models-inference, of
    https://huggingface.co/changelog/token-presets, and of the links that others publish.
    """
    from urllib.parse import urlencode

    fields = dict.fromkeys(_fields(wanted, accounts))
    ordered = sorted(fields, key=lambda field: _FIELDS.index(field[0]))
    return f"{endpoint.rstrip('/')}/settings/tokens/new?{urlencode(ordered)}"


def by_hand(wanted: Iterable[Permission]) -> list[Permission]:
    """What no link can fill in: the repositories, and the organization where none is named."""
    return [one for one in wanted if _is_by_hand(one)]


def _power(role: str | None) -> int:
    return {"read": 1, "write": 2, "god": 2}.get(role or "", 0)


def _loses(old: Identity, new: Identity, grant: Permission) -> bool:
    if grant.entity is None:
        return not (role_covers(new.role, grant.name) or None in places(new, grant.name))
    return rank(decide(new, grant)) < rank(decide(old, grant))


def _could_reach(old: Identity, org: Org) -> bool:
    if any(before.restrictions for before in old.orgs if same(before.name, org.name)):
        return False
    return old.role != FINE_GRAINED or any(
        grant.entity and same(grant.entity.namespace, org.name) for grant in grants(old)
    )


def _asks_for(wanted: Permission, grant: Permission, account: str | None) -> bool:
    if not implies(wanted.name, grant.name):
        return False
    if wanted.name == POST:
        return True
    if grant.entity is None:
        return wanted.entity is None and grant.name != DISCUSSION
    if wanted.entity is None:
        return same(grant.entity.namespace, account) or grant.name.startswith("org.")
    return wanted.entity.covers(grant.entity)


def _words(grant: Permission) -> str:
    is_global = grant.entity is None and grant.name == DISCUSSION
    return f"{grant} on repositories of others" if is_global else str(grant)


def _is_by_hand(wanted: Permission) -> bool:
    if wanted.name in (GATED, POST):
        return False
    return wanted.name.startswith("org.") if wanted.entity is None else wanted.entity.repo is not None


def _fields(wanted: Iterable[Permission], accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    yield "tokenType", "fineGrained"
    for one in wanted:
        if _is_by_hand(one):
            continue
        if one.name == GATED:
            yield "canReadGatedRepos", "true"
        elif one.name == POST:
            yield "globalPermissions", one.name
        elif one.entity is None or any(same(one.entity.namespace, account) for account in accounts):
            yield "ownUserPermissions", one.name
        else:
            yield "orgs", one.entity.namespace
            yield "orgPermissions", one.name
