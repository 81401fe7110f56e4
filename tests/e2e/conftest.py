from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def repository(machine: Machine) -> Repository:
    return machine.repository()
