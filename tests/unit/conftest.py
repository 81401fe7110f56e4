from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A real one, which the code under test may ask in this process: git finds no configuration but its own."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return Repository(tmp_path / "repository", tmp_path / "home")
