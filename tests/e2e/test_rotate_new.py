"""`tokenguard rotate` and `new`: a token is taken in if it can do what it has to, and is whose it has to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.e2e.terminal import at_terminal
from tests.support.hub import (
    Answer,
    broken,
    limited,
    ok,
    organization,
    scope,
    unauthorized,
    whoami_fine_grained,
    whoami_user,
)

if TYPE_CHECKING:
    from tests.e2e.desk import Desk
    from tests.e2e.machine import Result

READ = scope("repo.content.read")
WRITE = scope("repo.content.read", "repo.write")


def rotate(desk: Desk, new: str, answer: Answer | dict[str, Any] | None = None) -> Result:
    """Has the Hub answer for `new`, and puts it in the place of the token called work."""
    if answer is not None:
        desk.hub.answer(new, answer if isinstance(answer, Answer) else ok(answer))
    return desk.tokenguard("rotate", "work", "--stdin", stdin=new)


def expect_untouched(desk: Desk, old: str, result: Result, status: int, said: str) -> None:
    assert (result.status, result.stdout) == (status, b""), result.talk
    assert said in result.talk
    assert "Traceback" not in result.talk
    assert desk.kept() == {"work": old}


def test_a_token_that_can_as_much_takes_the_place_of_the_old(desk: Desk) -> None:
    old = desk.add("work", None, whoami_fine_grained([READ]), "--default")
    new = desk.token()
    result = rotate(desk, new, whoami_fine_grained([WRITE, scope("job.write")], ["post.write"], label="new"))
    assert (result.status, result.stdout) == (0, b"")
    assert f"{desk.hub.endpoint}/settings/tokens" in result.talk
    assert "work is rotated, but the old token is still valid: revoke it" in result.talk
    assert desk.kept() == {"work": new}
    row = desk.listed()["work"]
    assert (row["display_name"], row["default"], row["masked"]) == ("new", True, f"hf_…{new[-4:]}")
    assert {request.token for request in desk.hub.asked()} == {old, new}


def test_an_old_token_that_the_page_has_invalidated_is_compared_by_what_was_known(desk: Desk) -> None:
    old = desk.add("work", None, whoami_fine_grained([WRITE]))
    desk.hub.answer(old, unauthorized())
    expect_untouched(desk, old, rotate(desk, desk.token(1), whoami_fine_grained([READ])), 1, "repo.write")
    expect_untouched(desk, old, rotate(desk, desk.token(1), whoami_user(name="bob")), 1, "bob")
    new = desk.token(2)
    result = rotate(desk, new, whoami_fine_grained([WRITE]))
    assert result.status == 0
    assert result.talk.splitlines()[-1] == "tokenguard: work is rotated"
    assert desk.kept() == {"work": new}


def test_whether_the_old_token_is_alive_may_not_be_known(desk: Desk) -> None:
    old = desk.add("work")
    desk.hub.answer(old, broken())
    result = rotate(desk, desk.token(), whoami_user())
    assert result.status == 0
    assert "whether the old token is still valid is not known" in result.talk


@pytest.mark.parametrize("answer", [unauthorized(), broken()], ids=["401", "500"])
def test_a_new_token_is_taken_with_a_warning_where_nothing_is_known_of_the_old(desk: Desk, answer: Answer) -> None:
    old, new = desk.token(1), desk.token(2)
    desk.hub.answer(old, answer)
    desk.prepare("add", "work", "--stdin", "--no-validate", stdin=old)
    result = rotate(desk, new, whoami_user(name="bob"))
    assert result.status == 0
    assert "tokenguard: nothing is known of the old token to compare it with" in result.talk
    assert "belongs to bob" in result.talk
    assert desk.kept() == {"work": new}


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        (("rotate", "work"), ("add", "work", "--replace", "--no-validate")),
        (("new", "other"), ("add", "other", "--no-validate")),
    ],
    ids=["rotate", "new"],
)
def test_while_the_hub_is_down_it_is_said_how_to_keep_a_token_all_the_same(
    desk: Desk, command: tuple[str, str], advice: tuple[str, ...]
) -> None:
    old, new = desk.add("work"), desk.token()
    desk.hub.answer(new, broken())
    result = desk.tokenguard(*command, "--stdin", stdin=new)
    assert result.status == 5
    assert "the new token was not kept" in result.talk
    assert f"`tokenguard {' '.join(advice)}`" in result.talk
    assert desk.kept() == {"work": old}
    assert desk.tokenguard(*advice, "--stdin", stdin=new).status == 0
    assert desk.kept() == {"work": old} | {command[1]: new}


def test_what_the_new_token_has_to_be(desk: Desk) -> None:
    orgs = [organization("acme")]
    granted = [WRITE, scope("repo.content.read", kind="org", name="acme")]
    old = desk.add("work", None, whoami_fine_grained(granted, gated=True, orgs=orgs))
    fewer = whoami_fine_grained([READ], gated=False, orgs=[organization("acme", restrictions=["sso"])])
    answers: list[tuple[Answer | dict[str, Any], int, str]] = [
        (unauthorized(), 1, "does not know this token"),
        (broken(), 5, "answers 500"),
        (limited(300), 5, "rate limit"),
        (
            whoami_fine_grained(granted, gated=True, orgs=orgs, name="bob"),
            1,
            "belongs to bob, the old one to alice",
        ),
        (whoami_user("read", orgs=orgs), 1, "cannot do all that the old one could: repo.write:alice"),
        (fewer, 1, "repo.write:alice"),
        (fewer, 1, "repo.content.read:acme, gated, access to acme (sso)"),
    ]
    for answer, status, said in answers:
        expect_untouched(desk, old, rotate(desk, desk.token(1), answer), status, said)


def test_the_role_may_not_become_less(desk: Desk) -> None:
    old = desk.add("work", None, whoami_user("write"))
    expect_untouched(desk, old, rotate(desk, desk.token(1), whoami_user("read")), 1, "role write")
    assert rotate(desk, desk.token(2), whoami_user("write")).status == 0


def test_the_old_token_once_more_is_refused_and_so_is_what_is_none(desk: Desk) -> None:
    old = desk.add("work")
    expect_untouched(desk, old, rotate(desk, old), 2, "that is the old token")
    expect_untouched(desk, old, rotate(desk, "not a token"), 2, "more than one word")
    expect_untouched(desk, old, desk.tokenguard("rotate", "work"), 2, "no terminal")
    expect_untouched(desk, old, desk.tokenguard("rotate", "nobody"), 4, "no token called nobody")
    assert len(desk.hub.asked()) == 1  # by add


def test_the_new_token_is_typed_at_a_terminal(desk: Desk) -> None:
    desk.add("work")
    new = desk.token()
    desk.hub.answer(new, ok(whoami_user()))
    result = at_terminal(desk, "tokenguard", "rotate", "work", typed=[("New token (not shown): ", f"{new}\n")])
    assert result.status == 0, result.out
    assert desk.kept() == {"work": new}


def link_in(desk: Desk, result: Result) -> list[tuple[str, str]]:
    """The fields of the form that the link on standard output fills in."""
    (link,) = result.out.splitlines()
    assert link.startswith(f"{desk.hub.endpoint}/settings/tokens/new?")
    return sorted(parse_qsl(urlsplit(link).query, strict_parsing=True))


def test_without_a_name_new_prints_the_link_and_nothing_else(desk: Desk) -> None:
    result = desk.tokenguard("new")
    assert result.status == 0
    assert link_in(desk, result) == [("ownUserPermissions", "repo.content.read"), ("tokenType", "fineGrained")]
    assert result.stderr == b""
    desk.add("known", None, whoami_user(name="alice"))
    wanted = ("read:alice", "repo.write:acme", "gated", "posts", "read:acme/model", "inference")
    result = desk.tokenguard("new", *(f"--can={one}" for one in wanted), "--no-browser")
    assert result.status == 0
    assert link_in(desk, result) == [
        ("canReadGatedRepos", "true"),
        ("globalPermissions", "post.write"),
        ("orgPermissions", "repo.write"),
        ("orgs", "acme"),
        ("ownUserPermissions", "inference.serverless.write"),
        ("ownUserPermissions", "repo.content.read"),
        ("tokenType", "fineGrained"),
    ]
    assert "repo.content.read:acme/model" in result.talk
    assert list(desk.listed()) == ["known"]


def test_a_token_with_just_what_was_asked_for_is_kept(desk: Desk) -> None:
    new = desk.token()
    desk.hub.answer(new, ok(whoami_fine_grained([scope("inference.serverless.write")])))
    result = desk.tokenguard("new", "serving", "--can", "inference", "--stdin", stdin=new)
    assert result.status == 0, result.talk
    assert "kept serving: valid, alice (user), fineGrained" in result.talk
    assert dict(link_in(desk, result))["ownUserPermissions"] == "inference.serverless.write"
    assert desk.kept() == {"serving": new}
    assert desk.listed()["serving"]["status"] == "valid"


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        pytest.param(
            ok(whoami_fine_grained([scope("inference.serverless.write")])), 1, "lacks repo.write:acme", id="fewer"
        ),
        pytest.param(
            ok(
                whoami_fine_grained(
                    [
                        scope("inference.serverless.write", "job.write"),
                        scope("repo.write", kind="org", name="acme"),
                    ],
                    gated=True,
                    orgs=[organization("acme")],
                )
            ),
            1,
            "more than was asked for: job.write:alice, gated",
            id="more",
        ),
        pytest.param(ok(whoami_user("write", orgs=[organization()])), 1, "role write", id="a write token"),
        pytest.param(unauthorized(), 1, "does not know this token", id="401"),
        pytest.param(broken(), 5, "answers 500", id="500"),
    ],
)
def test_a_new_token_that_is_not_as_asked_for_is_not_kept(
    desk: Desk, answer: Answer, status: int, said: str
) -> None:
    new = desk.token()
    desk.hub.answer(new, answer)
    result = desk.tokenguard(
        "new", "serving", "--can", "inference", "--can", "repo.write:acme", "--stdin", stdin=new
    )
    assert result.status == status, result.talk
    assert said in result.talk
    assert desk.kept() == {}
    assert desk.listed() == {}


def test_what_new_refuses_before_there_is_a_link(desk: Desk) -> None:
    kept = desk.add("work")
    for arguments, status in [(("work",), 4), (("a b",), 2), (("--can", "reed"), 2), (("--can", "read:a b"), 2)]:
        result = desk.tokenguard("new", *arguments, stdin=desk.token(1))
        assert (result.status, result.stdout) == (status, b""), arguments
    result = desk.tokenguard("new", "other")
    assert result.status == 2
    assert "no terminal" in result.talk
    assert desk.kept() == {"work": kept}
