"""Whom a token belongs to, and what the Hub says that it was given."""

from __future__ import annotations

from typing import NamedTuple


class ResourceGroup(NamedTuple):
    """A group of an organization's repositories, and the role that the account has in it."""

    name: str | None = None
    role: str | None = None


class Org(NamedTuple):
    """An organization that the account is a member of.

    `role` is `admin`, `write`, `contributor`, `read` or `no_access`. `restrictions` say why this very token cannot
    reach the organization; without any, it can.
    """

    name: str
    role: str | None = None
    restrictions: tuple[str, ...] = ()
    resource_groups: tuple[ResourceGroup, ...] = ()


class Scope(NamedTuple):
    """What a fine-grained token may do to one entity: a user, an organization, or a repository of that `type`."""

    entity: str | None = None
    type: str | None = None
    permissions: tuple[str, ...] = ()


class Identity(NamedTuple):
    """The Hub's answer to whose token it is: its own words, unescaped, and None for what it does not say.

    `role` is `read`, `write`, `god` or `fineGrained`, and None for OAuth and the like. Times are ISO 8601.
    `gated` is whether a fine-grained token may read the gated repositories that the account was let into.
    """

    account: str | None = None
    account_type: str | None = None
    role: str | None = None
    display_name: str | None = None
    created_at: str | None = None
    expires_at: str | None = None
    orgs: tuple[Org, ...] = ()
    permissions: tuple[Scope, ...] = ()
    global_permissions: tuple[str, ...] = ()
    gated: bool | None = None


def read_whoami(answer: object) -> Identity:
    """The Identity in the decoded JSON of `GET /api/whoami-v2`.

    What is missing below the top, or of another type than expected, counts as not said. Raises ValueError where
    there is no name: then it is the answer to something else. The fields are those of huggingface.js
    (https://github.com/huggingface/huggingface.js/blob/main/packages/hub/src/types/api/api-who-am-i.ts).
    """
    token = _at(answer, "auth", "accessToken")
    granted = _at(token, "fineGrained")
    identity = from_document(
        {
            "account": _at(answer, "name"),
            "account_type": _at(answer, "type"),
            "role": _at(token, "role"),
            "display_name": _at(token, "displayName"),
            "created_at": _at(token, "createdAt"),
            "expires_at": _at(answer, "auth", "expiresAt"),
            "orgs": [
                {
                    "name": _at(org, "name"),
                    "role": _at(org, "roleInOrg"),
                    "restrictions": _at(org, "securityRestrictions"),
                    "resource_groups": _at(org, "resourceGroups"),
                }
                for org in _objects(_at(answer, "orgs"))
            ],
            "permissions": [
                {
                    "entity": _at(scope, "entity", "name"),
                    "type": _at(scope, "entity", "type"),
                    "permissions": _at(scope, "permissions"),
                }
                for scope in _objects(_at(granted, "scoped"))
            ],
            "global_permissions": _at(granted, "global"),
            "gated": _at(granted, "canReadGatedRepos"),
        }
    )
    if not identity.account:
        raise ValueError("this is no answer of whoami-v2: it has no name")
    return identity


def to_document(identity: Identity) -> dict[str, object]:
    """The Identity as JSON, under the keys that `list --json` has for it."""
    return {
        **identity._asdict(),
        "orgs": [
            {
                **org._asdict(),
                "restrictions": list(org.restrictions),
                "resource_groups": [group._asdict() for group in org.resource_groups],
            }
            for org in identity.orgs
        ],
        "permissions": [
            {**scope._asdict(), "permissions": list(scope.permissions)} for scope in identity.permissions
        ],
        "global_permissions": list(identity.global_permissions),
    }


def from_document(document: object) -> Identity:
    """The Identity that `to_document` made this of. What is missing, or of another type, counts as not said."""
    gated = _at(document, "gated")
    return Identity(
        account=_text(document, "account"),
        account_type=_text(document, "account_type"),
        role=_text(document, "role"),
        display_name=_text(document, "display_name"),
        created_at=_text(document, "created_at"),
        expires_at=_text(document, "expires_at"),
        orgs=tuple(
            Org(name, _text(org, "role"), _texts(org, "restrictions"), _groups(org))
            for org in _objects(_at(document, "orgs"))
            if (name := _text(org, "name")) is not None
        ),
        permissions=tuple(
            Scope(_text(scope, "entity"), _text(scope, "type"), _texts(scope, "permissions"))
            for scope in _objects(_at(document, "permissions"))
        ),
        global_permissions=_texts(document, "global_permissions"),
        gated=gated if isinstance(gated, bool) else None,
    )


def _groups(org: object) -> tuple[ResourceGroup, ...]:
    groups = _objects(_at(org, "resource_groups"))
    return tuple(ResourceGroup(_text(group, "name"), _text(group, "role")) for group in groups)


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: object, key: str) -> str | None:
    text = _at(value, key)
    return text if isinstance(text, str) else None


def _texts(value: object, key: str) -> tuple[str, ...]:
    items = _at(value, key)
    return tuple(item for item in items if isinstance(item, str)) if isinstance(items, list) else ()


def _objects(value: object) -> list[object]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
