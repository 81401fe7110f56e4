"""No keyring, or one that is locked, gone or mute: nothing is kept anywhere else, and it is said what to do."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.e2e.desk import Desk
from tests.support.hub import Hub
from tests.support.secret_service import SecretService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.machine import Result

# The same program with other patience: tests do not wait for what never comes, but do for what comes late.
IMPATIENT = """
import sys, tokenguard.vault.keyring
tokenguard.vault.keyring._UNATTENDED = float(sys.argv.pop(1))
from tokenguard.__main__ import main
main()
"""
UNSAFE = ["null.Keyring", "fail.Keyring"]


class Failure(NamedTuple):
    """What befalls the keyring, and what is said of it."""

    happens: Callable[[Desk], None]
    said: str
    prompts: int = 0
    seconds: float = 60
    """How long the keyring is waited for."""


def no_bus(desk: Desk) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        del desk.environment[name]


def bus_is_gone(desk: Desk) -> None:
    desk.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={desk.folder}/bus"


FAILURES = {
    "locked": Failure(lambda desk: desk.service.lock(), "the keyring is locked", 1),
    "killed": Failure(lambda desk: desk.service.kill(), "the keyring cannot be reached"),
    "frozen": Failure(lambda desk: desk.service.freeze(), "no answer within 1.5 seconds", seconds=1.5),
    "no bus": Failure(no_bus, "the keyring"),
    "gone bus": Failure(bus_is_gone, "the keyring"),
}


@pytest.fixture
def kept(desk: Desk) -> str:
    """The token called work, which is there already."""
    token = desk.token()
    desk.prepare("add", "work", "--stdin", "--no-validate", stdin=token)
    return token


def impatiently(desk: Desk, *arguments: str, stdin: str | None = None, seconds: float = 1.5) -> Result:
    given = None if stdin is None else stdin.encode()
    return desk.run(sys.executable, "-c", IMPATIENT, str(seconds), *arguments, stdin=given)


def expect_advice(result: Result, said: str = "") -> None:
    assert (result.status, result.stdout) == (4, b""), result.talk
    assert "Traceback" not in result.talk
    message, *advice = result.talk.splitlines()
    assert message.startswith("tokenguard: ")
    assert said in message
    assert advice
    assert all(line.startswith("  ") for line in advice)


@pytest.mark.parametrize("name", FAILURES)
def test_a_keyring_that_fails_from_one_command_to_the_next(desk: Desk, kept: str, name: str) -> None:
    before = desk.index.read_bytes()
    failure = FAILURES[name]
    failure.happens(desk)
    adding = ("add", "other", "--stdin", "--no-validate")
    for command in (("token", "work"), adding, ("remove", "work")):
        result = impatiently(desk, *command, stdin=desk.token(1), seconds=failure.seconds)
        expect_advice(result, failure.said)
    assert desk.index.read_bytes() == before
    assert files_with(desk, desk.token(1)) == files_with(desk, kept) == []
    # What needs no keyring does without.
    assert list(desk.listed()) == ["work"]
    assert desk.tokenguard("use", "work").status == 0
    assert desk.service.prompted == 3 * failure.prompts


@pytest.mark.parametrize("name", FAILURES)
def test_a_keyring_that_was_never_there(desk: Desk, name: str) -> None:
    FAILURES[name].happens(desk)
    desk.environment["TOKENGUARD_VAULT"] = "keyring"
    adding = ("add", "work", "--stdin", "--no-validate")
    result = impatiently(desk, *adding, stdin=desk.token(), seconds=FAILURES[name].seconds)
    expect_advice(result)
    assert "keyring" in result.talk
    assert desk.listed() == {}
    assert files_with(desk, desk.token()) == []


def test_a_locked_keyring_is_said_before_a_token_is_asked_for(desk: Desk) -> None:
    desk.service.lock()
    # Neither a token nor a terminal is there: had it been asked for, that would be said.
    expect_advice(desk.tokenguard("add", "work"), "the keyring is locked")


@pytest.mark.parametrize("options", [(), ("--stdin",), ("--from-env", "NOT_THERE")], ids=" ".join)
def test_a_locked_keyring_is_said_before_a_token_is_invalidated(
    desk: Desk, kept: str, options: tuple[str, ...]
) -> None:
    desk.service.lock()
    result = desk.tokenguard("rotate", "work", *options)
    expect_advice(result, "the keyring is locked")
    assert "/settings/tokens" not in result.talk
    assert desk.hub.requests == []


def test_a_locked_keyring_is_asked_to_open_once_for_all_tokens(desk: Desk, kept: str) -> None:
    for seed, name in enumerate("abc", 1):
        desk.tokenguard("add", name, "--stdin", "--no-validate", stdin=desk.token(seed))
    desk.service.lock()
    result = desk.tokenguard("validate", "--all", "--json")
    assert result.status == 4
    assert [row["error"] for row in json.loads(result.out)["tokens"]] == ["the keyring is locked"] * 4
    assert desk.service.prompted == 1


def test_what_is_left_of_a_crash_asks_nobody_for_a_password(desk: Desk, kept: str) -> None:
    document = json.loads(desk.index.read_text())
    document["intents"] = {"gone": None}
    desk.index.write_text(json.dumps(document))
    desk.service.lock()
    assert list(desk.listed()) == ["work"]
    assert desk.tokenguard("show", "work").status == 0
    assert desk.service.prompted == 0


@pytest.fixture
def unattended(tmp_path: Path) -> Iterator[Desk]:
    """Where a prompt comes up that nobody sees."""
    with Hub() as hub, SecretService("unanswered") as service:
        yield Desk(tmp_path, hub, service)


@pytest.mark.programs
def test_a_prompt_that_nobody_answers_is_given_up(unattended: Desk) -> None:
    desk = unattended
    desk.tokenguard("add", "work", "--stdin", "--no-validate", stdin=desk.token())
    before = desk.index.read_bytes()
    desk.service.lock()
    result = impatiently(desk, "token", "work")
    expect_advice(result, "probably locked, with nobody to ask")
    assert "over SSH" in result.talk
    expect_advice(impatiently(desk, "add", "b", "--stdin", "--no-validate", stdin=desk.token(1)))
    assert desk.index.read_bytes() == before


@pytest.mark.parametrize(
    "backend", [*(f"keyring.backends.{name}" for name in UNSAFE), "keyrings.alt.file.PlaintextKeyring"]
)
def test_a_keyring_that_keeps_nothing_or_keeps_it_in_the_open_is_never_used(desk: Desk, backend: str) -> None:
    """Neither where the variable names it nor where the keyring library's own configuration does."""
    configuration = desk.home / ".config" / "python_keyring" / "keyringrc.cfg"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(f"[backend]\ndefault-keyring={backend}\n")
    desk.environment["PYTHON_KEYRING_BACKEND"] = backend
    token = desk.token()
    desk.prepare("add", "work", "--stdin", "--no-validate", stdin=token)
    assert desk.kept() == {"work": token}
    no_bus(desk)
    assert desk.tokenguard("token", "work").status == 4
    desk.index.unlink()
    desk.environment["TOKENGUARD_VAULT"] = "keyring"
    expect_advice(desk.tokenguard("add", "b", "--stdin", "--no-validate", stdin=desk.token(1)), "no keyring here")
    assert files_with(desk, token) == files_with(desk, desk.token(1)) == []


def test_the_keyring_that_the_first_token_went_to_is_remembered(desk: Desk, kept: str) -> None:
    backend = "keyring.backends.SecretService.Keyring"
    assert json.loads(desk.index.read_text())["backend"] == backend
    desk.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.kwallet.DBusKeyring"
    assert desk.hand_over("tokenguard", "token", "work").out == f"{kept}\n"
    other = desk.token(1)
    assert desk.tokenguard("add", "other", "--stdin", "--no-validate", stdin=other).status == 0
    assert desk.kept() == {"work": kept, "other": other}


@pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", ""])
def test_no_other_keyring_can_be_written_into_the_index(desk: Desk, kept: str, backend: str) -> None:
    document = json.loads(desk.index.read_text())
    document["backend"] = backend
    desk.index.write_text(json.dumps(document))
    for arguments in [("token", "work"), ("remove", "work"), ("add", "b", "--stdin", "--no-validate")]:
        result = desk.tokenguard(*arguments, stdin=desk.token(1))
        assert (result.status, result.stdout) == (4, b"")
        assert "Traceback" not in result.talk
    assert desk.kept() == {"work": kept}
    assert json.loads(desk.index.read_text()) == document


def test_which_vault_there_can_be(desk: Desk) -> None:
    add = ("add", "work", "--stdin", "--no-validate")
    for value, status in [("fiel", 2), ("KEYRING", 2)]:
        result = desk.tokenguard(*add, stdin=desk.token(), environment={"TOKENGUARD_VAULT": value})
        assert (result.status, result.stdout) == (status, b"")
        assert result.talk.count("\n") == 2
        assert "TOKENGUARD_VAULT" in result.talk
    assert desk.kept() == {}
    for value in ("", "auto", "keyring"):
        environment = {"TOKENGUARD_VAULT": value}
        assert desk.tokenguard(*add, "--replace", stdin=desk.token(), environment=environment).status == 0
    assert list(desk.kept()) == ["work"]


def files_with(desk: Desk, secret: str) -> list[Path]:
    """The files on the machine that have a secret in them."""
    top = desk.home.parent
    return [
        path
        for path in top.rglob("*")
        if path.is_file() and path.name != "handed over" and secret.encode() in path.read_bytes()
    ]
