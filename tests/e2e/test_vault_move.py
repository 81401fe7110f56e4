"""Taking all tokens from the keyring to the encrypted file, and back."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import signal
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from keyring.backends.SecretService import Keyring

from tests.e2e.desk import SERVICE
from tests.support.credentials import fingerprint
from tests.support.hub import ok, whoami_user
from tests.support.repository import TIMEOUT
from tokenguard.vault import kernel, sealed
from tokenguard.vault.encrypted_file import EncryptedFile
from tokenguard.vault.keyring import ENCRYPTED_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyring.backend import KeyringBackend

    from tests.e2e.desk import Desk
    from tests.e2e.machine import Result

OS_KEYRING = "keyring.backends.SecretService.Keyring"
ADD = ("--stdin", "--no-validate")


class Office(NamedTuple):
    """A desk whose vault file a key opens, and the tokens on it."""

    desk: Desk
    key: str
    tokens: dict[str, str]

    def put_into(self, kind: str, name: str, token: str) -> None:
        """Has a vault keep `token` under `name`, past tokenguard's index."""
        if kind == "file":
            folder = str(self.desk.index.parent)
            EncryptedFile(folder, self.desk.environment).set_password(SERVICE, name, token)
            return
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in self.desk.service.environment.items():
                patch.setenv(variable, value)
            library: KeyringBackend = Keyring()  # type: ignore[no-untyped-call] # the library's
            library.set_password(SERVICE, name, token)

    def kept_in(self, kind: str) -> dict[str, str | None]:
        """The secrets in a vault, by the names of the tokens."""
        if kind == "keyring":
            return dict(self.desk.kept())
        path = self.desk.index.with_name("vault.json")
        if not path.exists():
            return {}
        opened = sealed.unlock(sealed.read(path.read_bytes()), sealed.KEY, self.key.encode())
        return {json.loads(name)[1]: sealed.get(opened, name) for name in opened.document["entries"]}

    def move(self, kind: str, *options: str) -> Result:
        return self.desk.tokenguard("vault", "move", "--to", kind, *options)

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.desk.index.read_bytes())
        return document

    def forget(self) -> None:
        with contextlib.suppress(OSError):
            document = json.loads(self.desk.index.with_name("vault.json").read_bytes())
            kernel.drop(f"tokenguard:{document['id']}")


@pytest.fixture
def office(desk: Desk) -> Iterator[Office]:
    """Three tokens in the keyring: one is the default, one bound to the folder."""
    key = desk.secret(base64.b64encode(os.urandom(32)).decode())
    desk.environment["TOKENGUARD_KEY_FILE"] = str(desk.write("key", key))
    tokens = {name: desk.token(seed) for seed, name in enumerate(("acme", "home", "work"), 100)}
    for token in tokens.values():
        desk.hub.answer(token, ok(whoami_user()))
    for name, token in tokens.items():
        desk.prepare("add", name, "--stdin", stdin=token)
    desk.prepare("use", "work")
    desk.prepare("use", "acme", "--here")
    office = Office(desk, key, tokens)
    yield office
    office.forget()


def other(kind: str) -> str:
    return "keyring" if kind == "file" else "file"


def begin_in(office: Office, source: str) -> None:
    """Has the tokens where a move begins."""
    if source == "file":
        office.desk.prepare("vault", "move", "--to", "file")


def test_there_and_back(office: Office) -> None:
    desk = office.desk
    before = desk.listed()
    assert before["work"]["default"]
    assert before["acme"]["bound"]
    assert before["home"]["account"] == "alice"
    for kind in ("file", "keyring", "file"):
        result = office.move(kind)
        assert (result.status, result.stdout) == (0, b"")
        assert result.talk == f"tokenguard: moved to the {kind}: acme, home, work\n"
        assert office.kept_in(kind) == office.tokens
        assert office.kept_in(other(kind)) == {}
        assert desk.listed() == before
        assert json.loads(desk.tokenguard("vault", "status", "--json").out)["kind"] == kind
        assert desk.hand_over("tokenguard", "token").out == f"{office.tokens['acme']}\n"
        again = office.move(kind)
        assert (again.status, again.talk) == (0, f"tokenguard: nothing has to be moved to the {kind}\n")
        assert office.document()["left"] == {}
    # What is added afterwards goes where the others are.
    desk.add("later")
    assert sorted(office.kept_in("file")) == ["acme", "home", "later", "work"]
    assert office.kept_in("keyring") == {}


@pytest.mark.parametrize("kind", ["file", "keyring"])
def test_a_rehearsal_changes_nothing(office: Office, kind: str) -> None:
    begin_in(office, other(kind))
    index = office.desk.index.read_bytes()
    vaults = [office.kept_in(kind), office.kept_in(other(kind))]
    result = office.move(kind, "--dry-run")
    assert (result.status, result.stdout) == (0, b"")
    assert result.talk == f"tokenguard: would be moved to the {kind}: acme, home, work\n"
    assert office.desk.index.read_bytes() == index
    assert [office.kept_in(kind), office.kept_in(other(kind))] == vaults == [{}, office.tokens]
    if kind == "file":
        assert not office.desk.index.with_name("vault.json").exists()


@pytest.mark.parametrize("name", ["acme", "work"])
@pytest.mark.parametrize("kind", ["file", "keyring"])
def test_a_stranger_in_the_way_is_kept_and_nothing_is_changed(office: Office, kind: str, name: str) -> None:
    begin_in(office, other(kind))
    stranger = office.desk.token(7)
    office.put_into(kind, name, stranger)
    index = office.desk.index.read_bytes()
    result = office.move(kind)
    assert (result.status, result.stdout) == (4, b"")
    assert f"where {name} is to go, there is already another token under this name" in result.talk
    assert f"tokenguard rename {name} OTHER" in result.talk
    assert office.desk.index.read_bytes() == index
    assert office.kept_in(other(kind)) == office.tokens
    assert office.kept_in(kind) == {name: stranger}
    # The way out that is shown is one.
    assert office.desk.tokenguard("rename", name, "renamed").status == 0
    assert office.move(kind).status == 0
    assert office.kept_in(other(kind)) == {}
    assert office.kept_in(kind)["renamed"] == office.tokens[name]


@pytest.mark.parametrize("kind", ["file", "keyring"])
def test_a_token_that_is_not_what_was_added_is_not_moved(office: Office, kind: str) -> None:
    begin_in(office, other(kind))
    stranger = office.desk.token(7)
    office.put_into(other(kind), "work", stranger)
    index = office.desk.index.read_bytes()
    result = office.move(kind)
    assert (result.status, result.stdout) == (4, b"")
    assert "work" in result.talk
    assert office.desk.index.read_bytes() == index
    assert office.kept_in(other(kind)) == office.tokens | {"work": stranger}
    assert office.kept_in(kind) == {}


def test_a_vault_that_is_out_of_reach_stops_a_move(office: Office) -> None:
    desk = office.desk
    index = desk.index.read_bytes()
    desk.write("key", "")
    result = office.move("file")
    assert (result.status, result.stdout) == (4, b"")
    assert "is empty" in result.talk
    assert desk.index.read_bytes() == index
    desk.write("key", office.key)
    assert office.move("file").status == 0
    index = desk.index.read_bytes()
    desk.service.lock()
    result = office.move("keyring")
    assert (result.status, result.stdout) == (4, b"")
    assert "the keyring is locked" in result.talk
    assert desk.index.read_bytes() == index
    assert office.kept_in("file") == office.tokens


def test_whoever_asks_for_the_other_vault_is_told_of_the_move(office: Office) -> None:
    desk = office.desk
    for kind, there in [("file", "the OS keyring"), ("keyring", "the encrypted file")]:
        asked = {"TOKENGUARD_VAULT": kind}
        for command in [("token", "work"), ("add", "b", *ADD), ("remove", "work"), ("vault", "status")]:
            result = desk.tokenguard(*command, stdin=desk.token(8), environment=asked)
            assert (result.status, result.stdout) == (4, b""), command
            assert f"your tokens are in {there}, and TOKENGUARD_VAULT is {kind}" in result.talk
            assert f"`tokenguard vault move --to {kind}`" in result.talk
        # That is what helps, with the variable as it is.
        moving = ("vault", "move", "--to", kind)
        assert desk.tokenguard(*moving, environment=asked).status == 0
        assert (
            desk.hand_over("tokenguard", "token", "work", environment=asked).out.strip() == office.tokens["work"]
        )


# Somebody who was killed.


@pytest.mark.parametrize("kind", ["file", "keyring"])
def test_what_a_move_has_left_behind_the_next_writer_clears(office: Office, kind: str) -> None:
    desk = office.desk
    begin_in(office, other(kind))
    assert office.move(kind).status == 0
    for name in ("acme", "work"):
        office.put_into(other(kind), name, office.tokens[name])
    backend = OS_KEYRING if kind == "file" else ENCRYPTED_FILE
    left = {name: [backend, fingerprint(token)] for name, token in office.tokens.items()}
    desk.index.write_text(json.dumps(office.document() | {"left": left}))
    # A reader is not held up by it.
    assert desk.hand_over("tokenguard", "token", "work").out == f"{office.tokens['work']}\n"
    assert desk.tokenguard("rename", "home", "house").status == 0
    assert office.kept_in(other(kind)) == {}
    assert office.document()["left"] == {}
    assert sorted(office.kept_in(kind)) == ["acme", "house", "work"]


def test_what_is_left_in_a_vault_out_of_reach_waits_for_it(office: Office) -> None:
    desk = office.desk
    assert office.move("file").status == 0
    office.put_into("keyring", "work", office.tokens["work"])
    left = {"work": [OS_KEYRING, fingerprint(office.tokens["work"])]}
    desk.index.write_text(json.dumps(office.document() | {"left": left}))
    bus = desk.environment.pop("DBUS_SESSION_BUS_ADDRESS")
    # On the keyring, which is away, depends nothing.
    assert desk.tokenguard("remove", "work").status == 0
    desk.prepare("add", "later", *ADD, stdin=desk.token(8))
    assert office.document()["left"] == left
    desk.environment["DBUS_SESSION_BUS_ADDRESS"] = bus
    assert desk.tokenguard("rename", "later", "late").status == 0
    assert office.kept_in("keyring") == {}
    assert office.document()["left"] == {}
    assert sorted(office.kept_in("file")) == ["acme", "home", "late"]


# Dies when so many tokens have been written to where they go.
DYING = """
import os, signal, sys
from tokenguard import process
from tokenguard.cli import run
from tokenguard.vault.keyring import Keyring
keep, left = Keyring.set, int(sys.argv[1])
def kept(*arguments):
    global left
    keep(*arguments)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
Keyring.set = kept
process.run(lambda: run(sys.argv[2:]))
"""


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("kind", ["file", "keyring"])
def test_a_copy_that_a_killed_move_has_made_does_not_outlive_its_token(
    office: Office, kind: str, count: int
) -> None:
    begin_in(office, other(kind))
    moving = ("vault", "move", "--to", kind)
    result = office.desk.run(sys.executable, "-c", DYING, str(count), *moving)
    assert result.status == -signal.SIGKILL
    assert office.kept_in(other(kind)) == office.tokens
    assert office.desk.tokenguard("remove", *office.tokens).status == 0
    assert office.kept_in(other(kind)) == {}
    assert office.kept_in(kind) == {}


# Has a vault that does not let go of what was moved.
CLINGING = """
import sys
from tokenguard import process
from tokenguard.cli import run
from tokenguard.vault.keyring import Keyring, KeyringError
def delete(*_):
    raise KeyringError("the keyring has gone")
Keyring.delete = delete
process.end(process.run(lambda: run(sys.argv[1:])))
"""


@pytest.mark.parametrize("kind", ["file", "keyring"])
def test_copies_that_cannot_be_deleted_are_told_and_the_next_writer_clears_them(office: Office, kind: str) -> None:
    desk = office.desk
    begin_in(office, other(kind))
    result = desk.run(sys.executable, "-c", CLINGING, "vault", "move", "--to", kind)
    assert (result.status, result.stdout) == (0, b""), result.talk
    first, second = result.talk.splitlines()
    assert first.startswith("tokenguard: not all was deleted where it was: the keyring has gone")
    assert second == f"tokenguard: moved to the {kind}: acme, home, work"
    assert office.kept_in(kind) == office.kept_in(other(kind)) == office.tokens
    assert desk.hand_over("tokenguard", "token", "work").out == f"{office.tokens['work']}\n"
    assert desk.tokenguard("remove", "home").status == 0
    assert office.kept_in(other(kind)) == {}
    assert office.document()["left"] == {}
    assert sorted(office.kept_in(kind)) == ["acme", "work"]


# Forks processes that move all tokens to and fro, and kill themselves after so many steps: there is one before and
# one after each time that a vault is asked or changed, or a file replaced. Says when one is gone.
FORKING = """
import os, signal, sys
from tokenguard import process
from tokenguard.cli import run
from tokenguard.vault.keyring import Keyring
left = 0
def step():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
def counted(holder, name):
    act = getattr(holder, name)
    def acting(*arguments):
        step()
        answer = act(*arguments)
        step()
        return answer
    setattr(holder, name, acting)
counted(os, "replace")
for name in ("get", "set", "delete"):
    counted(Keyring, name)
for line in sys.stdin:
    kind, left = line.split()[0], int(line.split()[1])
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os.write(1, b"gone\\n")
        continue
    kinds = [kind, "keyring" if kind == "file" else "file"]
    for turn in range(100):
        process.run(lambda: run(["vault", "move", "--to", kinds[turn % 2]]))
    os._exit(1)
"""


def test_whoever_is_killed_in_between_has_lost_nothing(office: Office) -> None:
    drawn = random.Random(11)
    desk = office.desk
    before = desk.listed()
    seen = set()
    with desk.converse(FORKING) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for _ in range(12):
                kind = "file" if office.document()["backend"] == OS_KEYRING else "keyring"
                process.stdin.write(f"{kind} {drawn.randint(1, 60)}\n".encode())
                assert process.stdout.readline() == b"gone\n"
                # As it was left, before anybody has mended anything.
                document = office.document()
                kind = "keyring" if document["backend"] == OS_KEYRING else "file"
                assert office.kept_in(kind) == office.tokens
                assert set(document["tokens"]) == set(office.tokens)
                seen.add((kind, bool(document["left"])))
        finally:
            process.kill()
    assert len(seen) > 1
    assert desk.listed() == before
    kind = "keyring" if office.document()["backend"] == OS_KEYRING else "file"
    result = office.move(other(kind))
    assert result.status == 0, result.talk
    assert office.kept_in(other(kind)) == office.tokens
    assert office.kept_in(kind) == {}
    assert process.wait(TIMEOUT) == -signal.SIGKILL


def test_a_move_is_to_one_of_two_vaults(office: Office) -> None:
    for command in [("--to", "plaintext"), ("--to", ""), ()]:
        result = office.desk.tokenguard("vault", "move", *command)
        assert (result.status, result.stdout) == (2, b"")
    assert office.kept_in("keyring") == office.tokens
