"""The index and the keyring agree, whatever happens to whoever changes them, and no damage is written over."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from keyring.backends.SecretService import Keyring

from tests.e2e.desk import SERVICE
from tests.support.hub import ok, whoami_user
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from keyring.backend import KeyringBackend

    from tests.e2e.desk import Desk

ADD = ("--stdin", "--no-validate")


def entries(desk: Desk) -> dict[str, str]:
    """The fingerprints in the index, by name."""
    return {name: row["fingerprint"] for name, row in desk.listed().items()}


def fingerprint(token: str) -> str:
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


def expect_agreement(desk: Desk) -> dict[str, str]:
    """Fails unless the index and the keyring have the same tokens; gives them by name."""
    listed = entries(desk)
    kept = desk.kept()
    assert listed == {name: fingerprint(token) for name, token in kept.items()}
    if desk.index.exists():
        assert json.loads(desk.index.read_bytes())["intents"] == {}
    return kept


# Several at once, and some killed.


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


# What a crash has left, written by hand.


@pytest.fixture
def document(desk: Desk) -> dict[str, Any]:
    """The index with the token called work: the default, and bound."""
    desk.prepare("add", "work", "--default", *ADD, stdin=desk.token(1))
    desk.prepare("use", "work", "--here")
    document: dict[str, Any] = json.loads(desk.index.read_bytes())
    return document


def put(desk: Desk, name: str, token: str | None) -> None:
    """Has the keyring library keep `token` under `name`, or nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in desk.service.environment.items():
            patch.setenv(variable, value)
        library: KeyringBackend = Keyring()  # type: ignore[no-untyped-call] # the library's
        if token is None:
            library.delete_password(SERVICE, name)
        else:
            library.set_password(SERVICE, name, token)


def entry(document: dict[str, Any], token: str) -> dict[str, Any]:
    """The entry of another token."""
    known: dict[str, Any] = document["tokens"]["work"]
    return known | {"fingerprint": fingerprint(token), "masked": f"hf_…{token[-4:]}"}


@pytest.mark.parametrize("command", [("list",), ("token", "work")])
@pytest.mark.parametrize("is_held", [True, False])
def test_an_addition_that_was_begun(
    desk: Desk, document: dict[str, Any], command: tuple[str, ...], is_held: bool
) -> None:
    token = desk.token(2)
    document["intents"] = {"new": entry(document, token)}
    desk.index.write_text(json.dumps(document))
    if is_held:
        put(desk, "new", token)
    assert desk.hand_over("tokenguard", *command).status == 0
    expected = {"work": desk.token(1)} | ({"new": token} if is_held else {})
    assert expect_agreement(desk) == expected
    assert desk.listed()["work"]["default"]


@pytest.mark.parametrize("held", ["old", "new", "neither", "foreign"])
def test_a_replacement_that_was_begun(desk: Desk, document: dict[str, Any], held: str) -> None:
    old, new, foreign = (desk.token(number) for number in (1, 2, 3))
    document["intents"] = {"work": entry(document, new)}
    desk.index.write_text(json.dumps(document))
    if held == "neither":
        put(desk, "work", None)
    elif held != "old":
        put(desk, "work", new if held == "new" else foreign)
    result = desk.hand_over("tokenguard", "token", "work")
    assert json.loads(desk.index.read_bytes())["intents"] == {}
    if held in ("old", "new"):
        token = old if held == "old" else new
        assert result.out == f"{token}\n"
        assert expect_agreement(desk) == {"work": token}
        assert desk.listed()["work"]["default"]
    else:
        assert (result.status, result.out) == (4, "")
        # What is the default and bound is not forgotten: the token may be put back.
        assert entries(desk) == {"work": fingerprint(old)}


@pytest.mark.parametrize("is_held", [True, False])
def test_a_removal_that_was_begun_is_done(desk: Desk, document: dict[str, Any], is_held: bool) -> None:
    document["intents"] = {"work": None}
    desk.index.write_text(json.dumps(document))
    if not is_held:
        put(desk, "work", None)
    assert desk.listed() == {}
    assert expect_agreement(desk) == {}
    mended = json.loads(desk.index.read_bytes())
    assert (mended["default"], mended["bindings"]) == (None, {})


@pytest.mark.parametrize("done", ["nothing", "written", "written down", "removed"])
def test_a_renaming_that_was_begun(desk: Desk, document: dict[str, Any], done: str) -> None:
    token = desk.token(1)
    if done in ("nothing", "written"):
        document["intents"] = {"acme": document["tokens"]["work"]}
    else:
        document["tokens"]["acme"] = document["tokens"]["work"]
        document["bindings"] = dict.fromkeys(document["bindings"], "acme")
        document["default"] = "acme"
        document["intents"] = {"work": None}
    desk.index.write_text(json.dumps(document))
    if done != "nothing":
        put(desk, "acme", token)
    if done == "removed":
        put(desk, "work", None)
    assert desk.hand_over("tokenguard", "token").out == f"{token}\n"
    kept = expect_agreement(desk)
    chosen = "work" if done in ("nothing", "written") else "acme"
    assert kept == dict.fromkeys({"nothing": ["work"], "written": ["acme", "work"]}.get(done, ["acme"]), token)
    row = desk.listed()[chosen]
    assert (row["default"], row["bound"]) == (True, [str(desk.folder.resolve())])


def test_what_was_begun_waits_for_a_keyring_that_is_locked(desk: Desk, document: dict[str, Any]) -> None:
    document["intents"] = {"gone": None}
    desk.index.write_text(json.dumps(document))
    before = desk.index.read_bytes()
    desk.service.lock()
    assert list(desk.listed()) == ["work"]
    assert desk.index.read_bytes() == before
    assert desk.tokenguard("use", "--clear").status == 0
    assert json.loads(desk.index.read_bytes())["intents"] == {"gone": None}


# What is damaged.


# What else is damage is in tests/unit/vault/test_index.py.
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "no JSON": lambda data: b"<html>\xff",
    "an intent is empty": lambda data: json.dumps(json.loads(data) | {"intents": {"work": {}}}).encode(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_left_as_it_is_and_kept_by_the_next_addition(desk: Desk, damage: str) -> None:
    work, other = desk.token(1), desk.token(2)
    desk.prepare("add", "work", *ADD, stdin=work)
    before = DAMAGES[damage](desk.index.read_bytes())
    desk.index.write_bytes(before)
    for command in [("list",), ("token", "work"), ("remove", "work")]:
        result = desk.tokenguard(*command)
        assert (result.status, result.stdout) == (4, b""), command
        assert str(desk.index) in result.talk
        assert "Traceback" not in result.talk
        assert desk.index.read_bytes() == before
    result = desk.tokenguard("add", "other", *ADD, stdin=other)
    assert result.status == 0, result.talk
    assert str(desk.index) in result.talk
    assert list(desk.listed()) == ["other"]
    (aside,) = [path for path in desk.index.parent.iterdir() if path.name.startswith("index.json.")]
    assert str(aside) in result.talk
    assert aside.read_bytes() == before
    # The keyring still has the other one, which can be taken in.
    assert desk.kept() == {"work": work, "other": other}
    desk.prepare("add", "work", *ADD, stdin=work)
    assert expect_agreement(desk) == {"work": work, "other": other}


def test_an_addition_that_fails_leaves_the_damaged_index_where_it_is(desk: Desk) -> None:
    desk.prepare("add", "work", *ADD, stdin=desk.token(1))
    desk.index.write_text("junk")
    # It is there in the keyring, with another value.
    assert desk.tokenguard("add", "work", *ADD, stdin=desk.token(2)).status == 4
    assert desk.index.read_text() == "junk"


def test_a_token_is_validated_without_an_index_that_can_be_read(desk: Desk) -> None:
    token = desk.add("work")
    desk.index.write_text("junk")
    desk.hub.answer(token, ok(whoami_user()))
    assert desk.tokenguard("validate", "--stdin", stdin=token).status == 0
    assert desk.index.read_text() == "junk"


def test_an_index_of_a_newer_version_is_left_alone(desk: Desk, document: dict[str, Any]) -> None:
    desk.index.write_text(json.dumps({"schema": 2, "secrets": document}))
    before = desk.index.read_bytes()
    for command in [("list",), ("token", "work"), ("add", "b", *ADD), ("add", "work", "--replace", *ADD)]:
        result = desk.tokenguard(*command, stdin=desk.token(2))
        assert (result.status, result.stdout) == (4, b""), command
        assert "newer tokenguard" in result.talk
    assert desk.index.read_bytes() == before
    assert os.listdir(desk.index.parent).count("index.json") == 1
    assert desk.kept() == {"work": desk.token(1)}


# Where it lies.


def test_it_is_for_its_owner_alone(desk: Desk) -> None:
    desk.tokenguard("add", "work", *ADD, stdin=desk.token())
    assert stat.S_IMODE(desk.index.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(desk.index.stat().st_mode) == 0o600
    desk.index.chmod(0o644)
    desk.tokenguard("use", "work")
    assert stat.S_IMODE(desk.index.stat().st_mode) == 0o600
    assert {stat.S_IMODE(path.stat().st_mode) for path in desk.index.parent.iterdir()} <= {0o600}


def test_where_nothing_can_be_written_a_token_can_be_validated_and_none_added(desk: Desk) -> None:
    token = desk.token()
    desk.hub.answer(token, ok(whoami_user()))
    desk.index.parent.write_text("no folder")
    result = desk.tokenguard("validate", "--stdin", stdin=token)
    assert (result.status, result.talk) == (0, "")
    result = desk.tokenguard("add", "work", *ADD, stdin=token)
    assert (result.status, result.stdout) == (4, b"")
    assert str(desk.index.parent) in result.talk
    assert desk.kept() == {}


def test_where_nothing_can_be_written_any_more_tokens_are_still_handed_over(desk: Desk) -> None:
    token = desk.add("work")
    lock = desk.index.parent / "index.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    before = desk.index.read_bytes()
    assert desk.hand_over("tokenguard", "token", "work").out == f"{token}\n"
    assert desk.tokenguard("validate", "work").status == 0
    for command in [("add", "b", *ADD), ("remove", "work"), ("rename", "work", "b"), ("use", "work")]:
        result = desk.tokenguard(*command, stdin=desk.token(2))
        assert result.status == 4, command
        assert str(desk.index.parent) in result.talk
    assert desk.index.read_bytes() == before
    assert desk.kept() == {"work": token}


def test_a_link_in_its_place_is_not_followed(desk: Desk) -> None:
    token = desk.add("work")
    elsewhere = desk.folder / "elsewhere.json"
    desk.index.rename(elsewhere)
    desk.index.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    for command in [("list",), ("token", "work"), ("add", "b", *ADD), ("remove", "work")]:
        result = desk.tokenguard(*command, stdin=desk.token(2))
        assert (result.status, result.stdout) == (4, b""), command
        assert str(desk.index) in result.talk
    assert desk.index.is_symlink()
    assert elsewhere.read_bytes() == before
    assert desk.kept() == {"work": token}


def test_it_lies_where_the_variable_says_or_with_the_persons_data(desk: Desk, tmp_path: Path) -> None:
    desk.environment["TOKENGUARD_HOME"] = str(tmp_path / "a" / "b")
    desk.prepare("add", "work", *ADD, stdin=desk.token())
    assert (tmp_path / "a" / "b" / "index.json").is_file()
    del desk.environment["TOKENGUARD_HOME"]
    assert desk.listed() == {}
    desk.prepare("add", "other", *ADD, stdin=desk.token(2))
    assert (desk.home / ".local" / "share" / "tokenguard" / "index.json").is_file()


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
