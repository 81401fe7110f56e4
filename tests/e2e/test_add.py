"""`tokenguard add`: a token goes into the keyring once the Hub has said whose it is, or not at all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.terminal import at_terminal
from tests.support import credentials
from tests.support.hub import (
    Answer,
    Hub,
    broken,
    closed_port,
    drip,
    forbidden,
    garbage,
    huge,
    limited,
    ok,
    redirect,
    slow,
    unauthorized,
    whoami_fine_grained,
    whoami_user,
    wrong_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.desk import Desk
    from tests.e2e.machine import Result

PROMPT = "Token (not shown): "
# The same program with less patience: tests do not wait for what never comes.
IMPATIENT = """
import tokenguard.hub
tokenguard.hub._STEP, tokenguard.hub._ANSWER = 0.5, 1.0
from tokenguard.__main__ import main
main()
"""


@pytest.fixture
def token(desk: Desk) -> str:
    """A token that the Hub knows."""
    token = desk.token()
    desk.hub.answer(token, ok(whoami_user()))
    return token


def expect_nothing_kept(desk: Desk, result: Result, status: int) -> None:
    assert result.status == status, result.talk
    assert result.stdout == b""
    assert "Traceback" not in result.talk
    assert desk.kept() == {}
    assert not desk.index.exists()


def keyring_get(desk: Desk, name: str) -> Result:
    return desk.hand_over(sys.executable, "-m", "keyring", "get", "tokenguard", name)


def test_a_token_on_standard_input_is_in_the_keyring(desk: Desk, token: str) -> None:
    result = desk.tokenguard("add", "work", "--stdin", stdin=token)
    assert (result.status, result.stdout) == (0, b"")
    assert "kept work: valid, alice (user), write" in result.talk
    assert desk.service.items() == {("tokenguard", "work"): token}
    assert [request.token for request in desk.hub.asked()] == [token]
    assert keyring_get(desk, "work") == (0, f"{token}\n".encode(), b"")


def test_a_token_in_a_variable(desk: Desk, token: str) -> None:
    result = desk.tokenguard("add", "ci", "--from-env", "SOME_TOKEN", environment={"SOME_TOKEN": f" {token}\n"})
    assert result.status == 0, result.talk
    assert desk.kept() == {"ci": token}


def test_a_token_typed_at_the_prompt_is_not_shown(desk: Desk, token: str) -> None:
    result = at_terminal(desk, "tokenguard", "add", "work", typed=[(PROMPT, f"{token}\n")])
    assert result.status == 0, result.out
    assert desk.kept() == {"work": token}


def test_an_empty_line_is_asked_again_and_ctrl_c_keeps_nothing(desk: Desk) -> None:
    result = at_terminal(desk, "tokenguard", "add", "work", typed=[(PROMPT, "\n"), (PROMPT, "\x03")])
    expect_nothing_kept(desk, result._replace(stdout=b"", stderr=result.stdout), 130)


def test_something_else_typed_at_the_prompt_is_refused(desk: Desk) -> None:
    result = at_terminal(desk, "tokenguard", "add", "work", typed=[(PROMPT, "my password\n")])
    assert result.status == 2
    assert "password" not in result.out
    assert desk.kept() == {}


def test_without_a_terminal_there_is_nobody_to_ask(desk: Desk) -> None:
    result = desk.tokenguard("add", "work")
    expect_nothing_kept(desk, result, 2)
    assert "--stdin" in result.talk


@pytest.mark.parametrize(
    "around",
    [
        pytest.param("\ufeff{}\r\n", id="byte order mark"),
        pytest.param("{}\n", id="newline"),
        pytest.param("\n \t{}  \n\n", id="white space"),
    ],
)
def test_what_lies_around_a_token_is_not_part_of_it(desk: Desk, around: str) -> None:
    token = desk.token()
    result = desk.tokenguard("add", "work", "--stdin", "--no-validate", stdin=around.format(token))
    assert result.status == 0, result.talk
    assert desk.kept() == {"work": token}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(b"", "no token was given", id="nothing"),
        pytest.param(b"{token} {token}", "more than one word", id="two words"),
        pytest.param(b"correct-horse-battery", "no Hugging Face token", id="a password"),
        pytest.param(b"{token}\xff", "not UTF-8", id="not UTF-8"),
        pytest.param("{token}".encode("utf-16"), "", id="UTF-16"),
        pytest.param("{token}é".encode(), "no Hugging Face token", id="not ASCII"),
        pytest.param(b"{token}" + b"a" * 70_000, "no Hugging Face token", id="far too long"),
    ],
)
def test_what_is_no_token_is_refused_and_not_repeated(desk: Desk, given: bytes, said: str) -> None:
    stdin = given.replace(b"{token}", desk.token().encode())
    result = desk.tokenguard("add", "work", "--stdin", stdin=stdin)
    expect_nothing_kept(desk, result, 2)
    assert said in result.talk
    assert "correct-horse" not in result.talk
    assert desk.hub.requests == []


def test_a_variable_that_is_not_there_or_empty(desk: Desk) -> None:
    expect_nothing_kept(desk, desk.tokenguard("add", "work", "--from-env", "NOT_THERE"), 2)
    expect_nothing_kept(desk, desk.tokenguard("add", "work", "--from-env", "EMPTY", environment={"EMPTY": ""}), 2)


def test_standard_input_and_a_variable_exclude_each_other(desk: Desk, token: str) -> None:
    result = desk.tokenguard(
        "add", "work", "--stdin", "--from-env", "HF_TOKEN", stdin=token, environment={"HF_TOKEN": token}
    )
    expect_nothing_kept(desk, result, 2)
    assert desk.hub.requests == []


@pytest.mark.parametrize("arguments", [("add", "{}"), ("add", "work", "{}"), ("add", "work", "--from-env={}")])
def test_a_token_as_an_argument_is_refused_and_to_be_revoked(
    desk: Desk, token: str, arguments: tuple[str, ...]
) -> None:
    result = desk.tokenguard(*(argument.format(token) for argument in arguments))
    expect_nothing_kept(desk, result, 2)
    assert "revoke it" in result.talk
    assert desk.hub.requests == []


@pytest.mark.parametrize("kind", ["organization-token", "oauth-access-token"])
def test_tokens_of_other_kinds(desk: Desk, kind: str) -> None:
    token = desk.secret(credentials.every_kind()[kind])
    result = desk.tokenguard("add", "work", "--stdin", "--no-validate", stdin=token)
    assert result.status == 0, result.talk
    assert desk.kept() == {"work": token}
    assert desk.listed()["work"]["kind"] == kind


def test_without_validation_nobody_is_asked(desk: Desk, token: str) -> None:
    result = desk.tokenguard("add", "work", "--stdin", "--no-validate", stdin=token)
    assert result.status == 0
    assert "kept work: unchecked" in result.talk
    assert desk.hub.requests == []
    shown = desk.listed()["work"]
    assert (shown["status"], shown["account"], shown["validated_at"]) == ("unchecked", None, None)


def test_a_signed_token_says_itself_when_it_ends(desk: Desk) -> None:
    token = desk.secret(credentials.signed_token("hf_jwt" + "_"))
    assert desk.tokenguard("add", "job", "--stdin", "--no-validate", stdin=token).status == 0
    assert desk.listed()["job"]["expires_at"] == "2026-09-21T14:13:20.000Z"


def test_a_name_in_use_is_refused_before_the_token_is_asked_for(desk: Desk) -> None:
    first = desk.add("work")
    asked = len(desk.hub.requests)
    # Neither a token nor a terminal is there: had it been asked for, that would be said.
    result = desk.tokenguard("add", "work")
    assert result.status == 4
    assert "already a token called work" in result.talk
    assert "--replace" in result.talk
    assert desk.kept() == {"work": first}
    assert len(desk.hub.requests) == asked


def test_replace_overwrites_and_keeps_what_points_to_the_name(desk: Desk, token: str) -> None:
    desk.add("work", None, whoami_user("read", name="bob"), "--default")
    desk.prepare("use", "work", "--here")
    result = desk.tokenguard("add", "work", "--stdin", "--replace", stdin=token)
    assert result.status == 0, result.talk
    assert desk.service.items() == {("tokenguard", "work"): token}
    shown = desk.listed()["work"]
    assert (shown["account"], shown["role"]) == ("alice", "write")
    assert (shown["default"], shown["bound"]) == (True, [str(desk.folder.resolve())])


def test_replace_of_a_name_that_is_free_just_adds(desk: Desk, token: str) -> None:
    assert desk.tokenguard("add", "work", "--stdin", "--replace", stdin=token).status == 0
    assert desk.kept() == {"work": token}


def test_a_replacement_that_the_hub_rejects_changes_nothing(desk: Desk) -> None:
    first = desk.add("work")
    before = desk.listed()
    result = desk.tokenguard("add", "work", "--stdin", "--replace", stdin=desk.token(7))
    assert result.status == 1
    assert desk.kept() == {"work": first}
    assert desk.listed() == before


def test_default_makes_it_the_default(desk: Desk) -> None:
    desk.add("one")
    assert not desk.listed()["one"]["default"]
    desk.add("two", None, None, "--default")
    assert {name: row["default"] for name, row in desk.listed().items()} == {"one": False, "two": True}


def test_what_cannot_be_a_name(desk: Desk) -> None:
    for name in ["", "-", ".hidden", "a b", "../x", "a\n", "é", "a" * 65, "a\x1b[31m", "٣"]:
        result = desk.tokenguard("add", "--", name)
        assert result.status == 2, result.talk
        assert "cannot be the name of a token" in result.talk
        assert "\x1b" not in result.talk


@pytest.mark.parametrize("name", ["0", "A.b_c-9" + "x" * 57])
def test_what_can_be_a_name(desk: Desk, name: str) -> None:
    token = desk.token()
    assert desk.tokenguard("add", name, "--stdin", "--no-validate", stdin=token).status == 0
    assert desk.kept() == {name: token}
    assert list(desk.listed()) == [name]


def test_a_foreign_entry_of_that_name_is_not_overwritten(desk: Desk, token: str) -> None:
    foreign = desk.token(9)
    command = (sys.executable, "-m", "keyring", "set", "tokenguard", "work")
    assert desk.run(*command, stdin=foreign.encode()).status == 0
    result = desk.tokenguard("add", "work", "--stdin", stdin=token)
    assert result.status == 4
    assert "keyring get tokenguard work" in result.talk
    assert desk.kept() == {"work": foreign}
    desk.prepare("add", "work", "--stdin", "--no-validate", stdin=foreign)
    assert list(desk.listed()) == ["work"]


def test_nothing_is_kept_unless_the_hub_says_whose_it_is(desk: Desk) -> None:
    answers: list[tuple[Answer, int, str]] = [
        (unauthorized(), 1, "does not know this token"),
        (forbidden("no \x1b[31mway"), 5, "may not ask"),
        (limited(300, "3600"), 5, "in 3600 seconds"),
        (broken(), 5, "answers 500"),
        (garbage(), 5, "does not answer as the Hub does"),
        (wrong_json(), 5, "does not answer as the Hub does"),
        (Answer(200, b"[" * 100_000), 5, "does not answer as the Hub does"),
        (huge(), 5, ""),
        (huge(sized=False), 5, ""),
    ]
    tokens = {f"T{number}": desk.token(number) for number in range(len(answers))}
    for token, (answer, *_) in zip(tokens.values(), answers, strict=True):
        desk.hub.answer(token, answer)
    results = desk.together(*(("add", "work", "--from-env", name) for name in tokens), environment=tokens)
    for (_, status, said), result in zip(answers, results, strict=True):
        expect_nothing_kept(desk, result, status)
        assert said in result.talk
        assert "\x1b" not in result.talk
        # Without an answer it may be kept all the same; what the Hub rejects is not worth keeping.
        assert ("--no-validate" in result.talk) == (status == 5)


@pytest.mark.parametrize("answer", [lambda: slow(60), lambda: drip(seconds=0.2)], ids=["slow", "dripping"])
def test_a_hub_that_takes_for_ever_is_given_up(desk: Desk, answer: Callable[[], Answer]) -> None:
    token = desk.token()
    desk.hub.answer(token, answer())
    result = desk.run(sys.executable, "-c", IMPATIENT, "add", "work", "--stdin", stdin=token.encode())
    expect_nothing_kept(desk, result, 5)
    assert "nothing is known about the token" in result.talk


def test_nobody_listens_where_the_hub_should_be(desk: Desk) -> None:
    desk.environment["HF_ENDPOINT"] = closed_port()
    result = desk.tokenguard("add", "work", "--stdin", stdin=desk.token())
    expect_nothing_kept(desk, result, 5)
    assert "check the network and HF_ENDPOINT" in result.talk


@pytest.mark.parametrize("status", [302, 308])
def test_the_token_does_not_follow_a_redirect(desk: Desk, status: int) -> None:
    token = desk.token()
    with Hub() as other:
        other.answer(token, ok(whoami_user()))
        desk.hub.answer(token, redirect(other.endpoint, status))
        expect_nothing_kept(desk, desk.tokenguard("add", "work", "--stdin", stdin=token), 5)
        assert other.requests == []


def test_what_the_hub_says_is_kept_without_the_secret(desk: Desk) -> None:
    body = whoami_fine_grained(global_=["post.write"], gated=True, label="ci \x1b[31m")
    token = desk.add("ci", None, body)
    assert token not in desk.index.read_text()
    shown = desk.listed()["ci"]
    assert (shown["role"], shown["gated"], shown["display_name"]) == ("fineGrained", True, "ci \x1b[31m")
    assert shown["status"] == "valid"
