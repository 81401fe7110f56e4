"""Which token a repository's owner has in mind."""

from __future__ import annotations

from typing import Any

from tokenguard.core.entity import Entity
from tokenguard.core.entry import Entry
from tokenguard.core.identity import Identity, Org, Scope
from tokenguard.core.ownership import owners_token


def entry(account: str | None = None, role: str | None = "write", status: str = "valid", **more: Any) -> Entry:
    return Entry(
        "sha256:0", "hf_…0000", status=status, identity=Identity(account=account, role=role)._replace(**more)
    )


def orgs(**roles: str) -> tuple[Org, ...]:
    return tuple(Org(name, role) for name, role in roles.items())


def chosen(
    tokens: dict[str, Entry], owner: str, bound: str | None = None, default: str | None = None
) -> str | None:
    return owners_token(tokens, Entity("model", owner, "x"), bound=bound, default=default)


def test_the_account_comes_before_an_organization_and_both_before_what_is_bound() -> None:
    tokens = {
        "a-member": entry("bob", orgs=orgs(acme="admin", alice="admin")),
        "alice": entry("alice"),
        "other": entry("carol"),
    }
    assert chosen(tokens, "alice", bound="other", default="other") == "alice"
    assert chosen(tokens, "ALICE") == "alice"
    assert chosen(tokens, "acme", bound="other", default="other") == "a-member"
    assert chosen(tokens, "nobody", bound="other", default="other") is None


def test_of_several_the_one_that_may_write() -> None:
    tokens = {"a": entry("alice", "read"), "b": entry("alice"), "c": entry("alice")}
    assert chosen(tokens, "alice") == "b"
    assert chosen(tokens, "alice", default="c") == "c"
    assert chosen(tokens, "alice", default="a") == "b"
    # What is bound to the folder is a choice that somebody has made for it.
    assert chosen(tokens, "alice", bound="a", default="c") == "a"
    members = {"a": entry("bob", orgs=orgs(acme="read")), "b": entry("bob", orgs=orgs(acme="write"))}
    assert chosen(members, "acme") == "b"
    assert chosen({"a": members["a"]}, "acme") == "a"


def test_who_can_do_nothing_there_is_none() -> None:
    inference = (Scope("alice", "user", ("inference.serverless.write",)),)
    elsewhere = (Scope("alice/other", "model", ("repo.write",)),)
    tokens = {
        "inference": entry("alice", "fineGrained", permissions=inference),
        "elsewhere": entry("alice", "fineGrained", permissions=elsewhere),
        "dead": entry("alice", status="invalid"),
        "expired": entry("alice", expires_at="2020-01-01T00:00:00.000Z"),
        "shut out": entry("bob", orgs=orgs(alice="no_access")),
        "restricted": entry("bob", orgs=(Org("alice", "admin", ("sso",)),)),
        "unknown": entry(None, None, status="unchecked"),
    }
    assert chosen(tokens, "alice", bound="inference", default="dead") is None
    just = (Scope("alice/x", "model", ("repo.content.read",)),)
    tokens["just"] = entry("alice", "fineGrained", permissions=just)
    assert chosen(tokens, "alice", default="dead") == "just"


def test_what_the_hub_does_not_say_is_no_obstacle() -> None:
    oauth = entry("alice", None, expires_at="2990-01-01T00:00:00.000Z")
    assert chosen({"oauth": oauth}, "alice") == "oauth"
    assert chosen({"a": oauth, "b": entry("alice")}, "alice") == "b"
