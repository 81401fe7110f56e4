"""The vault file on the disk: who may read it, what is refused, and whether it is in use."""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
from typing import TYPE_CHECKING

import filelock
import pytest

from tests.unit.vault.contract import SERVICE
from tests.unit.vault.file.hands import get, opened, uses
from tests.unit.vault.test_index import Locks
from tokenguard.errors import VaultError
from tokenguard.vault.sealed import DamagedFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("cache")


# On the disk


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_may_read_it(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        opened(folder).set_password(SERVICE, "work", "umbrella")
        opened(folder).set_password(SERVICE, "home", "teapot")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert {stat.S_IMODE(it.stat().st_mode) & 0o177 for it in folder.iterdir()} == {0}
    assert get(folder) == "umbrella"


def test_what_is_there_after_it_was_written(path: Path) -> None:
    assert sorted(os.listdir(path.parent)) == ["vault.json", "vault.json.lock"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    text = path.read_text()
    for hidden in ("umbrella", "horse", base64.b64encode(b"umbrella").decode()[:8]):
        assert hidden not in text


def test_who_only_reads_leaves_nothing_behind(folder: Path, asked: list[str]) -> None:
    assert get(folder, {}) is None
    assert (opened(folder).exists, opened(folder).is_locked) == (False, False)
    opened(folder).delete_password(SERVICE, "work")
    assert (folder.exists(), asked) == (False, [])


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666, 0o777])
def test_one_that_others_can_read_or_write_is_refused(path: Path, mode: int) -> None:
    before = path.read_bytes()
    path.chmod(mode)
    for use in uses(path.parent):
        with pytest.raises(VaultError, match="can be read or written by others") as raised:
            use()
        assert f"chmod 600 {path}" in raised.value.hint
    assert path.read_bytes() == before
    path.chmod(0o600)
    assert get(path.parent) == "umbrella"


def test_a_folder_that_others_can_write_to_is_refused(path: Path) -> None:
    """Who can write there can put an older vault into the place of this one."""
    path.parent.chmod(0o777)
    with pytest.raises(VaultError, match="others"):
        get(path.parent)


def test_one_of_somebody_elses_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    for use in uses(path.parent):
        with pytest.raises(VaultError, match="belongs to somebody else"):
            use()


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "pipe"])
def test_what_is_no_file_is_refused(path: Path, kind: str) -> None:
    if kind == "link":
        path.rename(path.with_name("elsewhere"))
        path.symlink_to("elsewhere")
    else:
        path.unlink()
        make: dict[str, Callable[[], object]] = {
            "dangling link": lambda: path.symlink_to("gone"),
            "folder": path.mkdir,
            "pipe": lambda: os.mkfifo(path),
        }
        make[kind]()
    before = os.lstat(path)
    for use in uses(path.parent):
        with pytest.raises(VaultError, match="cannot be read"):
            use()
    assert os.lstat(path).st_ino == before.st_ino
    assert opened(path.parent).exists


def test_one_that_is_damaged_is_left_as_it_is(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    for use in uses(path.parent):
        with pytest.raises(DamagedFileError):
            use()
    assert path.read_bytes() == data[:-100]


def test_an_entry_that_was_put_back_is_noticed(path: Path) -> None:
    old = json.loads(path.read_text())["entries"]
    opened(path.parent).set_password(SERVICE, "work", "stand")
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "entries": old}))
    for use in uses(path.parent)[:4]:
        with pytest.raises(DamagedFileError):
            use()


# Whether it is one that is in use


def test_whether_there_is_something_in_it(folder: Path) -> None:
    assert not opened(folder).holds_something
    opened(folder).ensure()
    assert not opened(folder).holds_something
    opened(folder).set_password(SERVICE, "work", "umbrella")
    assert opened(folder, {}).holds_something
    opened(folder).delete_password(SERVICE, "work")
    assert not opened(folder).holds_something


@pytest.mark.parametrize("content", [b"", b"garbage", b"[]"])
def test_one_that_cannot_be_read_may_have_something_in_it(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert opened(path.parent).holds_something


def test_reading_needs_no_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filelock, "FileLock", Locks)
    monkeypatch.setattr(Locks, "error", errno.EROFS)
    assert get(path.parent) == "umbrella"
    with pytest.raises(VaultError, match="cannot be written"):
        opened(path.parent).set_password(SERVICE, "work", "stand")


def test_what_is_not_there_is_not_deleted(path: Path) -> None:
    before = path.read_bytes()
    for service, name in ((SERVICE, "home"), ("other", "work"), (SERVICE, "Work")):
        opened(path.parent).delete_password(service, name)
    assert path.read_bytes() == before


# What is said of it


def test_it_shows_no_secret(path: Path) -> None:
    file = opened(path.parent)
    assert file.get_password(SERVICE, "work") == "umbrella"
    assert "horse" not in f"{file!r}{file}"
