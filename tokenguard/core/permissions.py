"""What a token may do, answered as the Hub would, as far as whoami-v2 lets one tell.

A `read` or `write` token reaches its account and all organizations of the account, a fine-grained one what it
lists. In an organization either is limited by the role that the account has there. Sources:
https://huggingface.co/docs/hub/security-tokens for the roles of tokens,
https://huggingface.co/docs/hub/organizations-security and
https://huggingface.co/docs/hub/security-resource-groups for those of members.
"""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core import entity as entities
from tokenguard.core.entity import Entity, same
from tokenguard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokenguard.core.identity import Identity, Org, Scope

GATED = "gated"
"""Reading the gated repositories that the account was let into: a switch of its own, `canReadGatedRepos`."""

DISCUSSION = "discussion.write"
"""Granted globally it is for "external repos", those of others, says the token form
(https://github.com/trufflesecurity/trufflehog/blob/main/pkg/analyzer/analyzers/huggingface/scopes.go)."""

POST = "post.write"
"""Posts lie in no namespace."""

KNOWN = (
    *("collection.read", "collection.write", DISCUSSION, GATED, "job.write", POST),
    *("inference.endpoints.infer.write", "inference.endpoints.write", "inference.serverless.write"),
    *("org.auditLog.write", "org.billing.read", "org.members.read", "org.members.write"),
    *("org.networkSecurity.read", "org.networkSecurity.write", "org.read", "org.repos.read"),
    *("org.serviceAccounts.read", "org.serviceAccounts.write", "org.write"),
    *("repo.access.read", "repo.content.read", "repo.write", "resourceGroup.write", "sql-console.embed.write"),
    *("user.billing.read", "user.mcp.read", "user.notifications.read", "user.notifications.write"),
    *("user.papers.write", "user.preferences.write", "user.settings.notifications.write"),
    *("user.social.likes.write", "user.webhooks.read", "user.webhooks.write"),
)
"""What the form at https://huggingface.co/settings/tokens/new offers. The Hub may come to have more."""

SHORT: Mapping[str, str] = {
    "read": "repo.content.read",
    "write": "repo.write",
    "inference": "inference.serverless.write",
    "endpoints": "inference.endpoints.infer.write",
    "jobs": "job.write",
    "discussions": DISCUSSION,
    "posts": POST,
    "collections": "collection.read",
    GATED: GATED,
}

ROLES = ("read", "write", "god")
"""The roles of tokens that list no permissions. `god` is of old and can all that the account can, like `write`."""

FINE_GRAINED = "fineGrained"

_IMPLIED: Mapping[str, str] = {
    "repo.write": "repo.content.read",
    # The scope write-endpoints "includes read-endpoints", which calls them: https://huggingface.co/docs/hub/oauth
    "inference.endpoints.write": "inference.endpoints.infer.write",
}
_CALLS = ("inference.serverless.write", "inference.endpoints.infer.write")
_FOR_ADMINS = ("org.members.", "org.networkSecurity.", "org.auditLog.", "org.billing.")


class Permission(NamedTuple):
    """A permission, and what it is about. Without an entity a question is about anything, and a grant global."""

    name: str
    entity: Entity | None = None

    def __str__(self) -> str:
        return self.name if self.entity is None else f"{self.name}:{self.entity}"


class Verdict(NamedTuple):
    """Whether something is allowed, None where the Hub does not say enough, and why."""

    allowed: bool | None
    reason: str


_UNSAID = Verdict(None, "the Hub does not say what this token may do")
_UNLIMITED = Verdict(allowed=True, reason="")


def rank(verdict: Verdict) -> int:
    """A number that orders Verdicts: no, unknown, yes."""
    return (False, None, True).index(verdict.allowed)


def parse(text: str, names: Iterable[str] = ()) -> Permission:
    """The Permission that `NAME[:ENTITY]` means.

    NAME is one of `KNOWN`, of `SHORT`, or of `names`: those that the token at hand has. Raises UsageError where
    there is no such name or ENTITY.
    """
    name, colon, entity = text.partition(":")
    known = {*KNOWN, *SHORT, *names}
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, sorted(known))
        hint = f"the nearest are {', '.join(near)}" if near else f"in short there are {', '.join(SHORT)}"
        raise UsageError(f"{name!r} is no known permission", hint)
    return Permission(SHORT.get(name, name), entities.parse(entity) if colon else None)


def decide(identity: Identity, permission: Permission) -> Verdict:
    """Whether the token of `identity` has `permission`; without an entity, whether it has it anywhere.

    It is about what needs a permission: what is public can be read without.
    """
    name, entity = permission
    if name == GATED:
        return _gated(identity)
    if name == POST:
        entity = None
    held = places(identity, name)
    verdicts = [
        _lower(_yes(identity, place), _limit(identity, name, entity or place))
        for place in held
        if entity is None or _reaches(identity, name, place, entity)
    ]
    if identity.role not in (*ROLES, FINE_GRAINED):
        verdicts.append(_lower(_UNSAID, _limit(identity, name, entity)))
    return max(verdicts, key=rank, default=_no(_why_not(identity, name, held)))


def grants(identity: Identity) -> list[Permission]:
    """Every permission that the Hub lists for the token."""
    scoped = [
        Permission(name, _place(scope, identity.account))
        for scope in identity.permissions
        for name in scope.permissions
    ]
    return list(dict.fromkeys([*scoped, *map(Permission, identity.global_permissions)]))


def places(identity: Identity, name: str) -> list[Entity | None]:
    """Where the token has the permission `name`, be it listed or by its role. None is all the rest of the Hub."""
    if identity.role not in ROLES:
        return list(dict.fromkeys(grant.entity for grant in grants(identity) if implies(grant.name, name)))
    if not role_covers(identity.role, name):
        return []
    account = Entity(None, identity.account or "")
    orgs = [Entity(None, org.name) for org in identity.orgs]
    if name.startswith("user."):
        return [account]
    if name.startswith("org."):
        return [*orgs]
    return [account, *orgs, *([None] if name == DISCUSSION else [])]


def sure_places(identity: Identity, name: str) -> list[Entity]:
    """The `places` for which `decide` says yes, but for all the rest of the Hub. `name` is about places.

    Each is held by itself, so that only the account can limit it: of thousands none is compared with the others.
    """
    orgs = {org.name.lower(): org for org in reversed(identity.orgs)}
    return [
        place
        for place in places(identity, name)
        if place and _limit_in(identity, name, place, orgs.get(place.namespace.lower())).allowed
    ]


def role_covers(role: str | None, name: str) -> bool:
    """Whether a token of `role` has the permission `name`, as far as its account has.

    A `read` token is for "downloading private models or doing inference", says the Hub's documentation.
    """
    return role in ("write", "god") or (role == "read" and (name.endswith(".read") or name in _CALLS))


def implies(held: str, name: str) -> bool:
    """Whether the permission `held` brings the permission `name` with it."""
    return name in (held, _IMPLIED.get(held)) or (held.endswith(".write") and name == f"{held[:-5]}read")


def _place(scope: Scope, account: str | None) -> Entity:
    name = scope.entity or ""
    if scope.type == "user":
        return Entity(None, name or account or "")
    if scope.type == "org":
        return Entity(None, name)
    namespace, _, repo = name.rpartition("/")
    return Entity(scope.type, namespace, repo)


def _reaches(identity: Identity, name: str, place: Entity | None, entity: Entity) -> bool:
    if place is None:
        return name != DISCUSSION or not same(entity.namespace, identity.account)
    return place.covers(entity)


def _limit(identity: Identity, name: str, entity: Entity | None) -> Verdict:
    """What the account itself can there."""
    if entity is None:
        return _UNLIMITED
    org = next((org for org in identity.orgs if same(org.name, entity.namespace)), None)
    return _limit_in(identity, name, entity, org)


def _limit_in(identity: Identity, name: str, entity: Entity, org: Org | None) -> Verdict:
    if same(entity.namespace, identity.account or ""):
        return _UNLIMITED
    if name.startswith("user."):
        return _no("it is about the account itself")
    return _in_org(org, name) if org else _UNLIMITED


def _in_org(org: Org, name: str) -> Verdict:
    if org.restrictions:
        return _no(f"{org.name} is out of this token's reach: {', '.join(org.restrictions)}")
    allowed = _member_may(org.role, name)
    if allowed is None and org.role == "contributor":
        return Verdict(None, f"a contributor to {org.name} writes only what it created there")
    if allowed is None:
        return Verdict(None, f"the Hub does not say what the account may do in {org.name}")
    if not allowed and not name.startswith("org."):
        groups = [group for group in org.resource_groups if _member_may(group.role, name) is not False]
        if groups:
            named = ", ".join(group.name or "?" for group in groups)
            return Verdict(None, f"in {org.name} only what lies in the resource group {named}")
    return Verdict(allowed, f"the account's role in {org.name} is {org.role}")


def _member_may(role: str | None, name: str) -> bool | None:
    """What a role in an organization, or in a resource group, is good for."""
    if role in ("admin", "no_access"):
        return role == "admin"
    is_read = name.endswith(".read")
    is_for_admins = name.startswith(_FOR_ADMINS) or (name.startswith(("org.", "resourceGroup.")) and not is_read)
    if role not in ("write", "contributor", "read"):
        return True if is_read and not is_for_admins else None
    # Admins may let others create groups: https://huggingface.co/docs/hub/security-resource-groups
    if name == "resourceGroup.write":
        return None
    if is_for_admins:
        return False
    # Every member may run inference for the organization, unless its admins say otherwise, which whoami does not
    # tell: https://huggingface.co/docs/inference-providers/pricing
    if role == "write" or is_read or name in (DISCUSSION, "inference.serverless.write"):
        return True
    return None if role == "contributor" else False


def _gated(identity: Identity) -> Verdict:
    if identity.gated or identity.role in ROLES:
        return _yes(identity, None)
    return _UNSAID if identity.gated is None else _no("not granted")


def _why_not(identity: Identity, name: str, held: list[Entity | None]) -> str:
    if identity.role in ROLES and not role_covers(identity.role, name):
        return f"its role is {identity.role}"
    if not held:
        return "not granted"
    where = ", ".join("repositories of others" if place is None else str(place) for place in held)
    return f"granted on {where} only" + ("; what is public needs no token" if name == SHORT["read"] else "")


def _yes(identity: Identity, place: Entity | None) -> Verdict:
    granted = "granted" if place is None else f"granted on {place}"
    return Verdict(allowed=True, reason=f"its role is {identity.role}" if identity.role in ROLES else granted)


def _no(reason: str) -> Verdict:
    return Verdict(allowed=False, reason=reason)


def _lower(one: Verdict, other: Verdict) -> Verdict:
    return min(one, other, key=rank)
