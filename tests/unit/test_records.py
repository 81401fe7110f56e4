"""What a sweep remembers comes back; what is damaged, of another target or by other rules does not."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.report import Report, Tally
from tokenguard.core.target import HTTPS, Target
from tokenguard.records import Record, Records

if TYPE_CHECKING:
    from pathlib import Path

TARGET, OTHER = (Target(f"https://git.example.com/{name}", HTTPS) for name in "ab")
RECORD = Record(Report(tally=Tally(1, 2, 3), unreadable=(Unreadable(Origin("a"), "gone"),)), "tips")


def kept(folder: Path) -> Path:
    """The file of the record that is kept."""
    Records(str(folder), "rules").keep(TARGET, RECORD)
    (path,) = folder.iterdir()
    return path


def test_it_comes_back(tmp_path: Path) -> None:
    path = kept(tmp_path / "a" / "b")
    records = Records(str(tmp_path / "a" / "b"), "rules")
    assert records.recall(TARGET) == RECORD
    assert records.recall(OTHER) is None
    assert Records(str(tmp_path / "a" / "b"), "others").recall(TARGET) is None
    assert path.stat().st_mode & 0o077 == 0
    records.forget()
    records.forget()
    assert records.recall(TARGET) is None
    assert os.listdir(tmp_path / "a") == []


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"format": 1}', b"[" * 100_000])
def test_what_is_damaged_does_not(tmp_path: Path, content: bytes) -> None:
    kept(tmp_path).write_bytes(content)
    assert Records(str(tmp_path), "rules").recall(TARGET) is None


def test_what_is_of_another_target_does_not(tmp_path: Path) -> None:
    data = kept(tmp_path).read_bytes()
    Records(str(tmp_path), "rules").keep(OTHER, RECORD)
    for path in tmp_path.iterdir():
        path.write_bytes(data)
    records = Records(str(tmp_path), "rules")
    assert (records.recall(TARGET), records.recall(OTHER)) == (RECORD, None)


@pytest.mark.parametrize(("before", "is_there"), [(0, True), (50, True), (200, False), (-200, False)])
def test_what_is_too_old_is_not_relied_on(tmp_path: Path, before: int, is_there: bool) -> None:
    path = kept(tmp_path)
    then = time.time() - before - 1
    os.utime(path, (then, then))
    assert (Records(str(tmp_path), "rules").recall(TARGET, 100) == RECORD) is is_there
    assert Records(str(tmp_path), "rules").recall(TARGET) == RECORD
