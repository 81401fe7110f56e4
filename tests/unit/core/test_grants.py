"""What a token has too little or too much of, and the link to the form for one that has just enough."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from tokenguard.core.grants import by_hand, exceeding, form_link, lacking
from tokenguard.core.identity import Identity, Org, Scope
from tokenguard.core.permissions import parse

ORGS = (Org("acme", "admin"), Org("globex", "read"))


def token(role: str | None, *orgs: Org) -> Identity:
    return Identity("alice", "user", role, orgs=orgs or ORGS)


def fine(
    *scopes: Scope, everywhere: tuple[str, ...] = (), gated: bool = False, role: str | None = "fineGrained"
) -> Identity:
    return token(role)._replace(permissions=scopes, global_permissions=everywhere, gated=gated)


def on(entity: str, *permissions: str, kind: str = "") -> Scope:
    return Scope(
        entity, kind or ("model" if "/" in entity else "user" if entity == "alice" else "org"), permissions
    )


RESTRICTED = (Org("acme", "admin", ("sso", "mfa")), ORGS[1])


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        # by role
        pytest.param(token("read"), token("read"), [], id="read, read"),
        pytest.param(token("read"), token("write"), [], id="read, write"),
        pytest.param(token("write"), token("read"), ["role write"], id="write, read"),
        pytest.param(token("write"), token("god"), [], id="write, admin"),
        pytest.param(token("god"), token("write"), [], id="admin, write"),
        pytest.param(token("god"), token("read"), ["role god"], id="admin, read"),
        pytest.param(token("read"), fine(on("alice", "repo.content.read")), ["role read"], id="read, fine"),
        pytest.param(token("write"), token(None), ["role write"], id="write, not said"),
        pytest.param(token(None), token("read"), [], id="not said, read"),
        # of fine-grained tokens
        pytest.param(fine(on("alice", "repo.write")), fine(on("alice", "repo.write")), [], id="the same"),
        pytest.param(fine(on("alice", "repo.write")), fine(), ["repo.write:alice"], id="a scope"),
        pytest.param(
            fine(on("acme/model", "repo.content.read", "repo.write")),
            fine(on("acme/model", "repo.content.read")),
            ["repo.write:acme/model"],
            id="a permission",
        ),
        pytest.param(fine(on("acme/x", "repo.write")), fine(on("acme", "repo.write")), [], id="a wider scope"),
        pytest.param(
            fine(on("acme", "repo.write")),
            fine(on("acme/x", "repo.write")),
            ["repo.write:acme"],
            id="a narrower one",
        ),
        pytest.param(fine(on("alice", "repo.content.read")), fine(on("alice", "repo.write")), [], id="implied"),
        pytest.param(
            fine(on("acme/x", "repo.write", kind="dataset")),
            fine(on("acme/x", "repo.write")),
            ["repo.write:datasets/acme/x"],
            id="another type",
        ),
        pytest.param(fine(on("globex", "repo.write")), fine(), [], id="what the account could not"),
        pytest.param(fine(gated=True), fine(), ["gated"], id="gated"),
        pytest.param(fine(gated=True), token("read"), [], id="gated by role"),
        pytest.param(fine(everywhere=("post.write",)), fine(), ["post.write"], id="posts"),
        pytest.param(
            fine(everywhere=("discussion.write",)),
            fine(on("alice", "discussion.write")),
            ["discussion.write on repositories of others"],
            id="discussions elsewhere",
        ),
        pytest.param(fine(everywhere=("discussion.write", "post.write")), token("write"), [], id="global by role"),
        pytest.param(fine(everywhere=("post.write",)), token("read"), ["post.write"], id="global not by role"),
        pytest.param(fine(on("acme/x", "repo.write")), token("write"), [], id="fine, write"),
        pytest.param(
            fine(on("acme/x", "repo.write", "repo.content.read")),
            token("read"),
            ["repo.write:acme/x"],
            id="fine, read",
        ),
        pytest.param(
            fine(on("alice", "repo.write"), role=None), fine(), ["repo.write:alice"], id="listed without a role"
        ),
        # by what organizations have against a token
        pytest.param(token("write"), token("write", *RESTRICTED), ["access to acme (sso, mfa)"], id="restricted"),
        pytest.param(token("write", *RESTRICTED), token("write", *RESTRICTED), [], id="restricted before"),
        pytest.param(token("write", *RESTRICTED), token("write"), [], id="no longer restricted"),
        pytest.param(
            token("write", Org("Acme", "admin", ("mfa",))),
            token("write", *RESTRICTED),
            [],
            id="restricted otherwise",
        ),
        pytest.param(
            fine(on("acme", "repo.write")),
            fine(on("acme", "repo.write"))._replace(orgs=RESTRICTED),
            ["access to acme (sso, mfa)"],
            id="restricted where it had a scope",
        ),
        pytest.param(
            fine(on("alice", "repo.write"), everywhere=("post.write",)),
            fine(on("alice", "repo.write"), everywhere=("post.write",))._replace(orgs=RESTRICTED),
            [],
            id="restricted where it had none",
        ),
        pytest.param(token("write"), token("write", Org("acme", "read")), [], id="a lower role of the account"),
        pytest.param(
            fine(on("acme", "repo.write")),
            fine(on("acme", "repo.write"))._replace(orgs=(Org("acme", "read"),)),
            [],
            id="a lower role of the account, fine",
        ),
    ],
)
def test_what_the_new_token_lacks(old: Identity, new: Identity, lost: list[str]) -> None:
    assert lacking(old, new) == lost


@pytest.mark.parametrize(
    ("identity", "wanted", "beyond"),
    [
        pytest.param(token("write"), "write", ["role write"], id="write"),
        pytest.param(token("read"), "read", ["role read"], id="read"),
        pytest.param(token("superuser"), "read", ["role superuser"], id="a new role"),
        pytest.param(token(None), "read", [], id="not said"),
        pytest.param(fine(), "", [], id="nothing"),
        pytest.param(fine(on("alice", "repo.write")), "write", [], id="the account"),
        pytest.param(fine(on("Alice/x", "repo.write")), "write", [], id="less than the account"),
        pytest.param(fine(on("alice", "repo.write", "repo.content.read")), "write", [], id="implied"),
        pytest.param(
            fine(on("alice", "repo.write", "repo.content.read")), "read", ["repo.write:alice"], id="not implied"
        ),
        pytest.param(fine(on("acme", "repo.write")), "write", ["repo.write:acme"], id="an organization"),
        pytest.param(fine(on("acme", "repo.write")), "write:acme", [], id="this organization"),
        pytest.param(fine(on("acme/x", "repo.write")), "write:acme", [], id="less than the organization"),
        pytest.param(fine(on("acme", "repo.write")), "write:acme/x", ["repo.write:acme"], id="more than the repo"),
        pytest.param(
            fine(on("alice", "repo.write")), "write:alice/x", ["repo.write:alice"], id="more than one's repo"
        ),
        pytest.param(fine(on("acme/x", "repo.write")), "write:acme/x", [], id="this repository"),
        pytest.param(
            fine(on("acme/x", "repo.write")), "write:datasets/acme/x", ["repo.write:acme/x"], id="another type"
        ),
        pytest.param(fine(on("acme", "org.read")), "org.read", [], id="some organization's own"),
        pytest.param(fine(gated=True), "read", ["gated"], id="gated"),
        pytest.param(fine(gated=True), "gated:google/gemma", [], id="gated as wanted"),
        pytest.param(fine(everywhere=("post.write",)), "read", ["post.write"], id="posts"),
        pytest.param(fine(everywhere=("post.write",)), "posts", [], id="posts as wanted"),
        pytest.param(fine(everywhere=("post.write",)), "posts:alice", [], id="posts are in no namespace"),
        pytest.param(fine(everywhere=("inference.serverless.write",)), "inference", [], id="global as wanted"),
        pytest.param(
            fine(everywhere=("inference.serverless.write",)),
            "inference:acme",
            ["inference.serverless.write"],
            id="more than for one",
        ),
        pytest.param(
            fine(on("alice", "discussion.write"), everywhere=("discussion.write",)),
            "discussions",
            ["discussion.write on repositories of others"],
            id="discussions elsewhere",
        ),
        pytest.param(
            fine(on("alice", "job.write", "repo.write"), everywhere=("post.write",), gated=True),
            "read jobs",
            ["repo.write:alice", "post.write", "gated"],
            id="several",
        ),
    ],
)
def test_what_the_token_has_beyond(identity: Identity, wanted: str, beyond: list[str]) -> None:
    assert exceeding(identity, [parse(text) for text in wanted.split()]) == beyond


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("inference", [("ownUserPermissions", "inference.serverless.write")], id="the account"),
        pytest.param("read:ALICE read", [("ownUserPermissions", "repo.content.read")], id="twice"),
        pytest.param("discussions", [("ownUserPermissions", "discussion.write")], id="discussions"),
        pytest.param("posts posts:acme", [("globalPermissions", "post.write")], id="posts"),
        pytest.param("gated:google/gemma gated", [("canReadGatedRepos", "true")], id="gated"),
        pytest.param("write:acme", [("orgs", "acme"), ("orgPermissions", "repo.write")], id="an organization"),
        pytest.param("org.read:acme", [("orgs", "acme"), ("orgPermissions", "org.read")], id="its own"),
        pytest.param("read:acme/x write:alice/x org.read", [], id="by hand"),
        pytest.param(
            "read:acme gated write:globex jobs write:acme/x read:alice",
            [
                ("ownUserPermissions", "job.write"),
                ("ownUserPermissions", "repo.content.read"),
                ("canReadGatedRepos", "true"),
                ("orgs", "acme"),
                ("orgs", "globex"),
                ("orgPermissions", "repo.content.read"),
                ("orgPermissions", "repo.write"),
            ],
            id="several",
        ),
    ],
)
def test_the_form_is_filled_in(wanted: str, fields: list[tuple[str, str]]) -> None:
    link = urlsplit(form_link([parse(text) for text in wanted.split()], ["alice"]))
    assert link[:3] == ("https", "huggingface.co", "/settings/tokens/new")
    assert parse_qsl(link.query, strict_parsing=True) == [("tokenType", "fineGrained"), *fields]


def test_the_form_may_be_that_of_another_hub() -> None:
    link = form_link([parse("read")], {"alice"}, "https://hub.example/")
    assert link == (
        "https://hub.example/settings/tokens/new?tokenType=fineGrained&ownUserPermissions=repo.content.read"
    )


def test_repositories_are_chosen_by_hand() -> None:
    wanted = [
        *(parse("read"), parse("write:acme"), parse("write:alice/x"), parse("org.read"), parse("org.read:acme")),
        *(parse("gated:google/gemma"), parse("posts:acme/x"), parse("discussions:datasets/google/x")),
    ]
    assert [str(one) for one in by_hand(wanted)] == [
        "repo.write:alice/x",
        "org.read",
        "discussion.write:datasets/google/x",
    ]
