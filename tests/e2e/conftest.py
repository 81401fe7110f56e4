from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.agreement import ADD
from tests.e2e.desk import Desk
from tests.e2e.fleet import Fleet
from tests.e2e.machine import Machine
from tests.e2e.server import Server
from tests.support.hub import Hub
from tests.support.hubsource import Library
from tests.support.secret_service import SecretService
from tokenguard.vault import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.repository import Repository


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def repository(machine: Machine) -> Repository:
    return machine.repository()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Hub() as hub, SecretService() as service:
        yield Desk(tmp_path, hub, service)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.forget()


@pytest.fixture
def document(desk: Desk) -> dict[str, Any]:
    """The index of `desk` with the token called work: the default, and bound."""
    desk.prepare("add", "work", "--default", *ADD, stdin=desk.token(1))
    desk.prepare("use", "work", "--here")
    document: dict[str, Any] = json.loads(desk.index.read_bytes())
    return document


@pytest.fixture
def hub(server: Server) -> Iterator[Hub]:
    """The one that `server` asks."""
    with Hub() as hub:
        server.environment["HF_ENDPOINT"] = hub.endpoint
        yield hub


@pytest.fixture
def library(machine: Machine) -> Iterator[Library]:
    """The Hub that `machine` asks, which has repositories."""
    with Library() as library:
        machine.environment["HF_ENDPOINT"] = library.endpoint
        yield library


@pytest.fixture
def fleet(machine: Machine) -> Iterator[Fleet]:
    temporary = machine.folder.parent / "temporary"
    temporary.mkdir()
    machine.environment["TMPDIR"] = str(temporary)
    with Fleet(machine) as fleet:
        yield fleet


@pytest.fixture
def kernel_keeps() -> bool:
    """Whether the kernel has a keyring for us: some containers have not."""
    description = f"tokenguard:test-{os.getpid()}"
    try:
        kernel.store(description, b"probe", 60)
        kernel.drop(description)
    except OSError:
        return False
    return True
