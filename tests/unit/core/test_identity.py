"""What the Hub says of a token is read as it is, and what it says oddly is not said."""

from __future__ import annotations

import json

import pytest

from tokenguard.core.identity import (
    Identity,
    Org,
    ResourceGroup,
    Scope,
    from_document,
    read_whoami,
    to_document,
)

FINE_GRAINED = {
    "type": "user",
    "id": "5e8f",
    "name": "alice",
    "fullname": "Alice",
    "canPay": False,
    "isPro": False,
    "periodEnd": None,
    "avatarUrl": "/avatars/a.svg",
    "orgs": [
        {
            "type": "org",
            "id": "6f00",
            "name": "acme",
            "fullname": "Acme",
            "plan": "enterprise",
            "roleInOrg": "contributor",
            "securityRestrictions": ["mfa", "sso"],
            "resourceGroups": [{"id": "7a11", "name": "research", "role": "write"}],
        },
        {"type": "org", "name": "initech", "roleInOrg": "admin"},
    ],
    "auth": {
        "type": "access_token",
        "accessToken": {
            "displayName": "laptop",
            "role": "fineGrained",
            "createdAt": "2024-01-01T00:00:00.000Z",
            "fineGrained": {
                "canReadGatedRepos": True,
                "global": ["discussion.write", "post.write"],
                "scoped": [
                    {
                        "entity": {"_id": "5e8f", "type": "user", "name": "alice"},
                        "permissions": ["repo.content.read", "repo.write"],
                    },
                    {"entity": {"_id": "8b22", "type": "dataset", "name": "acme/x"}, "permissions": []},
                ],
            },
        },
    },
}

IDENTITY = Identity(
    account="alice",
    account_type="user",
    role="fineGrained",
    display_name="laptop",
    created_at="2024-01-01T00:00:00.000Z",
    expires_at=None,
    orgs=(
        Org("acme", "contributor", ("mfa", "sso"), (ResourceGroup("research", "write"),)),
        Org("initech", "admin"),
    ),
    permissions=(
        Scope("alice", "user", ("repo.content.read", "repo.write")),
        Scope("acme/x", "dataset"),
    ),
    global_permissions=("discussion.write", "post.write"),
    gated=True,
)

DOCUMENT = {
    "account": "alice",
    "account_type": "user",
    "role": "fineGrained",
    "display_name": "laptop",
    "created_at": "2024-01-01T00:00:00.000Z",
    "expires_at": None,
    "orgs": [
        {
            "name": "acme",
            "role": "contributor",
            "restrictions": ["mfa", "sso"],
            "resource_groups": [{"name": "research", "role": "write"}],
        },
        {"name": "initech", "role": "admin", "restrictions": [], "resource_groups": []},
    ],
    "permissions": [
        {"entity": "alice", "type": "user", "permissions": ["repo.content.read", "repo.write"]},
        {"entity": "acme/x", "type": "dataset", "permissions": []},
    ],
    "global_permissions": ["discussion.write", "post.write"],
    "gated": True,
}


def test_all_of_a_fine_grained_token_is_read() -> None:
    assert read_whoami(FINE_GRAINED) == IDENTITY


def test_the_document_is_plain_json_with_the_keys_of_the_contract() -> None:
    document = to_document(IDENTITY)
    assert document == DOCUMENT
    assert list(document) == list(DOCUMENT)
    assert json.loads(json.dumps(document)) == document


def test_the_document_is_read_back() -> None:
    assert from_document(DOCUMENT) == IDENTITY


def test_a_read_token_lists_nothing() -> None:
    answer = {
        "type": "user",
        "name": "alice",
        "auth": {"type": "access_token", "accessToken": {"displayName": "ci", "role": "read"}},
    }
    assert read_whoami(answer) == Identity("alice", "user", "read", "ci")


def test_what_authenticates_for_a_while_says_when_it_expires() -> None:
    answer = {
        "type": "user",
        "name": "alice",
        "auth": {"type": "app_token_as_user", "expiresAt": "2026-12-01T00:00:00.000Z", "resource": {"sub": "x"}},
    }
    assert read_whoami(answer) == Identity("alice", "user", expires_at="2026-12-01T00:00:00.000Z")


def test_a_name_is_all_that_there_has_to_be() -> None:
    assert read_whoami({"name": "acme", "type": "org"}) == Identity("acme", "org")
    assert read_whoami({"name": "alice"}) == Identity("alice")


def test_the_words_of_the_hub_are_kept_as_they_are() -> None:
    answer = {
        "name": "al\u202eice\x1b[31m",
        "type": "robot",
        "orgs": [{"name": "acme", "roleInOrg": "owner", "securityRestrictions": ["new-reason"]}],
        "auth": {"accessToken": {"role": "superuser", "displayName": "\udcff\n"}},
    }
    assert read_whoami(answer) == Identity(
        "al\u202eice\x1b[31m", "robot", "superuser", "\udcff\n", orgs=(Org("acme", "owner", ("new-reason",)),)
    )


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="array"),
        pytest.param("alice", id="string"),
        pytest.param({}, id="nothing"),
        pytest.param({"error": "Invalid username or password."}, id="error"),
        pytest.param({"name": ""}, id="empty name"),
        pytest.param({"name": None}, id="null name"),
        pytest.param({"name": ["alice"]}, id="name that is no string"),
    ],
)
def test_an_answer_to_something_else_is_an_error(answer: object) -> None:
    with pytest.raises(ValueError, match="whoami-v2"):
        read_whoami(answer)


@pytest.mark.parametrize("odd", [None, 7, True, "text", [], [3], {}, {"name": 3}, [[{"name": "x"}]]])
@pytest.mark.parametrize("key", ["type", "orgs", "auth"])
def test_an_oddity_counts_as_not_said(key: str, odd: object) -> None:
    identity = read_whoami({"name": "alice", key: odd})
    assert identity == Identity("alice", odd if key == "type" and isinstance(odd, str) else None)


@pytest.mark.parametrize(
    ("auth", "identity"),
    [
        pytest.param({"expiresAt": 1790000000}, Identity("alice"), id="expiry as a number"),
        pytest.param({"accessToken": {"role": 1, "displayName": {}}}, Identity("alice"), id="role as a number"),
        pytest.param(
            {"accessToken": {"role": "fineGrained", "fineGrained": {"canReadGatedRepos": "true"}}},
            Identity("alice", role="fineGrained"),
            id="gated as a string",
        ),
        pytest.param(
            {"accessToken": {"fineGrained": {"canReadGatedRepos": False, "global": ["a", 1, None, "b"]}}},
            Identity("alice", global_permissions=("a", "b"), gated=False),
            id="permission as a number",
        ),
        pytest.param(
            {"accessToken": {"fineGrained": {"scoped": [1, {"entity": "x", "permissions": ["a"]}, {}]}}},
            Identity("alice", permissions=(Scope(permissions=("a",)), Scope())),
            id="entity as a string",
        ),
    ],
)
def test_of_an_odd_token_the_rest_is_read(auth: object, identity: Identity) -> None:
    assert read_whoami({"name": "alice", "auth": auth}) == identity


def test_an_organization_without_a_name_is_none() -> None:
    answer = {"name": "alice", "orgs": [{"roleInOrg": "admin"}, {"name": "acme", "resourceGroups": [{}, 1]}]}
    assert read_whoami(answer).orgs == (Org("acme", resource_groups=(ResourceGroup(),)),)


@pytest.mark.parametrize("document", [None, 7, "text", [], {}, {"orgs": {}, "permissions": 1, "gated": 0}])
def test_an_odd_document_says_nothing(document: object) -> None:
    assert from_document(document) == Identity()
