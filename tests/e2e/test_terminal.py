"""At a terminal: a token is typed without being shown, and shown only to who says so."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import termios
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import credentials
from tests.support.hub import ok, whoami_fine_grained, whoami_user
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.e2e.desk import Desk

PROMPT = "Token (not shown): "
INTERRUPT, END = "\x03", "\x04"


class Terminal:
    """A terminal, and the one command that has it; `shown` is what stands on the screen."""

    def __init__(self, leader: int, process: subprocess.Popen[bytes]) -> None:
        self._leader = leader
        self._process = process
        self.shown = ""

    def await_text(self, text: str) -> None:
        """Waits for `text` to be shown behind all that was shown before."""
        start = len(self.shown)
        while text not in self.shown[start:]:
            assert self._read(), f"{text!r} does not come behind {self.shown!r}"

    def type(self, text: str) -> None:
        os.write(self._leader, text.encode())

    @property
    def echoes(self) -> bool:
        """Whether what is typed would be shown."""
        return bool(termios.tcgetattr(self._leader)[3] & termios.ECHO)

    def end(self) -> int:
        """The exit status of the command, once it has ended and all is shown."""
        while self._read():
            pass
        return self._process.wait(TIMEOUT)

    def _read(self) -> bool:
        deadline = time.monotonic() + TIMEOUT
        ready, _, _ = select.select([self._leader], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"it hangs behind {self.shown!r}"
        data = b""
        with contextlib.suppress(OSError):  # nobody has the terminal any more
            data = os.read(self._leader, 4096)
        self.shown += data.decode()
        return bool(data)


@contextlib.contextmanager
def terminal(
    desk: Desk, *arguments: str, environment: Mapping[str, str] | None = None, stdout: int | None = None
) -> Iterator[Terminal]:
    """`tokenguard` at a terminal with colours; `stdout` is another descriptor for its output."""
    leader, follower = pty.openpty()
    variables = {key: value for key, value in desk.environment.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        ["setsid", "--ctty", "tokenguard", *arguments],
        cwd=desk.folder,
        env=variables | {"TERM": "xterm-256color", "FORCE_COLOR": "1"} | dict(environment or {}),
        stdin=follower,
        stdout=follower if stdout is None else stdout,
        stderr=follower,
    )
    os.close(follower)
    try:
        yield Terminal(leader, process)
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def shown(desk: Desk, *arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """How a command ends that nothing is typed to, and what it shows."""
    with terminal(desk, *arguments, environment=environment) as screen:
        return screen.end(), screen.shown


@pytest.fixture
def token(desk: Desk) -> str:
    """One that is kept under the name `work`, and chosen."""
    return desk.add("work", None, None, "--default")


def test_a_token_is_not_shown_on_a_terminal(desk: Desk, token: str) -> None:
    there = {"GITHUB_ENV": str(desk.folder / "env")}
    for command in (["token"], ["token", "work", "--header"], ["export"], ["export", "--format", "github"]):
        status, text = shown(desk, *command, environment=there)
        desk.expect_hidden(text.encode())
        assert status == 2, command
        assert "--reveal" in text
        assert "\x1b" not in text
    assert not (desk.folder / "env").exists()


def test_a_token_is_shown_to_who_says_so(desk: Desk, token: str) -> None:
    assert shown(desk, "token", "--reveal") == (0, f"{token}\r\n")
    assert shown(desk, "token", "--header", "--reveal") == (0, f"Authorization: Bearer {token}\r\n")
    assert shown(desk, "export", "--reveal", "--var", "X") == (0, f"export X='{token}'\r\n")


def test_what_takes_a_token_away_is_shown_to_everybody(desk: Desk) -> None:
    assert shown(desk, "export", "--unset") == (0, "unset HF_TOKEN\r\n")


def test_a_pipe_from_a_terminal_gets_the_token(desk: Desk, token: str) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as pipe:
        with terminal(desk, "token", stdout=writing) as screen:
            os.close(writing)
            assert (screen.end(), screen.shown) == (0, "")
        assert pipe.read() == f"{token}\n"


def test_a_token_is_typed_without_being_shown(desk: Desk) -> None:
    token = desk.token()
    desk.hub.answer(token, ok(whoami_user()))
    with terminal(desk, "add", "work") as screen:
        screen.await_text(PROMPT)
        assert not screen.echoes
        screen.type(f"{token}\n")
        assert screen.end() == 0
        assert screen.echoes
    desk.expect_hidden(screen.shown.encode())
    assert screen.shown.startswith(f"{PROMPT}\r\nkept work: valid, alice (user), write")
    assert "\x1b" not in screen.shown
    assert desk.kept() == {"work": token}


def test_the_prompt_is_talk(desk: Desk) -> None:
    """What it answers goes to standard output, the question does not."""
    token = desk.token()
    desk.hub.answer(token, ok(whoami_fine_grained()))
    reading, writing = os.pipe()
    with os.fdopen(reading) as pipe:
        with terminal(desk, "new", "work", "--can", "gated", stdout=writing) as screen:
            os.close(writing)
            screen.await_text(PROMPT)
            screen.type(END)
            assert screen.end() == 130
        link = pipe.read()
    assert link.startswith("http")
    assert link.count("\n") == 1
    assert "?" not in screen.shown


def test_a_new_token_for_an_old_one_is_typed_without_being_shown(desk: Desk, token: str) -> None:
    new = desk.token(2)
    desk.hub.answer(new, ok(whoami_user()))
    with terminal(desk, "rotate", "work") as screen:
        screen.await_text("New token (not shown): ")
        assert not screen.echoes
        screen.type(f"  {new} \n")
        assert screen.end() == 0
    desk.expect_hidden(screen.shown.encode())
    assert desk.kept() == {"work": new}


def test_nothing_typed_is_asked_for_again(desk: Desk) -> None:
    token = desk.token()
    desk.hub.answer(token, ok(whoami_user()))
    with terminal(desk, "add", "work") as screen:
        screen.await_text(PROMPT)
        screen.type("\n")
        screen.await_text(PROMPT)
        assert not screen.echoes
        screen.type(f"{token}\n")
        assert screen.end() == 0
    assert desk.kept() == {"work": token}


@pytest.mark.parametrize("typed", ["{} {}\n", "x{}{}\n", "Bearer {}, {}\n"], ids=["two", "x", "Bearer"])
def test_what_is_no_token_is_not_repeated(desk: Desk, typed: str) -> None:
    with terminal(desk, "add", "work") as screen:
        screen.await_text(PROMPT)
        screen.type(typed.format(desk.token(), desk.token(1)))
        assert screen.end() == 2
    desk.expect_hidden(screen.shown.encode())
    assert desk.kept() == {}


@pytest.mark.parametrize("key", [INTERRUPT, END], ids=["Ctrl-C", "Ctrl-D"])
def test_who_thinks_better_of_it_is_let_go(desk: Desk, key: str) -> None:
    with terminal(desk, "add", "work") as screen:
        screen.await_text(PROMPT)
        screen.type(key)
        assert screen.end() == 130
        assert screen.echoes
    assert "Traceback" not in screen.shown
    assert desk.kept() == {}
    assert not desk.index.exists()


def test_a_name_that_is_taken_is_told_before_a_token_is_typed(desk: Desk, token: str) -> None:
    status, text = shown(desk, "add", "work")
    assert status == 4
    assert PROMPT not in text
    status, text = shown(desk, "add", ".work")
    assert status == 2
    assert PROMPT not in text


def test_without_a_terminal_nobody_is_asked(desk: Desk) -> None:
    for stdin in (None, desk.token()):
        result = desk.tokenguard("add", "work", stdin=stdin)
        assert (result.status, result.stdout) == (2, b"")
        assert "--stdin" in result.talk
        assert PROMPT not in result.talk


def test_nothing_but_text_is_shown(desk: Desk) -> None:
    """Whatever the Hub says."""
    token = credentials.user_token(3)
    hostile = "a\x1b]0;title\x07\x1b[31m\x9b31m\r\u202eb"
    desk.add("work", desk.secret(token), whoami_fine_grained(name=hostile, label=hostile), "--default")
    for command in (["list"], ["show"], ["validate"], ["--help"], ["run", "--help"], ["token", "nobody"], ["x"]):
        _, text = shown(desk, *command)
        assert text
        assert all(line.isprintable() for line in text.split("\r\n")), command


@pytest.mark.parametrize("length", [4094, 4095, 5000])
def test_what_a_terminal_may_have_cut_is_refused(desk: Desk, length: int) -> None:
    """It passes on no more than 4,095 characters of a line, and drops the rest without a word."""
    token = desk.secret("".join(credentials.user_token(seed)[bool(seed) * 3 :] for seed in range(150))[:length])
    with terminal(desk, "add", "work", "--no-validate") as screen:
        screen.await_text(PROMPT)
        screen.type(f"{token}\n")
        status = screen.end()
    desk.expect_hidden(screen.shown.encode())
    if length < 4095:
        assert (status, desk.kept()) == (0, {"work": token})
    else:
        assert (status, desk.kept()) == (2, {})
        assert "use --stdin" in screen.shown
