from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.vault.contract import SERVICE
from tests.unit.vault.file.hands import RIGHT, opened
from tokenguard.vault import unlock
from tokenguard.vault.file import TTL, VaultFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An item for each time that somebody was to be asked; there is nobody, unless one `types`."""
    asked: list[str] = []

    def has_terminal() -> bool:
        asked.append("there is no terminal")
        return False

    monkeypatch.setattr(unlock, "_has_terminal", has_terminal)
    return asked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def path(folder: Path) -> Path:
    """One with an entry, and nothing in the cache."""
    VaultFile(str(folder), RIGHT).set_password(SERVICE, "work", "umbrella")
    return folder / "vault.json"


@pytest.fixture
def kept(path: Path) -> Path:
    """One that the kernel keeps open."""
    opened(path.parent).unlock(TTL)
    return path
