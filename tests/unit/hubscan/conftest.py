from __future__ import annotations

import time
from typing import TYPE_CHECKING

import huggingface_hub
import pytest
from huggingface_hub.utils._http import default_client_factory

from tests.support.hubsource import Library

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def library(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path_factory.mktemp("home")))
    with Library() as it:
        yield it
        huggingface_hub.set_client_factory(default_client_factory)  # which closes the connections, too


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, of no length."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses
