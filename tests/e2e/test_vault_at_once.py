"""The vault file and the index agree, however many change them at once, and whoever is killed at it."""

from __future__ import annotations

import json
import os
import random
import select
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import TIMEOUT
from tokenguard.vault import sealed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.server import Server


def test_of_16_that_are_added_at_once_none_is_lost(server: Server) -> None:
    """And the first of them makes the file."""
    server.use_key()
    tokens = {f"t{number:02}": server.token(number) for number in range(16)}
    server.add_at_once(tokens)
    assert server.expect_agreement() == tokens


# Forks processes that change the vault, with all loaded that it takes: each line of standard input is the prefix
# of one's names and what it may add. It says which one it is, and of every change when it begins and that it was
# done.
FORKING = """
import ctypes, json, os, sys
import filelock, tempfile
import cryptography.hazmat.primitives.ciphers.aead, cryptography.hazmat.primitives.kdf.hkdf
from tokenguard import process, tokens
from tokenguard.cli import run, add, remove
from tokenguard.vault import file, kernel
for line in sys.stdin:
    prefix, tokens = json.loads(line)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os.write(1, b"gone\\n")
        continue
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: it does not outlive the test
    os.write(1, b"%d\\n" % os.getpid())
    for step, token in enumerate(tokens):
        name = f"{prefix}{step % 3}"
        os.environ["SOME"] = token
        os.write(1, f"begin {step}\\n".encode())
        status = process.run(lambda: run(["add", name, "--replace", "--from-env", "SOME", "--no-validate"]))
        if step % 4 == 3:
            status = status or process.run(lambda: run(["remove", name]))
        os.write(1, f"end {step} {int(status)}\\n".encode())
    os._exit(0)
"""
STEPS = 60


class Forks:
    """A process whose children change the vault; `may_hold` is what its names may have."""

    def __init__(self, server: Server, prefix: str) -> None:
        self.server = server
        self.prefix = prefix
        self.may_hold: dict[str, set[str | None]] = {f"{prefix}{number}": {None} for number in range(3)}
        self.killed_within = 0
        self.done = 0
        self.process = server.converse(FORKING)

    def start(self, drawn: random.Random) -> None:
        self.tokens = [self.server.token(drawn.getrandbits(40)) for _ in range(STEPS)]
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([self.prefix, self.tokens]).encode() + b"\n")
        self.child = int(self._line())

    def kill(self) -> None:
        """Kills the child, and finds out what it had done."""
        os.kill(self.child, 9)
        while (line := self._line()) != "gone":
            said, step, *status = line.split()
            name, token = f"{self.prefix}{int(step) % 3}", self.tokens[int(step)]
            after = None if int(step) % 4 == 3 else token
            if said == "begin":
                between = {token} if after is None else set()
                self.may_hold[name] = self.may_hold[name] | {after} | between
                self.killed_within += 1
            else:
                assert status == ["0"], line
                self.may_hold[name] = {after}
                self.killed_within -= 1
                self.done += 1

    def learn(self, kept: Mapping[str, str | None]) -> None:
        """Fails unless the names hold what they may."""
        for name, allowed in self.may_hold.items():
            assert kept.get(name) in allowed, f"{name} has lost its token"
            self.may_hold[name] = {kept.get(name)}

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _line(self) -> str:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], TIMEOUT)
        assert ready, "it hangs"
        line: bytes = self.process.stdout.readline()
        assert line, "it has ended"
        return line.decode().strip()


@pytest.mark.unmeasured
def test_whoever_is_killed_leaves_the_old_or_the_new(server: Server) -> None:
    server.use_key()
    stays = server.add("stays", 1)
    drawn = random.Random(7)
    both = [Forks(server, prefix) for prefix in "xy"]
    patience = 1.0
    try:
        # Until enough were killed in the middle of a change, and enough were done, however busy the machine is.
        for turn in range(1000):
            for forks in both:
                forks.start(drawn)
            time.sleep(patience * drawn.uniform(0.005, 0.075))
            for forks in both:
                forks.kill()
            sealed.read(server.vault.read_bytes())  # as it was left, before anybody has mended anything
            if turn % 4 == 3:
                kept = server.expect_agreement()
                assert kept["stays"] == stays
                for forks in both:
                    forks.learn(kept)
                killed, done = sum(forks.killed_within for forks in both), sum(forks.done for forks in both)
                if turn > 24 and min(killed, done) >= 6:
                    break
                if done < turn // 8:  # on a busy machine they take longer to begin
                    patience *= 1.5
        else:
            pytest.fail("too few were killed within a change, or too few were done")
    finally:
        for forks in both:
            forks.end()


# Dies when the new vault file is written and not yet in its place.
DYING = """
import os, signal, sys
from tokenguard import process
from tokenguard.cli import run
replace = os.replace
def dying(source, target):
    if os.path.basename(target) == "vault.json":
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = dying
process.run(lambda: run(sys.argv[1:]))
"""


def test_what_a_killed_writer_leaves_the_next_one_clears(server: Server) -> None:
    server.use_key()
    server.add("work", 1)
    whole = server.vault.read_bytes()
    removing = server.run(sys.executable, "-c", DYING, "remove", "work")
    assert removing.status == -9
    assert server.vault.read_bytes() == whole
    other = server.add("other", 2)
    assert server.expect_agreement() == {"other": other}  # what was begun is done, too
    assert [path.name for path in server.vault.parent.iterdir() if path.name.startswith(".")] == []
