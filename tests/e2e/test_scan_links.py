"""A symbolic link is not followed, unless it is named outright: what it leads to is not of this folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine
    from tests.support.repository import Repository


pytestmark = pytest.mark.unmeasured


@pytest.fixture
def outside(machine: Machine) -> Path:
    """A folder beside the one that is scanned, with a token in it."""
    return machine.write("outside/leak.py", machine.token()).parent


@pytest.fixture(params=["tracked", "untracked", "without git"])
def folder(machine: Machine, outside: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with a link to a file, to a folder, to nowhere, and to itself."""
    repository = machine.repository("inside") if request.param != "without git" else None
    folder = machine.write("inside/clean.py", "clean\n").parent
    (folder / "file").symlink_to(outside / "leak.py")
    (folder / "folder").symlink_to(outside)
    (folder / "dangling").symlink_to(outside / "nothing")
    (folder / "loop").symlink_to("loop")
    (folder / "sub").mkdir()
    (folder / "sub" / "up").symlink_to("..")
    if repository is not None and request.param == "tracked":
        repository.git("add", ".")
    return folder


@pytest.mark.parametrize("arguments", [[], ["--ignored"]])
def test_no_link_in_a_folder_is_followed(machine: Machine, folder: Path, arguments: list[str]) -> None:
    scan = machine.scan(*arguments, cwd=folder)
    assert (scan.status, scan.files, scan.unreadable) == (0, 1, {})


def test_a_link_that_is_named_outright_is_followed(machine: Machine, folder: Path) -> None:
    assert machine.scan("file", cwd=folder).status == 1
    assert machine.scan("folder", cwd=folder).status == 1


@pytest.mark.parametrize("name", ["dangling", "loop"])
def test_a_link_to_nowhere_that_is_named_outright_is_a_failure(machine: Machine, folder: Path, name: str) -> None:
    assert machine.scan(name, cwd=folder).status == 3


def test_a_tracked_folder_that_has_become_a_link_is_not_followed(
    machine: Machine, outside: Path, repository: Repository
) -> None:
    """git still lists `folder/leak.py`, which now lies outside."""
    repository.stage("folder/leak.py", "clean\n").unlink()
    (repository.top / "folder").rmdir()
    (repository.top / "folder").symlink_to(outside)
    scan = machine.scan(cwd=repository.top)
    assert (scan.status, scan.files) == (0, 0)


def test_a_tracked_folder_above_that_has_become_a_link_is_not_followed(
    machine: Machine, outside: Path, repository: Repository
) -> None:
    machine.write("outside/deep/leak.py", machine.token())
    repository.stage("folder/deep/leak.py", "clean\n").unlink()
    os.removedirs(repository.top / "folder" / "deep")
    (repository.top / "folder").symlink_to(outside)
    assert machine.scan(cwd=repository.top).files == 0


def test_a_tracked_file_that_has_become_a_link_is_not_followed(
    machine: Machine, outside: Path, repository: Repository
) -> None:
    repository.stage("leak.py", "clean\n").unlink()
    (repository.top / "leak.py").symlink_to(outside / "leak.py")
    assert machine.scan(cwd=repository.top).files == 0
