"""A file is replaced at once: whatever fails, the old one stands, and nothing lies beside it."""

import errno
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from tokenguard import files


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    files.replace(str(tmp_path / "file"), b"data")
    assert (tmp_path / "file").read_bytes() == b"data"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_an_old_file_is_replaced_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old and longer")
    path.chmod(0o644)
    with path.open("rb") as before:
        files.replace(str(path), b"new")
        assert before.read() == b"old and longer"
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "file").symlink_to("target")
    files.replace(str(tmp_path / "file"), b"new")
    assert (tmp_path / "target").read_bytes() == b"old"
    assert not (tmp_path / "file").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.replace(str(tmp_path / "none" / "file"), b"data")
    assert os.listdir(tmp_path) == []


def test_what_cannot_be_replaced_stays(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        files.replace(str(tmp_path / "file"), b"data")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_on_the_way_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: BaseException
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(type(error)) as caught:
            files.replace(str(path), b"new")
    assert caught.value is error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_it_is_on_disk_before_it_is_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def replaced(source: str, target: str) -> None:
        steps.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    files.replace(str(tmp_path / "file"), b"data")
    assert steps == ["file", "replace", "folder"]


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync

    def fail_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    before = os.listdir("/proc/self/fd")
    files.replace(str(tmp_path / "file"), b"data")
    assert (tmp_path / "file").read_bytes() == b"data"
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_reader_sees_the_one_or_the_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([65 + number]) * 100_000 for number in range(2)]
    path.write_bytes(contents[0])
    done = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(50):
            files.replace(str(path), contents[number % 2])
    finally:
        done.set()
        reader.join()
    assert seen
    assert seen <= set(contents)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(("refusals", "is_replaced"), [(1, True), (4, True), (5, False)])
def test_windows_is_asked_again_while_somebody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusals: int, is_replaced: bool
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"new")
    target.write_bytes(b"old")
    left = [refusals]
    pauses: list[float] = []
    replace = os.replace

    def busy(source: str, target: str) -> None:
        if left[0]:
            left[0] -= 1
            raise PermissionError(errno.EACCES, "Access is denied")
        replace(source, target)

    raised: Exception | None = None
    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", pauses.append)
        patch.setattr(os, "replace", busy)
        patch.setattr(os, "name", "nt")
        try:
            files._rename(str(source), str(target))
        except PermissionError as error:
            raised = error
    assert (raised is None) == is_replaced
    assert target.read_bytes() == (b"new" if is_replaced else b"old")
    assert len(pauses) == min(refusals, 4)


def test_elsewhere_a_refusal_is_final(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(*paths: object) -> None:
        asked.append(paths)
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        files._rename(str(tmp_path / "a"), str(tmp_path / "b"))
    assert len(asked) == 1
