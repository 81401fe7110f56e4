"""A file of somebody's is rewritten as a whole: what it was dressed in stays, and what has changed is not lost."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from tokenguard import files
from tokenguard.core.scan import ChangedError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    return path


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o640])
def test_the_mode_stays(path: Path, mode: int) -> None:
    path.chmod(mode)
    files.rewrite(str(path), b"old", b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert os.listdir(path.parent) == ["file"]


def test_a_file_in_the_current_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    files.rewrite("file", b"old", b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("content", [b"other", b"older", b"ol", b""])
def test_what_somebody_else_has_written_stays(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ChangedError):
        files.rewrite(str(path), b"old", b"new")
    assert path.read_bytes() == content
    assert os.listdir(path.parent) == ["file"]


def test_a_link_is_not_replaced(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to("file")
    with pytest.raises(OSError):  # noqa: PT011 -- each system has its own words
        files.rewrite(str(link), b"old", b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"old"


def test_a_read_only_file_and_one_with_two_names_stay(path: Path) -> None:
    os.link(path, path.with_name("second"))
    with pytest.raises(files.SeveralNamesError):
        files.rewrite(str(path), b"old", b"new")
    os.remove(path.with_name("second"))
    path.chmod(0o444)
    with pytest.raises(files.ReadOnlyError):
        files.rewrite(str(path), b"old", b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["file"]


def test_what_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.rewrite(str(tmp_path / "file"), b"old", b"new")
    assert os.listdir(tmp_path) == []
