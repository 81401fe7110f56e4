"""The index and the keyring agree, however many change them at once, and whoever is killed at it."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.agreement import ADD, expect_agreement
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.desk import Desk


def test_of_12_that_are_added_at_once_none_is_lost(desk: Desk) -> None:
    tokens = {f"t{number:02}": desk.token(number) for number in range(12)}
    desk.add_at_once(tokens)
    assert expect_agreement(desk) == tokens
    assert desk.hand_over("tokenguard", "token", "t11").out == f"{tokens['t11']}\n"


# One command after the other, as its line on standard input says; says when one begins and how it has ended.
COMMANDS = """
import json, os, sys
from tokenguard import process
from tokenguard.cli import run
for line in sys.stdin:
    arguments, os.environ["SOME"] = json.loads(line)
    status = process.run(lambda: run(arguments))
    os.write(1, b"%d\\n" % status)
"""


class Changes:
    """A process that changes the vault, and what its names may hold: several values where that is not known."""

    def __init__(self, desk: Desk, prefix: str, number: random.Random) -> None:
        self.desk = desk
        self.prefix = prefix
        self.random = number
        self.may_hold: dict[str, set[str | None]] = {}
        self._drawn = 0

    def start(self) -> None:
        self._process = self.desk.converse(COMMANDS, subprocess.PIPE)
        # What is to be done, each with what its names hold afterwards.
        known: dict[str, str | None] = {name: value for name, (value,) in self.may_hold.items()}
        self._steps: list[dict[str, str | None]] = []
        lines = []
        for _ in range(60):
            arguments, token, after = self._step(known)
            known |= after
            self._steps.append(after)
            lines.append(json.dumps([arguments, token]))
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())

    def kill(self) -> None:
        """Kills the process, and finds out what it had done."""
        self._process.kill()
        output, talk = self._process.communicate(timeout=TIMEOUT)
        assert b"Traceback" not in talk, talk
        self.desk.expect_hidden(talk)
        statuses = output.split()
        assert set(statuses) <= {b"0"}, talk
        for done in self._steps[: len(statuses)]:
            self.may_hold |= {name: {value} for name, value in done.items()}
        for name, value in self._steps[len(statuses)].items() if len(statuses) < len(self._steps) else ():
            self.may_hold[name] = self.may_hold.get(name, {None}) | {value}

    def learn(self, kept: dict[str, str]) -> None:
        """Fails unless the names hold what they may."""
        for name, allowed in self.may_hold.items():
            assert kept.get(name) in allowed, f"{name} has lost its token"
            self.may_hold[name] = {kept.get(name)}

    def _step(self, known: dict[str, str | None]) -> tuple[list[str], str, dict[str, str | None]]:
        taken = sorted(name for name, value in known.items() if value is not None)
        free = [name for name in (f"{self.prefix}{number}" for number in range(6)) if known.get(name) is None]
        kinds = ["add"] * bool(free) + ["replace", "remove"] * bool(taken) + ["rename"] * bool(taken and free)
        self._drawn += 1
        token = self.desk.token(self.random.getrandbits(32))
        match self.random.choice(kinds):
            case "add":
                name = self.random.choice(free)
                return ["add", name, "--from-env", "SOME", "--no-validate"], token, {name: token}
            case "replace":
                name = self.random.choice(taken)
                return ["add", name, "--from-env", "SOME", "--no-validate", "--replace"], token, {name: token}
            case "remove":
                name = self.random.choice(taken)
                return ["remove", name], "", {name: None}
            case _:
                old, new = self.random.choice(taken), self.random.choice(free)
                return ["rename", old, new], "", {old: None, new: known[old]}


@pytest.mark.unmeasured
@pytest.mark.parametrize("seed", range(2))
def test_whoever_is_killed_leaves_the_old_or_the_new(desk: Desk, seed: int) -> None:
    number = random.Random(seed)
    both = [Changes(desk, prefix, number) for prefix in "xy"]
    for _ in range(4):
        for changes in both:
            changes.start()
        time.sleep(number.uniform(0.3, 0.6))
        for changes in both:
            changes.kill()
        # As it was left, before anybody has mended anything.
        if desk.index.exists():
            assert json.loads(desk.index.read_bytes())["schema"] == 1
        kept = expect_agreement(desk)
        for changes in both:
            changes.learn(kept)
        if kept:
            name = number.choice(sorted(kept))
            assert desk.hand_over("tokenguard", "token", name).out == f"{kept[name]}\n"
        # Nor does a lock stay behind.
        desk.prepare("use", "--clear")


READ_AGAIN_AND_AGAIN = """
import contextlib, io, sys
from tokenguard import process
from tokenguard.cli import run
for _ in range(60):
    with contextlib.redirect_stdout(io.StringIO()) as read:
        status = process.run(lambda: run(["token", "work"]))
    print(int(status), read.getvalue().strip())
"""


def test_whoever_reads_while_a_token_is_replaced_gets_the_old_or_the_new(desk: Desk) -> None:
    tokens = [desk.token(1), desk.token(2)]
    desk.prepare("add", "work", *ADD, stdin=tokens[0])
    with subprocess.Popen(
        (sys.executable, "-c", COMMANDS),
        env=desk.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as writer:
        assert writer.stdin is not None
        for turn in range(200):
            arguments = ["add", "work", "--from-env", "SOME", "--no-validate", "--replace"]
            writer.stdin.write(json.dumps([arguments, tokens[turn % 2]]).encode() + b"\n")
        writer.stdin.flush()
        try:
            result = desk.hand_over(sys.executable, "-c", READ_AGAIN_AND_AGAIN)
        finally:
            writer.kill()
    assert result.talk == ""
    assert set(result.out.splitlines()) <= {f"0 {token}" for token in tokens}


# Held by another.

HOLD = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def held(desk: Desk) -> Iterator[None]:
    """Another process has the lock."""
    lock = desk.index.parent / "index.lock"
    with subprocess.Popen(
        (sys.executable, "-c", HOLD, lock), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            yield
        finally:
            process.kill()


def test_an_answer_waits_for_nobody(desk: Desk) -> None:
    desk.add("work")
    before = desk.index.read_bytes()
    with held(desk):
        result = desk.tokenguard("validate", "work")
        assert (result.status, result.talk) == (0, "")
        assert result.out == "work: valid, alice (user), write\n"
        assert list(desk.listed()) == ["work"]
    assert desk.index.read_bytes() == before


def test_a_change_waits_and_says_so(desk: Desk) -> None:
    desk.add("work")
    with held(desk):
        process = subprocess.Popen(
            ("tokenguard", "use", "work"), env=desk.environment, cwd=desk.folder, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        said = process.stderr.readline()
    assert said == b"tokenguard: waiting for another tokenguard, which is changing the vault\n"
    _, rest = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, rest) == (0, b"tokenguard: work is used by default\n")
    assert desk.listed()["work"]["default"]
