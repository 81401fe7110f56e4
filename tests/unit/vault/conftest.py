from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.kdf import CHEAP
from tests.unit.vault.cache import Kernel
from tokenguard.vault import kernel, sealed, unlock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kernel:
    """What a vault file finds on a machine where nothing is there that opens it, and a KDF that takes no time."""
    cache = Kernel()
    for name in ("store", "fetch", "drop"):
        monkeypatch.setattr(kernel, name, getattr(cache, name))
    monkeypatch.setattr(sealed, "KDF", CHEAP)
    monkeypatch.setattr(unlock, "_CONTAINER_SECRET", str(tmp_path / "no container"))
    return cache


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "KDF", CHEAP)
