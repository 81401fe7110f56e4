"""The lock around the index, where the file system has locks and where it has none."""

from __future__ import annotations

import errno
import json
import os
import threading
from typing import TYPE_CHECKING, NoReturn

import filelock
import pytest

from tokenguard.errors import VaultError
from tokenguard.vault.index import Copy, DamagedIndexError, Store

if TYPE_CHECKING:
    from pathlib import Path


class Locks(filelock.FileLock):
    """The lock of a file system that answers with an error."""

    error = errno.ENOLCK

    def acquire(self, *arguments: object, **options: object) -> NoReturn:
        raise OSError(self.error, os.strerror(self.error))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "home"))


@pytest.fixture(params=[True, False], ids=["locks", "no locks"])
def _with_and_without_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr(filelock, "FileLock", Locks)


@pytest.mark.usefixtures("_with_and_without_locks")
def test_one_holds_off_all_others(store: Store) -> None:
    lock = store.lock()
    with pytest.raises(VaultError, match="another tokenguard"):
        store.lock(0)
    lock.release()
    store.lock(0).release()


@pytest.mark.usefixtures("_with_and_without_locks")
def test_no_change_of_several_is_lost(store: Store) -> None:
    def bind(folder: str) -> None:
        lock = store.lock()
        try:
            index = store.read()
            index.bindings[folder] = "work"
            store.write(index)
        finally:
            lock.release()

    folders = [f"/{number}" for number in range(12)]
    threads = [threading.Thread(target=bind, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(store.read().bindings) == sorted(folders)


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])
def test_a_file_system_without_locks_has_a_file_instead(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    monkeypatch.setattr(filelock, "FileLock", Locks)
    monkeypatch.setattr(Locks, "error", error)
    held = tmp_path / "home" / "index.lock.held"
    lock = store.lock()
    assert held.is_file()
    with pytest.raises(VaultError) as raised:
        store.lock(0)
    assert str(held) in raised.value.hint
    lock.release()
    assert not held.exists()


def test_another_error_is_no_reason_to_go_without_a_lock(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelock, "FileLock", Locks)
    monkeypatch.setattr(Locks, "error", errno.EACCES)
    with pytest.raises(VaultError, match="cannot be written"):
        store.lock()
    assert not (tmp_path / "home" / "index.lock.held").exists()


def test_what_was_never_written_is_empty_and_stays_away(store: Store, tmp_path: Path) -> None:
    index = store.read()
    assert (index.tokens, index.default, index.intents) == ({}, None, {})
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_is_read_again(store: Store, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    index = store.read()
    index.bindings = {"/f\udcff": "work"}
    index.default = "work"
    index.backend = "a.B"
    store.write(index)
    again = store.read()
    assert (again.bindings, again.default, again.backend) == ({"/f\udcff": "work"}, "work", "a.B")
    assert (tmp_path / "home" / "index.json").read_bytes().isascii()


def test_what_a_move_has_left_is_read_again(store: Store, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    index = store.read()
    index.left = {"work": Copy("a.B", "sha256:0")}
    store.write(index)
    copy = store.read().left["work"]
    assert (copy.backend, copy.fingerprint) == ("a.B", "sha256:0")


def test_a_folder_beside_it_is_left_alone(store: Store, tmp_path: Path) -> None:
    (tmp_path / "home" / ".index.json.d").mkdir(parents=True)
    store.write(store.read())
    assert sorted(os.listdir(tmp_path / "home")) == [".index.json.d", "index.json"]


def test_what_a_killed_writer_left_is_tidied_by_the_next(store: Store, tmp_path: Path) -> None:
    """Whoever reads tidies nothing: a writer may be at work."""
    left = [".index.json.x1y2z3", ".index.json.a"]
    others = [".index.json", "index.json.damaged-1", "index.lock", "x.index.json.y", ".other.json.x"]
    for name in (*left, *others):
        (tmp_path / "home" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "home" / name).write_text("half of it")
    assert store.read().tokens == {}
    assert sorted(os.listdir(tmp_path / "home")) == sorted([*left, *others])
    store.write(store.read())
    assert sorted(os.listdir(tmp_path / "home")) == sorted([*others, "index.json"])


ENTRY: dict[str, object] = {
    "fingerprint": "sha256:0",
    "masked": "hf_",
    "kind": None,
    "status": "valid",
    "validated_at": None,
}
WHOLE: dict[str, object] = {
    "schema": 1,
    "backend": None,
    "default": None,
    "tokens": {},
    "bindings": {},
    "answers": {},
    "intents": {},
}

# What an entry cannot be; an intent can be null.
MALFORMED: list[object] = [None, 0, 1, False, "", "x", [], {}, ENTRY]


def test_what_is_whole_is_no_damage(store: Store, tmp_path: Path) -> None:
    write(tmp_path, json.dumps(WHOLE | {"tokens": {"work": ENTRY | {"endpoint": None, "identity": {}}}}))
    assert list(store.read().tokens) == ["work"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "\0" * 4096, "<html>", "\ud800", "null", "[]", "{}", "1", '"schema"', "[" * 100_000, "1" * 5000),
        *(json.dumps({key: value for key, value in WHOLE.items() if key != missing}) for missing in WHOLE),
        *(json.dumps(WHOLE | {"schema": value}) for value in (0, -1, "1", 1.0, None, [1])),
        *(json.dumps(WHOLE | {name: 1}) for name in WHOLE if name != "schema"),
        *(json.dumps(WHOLE | {name: None}) for name in ("tokens", "bindings", "answers", "intents")),
        *(json.dumps(WHOLE | {name: ["work"]}) for name in ("tokens", "bindings", "answers", "intents")),
        *(json.dumps(WHOLE | {"tokens": {"work": value}}) for value in MALFORMED),
        *(json.dumps(WHOLE | {"bindings": {"/": value}}) for value in (None, 1, ["work"])),
        *(json.dumps(WHOLE | {"left": {"work": value}}) for value in (*MALFORMED, ["a.B"], ["a.B", 1])),
        *(json.dumps(WHOLE | {"refusals": value}) for value in ("x", 1, None, {"sha256:0": 1})),
        *(json.dumps(WHOLE | {"intents": {"work": value}}) for value in MALFORMED[1:]),
    ],
)
def test_damage_is_told_from_an_index_and_left_alone(store: Store, tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    before = path.read_bytes()
    with pytest.raises(DamagedIndexError) as raised:
        store.read()
    assert str(path) in raised.value.message
    assert "tokenguard add" in raised.value.hint
    assert path.read_bytes() == before


def test_a_newer_one_is_no_damage(store: Store, tmp_path: Path) -> None:
    write(tmp_path, json.dumps({"schema": 2, "tokens": "elsewhere"}))
    with pytest.raises(VaultError, match="newer") as raised:
        store.read()
    assert not isinstance(raised.value, DamagedIndexError)


def test_an_index_as_large_as_it_was_written_can_be_read(store: Store, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    index = store.read()
    index.bindings = {f"/{'x' * 1000}/{number}": "work" for number in range(9000)}
    store.write(index)
    assert len(store.read().bindings) == 9000


def write(top: Path, text: str) -> Path:
    """Writes an index by hand."""
    path = top / "home" / "index.json"
    path.parent.mkdir()
    path.write_bytes(text.encode(errors="surrogatepass"))
    return path
