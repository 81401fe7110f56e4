"""The Secret Service of the tests is one that the keyring library works with, and fails like one."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.repository import TIMEOUT
from tests.support.secret_service import SecretService

pytestmark = pytest.mark.programs

SECRET = "ein Geheimnis"
WRITE = f"""
from keyring.backends.SecretService import Keyring
keyring = Keyring()
keyring.set_password("service", "user", {SECRET!r})
print(keyring.get_password("service", "user"))
"""
# Long enough for what does not hang.
PATIENCE = 3


def write(environment: dict[str, str], timeout: float = TIMEOUT) -> subprocess.CompletedProcess[str]:
    """Has the keyring library store and read a secret, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", WRITE],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def test_what_the_library_stores_is_there() -> None:
    with SecretService() as service:
        assert service.items() == {}
        assert write(service.environment).stdout == f"{SECRET}\n"
        assert service.items() == {("service", "user"): SECRET}
        assert service.prompted == 0


def test_a_prompt_is_dismissed() -> None:
    with SecretService() as service:
        service.lock()
        assert "keyring.errors.KeyringLocked" in write(service.environment).stderr
        assert service.prompted == 1


def test_a_prompt_is_never_answered() -> None:
    with SecretService("unanswered") as service:
        service.lock()
        with pytest.raises(subprocess.TimeoutExpired):
            write(service.environment, PATIENCE)
        assert service.prompted == 1


def test_a_service_answers_nothing() -> None:
    with SecretService() as service:
        service.freeze()
        with pytest.raises(subprocess.TimeoutExpired):
            write(service.environment, PATIENCE)


def test_a_killed_service_does_not_come_back() -> None:
    with SecretService() as service:
        service.kill()
        for _ in range(2):
            assert "keyring.errors.InitError" in write(service.environment).stderr


def test_nothing_is_left_behind() -> None:
    folders = []

    def fail() -> None:
        with SecretService("unanswered") as service:
            folders.append(service.environment["XDG_RUNTIME_DIR"])
            assert len(processes_of(folders[0])) == 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert processes_of(folders[0]) == []
    assert not Path(folders[0]).exists()


def processes_of(folder: str) -> list[bytes]:
    """The command lines of those that have `folder` in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # Gone, or another user's.
        with suppress(OSError):
            if folder.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes())
    return found
