"""What is no regular file, and what may not be read: never waited for, never taken for clean."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured


@pytest.fixture(params=["with git", "without git"])
def folder(machine: Machine, request: pytest.FixtureRequest) -> Path:
    if request.param == "with git":
        machine.repository("inside")
    return machine.write("inside/clean.py", "clean\n").parent


@pytest.mark.parametrize("arguments", [[], ["--ignored"]])
def test_what_is_no_file_in_a_folder_is_passed_over(
    machine: Machine, folder: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "endless").symlink_to("/dev/zero")
    monkeypatch.chdir(folder)  # since the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        scan = machine.scan(*arguments, cwd=folder)
    assert (scan.status, scan.files, scan.unreadable) == (0, 1, {})


def test_a_tracked_file_that_has_become_a_fifo_is_passed_over(machine: Machine, repository: Repository) -> None:
    repository.stage("file", "clean\n").unlink()
    os.mkfifo(repository.top / "file")
    assert machine.scan(cwd=repository.top).status == 0


@pytest.mark.parametrize("special", ["fifo", "/dev/zero", "/dev/null"])
def test_what_is_no_file_but_named_outright_is_a_failure(machine: Machine, special: str) -> None:
    os.mkfifo(machine.folder / "fifo")
    machine.write("leak.py", machine.token())
    scan = machine.scan(special, "leak.py")
    assert (scan.status, scan.paths) == (3, ["leak.py"])
    assert scan.unreadable == {special: "is not a regular file"}


@pytest.mark.parametrize("tracked", [True, False])
def test_a_file_that_may_not_be_read_is_a_failure(
    machine: Machine, repository: Repository, tracked: bool, as_a_user: list[str]
) -> None:
    path = repository.write("forbidden.py", "whatever\n")
    if tracked:
        repository.git("add", "forbidden.py")
    repository.write("leak.py", machine.token())
    path.chmod(0)
    scan = machine.scan(cwd=repository.top, through=as_a_user)
    assert (scan.status, scan.paths) == (3, ["leak.py"])
    assert scan.unreadable == {"forbidden.py": "Permission denied"}


@pytest.mark.parametrize("known", ["tracked", "untracked", "without git"])
def test_a_folder_that_may_not_be_read_is_a_failure(machine: Machine, known: str, as_a_user: list[str]) -> None:
    top = machine.folder / "top"
    repository = machine.repository("top") if known != "without git" else None
    machine.write("top/leak.py", machine.token())
    forbidden = machine.write("top/forbidden/whatever.py", "whatever\n").parent
    if repository is not None and known == "tracked":
        repository.git("add", "forbidden")
    forbidden.chmod(0)
    try:
        scan = machine.scan(cwd=top, through=as_a_user)
    finally:
        forbidden.chmod(0o755)
    assert (scan.status, scan.paths) == (3, ["leak.py"])
    assert scan.unreadable
    assert all(path.startswith("forbidden") for path in scan.unreadable)


@pytest.fixture
def as_a_user() -> list[str]:
    """How to run a command whom the modes of files concern: root has to lay down what sets it above them."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
