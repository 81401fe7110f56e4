"""Which files `tokenguard scan PATH` reads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import Repository

if TYPE_CHECKING:
    from tests.e2e.machine import Machine


def test_tracked_and_untracked_files_are_read(machine: Machine, repository: Repository) -> None:
    repository.stage("tracked.py", machine.token())
    repository.write("new/untracked.py", machine.token(1))
    scan = machine.scan(cwd=repository.top)
    assert (scan.status, scan.files) == (1, 2)
    assert scan.paths == ["new/untracked.py", "tracked.py"]


def test_the_work_tree_is_read_as_it_lies_there(machine: Machine, repository: Repository) -> None:
    repository.stage("dirty.py", "clean\n")
    repository.write("dirty.py", machine.token())
    repository.stage("cleaned.py", machine.token(1))
    repository.write("cleaned.py", "clean\n")
    assert machine.scan(cwd=repository.top).paths == ["dirty.py"]


def test_what_git_ignores_is_not_read_unless_asked_for(machine: Machine, repository: Repository) -> None:
    repository.stage(".gitignore", ".venv/\n*.log\n")
    repository.write(".venv/lib/leak.py", machine.token())
    repository.write("run.log", machine.token(1))
    repository.write("app.py", "clean\n")
    scan = machine.scan(cwd=repository.top)
    assert (scan.status, scan.files) == (0, 2)
    scan = machine.scan("--ignored", cwd=repository.top)
    assert (scan.status, scan.files) == (1, 4)
    assert scan.paths == [".venv/lib/leak.py", "run.log"]


def test_a_tracked_file_is_read_though_git_would_ignore_it(machine: Machine, repository: Repository) -> None:
    repository.write(".env", machine.token())
    repository.git("add", "--force", ".env")
    repository.stage(".gitignore", ".env\n")
    assert machine.scan(cwd=repository.top).paths == [".env"]


def test_what_is_named_outright_is_read_though_git_ignores_it(machine: Machine, repository: Repository) -> None:
    repository.stage(".gitignore", "out/\n.env\n")
    repository.write("out/deep/leak.py", machine.token())
    repository.write(".env", machine.token(1))
    assert machine.scan(".env", cwd=repository.top).paths == [".env"]
    assert machine.scan("out", cwd=repository.top).paths == ["out/deep/leak.py"]
    assert machine.scan("out/deep", cwd=repository.top).paths == ["out/deep/leak.py"]
    assert machine.scan("out/deep/leak.py", cwd=repository.top).paths == ["out/deep/leak.py"]


def test_a_folder_within_is_read_alone(machine: Machine, repository: Repository) -> None:
    repository.stage("src/app.py", machine.token())
    repository.stage("other/app.py", machine.token(1))
    assert machine.scan("src", cwd=repository.top).paths == ["src/app.py"]
    assert machine.scan(cwd=repository.top / "src").paths == ["app.py"]
    assert machine.scan("../other", cwd=repository.top / "src").paths == ["../other/app.py"]


def test_a_file_is_read_once_however_often_it_is_named(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", machine.token())
    scan = machine.scan("app.py", ".", ".", "app.py", cwd=repository.top)
    assert (scan.paths, scan.files) == (["app.py"], 1)


def test_a_tracked_file_that_was_deleted_is_no_failure(machine: Machine, repository: Repository) -> None:
    repository.stage("gone.py", machine.token()).unlink()
    repository.stage("folder/gone.py", machine.token()).unlink()
    (repository.top / "folder").rmdir()
    repository.stage("here.py", "clean\n")
    scan = machine.scan(cwd=repository.top)
    assert (scan.status, scan.files, scan.unreadable) == (0, 1, {})


def test_a_tracked_file_that_was_deleted_and_is_named_outright_is_a_failure(
    machine: Machine, repository: Repository
) -> None:
    repository.stage("gone.py", machine.token()).unlink()
    scan = machine.scan("gone.py", cwd=repository.top)
    assert (scan.status, list(scan.unreadable)) == (3, ["gone.py"])


def test_outside_a_repository_every_file_is_read(machine: Machine) -> None:
    machine.write(".hidden/deep/leak.py", machine.token())
    machine.write("notes", "clean\n")
    scan = machine.scan()
    assert (scan.status, scan.files, scan.paths) == (1, 2, [".hidden/deep/leak.py"])


def test_repositories_within_a_folder_are_each_read_as_git_sees_them(machine: Machine) -> None:
    for name in ("one", "deep/other"):
        repository = machine.repository(name)
        repository.stage(".gitignore", "ignored\n")
        repository.write("ignored", machine.token())
        repository.write("leak", machine.token())
    assert machine.scan().paths == ["deep/other/leak", "one/leak"]


def test_a_repository_within_a_repository_is_read(machine: Machine, repository: Repository) -> None:
    inner = Repository(repository.top / "vendor" / "inner", machine.home)
    inner.stage("tracked.py", machine.token())
    inner.write("untracked.py", machine.token())
    assert machine.scan(cwd=repository.top).paths == ["vendor/inner/tracked.py", "vendor/inner/untracked.py"]


def test_a_submodule_is_read(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    library.stage("leak.py", machine.token())
    library.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.top), "library")
    scan = machine.scan(cwd=repository.top)
    assert (scan.paths, scan.unreadable) == (["library/leak.py"], {})


def test_a_submodule_that_is_not_checked_out_is_a_folder_like_any_other(
    machine: Machine, repository: Repository
) -> None:
    library = machine.repository("library")
    library.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.top), "library")
    repository.commit()
    clone = machine.repository("clone")
    clone.git("pull", "--quiet", str(repository.top), "main")
    clean = machine.scan(cwd=clone.top)
    assert (clean.status, clean.files, clean.unreadable) == (0, 1, {})
    clone.write("library/leak.py", machine.token())
    for arguments in ([], ["library"]):
        assert machine.scan(*arguments, cwd=clone.top).paths == ["library/leak.py"]


def test_gits_own_files_are_not_read(machine: Machine, repository: Repository) -> None:
    (repository.top / ".git" / "description").write_text(machine.token())
    for arguments in ([], ["--ignored"]):
        assert machine.scan(*arguments, cwd=repository.top).status == 0


def test_a_work_tree_with_a_broken_repository_is_read_whole(machine: Machine, repository: Repository) -> None:
    repository.stage(".gitignore", "ignored\n")
    repository.write("ignored", machine.token())
    repository.write("leak", machine.token())
    (repository.top / ".git" / "index").write_bytes(b"this is no index")
    scan = machine.scan(cwd=repository.top)
    assert (scan.status, scan.paths) == (1, ["ignored", "leak"])


@pytest.mark.parametrize("in_git", [True, False])
def test_an_empty_folder_is_not_said_to_be_clean(machine: Machine, in_git: bool) -> None:
    folder = machine.folder / "empty"
    folder.mkdir()
    if in_git:
        Repository(folder, machine.home)
    scan = machine.scan(cwd=folder)
    assert scan.status == 0
    assert "nothing to scan" in scan.talk
    assert "no leaked" not in scan.talk


def test_the_extent_of_a_scan_is_told(machine: Machine) -> None:
    machine.write("a", "12345")
    machine.write("b", "6789")
    result = machine.run("tokenguard", "scan")
    assert result.stdout == b""
    assert "no leaked credentials (scanned 2 files, 9 bytes)" in result.talk


def test_what_is_missing_is_a_failure_and_the_rest_is_read(machine: Machine) -> None:
    machine.write("leak.py", machine.token())
    scan = machine.scan("missing.py", "leak.py", "missing/too.py")
    assert (scan.status, scan.paths) == (3, ["leak.py"])
    assert list(scan.unreadable) == ["missing.py", "missing/too.py"]
    assert "not read: missing.py: No such file" in scan.talk


@pytest.mark.parametrize("count", [1, 500])
def test_any_number_of_files_is_read(machine: Machine, repository: Repository, count: int) -> None:
    expected = []
    for number in range(count):
        path = f"{number % 7}/{number:03}.py"
        if number % 50 == 0:
            repository.write(path, f"\n\n{machine.token()}\n")
            expected.append((path, 3, 1))
        else:
            repository.write(path, "clean\n")
    for jobs in ("1", "5"):
        scan = machine.scan("--jobs", jobs, cwd=repository.top)
        assert scan.files == count
        assert scan.places == sorted(expected)


def test_what_is_too_large_for_max_size_is_a_failure(machine: Machine) -> None:
    machine.write("large.bin", b"x" * 101)
    machine.write("small.bin", machine.token())
    scan = machine.scan("--max-size", "100")
    assert (scan.status, scan.paths, scan.files) == (3, ["small.bin"], 1)
    assert scan.unreadable == {"large.bin": "larger than 100 bytes"}


def test_every_file_name_is_read_and_given_back(machine: Machine, repository: Repository) -> None:
    names = [
        *(b"with space", b"new\nline", b"tab\tand\rreturn", b'"quoted"', b"back\\slash\\n"),
        *(b"not \xff\xfe utf-8", "é ✓ 你好".encode(), b"-leading-dash", b":(exclude)magic", b"glob[*]?"),
        *(b"folder \n\xff/-f", b"\x1b[31mred"),
    ]
    for name in names:
        repository.write(name, machine.token())
    for name in names[::2]:
        repository.git("--literal-pathspecs", "add", "--", os.fsdecode(name))
    for arguments in ([], ["--ignored"], ["--", *names]):
        scan = machine.scan(*arguments, cwd=repository.top)
        assert sorted(map(os.fsencode, scan.paths)) == sorted(names)
