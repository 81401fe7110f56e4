"""A keyring and a vault file beside each other: which is used, and what a move leaves behind."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import user_token
from tests.unit.vault.faults import LIBSECRET, Memory, Trouble, put
from tokenguard import vaults
from tokenguard.core.token import Token
from tokenguard.errors import ExitCode, UsageError, VaultError
from tokenguard.vault import keyring as ours
from tokenguard.vault import unlock
from tokenguard.vault.file import VaultFile
from tokenguard.vault.index import Copy
from tokenguard.vault.keyring import BACKENDS, ENCRYPTED_FILE, SERVICE, Keyring, choose
from tokenguard.vault.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("cache")

WORK, NEW, FOREIGN = (Token(user_token(seed)) for seed in range(3))
SAID = "there is a vault file here, and tokens are kept in it"
GONE = "the vault file is gone"


class Room:
    """A folder for the index and the vault file, and a keyring in memory."""

    def __init__(self, folder: Path, keyring: Memory) -> None:
        self.folder = folder
        self.keyring = keyring
        self.index = folder / "index.json"
        self.path = folder / "vault.json"

    def vault(self, kind: str = "auto", backend: str = LIBSECRET) -> Vault:
        """The Vault of the next process."""
        return Vault(str(self.folder), {"PYTHON_KEYRING_BACKEND": backend, "TOKENGUARD_VAULT": kind})

    def file(self) -> VaultFile:
        return VaultFile(str(self.folder))

    def in_file(self, name: str) -> str | None:
        return self.file().get_password(SERVICE, name)

    def in_keyring(self, name: str) -> str | None:
        return self.keyring.entries.get((SERVICE, name))

    def left(self) -> dict[str, object]:
        left: dict[str, object] = json.loads(self.index.read_text())["left"]
        return left


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    """One where a key opens the vault file, and nobody is at a terminal."""
    for variable in ("CREDENTIALS_DIRECTORY", "TOKENGUARD_PASSPHRASE", "TOKENGUARD_PASSPHRASE_FILE"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "key").write_bytes(base64.b64encode(bytes(32)))
    monkeypatch.setenv("TOKENGUARD_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path / "home"))
    memory = Memory()
    monkeypatch.setattr(ours, "_load", lambda _: memory)
    monkeypatch.setattr(unlock, "_has_terminal", lambda: False)
    return Room(tmp_path / "home", memory)


@pytest.fixture
def filed(room: Room) -> Room:
    """One with a token in the vault file."""
    put(room.vault("file"), "work", WORK)
    return room


# Which it is


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_without_an_index_a_file_with_entries_is_the_vault(
    filed: Room, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    """In the keyring, what is added would be beside the others, and those be lost."""
    filed.index.unlink() if how == "lost" else filed.index.write_text("junk")
    vault = filed.vault()
    vault.expect_open()
    put(vault, "new", NEW)
    put(vault, "work", WORK)  # it is taken in again
    assert capsys.readouterr().err.count(SAID) == 1
    assert (filed.keyring.entries, filed.in_file("new")) == ({}, NEW.reveal())
    assert [filed.vault().get(name) for name in ("work", "new")] == [WORK, NEW]
    assert filed.vault().backend() == (ENCRYPTED_FILE, False, None)
    assert SAID not in capsys.readouterr().err


def test_without_an_index_one_that_cannot_be_read_is_the_vault_too(
    filed: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    filed.index.unlink()
    filed.path.write_bytes(b"garbage")
    with pytest.raises(VaultError, match="the vault file is damaged"):
        put(filed.vault(), "new", NEW)
    assert SAID in capsys.readouterr().err
    assert filed.keyring.entries == {}


@pytest.mark.parametrize("how", ["never made", "without entries"])
def test_a_file_without_entries_is_no_reason_to_use_it(
    room: Room, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    if how == "without entries":
        room.file().ensure()
    put(room.vault(), "work", WORK)
    assert (room.in_keyring("work"), room.in_file("work")) == (WORK.reveal(), None)
    assert capsys.readouterr().err == ""


def test_the_index_has_the_last_word(filed: Room, capsys: pytest.CaptureFixture[str]) -> None:
    filed.vault().move("keyring", warn=_fail)
    filed.file().set_password(SERVICE, "left", FOREIGN.reveal())
    put(filed.vault(backend=ENCRYPTED_FILE), "new", NEW)
    assert sorted(name for _, name in filed.keyring.entries) == ["new", "work"]
    assert capsys.readouterr().err == ""


def test_who_asks_for_the_keyring_does_not_get_the_file(filed: Room) -> None:
    filed.index.unlink()
    put(filed.vault("keyring"), "new", NEW)
    assert (filed.in_keyring("new"), filed.in_file("new")) == (NEW.reveal(), None)


def test_the_variable_of_the_library_can_name_the_file(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    put(room.vault(backend=ENCRYPTED_FILE), "work", WORK)
    assert (room.keyring.entries, room.in_file("work")) == ({}, WORK.reveal())
    assert capsys.readouterr().err == ""


def test_the_file_is_no_keyring_of_the_system(filed: Room) -> None:
    environment = {"PYTHON_KEYRING_BACKEND": ENCRYPTED_FILE}
    assert choose(environment) in BACKENDS[:-1]
    assert filed.vault("keyring", ENCRYPTED_FILE).move("keyring", warn=_fail) == ["work"]
    assert (filed.in_keyring("work"), filed.in_file("work")) == (WORK.reveal(), None)
    filed.index.unlink()
    put(filed.vault("keyring", ENCRYPTED_FILE), "new", NEW)
    assert (filed.in_keyring("new"), filed.in_file("new")) == (NEW.reveal(), None)


# Where the file is gone


def test_a_file_that_is_gone_is_not_made_anew_beside_its_tokens(filed: Room) -> None:
    filed.path.unlink()
    additions: list[Callable[[], object]] = [
        lambda: put(filed.vault(), "new", NEW),
        lambda: put(filed.vault(), "work", WORK, replace=True),
        lambda: filed.vault().expect_open(),
    ]
    for add in additions:
        with pytest.raises(VaultError, match=GONE) as raised:
            add()
        assert raised.value.exit_code == ExitCode.VAULT
        assert "`tokenguard remove` them all" in raised.value.hint
    assert not filed.path.exists()
    assert list(filed.vault().index().tokens) == ["work"]


def test_the_status_says_that_the_file_is_gone(filed: Room) -> None:
    filed.path.unlink()
    state = vaults.status(filed.vault())
    assert (state.kind, state.path, state.locked, state.tokens) == ("file", str(filed.path), None, 1)
    assert (state.problem or "").startswith(GONE)


def test_when_all_that_were_in_it_are_removed_another_is_begun(filed: Room) -> None:
    put(filed.vault(), "other", FOREIGN)
    filed.path.unlink()
    filed.vault().remove(["work"])
    with pytest.raises(VaultError, match=GONE):
        put(filed.vault(), "new", NEW)
    filed.vault().remove(["other"])
    assert not filed.path.exists()
    assert vaults.status(filed.vault()).problem is None
    put(filed.vault(), "new", NEW)
    assert (filed.vault().get("new"), filed.keyring.entries) == (NEW, {})


def test_a_backup_in_its_place_is_all_that_it_takes(filed: Room) -> None:
    whole = filed.path.read_bytes()
    filed.path.unlink()
    with pytest.raises(VaultError, match=GONE):
        put(filed.vault(), "new", NEW)
    filed.path.write_bytes(whole)
    filed.path.chmod(0o600)
    put(filed.vault(), "new", NEW)
    assert [filed.vault().get(name) for name in ("work", "new")] == [WORK, NEW]


# What the status says


def test_all_is_well(filed: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vaults.status(filed.vault())[3:] == (False, 1, None)
    monkeypatch.delenv("TOKENGUARD_KEY_FILE")
    assert vaults.status(filed.vault())[3:] == (True, 1, None)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"garbage"), "the vault file is damaged"),
        (lambda path: path.chmod(0o644), "can be read or written by others"),
        (lambda path: path.parent.chmod(0o777), "can be written to by others"),
        (lambda path: (path.rename(path.with_name("it")), path.symlink_to("it")), "is a symbolic link"),
    ],
    ids=["damaged", "open to others", "in an open folder", "a link"],
)
def test_what_is_wrong_with_the_file_is_told(filed: Room, spoil: Callable[[Path], object], said: str) -> None:
    spoil(filed.path)
    state = vaults.status(filed.vault())
    assert (state.kind, state.locked, state.tokens) == ("file", None, 1)
    assert said in (state.problem or "")


# What a move leaves behind


def cling(patch: pytest.MonkeyPatch) -> None:
    """Has no vault let go of anything."""

    def delete(*_: object) -> None:
        raise VaultError("it does not let go")

    patch.setattr(Keyring, "delete", delete)


def moved(room: Room, kind: str, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """Moves the token there, and says which copy is left behind."""
    warnings: list[str] = []
    with monkeypatch.context() as patch:
        cling(patch)
        assert room.vault().move(kind, warn=warnings.append) == ["work"]
    assert "not all was deleted" in "".join(warnings)
    copy = Copy(LIBSECRET if kind == "file" else ENCRYPTED_FILE, WORK.fingerprint)
    assert room.left() == {"work": list(copy)}
    assert room.vault().index().left == {"work": copy}
    assert (room.in_file("work"), room.in_keyring("work")) == (WORK.reveal(), WORK.reveal())
    return copy


@pytest.fixture(params=["file", "keyring"])
def kind(request: pytest.FixtureRequest, room: Room) -> str:
    """Where a token is to go that is in the other vault."""
    kind: str = request.param
    put(room.vault("keyring" if kind == "file" else "file"), "work", WORK)
    return kind


def test_the_copy_of_a_moved_token_is_deleted_by_the_next_writer(
    room: Room, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(room, kind, monkeypatch)
    put(room.vault(), "new", NEW)
    old = room.in_keyring("work") if kind == "file" else room.in_file("work")
    assert (old, room.left(), room.vault().get("work")) == (None, {}, WORK)


def test_what_another_has_put_in_its_place_is_not_deleted(
    room: Room, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keyring is one for all homes."""
    moved(room, kind, monkeypatch)
    if kind == "file":
        room.keyring.entries[SERVICE, "work"] = FOREIGN.reveal()
    else:
        room.file().set_password(SERVICE, "work", FOREIGN.reveal())
    room.vault().rename("work", "acme")
    kept = room.in_keyring("work") if kind == "file" else room.in_file("work")
    assert (kept, room.left(), room.vault().get("acme")) == (FOREIGN.reveal(), {}, WORK)


@pytest.mark.parametrize("terminal", ["none", "Ctrl-D"])
def test_nobody_is_asked_for_a_passphrase_because_of_a_copy(
    room: Room, monkeypatch: pytest.MonkeyPatch, terminal: str
) -> None:
    put(room.vault("file"), "work", WORK)
    copy = moved(room, "keyring", monkeypatch)
    asked: list[str] = []

    def has_terminal() -> bool:
        asked.append("somebody is looked for")
        return terminal != "none"

    def typed(_: str) -> bytes:
        raise UsageError("no passphrase was given")

    monkeypatch.setattr(unlock, "_has_terminal", has_terminal)
    monkeypatch.setattr(unlock, "_typed", typed)
    with monkeypatch.context() as patch:
        patch.delenv("TOKENGUARD_KEY_FILE")
        room.vault().rename("work", "acme")
        put(room.vault(), "new", NEW)
        room.vault().remove(["new"])
    assert (asked, room.left()) == ([], {"work": list(copy)})
    assert (room.in_file("work"), room.vault().get("acme")) == (WORK.reveal(), WORK)
    room.vault().rename("acme", "home")
    assert (room.in_file("work"), room.left()) == (None, {})


def test_no_passphrase_for_a_copy_in_a_file_that_has_just_been_locked_fails_nothing_else(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between that it is open and that it is read, its time may be over."""
    put(room.vault("file"), "work", WORK)
    copy = moved(room, "keyring", monkeypatch)

    def get_password(*_: object) -> None:
        raise UsageError("no passphrase was given")

    with monkeypatch.context() as patch:
        patch.setattr(VaultFile, "get_password", get_password)
        room.vault().rename("work", "acme")
    assert (room.left(), room.vault().get("acme")) == ({"work": list(copy)}, WORK)


def test_a_copy_in_a_keyring_that_is_locked_waits(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    put(room.vault("keyring"), "work", WORK)
    copy = moved(room, "file", monkeypatch)
    calls = room.keyring.trouble.calls
    calls.clear()
    with monkeypatch.context() as patch:
        patch.setattr(Keyring, "is_locked", property(lambda keyring: keyring.backend == LIBSECRET))
        room.vault().rename("work", "acme")
    assert (calls, room.left(), room.in_keyring("work")) == ([], {"work": list(copy)}, WORK.reveal())


def test_a_keyring_that_fails_while_a_copy_is_looked_for_fails_nothing_else(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(room.vault("keyring"), "work", WORK)
    copy = moved(room, "file", monkeypatch)
    room.keyring.trouble = Trouble(1, lasts=True)
    room.vault().rename("work", "acme")
    assert (room.left(), room.vault().get("acme")) == ({"work": list(copy)}, WORK)


# While somebody types


@pytest.mark.parametrize("change", ["rename", "remove", "move"])
def test_others_can_write_while_somebody_types(filed: Room, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    with monkeypatch.context() as patch:
        answer(patch, lambda _: b"correct horse")
        filed.file().change_passphrase()
    monkeypatch.delenv("TOKENGUARD_KEY_FILE")
    prompts: list[str] = []

    def meanwhile(prompt: str) -> bytes:
        prompts.append(prompt)
        filed.vault().change(lambda index: index.bindings.update({"/here": "work"}))
        return b"correct horse"

    answer(monkeypatch, meanwhile)
    vault = filed.vault()
    changes: dict[str, Callable[[], object]] = {
        "rename": lambda: vault.rename("work", "acme"),
        "remove": lambda: vault.remove(["work"]),
        "move": lambda: vault.move("keyring", warn=_fail),
    }
    changes[change]()
    assert len(prompts) == 1
    expected = {"rename": {"/here": "acme"}, "remove": {}, "move": {"/here": "work"}}
    assert filed.vault().index().bindings == expected[change]


def test_a_move_to_a_new_file_asks_before_others_have_to_wait(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    put(room.vault(), "work", WORK)
    monkeypatch.delenv("TOKENGUARD_KEY_FILE")

    def meanwhile(_: str) -> bytes:
        room.vault().change(lambda index: index.bindings.update({"/here": "work"}))
        return b"correct horse"

    answer(monkeypatch, meanwhile)
    assert room.vault().move("file", warn=_fail) == ["work"]
    assert room.vault().index().bindings == {"/here": "work"}
    monkeypatch.setenv("TOKENGUARD_PASSPHRASE", "correct horse")
    assert (room.in_file("work"), room.keyring.entries) == (WORK.reveal(), {})


@pytest.mark.parametrize("change", ["rename", "remove", "move"])
def test_whoever_gives_no_passphrase_has_changed_nothing(
    filed: Room, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    before = filed.index.read_bytes(), filed.path.read_bytes()
    monkeypatch.delenv("TOKENGUARD_KEY_FILE")
    changes: dict[str, Callable[[Vault], object]] = {
        "rename": lambda vault: vault.rename("work", "acme"),
        "remove": lambda vault: vault.remove(["work"]),
        "move": lambda vault: vault.move("keyring", warn=_fail),
    }
    with pytest.raises(VaultError, match="a key opens the vault file"):
        changes[change](filed.vault())
    assert (filed.index.read_bytes(), filed.path.read_bytes()) == before
    assert filed.keyring.entries == {}


def answer(patch: pytest.MonkeyPatch, typed: Callable[[str], bytes]) -> None:
    """Has somebody at a terminal type what `typed` makes of what is asked."""
    patch.setattr(unlock, "_has_terminal", lambda: True)
    patch.setattr(unlock, "_typed", typed)


def _fail(warning: str) -> None:
    raise AssertionError(warning)
