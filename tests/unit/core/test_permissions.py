"""What a token may do: a table of identities and questions."""

from __future__ import annotations

import pytest

from tokenguard.core.entity import Entity
from tokenguard.core.identity import Identity, Org, ResourceGroup, Scope
from tokenguard.core.permissions import KNOWN, SHORT, Permission, Verdict, decide, parse
from tokenguard.errors import UsageError

YES, NO, UNKNOWN = True, False, None

# One organization for each role that the account can have in one.
ORGS = (
    Org("admins", "admin"),
    Org("writers", "write"),
    Org("contributors", "contributor"),
    Org("readers", "read"),
    Org("strangers", "no_access"),
    Org("silent"),
    Org("novel", "owner"),
    Org("closed", "admin", ("sso", "mfa")),
    Org("grouped", "no_access", (), (ResourceGroup("research", "write"), ResourceGroup("sales", "read"))),
    Org("headed", "read", (), (ResourceGroup("research", "admin"),)),
    Org("wide", "write", (), (ResourceGroup("research", "read"),)),
    Org("vague", "read", (), (ResourceGroup(),)),
)


def token(
    role: str | None, *scopes: Scope, everywhere: tuple[str, ...] = (), gated: bool | None = None
) -> Identity:
    return Identity(
        "alice", "user", role, orgs=ORGS, permissions=scopes, global_permissions=everywhere, gated=gated
    )


def fine(*scopes: Scope, everywhere: tuple[str, ...] = (), gated: bool | None = False) -> Identity:
    return token("fineGrained", *scopes, everywhere=everywhere, gated=gated)


def on(entity: str | None, kind: str | None, *permissions: str) -> Scope:
    return Scope(entity, kind, permissions)


Answers = dict[str, "bool | None"]
TABLE: dict[str, tuple[Identity, Answers]] = {
    "read token": (
        token("read"),
        {
            # anywhere
            "read": YES,
            "collections": YES,
            "gated": YES,
            "inference": YES,
            "endpoints": YES,
            "user.billing.read": YES,
            "org.billing.read": YES,
            "write": NO,
            "jobs": NO,
            "discussions": NO,
            "posts": NO,
            "inference.endpoints.write": NO,
            # in its own namespace
            "read:alice": YES,
            "read:Alice": YES,
            "read:datasets/alice/x": YES,
            "inference:alice": YES,
            "user.webhooks.read:alice": YES,
            "write:alice/x": NO,
            # in organizations
            "read:admins": YES,
            "read:writers/x": YES,
            "read:contributors": YES,
            "read:readers/x": YES,
            "read:silent": YES,
            "read:novel": YES,
            "read:strangers/x": NO,
            "read:closed/x": NO,
            "read:grouped/x": UNKNOWN,
            "read:vague": YES,
            "org.members.read:admins": YES,
            "org.members.read:writers": NO,
            "org.members.read:silent": UNKNOWN,
            "inference:writers": YES,
            "inference:readers": YES,
            "user.billing.read:admins": NO,
            # elsewhere
            "read:google/gemma": NO,
            "gated:google/gemma": YES,
            "discussions:google/gemma": NO,
        },
    ),
    "write token": (
        token("write"),
        {
            "read": YES,
            "write": YES,
            "jobs": YES,
            "gated": YES,
            "posts": YES,
            "discussions": YES,
            "org.write": YES,
            "user.webhooks.write": YES,
            "write:alice": YES,
            "write:ALICE/x": YES,
            "user.webhooks.write:alice": YES,
            "user.webhooks.write:admins": NO,
            "posts:admins": YES,
            # as an admin
            "write:admins": YES,
            "org.write:admins": YES,
            "resourceGroup.write:admins": YES,
            "write:closed/x": NO,
            "discussions:closed/x": NO,
            # as a writer
            "write:writers/x": YES,
            "jobs:writers": YES,
            "inference.endpoints.write:writers": YES,
            "org.read:writers": YES,
            "org.write:writers": NO,
            "org.members.read:writers": NO,
            "org.members.write:writers": NO,
            "org.networkSecurity.read:writers": NO,
            "org.auditLog.write:writers": NO,
            "org.billing.read:writers": NO,
            "org.serviceAccounts.write:writers": NO,
            "resourceGroup.write:writers": UNKNOWN,
            # as a contributor
            "read:contributors": YES,
            "discussions:contributors": YES,
            "write:contributors/x": UNKNOWN,
            "jobs:contributors": UNKNOWN,
            "org.write:contributors": NO,
            # as a reader
            "read:readers": YES,
            "discussions:readers/x": YES,
            "write:readers": NO,
            "jobs:readers": NO,
            # without access, or with a role that is not known
            "read:strangers": NO,
            "discussions:strangers": NO,
            "write:silent": UNKNOWN,
            "discussions:silent": UNKNOWN,
            "write:novel": UNKNOWN,
            # by a resource group
            "write:grouped/x": UNKNOWN,
            "read:grouped": UNKNOWN,
            "org.write:grouped": NO,
            "org.read:grouped": NO,
            "write:headed/x": UNKNOWN,
            "resourceGroup.write:headed": UNKNOWN,
            "org.write:headed": NO,
            "write:wide/x": YES,
            "write:vague/x": UNKNOWN,
            # elsewhere
            "write:google/gemma": NO,
            "read:google/gemma": NO,
            "collections:google": NO,
            "discussions:google/gemma": YES,
            "gated:google/gemma": YES,
        },
    ),
    "legacy admin token": (
        token("god"),
        {"write": YES, "write:alice": YES, "org.write:admins": YES, "write:readers": NO, "gated": YES},
    ),
    "write token of an account without organizations": (
        Identity("alice", "user", "write"),
        {"write": YES, "org.write": NO, "org.read:alice": NO, "write:acme": NO},
    ),
    "token without a role": (
        token(None),
        {
            "read": UNKNOWN,
            "write": UNKNOWN,
            "gated": UNKNOWN,
            "read:alice": UNKNOWN,
            "write:admins": UNKNOWN,
            "read:google/gemma": UNKNOWN,
            # what the account cannot, no token can
            "write:readers": NO,
            "read:closed": NO,
            "user.billing.read:admins": NO,
        },
    ),
    "token of a new role": (token("superuser"), {"read": UNKNOWN, "write:alice": UNKNOWN, "gated": UNKNOWN}),
    "token without a role that lists something": (
        token(None, on("alice", "user", "repo.write"), gated=True),
        {"write": YES, "read:alice": YES, "write:alice/x": YES, "jobs:alice": UNKNOWN, "gated": YES},
    ),
    "fine-grained token for nothing": (
        fine(),
        {"read": NO, "write:alice": NO, "inference": NO, "gated": NO, "posts": NO, "discussions:google/x": NO},
    ),
    "fine-grained token that is silent on gated": (fine(gated=None), {"gated": UNKNOWN, "read": NO}),
    "fine-grained token for gated": (
        fine(gated=True),
        {"gated": YES, "gated:google/gemma": YES, "read": NO, "read:google/gemma": NO},
    ),
    "fine-grained token for the account": (
        fine(on("Alice", "user", "repo.write", "inference.endpoints.write", "user.webhooks.write")),
        {
            "write": YES,
            "read": YES,  # implied
            "endpoints": YES,  # implied
            "user.webhooks.read": YES,  # implied
            "repo.access.read": NO,
            "inference": NO,
            "jobs": NO,
            "write:alice": YES,
            "write:alice/x": YES,
            "read:spaces/alice/x": YES,
            "endpoints:alice": YES,
            "write:admins": NO,
            "write:google/gemma": NO,
        },
    ),
    "fine-grained token whose account is not named": (
        fine(on(None, "user", "repo.write"), on(None, "org", "job.write")),
        {"write:alice/x": YES, "write:admins": NO, "jobs": YES, "jobs:alice": NO},
    ),
    "fine-grained token for organizations": (
        fine(*(on(org.name, "org", "repo.write", "discussion.write", "org.write") for org in ORGS)),
        {
            "write": YES,
            "write:admins/x": YES,
            "org.write:admins": YES,
            "write:writers": YES,
            "org.write:writers": NO,
            "write:contributors/x": UNKNOWN,
            "read:contributors/x": YES,
            "write:readers/x": NO,
            "discussions:readers/x": YES,
            "write:strangers/x": NO,
            "write:silent": UNKNOWN,
            "write:closed": NO,
            "write:grouped/x": UNKNOWN,
            "write:wide/x": YES,
            "write:alice": NO,
        },
    ),
    "fine-grained token for what is out of its reach": (
        fine(on("closed", "org", "repo.write"), on("readers/x", "model", "job.write")),
        {"write": NO, "read": NO, "jobs": NO},
    ),
    "fine-grained token for repositories": (
        fine(
            on("admins/x", "model", "repo.content.read"),
            on("admins/y", "dataset", "repo.write"),
            on("admins/z", None, "repo.write"),
            on("google/gemma", "model", "repo.content.read"),
            on("gpt2", "model", "repo.content.read"),
        ),
        {
            "read": YES,
            "read:admins/x": YES,
            "read:Admins/X": YES,
            "read:models/admins/x": YES,
            "read:datasets/admins/x": NO,
            "write:admins/x": NO,
            "read:datasets/admins/y": YES,
            "write:dataset/admins/y": YES,
            "write:admins/z": YES,
            "read:admins/other": NO,
            "read:admins": NO,
            "read:google/gemma": YES,
            "read:google": NO,
            "read:alice": NO,
        },
    ),
    "fine-grained token for all the Hub": (
        fine(everywhere=("discussion.write", "post.write", "inference.serverless.write")),
        {
            "discussions": YES,
            "discussions:google/gemma": YES,
            "discussions:admins/x": YES,
            "discussions:strangers/x": NO,
            "discussions:alice/x": NO,
            "posts": YES,
            "posts:alice": YES,
            "inference": YES,
            "inference:alice": YES,
            "write": NO,
        },
    ),
}

ROWS = [
    pytest.param(identity, question, answer, id=f"{who} {question}")
    for who, (identity, answers) in TABLE.items()
    for question, answer in answers.items()
]


@pytest.mark.parametrize(("identity", "question", "answer"), ROWS)
def test_the_answer_is(identity: Identity, question: str, answer: bool | None) -> None:
    verdict = decide(identity, parse(question))
    assert verdict.allowed is answer
    assert verdict.reason


def test_a_permission_that_is_new_to_us_can_be_asked_for() -> None:
    identity = fine(on("alice", "user", "warp.drive.write"))
    assert decide(identity, parse("warp.drive.read", ["warp.drive.read"])).allowed is YES
    assert decide(token("write"), Permission("warp.drive.write")).allowed is YES
    assert decide(token("read"), Permission("warp.drive.write")).allowed is NO


@pytest.mark.parametrize(
    ("identity", "question", "reason"),
    [
        pytest.param(token("read"), "read", "its role is read", id="by role"),
        pytest.param(token("read"), "write", "its role is read", id="not by role"),
        pytest.param(
            token("write"), "write:closed/x", "closed is out of this token's reach: sso, mfa", id="restrictions"
        ),
        pytest.param(token("write"), "write:readers", "the account's role in readers is read", id="role in it"),
        pytest.param(
            token("write"),
            "write:contributors/x",
            "a contributor to contributors writes only what",
            id="contributor",
        ),
        pytest.param(
            token("write"), "write:silent", "does not say what the account may do in silent", id="silent"
        ),
        pytest.param(
            token("write"),
            "write:grouped/x",
            "in grouped only what lies in the resource group research",
            id="group",
        ),
        pytest.param(token("write"), "read:vague/x", "its role is write", id="no group needed"),
        pytest.param(token("write"), "user.mcp.read:admins", "granted on alice only", id="of the account"),
        pytest.param(token(None), "user.mcp.read:admins", "it is about the account itself", id="of any account"),
        pytest.param(token(None), "read", "the Hub does not say what this token may do", id="no role"),
        pytest.param(fine(), "read", "not granted", id="not granted"),
        pytest.param(
            fine(on("admins/x", "model", "repo.write"), on("admins/y", "dataset", "repo.write")),
            "write:admins",
            "granted on admins/x, datasets/admins/y only",
            id="single repositories",
        ),
        pytest.param(
            fine(everywhere=("discussion.write",)),
            "discussions:alice",
            "granted on repositories of others only",
            id="others",
        ),
        pytest.param(
            fine(on("alice", "user", "repo.write")),
            "read:google/gemma",
            "granted on alice only; what is public needs no token",
            id="public",
        ),
        pytest.param(fine(on("alice", "user", "repo.write")), "write:alice/x", "granted on alice", id="granted"),
        pytest.param(fine(gated=True), "gated", "granted", id="gated"),
    ],
)
def test_the_reason_says_it(identity: Identity, question: str, reason: str) -> None:
    assert reason in decide(identity, parse(question)).reason


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_name_is_read(name: str) -> None:
    assert parse(name) == Permission(name)
    assert str(parse(f"{name}:datasets/acme/x")) == f"{name}:datasets/acme/x"


@pytest.mark.parametrize(("short", "name"), SHORT.items())
def test_every_short_name_stands_for_a_known_one(short: str, name: str) -> None:
    assert name in KNOWN
    assert parse(f"{short}:acme/x") == Permission(name, Entity(None, "acme", "x"))


def test_names_of_the_token_at_hand_are_known() -> None:
    assert parse("warp.drive.write:acme", iter(["warp.drive.write"])) == Permission(
        "warp.drive.write", Entity(None, "acme")
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("repo.wirte", "the nearest are repo.write"),
        ("inferense", "inference"),
        ("user.webhook.read:alice", "user.webhooks.read"),
        (
            "qqqq",
            "in short there are read, write, inference, endpoints, jobs, discussions, posts, collections, gated",
        ),
        ("", "in short there are read"),
        ("REPO.WRITE", "in short there are read"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest_ones(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert repr(text.partition(":")[0]) in caught.value.message
    assert hint in caught.value.hint


def test_the_nearest_name_may_be_one_of_the_token_at_hand() -> None:
    with pytest.raises(UsageError) as caught:
        parse("warp.drive", ["warp.drive.write"])
    assert "warp.drive.write" in caught.value.hint


@pytest.mark.parametrize("text", ["read:", "read:/", "read:acme:x", "read:things/acme/x", "read: acme"])
def test_a_malformed_entity_is_an_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert repr(text.partition(":")[2]) in caught.value.message


def test_a_permission_without_an_entity_is_its_name() -> None:
    assert str(Permission("repo.write")) == "repo.write"
    assert f"{Permission('repo.write', Entity('model', 'acme', 'x'))}" == "repo.write:acme/x"


def test_a_verdict_is_a_pair() -> None:
    allowed, reason = Verdict(None, "why")
    assert (allowed, reason) == (None, "why")
