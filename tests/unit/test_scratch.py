"""Folders for what is not kept: they go away with whoever made them, and none that somebody holds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from tokenguard.scratch import scratch

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from tokenguard.scratch import scratch
with scratch("x-") as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_for_its_owner_and_goes_away(top: Path) -> None:
    with scratch("x-") as folder:
        assert os.stat(folder).st_mode & 0o777 == 0o700
        (top / folder / "a").write_text("a")
        with scratch("x-") as other:
            assert folder != other
            assert sorted(os.listdir(folder)) == [".tokenguard-scratch", "a"]
    assert os.listdir(top) == []


def test_that_of_somebody_who_was_killed_goes_away_and_no_other(top: Path) -> None:
    (top / "y-1").mkdir()
    (top / "x-notes").mkdir()  # the user's own
    (top / "x-file").write_text("a")
    (top / "x-link").symlink_to(top / "y-1")
    environment = os.environ | {"TMPDIR": str(top)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        held = process.stdout.readline().decode().strip()
        with scratch("x-"):
            assert os.path.isdir(held)
        process.kill()
        process.wait()
    assert os.path.isdir(held)
    with scratch("x-"):
        assert not os.path.exists(held)
    assert sorted(os.listdir(top)) == ["x-file", "x-link", "x-notes", "y-1"]
