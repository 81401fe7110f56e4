"""A repository that is scanned is hostile input: nothing that it names is run, or reaches a terminal as it is.

The traps are set in the configuration that git itself obeys; each test also springs them on purpose, so that one
that does not work is noticed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.e2e.machine import write_script

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured

SCANS = (
    ["tokenguard", "scan"],
    ["tokenguard", "scan", "--ignored"],
    ["tokenguard", "scan", "--staged"],
    ["tokenguard-hook", "pre-commit"],
)

# git-config(1): every setting that names a program.
PROGRAMS = (
    *("core.fsmonitor", "core.pager", "core.editor", "core.askPass", "core.sshCommand", "core.gitProxy"),
    *(
        "core.alternateRefsCommand",
        "credential.helper",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
    ),
    *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "gpg.program", "interactive.diffFilter"),
    *("pager.ls-files", "pager.diff-index", "pager.cat-file", "uploadpack.packObjectsHook"),
)


@pytest.fixture
def sprung(machine: Machine) -> Path:
    """The file that is there as soon as a trap has been sprung."""
    return machine.folder / "sprung"


@pytest.fixture
def hostile(machine: Machine, repository: Repository, sprung: Path) -> Repository:
    """A repository with a token, and a program in every setting that takes one."""
    program = write_script(machine.folder / "trap", f'touch "{sprung}"; cat')
    repository.stage("clean.py", "clean\n")
    repository.commit()
    repository.stage("leak.py", machine.token())
    repository.stage(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    for hook in ("pre-commit", "post-index-change", "post-checkout", "reference-transaction"):
        write_script(repository.top / "evil hooks" / hook, f'touch "{sprung}"')
    repository.write("untracked.py", machine.token(1))
    for name in PROGRAMS:
        repository.git("config", name, str(program))
    for command in ("ls-files", "diff-index", "cat-file", "rev-parse", "check-ignore", "hash-object"):
        repository.git("config", f"alias.{command}", f"!{program}")
    repository.git("config", "core.hooksPath", "evil hooks")
    repository.git("config", "filter.evil.required", "true")
    sprung.unlink(missing_ok=True)
    os.utime(repository.top / "leak.py", (0, 0))  # git would have to look into the file again
    return repository


@pytest.mark.parametrize("command", SCANS, ids=" ".join)
def test_no_program_of_the_repository_is_run(
    machine: Machine, hostile: Repository, sprung: Path, command: list[str]
) -> None:
    result = machine.run(*command, cwd=hostile.top)
    assert result.status == 1, result.talk
    assert not sprung.exists()
    hostile.git("status", check=False)
    assert sprung.exists(), "the trap does not work"


@pytest.mark.parametrize("setting", ["core.worktree", "include.path", "extensions.unknown"])
def test_a_setting_that_git_refuses_is_no_way_to_hide(
    machine: Machine, repository: Repository, setting: str
) -> None:
    repository.write("leak.py", machine.token())
    repository.git("config", "core.repositoryFormatVersion", "1")
    repository.git("config", setting, "/nowhere")
    scan = machine.scan(cwd=repository.top)
    assert scan.status == 3 or scan.paths == ["leak.py"]


@pytest.mark.parametrize("command", [*SCANS[2:]], ids=" ".join)
def test_what_is_missing_is_not_fetched(
    machine: Machine, repository: Repository, sprung: Path, command: list[str]
) -> None:
    """In a partial clone git asks the remote for a blob, through whatever program the repository names."""
    program = write_script(machine.folder / "trap", f'touch "{sprung}"')
    repository.stage("lost.py", "lost\n")
    name = repository.git("rev-parse", ":lost.py").stdout.decode().strip()
    (repository.top / ".git" / "objects" / name[:2] / name[2:]).unlink()
    repository.git("config", "core.repositoryFormatVersion", "1")
    repository.git("config", "extensions.partialClone", "origin")
    repository.git("config", "remote.origin.promisor", "true")
    repository.git("config", "remote.origin.url", str(repository.top))
    repository.git("config", "remote.origin.uploadpack", str(program))
    result = machine.run(*command, cwd=repository.top)
    assert result.status == 3, result.talk
    assert "not read: lost.py" in result.talk
    assert not sprung.exists()
    repository.git("cat-file", "-p", name, check=False)
    assert sprung.exists(), "the trap does not work"


@pytest.mark.parametrize("arguments", [[], ["--ignored"]])
def test_a_bare_repository_in_a_folder_is_not_obeyed(machine: Machine, sprung: Path, arguments: list[str]) -> None:
    """It can lie among the tracked files of any repository, with a configuration of its own."""
    bare = machine.repository("folder", "--bare")
    program = write_script(machine.folder / "trap", f'touch "{sprung}"')
    bare.git("config", "core.bare", "false")
    bare.git("config", "core.worktree", str(bare.top))
    bare.git("config", "core.fsmonitor", str(program))
    (bare.top / "leak.py").write_text(machine.token())
    assert machine.scan(*arguments, cwd=bare.top).paths == ["leak.py"]
    assert not sprung.exists()
    bare.git("status", check=False)
    assert sprung.exists(), "the trap does not work"


def test_nothing_in_the_repository_is_changed(machine: Machine, repository: Repository) -> None:
    repository.stage("leak.py", machine.token())
    os.utime(repository.top / "leak.py", (0, 0))
    before = _state(repository.top)
    for command in SCANS:
        machine.run(*command, cwd=repository.top)
    assert _state(repository.top) == before


def test_no_name_of_a_file_commands_the_terminal(machine: Machine, repository: Repository) -> None:
    names = ["\x1b[2J\x1b]0;title\x07.py", "back\b\b\b.py", "new\nline: clean.py", "\u202egnp.exe", "\x9b31m.py"]
    for name in names:
        repository.stage(name, machine.token())
    repository.write(".tokenguard.toml", "")
    for command in (*SCANS, ["tokenguard", "scan", "--max-size", "1"], ["tokenguard", "scan", "-v"]):
        result = machine.run(*command, cwd=repository.top)
        shown = result.out + result.talk
        assert not set(shown) & set("\x1b\x07\b\u202e\x9b\r"), command
        assert "\nline" not in shown


def test_no_name_of_a_file_is_a_way_to_show_a_token(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage(f"cache/{token}.json", token)
    for command in (*SCANS, ["tokenguard", "scan", "--format", "json"], ["tokenguard", "scan", "--max-size", "1"]):
        assert machine.run(*command, cwd=repository.top).status in {1, 3}


def _state(folder: Path) -> dict[str, tuple[float, int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime, path.stat().st_mode, path.read_bytes()) for path in files}
