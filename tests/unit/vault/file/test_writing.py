"""Where the vault file cannot be written, or is written by several at once."""

from __future__ import annotations

import errno
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import filelock
import pytest

from tests.unit.vault.contract import SERVICE
from tests.unit.vault.file.hands import get, opened, types, uses
from tests.unit.vault.test_index import Locks
from tokenguard import files
from tokenguard.errors import ExitCode, VaultError
from tokenguard.vault import file as ours

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("cache")


def fails(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "replace", fail)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_a_full_disk_leaves_the_old(path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    before = path.read_bytes()
    file = opened(path.parent)
    changes: list[Callable[[], object]] = [
        lambda: file.set_password(SERVICE, "work", "stand"),
        lambda: file.set_password(SERVICE, "home", "teapot"),
        lambda: file.delete_password(SERVICE, "work"),
        file.change_passphrase,
        lambda: file.add_key(str(path.parent.parent / "key")),
    ]
    with monkeypatch.context() as patch:
        fails(patch, number)
        types(patch, b"new", b"new")
        for change in changes:
            with pytest.raises(VaultError, match="cannot be written") as raised:
                change()
            assert os.strerror(number) in raised.value.message
            assert file.get_password(SERVICE, "work") == "umbrella"
    assert path.read_bytes() == before
    file.set_password(SERVICE, "work", "stand")
    assert get(path.parent) == "stand"


def test_a_disk_that_is_full_from_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = opened(folder)
    with monkeypatch.context() as patch:
        fails(patch, errno.ENOSPC)
        with pytest.raises(VaultError, match="cannot be written"):
            file.set_password(SERVICE, "work", "umbrella")
    assert not file.exists
    opened(folder).set_password(SERVICE, "work", "other")
    assert file.get_password(SERVICE, "work") == "other"


def test_a_disk_that_is_full_leaves_no_half_a_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(os.listdir(path.parent)), path.read_bytes()

    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(VaultError, match="cannot be written"):
            opened(path.parent).set_password(SERVICE, "work", "stand")
    assert (sorted(os.listdir(path.parent)), path.read_bytes()) == before


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VaultError, match="cannot be looked at: Not a directory"):
        opened(tmp_path / "file" / "home").set_password(SERVICE, "work", "umbrella")


@pytest.mark.parametrize("number", [errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG, errno.ESTALE])
def test_a_home_that_cannot_be_looked_at(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It is not taken for one without a vault, nor for one that is guarded."""
    stat_of = os.stat

    def fail(it: str, *arguments: Any, **options: Any) -> os.stat_result:
        if it == str(folder):
            raise OSError(number, os.strerror(number))
        return stat_of(it, *arguments, **options)

    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", fail)
        for use in uses(folder):
            with pytest.raises(VaultError, match="cannot be looked at") as raised:
                use()
            assert os.strerror(number) in raised.value.message
            assert raised.value.exit_code == ExitCode.VAULT
    assert path.read_bytes() == before


def test_a_folder_beside_it_is_nothing_that_a_writer_has_left(path: Path) -> None:
    """Nor can it be removed as a file, and no change fails because of it."""
    folder, left = path.with_name(".vault.json.d"), path.with_name(".vault.json.x1y2z3")
    folder.mkdir()
    left.touch()
    opened(path.parent).set_password(SERVICE, "work", "stand")
    assert (get(path.parent), folder.is_dir(), left.exists()) == ("stand", True, False)


# Several at once


@pytest.mark.parametrize("error", [None, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])
def test_no_change_of_several_is_lost(path: Path, monkeypatch: pytest.MonkeyPatch, error: int | None) -> None:
    if error is not None:
        monkeypatch.setattr(filelock, "FileLock", Locks)
        monkeypatch.setattr(Locks, "error", error)
    names = [f"name {number}" for number in range(8)]

    def keep(name: str) -> None:
        opened(path.parent).set_password(SERVICE, name, f"secret of {name}")

    threads = [threading.Thread(target=keep, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file = opened(path.parent)
    assert [file.get_password(SERVICE, name) for name in names] == [f"secret of {name}" for name in names]
    assert file.get_password(SERVICE, "work") == "umbrella"
    assert json.loads(path.read_text())["sequence"] == 9
    assert not path.with_name("vault.json.lock.held").exists()


@pytest.mark.parametrize("error", [None, errno.ENOLCK])
def test_one_who_does_not_come_to_an_end(path: Path, monkeypatch: pytest.MonkeyPatch, error: int | None) -> None:
    if error is not None:
        monkeypatch.setattr(filelock, "FileLock", Locks)
        monkeypatch.setattr(Locks, "error", error)
    monkeypatch.setattr(ours, "_PATIENCE", 0.05)
    lock = opened(path.parent)._lock()
    try:
        with pytest.raises(VaultError, match="does not come to an end") as raised:
            opened(path.parent).set_password(SERVICE, "work", "stand")
        assert str(path.parent) in raised.value.hint
        assert get(path.parent) == "umbrella"
    finally:
        lock.release()
    opened(path.parent).set_password(SERVICE, "work", "stand")
    assert get(path.parent) == "stand"


def test_a_writer_takes_what_was_written_before_it_had_the_lock(path: Path) -> None:
    slow, fast = opened(path.parent), opened(path.parent)
    assert slow.get_password(SERVICE, "work") == "umbrella"
    fast.set_password(SERVICE, "home", "teapot")
    slow.set_password(SERVICE, "work", "stand")
    assert get(path.parent) == "stand"
    assert fast.get_password(SERVICE, "home") == "teapot"
