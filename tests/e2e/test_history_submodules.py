"""Submodules are read where that is asked for, wherever their objects are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.past import add_submodule, commit, found, history, leak, take_out

if TYPE_CHECKING:
    from tests.e2e.machine import Machine
    from tests.support.repository import Repository


def test_submodules_are_read_where_that_is_asked_for(machine: Machine, repository: Repository) -> None:
    innermost, inner = machine.repository("innermost"), machine.repository("inner")
    tokens = {"libraries/inner/deep/leak.py": machine.token(1), "libraries/inner/leak.py": machine.token(2)}
    leak(innermost, tokens["libraries/inner/deep/leak.py"])
    take_out(innermost, "leak.py")
    leak(inner, tokens["libraries/inner/leak.py"])
    add_submodule(inner, innermost.top, "deep")
    add_submodule(repository, inner.top, "libraries/inner")
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "--recursive")
    assert history(machine, repository).status == 0
    for _ in range(2):
        scan = history(machine, repository, "--recurse-submodules")
        assert scan.status == 1
        assert scan.paths == sorted(tokens)
        assert found(scan, tokens) == set(tokens)
    assert history(machine, repository).status == 0


def test_what_cannot_be_read_of_a_submodule_is_said(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    leak(library, machine.token())
    add_submodule(repository, library.top, "library")
    for pack in (repository.top / ".git" / "modules" / "library" / "objects").glob("??/*"):
        pack.chmod(0o644)
        pack.write_bytes(b"junk")
    scan = history(machine, repository, "--recurse-submodules")
    assert scan.status == 3
    assert all(path.startswith("library/") for path in scan.unreadable), scan.unreadable


def test_the_configuration_outside_holds_within_a_submodule(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    leak(library, machine.token())
    add_submodule(repository, library.top, "library")
    repository.write(".tokenguard.toml", 'exclude = ["library/leak.py"]\n')
    scan = history(machine, repository, "--recurse-submodules")
    assert (scan.status, scan.document["summary"]["excluded"]) == (0, 1)


def test_a_submodule_that_was_taken_out_is_still_read(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    leak(library, machine.token())
    add_submodule(repository, library.top, "library")
    repository.git("rm", "--quiet", "library")
    commit(repository, "no submodule")
    assert not (repository.top / "library").exists()
    result = machine.run("tokenguard", "scan", "--history", "--recurse-submodules", cwd=repository.top)
    assert result.status == 1, result.talk
    assert "library/leak.py:1:1" in result.out


def test_a_submodule_with_a_git_folder_of_its_own_is_read(machine: Machine, repository: Repository) -> None:
    library = machine.repository("repository/library")
    leak(library, machine.token())
    add_submodule(repository, library.top, "./library")
    assert (repository.top / "library" / ".git").is_dir()
    assert history(machine, repository, "--recurse-submodules").paths == ["library/leak.py"]


def test_a_submodule_that_a_linked_worktree_alone_has_is_read(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    leak(library, machine.token())
    commit(repository)
    repository.git("worktree", "add", "--quiet", "../linked")
    linked = machine.folder / "linked"
    for arguments in (["add", "--quiet", str(library.top), "library"], ["update", "--quiet", "--init"]):
        repository.git("-C", str(linked), "-c", "protocol.file.allow=always", "submodule", *arguments)
    assert machine.scan("--history", "--recurse-submodules", "linked").paths == ["library/leak.py"]
