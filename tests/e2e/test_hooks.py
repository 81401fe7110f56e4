"""`tokenguard hook` in one repository: what is there is kept, called, and put back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.machine import write_script
from tests.support.repository import scripts

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository

GUARDED = ("pre-commit", "pre-merge-commit", "commit-msg", "pre-push")
BUNDLED = Path(__file__).parents[2] / "hooks"


def hook(machine: Machine, repository: Repository, *arguments: str) -> Result:
    return machine.run("tokenguard", "hook", *arguments, cwd=repository.top)


def hooks_of(repository: Repository) -> Path:
    return repository.top / ".git" / "hooks"


def expect_refused(machine: Machine, repository: Repository, environment: dict[str, str] | None = None) -> None:
    """Commits a token, and fails where it is committed."""
    repository.stage("leak.py", machine.token())
    head = repository.head
    result = machine.run("git", "commit", "-m", "leak", cwd=repository.top, environment=environment)
    assert result.status != 0
    assert "refused" in result.talk
    assert repository.head == head


def test_install_says_where_the_hooks_are(machine: Machine, repository: Repository) -> None:
    result = hook(machine, repository, "install")
    assert result.status == 0
    for stage in GUARDED:
        assert f"installed {hooks_of(repository) / stage}\n" in result.out
    expect_refused(machine, repository)


def test_install_creates_the_folder_of_hooks(machine: Machine, repository: Repository) -> None:
    for path in hooks_of(repository).iterdir():
        path.unlink()
    hooks_of(repository).rmdir()
    assert hook(machine, repository, "install").status == 0
    expect_refused(machine, repository)


def test_status_tells_what_is_installed(machine: Machine, repository: Repository) -> None:
    write_script(hooks_of(repository) / "commit-msg", "exit 0")
    before = hook(machine, repository, "status")
    assert "pre-commit: missing" in before.out
    assert "commit-msg: other" in before.out
    hook(machine, repository, "install")
    after = hook(machine, repository, "status")
    assert (before.status, after.status) == (0, 0)
    for stage in GUARDED:
        assert f"{stage}: installed" in after.out
    assert "for all repositories: not installed" in after.out


def test_status_outside_a_repository_says_so(machine: Machine) -> None:
    result = machine.run("tokenguard", "hook", "status")
    assert result.status == 0
    assert "no git repository" in result.out


def test_install_outside_a_repository_is_an_error(machine: Machine) -> None:
    result = machine.run("tokenguard", "hook", "install")
    assert result.status == 2
    assert "Traceback" not in result.talk


def test_a_hook_that_is_there_is_called_with_its_arguments(machine: Machine, repository: Repository) -> None:
    said = machine.folder / "said"
    write_script(hooks_of(repository) / "commit-msg", f'cat "$1" >"{said}"')
    hook(machine, repository, "install")
    machine.run("git", "commit", "--allow-empty", "-m", "to the old hook", cwd=repository.top)
    assert said.read_text() == "to the old hook\n"
    expect_refused(machine, repository)


def test_a_hook_that_is_there_can_still_refuse(machine: Machine, repository: Repository) -> None:
    write_script(hooks_of(repository) / "pre-commit", "echo not on a Friday >&2; exit 7")
    hook(machine, repository, "install")
    result = machine.run("git", "commit", "--allow-empty", "-m", "clean", cwd=repository.top)
    assert result.status != 0
    assert "not on a Friday" in result.talk
    assert repository.head == ""


def test_a_hook_that_is_not_executable_is_not_called(machine: Machine, repository: Repository) -> None:
    write_script(hooks_of(repository) / "pre-commit", "exit 7").chmod(0o644)
    hook(machine, repository, "install")
    result = machine.run("git", "commit", "--allow-empty", "-m", "clean", cwd=repository.top)
    assert result.status == 0
    expect_refused(machine, repository)


def test_installing_twice_is_installing_once(machine: Machine, repository: Repository) -> None:
    said = machine.folder / "said"
    write_script(hooks_of(repository) / "pre-commit", f'echo called >>"{said}"')
    hook(machine, repository, "install")
    once = _contents(hooks_of(repository))
    assert hook(machine, repository, "install").status == 0
    assert _contents(hooks_of(repository)) == once
    machine.run("git", "commit", "--allow-empty", "-m", "clean", cwd=repository.top)
    assert said.read_text() == "called\n"


def test_uninstall_puts_back_what_was_there(machine: Machine, repository: Repository) -> None:
    write_script(hooks_of(repository) / "pre-commit", "exit 7")
    before = _contents(hooks_of(repository))
    hook(machine, repository, "install")
    assert _contents(hooks_of(repository)) != before
    result = hook(machine, repository, "uninstall")
    assert result.status == 0
    assert f"removed {hooks_of(repository) / 'pre-commit'}\n" in result.out
    assert _contents(hooks_of(repository)) == before


def test_uninstall_leaves_hooks_of_others_alone(machine: Machine, repository: Repository) -> None:
    write_script(hooks_of(repository) / "pre-commit", "exit 7")
    before = _contents(hooks_of(repository))
    result = hook(machine, repository, "uninstall")
    assert result.status == 0
    assert "no hooks of tokenguard" in result.talk
    assert _contents(hooks_of(repository)) == before


def test_a_hook_whose_program_is_gone_refuses_and_says_so(machine: Machine, repository: Repository) -> None:
    hook(machine, repository, "install")
    for stage in GUARDED:
        path = hooks_of(repository) / stage
        script = path.read_text()
        assert str(scripts()) in script
        path.write_text(script.replace(str(scripts()), "/an/environment/since/removed"))
    result = machine.run("git", "commit", "--allow-empty", "-m", "clean", cwd=repository.top)
    assert result.status != 0
    assert "/an/environment/since/removed/tokenguard-hook is gone" in result.talk
    assert repository.head == ""
    assert "pre-commit: dead" in hook(machine, repository, "status").out
    hook(machine, repository, "install")
    assert "dead" not in hook(machine, repository, "status").out


def test_a_linked_worktree_shares_the_hooks(machine: Machine, repository: Repository) -> None:
    repository.commit()
    repository.git("worktree", "add", "--quiet", "../linked")
    linked = machine.folder / "linked"
    assert machine.run("tokenguard", "hook", "install", cwd=linked).status == 0
    assert "pre-commit: installed" in machine.run("tokenguard", "hook", "status", cwd=linked).out
    expect_refused(machine, repository)


def test_the_hooks_go_where_the_repository_keeps_its_hooks(machine: Machine, repository: Repository) -> None:
    repository.git("config", "core.hooksPath", "my hooks")
    assert hook(machine, repository, "install").status == 0
    assert (repository.top / "my hooks" / "pre-commit").exists()
    assert not (hooks_of(repository) / "pre-commit").exists()
    expect_refused(machine, repository)


def test_where_the_hooks_are_kept_is_told_from_the_top(machine: Machine, repository: Repository) -> None:
    """git takes a relative core.hooksPath from the folder that hooks run in: the top of the work tree."""
    repository.git("config", "core.hooksPath", "my hooks")
    (repository.top / "src").mkdir()
    assert machine.run("tokenguard", "hook", "install", cwd=repository.top / "src").status == 0
    assert "pre-commit: installed" in machine.run("tokenguard", "hook", "status", cwd=repository.top / "src").out
    expect_refused(machine, repository)
    assert machine.run("tokenguard", "hook", "uninstall", cwd=repository.top / "src").status == 0
    assert list((repository.top / "my hooks").iterdir()) == []


@pytest.mark.parametrize("first", ["tokenguard", "framework"])
def test_the_framework_and_our_hooks_go_together(machine: Machine, repository: Repository, first: str) -> None:
    local = "{id: local, name: of the framework, language: system, entry: 'true', always_run: true}"
    repository.stage(".pre-commit-config.yaml", f"repos: [{{repo: local, hooks: [{local}]}}]\n")
    installs = [["tokenguard", "hook", "install"], ["pre-commit", "install"]]
    for command in installs if first == "tokenguard" else installs[::-1]:
        assert machine.run(*command, cwd=repository.top).status == 0
    result = machine.run("git", "commit", "-m", "clean", cwd=repository.top)
    assert result.status == 0, result.talk
    assert result.talk.count("of the framework") == 1
    expect_refused(machine, repository)


def test_install_from_a_folder_within_guards_the_repository(machine: Machine, repository: Repository) -> None:
    (repository.top / "src").mkdir()
    assert machine.run("tokenguard", "hook", "install", cwd=repository.top / "src").status == 0
    expect_refused(machine, repository)


def test_the_hooks_work_with_the_path_of_a_graphical_program(machine: Machine, repository: Repository) -> None:
    hook(machine, repository, "install")
    expect_refused(machine, repository, {"PATH": "/usr/bin:/bin"})


def test_the_hooks_work_where_the_path_of_the_repository_is_odd(machine: Machine) -> None:
    repository = machine.repository('it\'s a "path" $HOME `id`')
    write_script(hooks_of(repository) / "pre-commit", "exit 0")
    hook(machine, repository, "install")
    expect_refused(machine, repository)


@pytest.mark.parametrize("stage", [*GUARDED, "pre-receive"])
def test_the_bundled_hooks_are_no_more_than_a_call(stage: str) -> None:
    lines = (BUNDLED / stage).read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[-1] == f'exec tokenguard-hook {stage} "$@"'
    assert len(lines) <= 10


def test_the_bundled_hooks_refuse_without_being_installed(machine: Machine, repository: Repository) -> None:
    repository.git("config", "core.hooksPath", str(BUNDLED))
    expect_refused(machine, repository)
    repository.stage("leak.py", "clean\n")
    result = machine.run("git", "commit", "-m", machine.token(1), cwd=repository.top)
    assert "commit message" in result.talk
    assert (result.status, repository.head) == (1, "")
    assert machine.run("git", "commit", "-m", "clean", cwd=repository.top).status == 0


def _contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mode, path.read_bytes()) for path in folder.iterdir()}


def test_a_hook_that_goes_by_its_own_name_is_kept_alive(machine: Machine, repository: Repository) -> None:
    """As husky's do: each finds what to run by the name of the file it was started as."""
    repository.git("config", "core.hooksPath", ".husky/_")
    write_script(
        repository.top / ".husky" / "_" / "pre-commit", 'exec "$(dirname "$(dirname "$0")")/$(basename "$0")"'
    )
    write_script(repository.top / ".husky" / "pre-commit", "echo MY LINTER >&2; exit 7")
    assert machine.run("tokenguard", "hook", "install", cwd=repository.top).status == 0
    repository.write("app.py", "clean\n")
    repository.git("add", "app.py")
    result = machine.run("git", "commit", "-m", "clean", cwd=repository.top)
    assert result.status != 0
    assert "MY LINTER" in result.talk
    assert machine.run("tokenguard", "hook", "uninstall", cwd=repository.top).status == 0
    assert sorted(path.name for path in (repository.top / ".husky").iterdir()) == ["_", "pre-commit"]


def pushing(machine: Machine, repository: Repository, name: str = "origin.git") -> Path:
    """Gives the repository a commit and a remote `origin`, which is returned."""
    origin = machine.repository(name, "--bare")
    repository.stage("app.py", "clean\n")
    repository.commit()
    repository.git("remote", "add", "origin", str(origin.top))
    return origin.top


def push(machine: Machine, repository: Repository, *what: str) -> Result:
    return machine.run("git", "push", "origin", *(what or ("main",)), cwd=repository.top)


def expect_push_refused(machine: Machine, repository: Repository) -> None:
    repository.stage("leak.py", machine.token())
    repository.commit("leak")
    result = push(machine, repository)
    assert result.status != 0
    assert "refused, this push" in result.talk


def line_of(repository: Repository, ref: str = "refs/heads/main") -> str:
    """What git tells pre-push of a new branch."""
    return f"{ref} {repository.head} {ref} {'0' * 40}\n"


def test_a_push_is_guarded(machine: Machine, repository: Repository) -> None:
    pushing(machine, repository)
    hook(machine, repository, "install")
    result = push(machine, repository)
    assert result.status == 0, result.talk
    assert "no leaked credentials (scanned 2 objects" in result.talk
    expect_push_refused(machine, repository)


def test_a_work_tree_does_not_get_the_hook_of_a_server(machine: Machine, repository: Repository) -> None:
    assert "pre-receive" not in hook(machine, repository, "install").out
    assert not (hooks_of(repository) / "pre-receive").exists()
    assert "pre-receive" not in hook(machine, repository, "status").out
    assert "pre-receive" not in hook(machine, repository, "uninstall").out


def test_a_bare_repository_gets_the_hook_of_a_server_alone(machine: Machine, repository: Repository) -> None:
    origin = pushing(machine, repository)
    before = _contents(origin / "hooks")
    missing = machine.run("tokenguard", "hook", "status", cwd=origin).out
    assert "pre-receive: missing" in missing
    installed = machine.run("tokenguard", "hook", "install", cwd=origin)
    assert (installed.status, installed.out) == (0, f"installed {origin / 'hooks' / 'pre-receive'}\n")
    status = machine.run("tokenguard", "hook", "status", cwd=origin).out
    assert "pre-receive: installed" in status
    for stage in GUARDED:
        assert f"{stage}:" not in status
    clean = push(machine, repository)
    assert clean.status == 0, clean.talk
    assert "remote: tokenguard: no leaked credentials" in clean.talk
    expect_push_refused(machine, repository)
    removed = machine.run("tokenguard", "hook", "uninstall", cwd=origin)
    assert (removed.status, removed.out) == (0, f"removed {origin / 'hooks' / 'pre-receive'}\n")
    assert _contents(origin / "hooks") == before
    assert push(machine, repository).status == 0


def test_a_hook_of_a_server_whose_program_is_gone_refuses(machine: Machine, repository: Repository) -> None:
    origin = pushing(machine, repository)
    machine.run("tokenguard", "hook", "install", cwd=origin)
    path = origin / "hooks" / "pre-receive"
    path.write_text(path.read_text().replace(str(scripts()), "/since/removed"))
    assert "pre-receive: dead" in machine.run("tokenguard", "hook", "status", cwd=origin).out
    result = push(machine, repository)
    assert result.status != 0
    assert "/since/removed/tokenguard-hook is gone" in result.talk


@pytest.mark.parametrize("where", ["here", 'it\'s a "path" $HOME `id` (1) *'])
def test_a_hook_that_reads_what_is_pushed_gets_it_and_so_does_ours(machine: Machine, where: str) -> None:
    """As that of git-lfs does."""
    repository = machine.repository(where)
    pushing(machine, repository)
    write_script(hooks_of(repository) / "pre-push", 'cd "$(dirname "$0")/../.." && { echo "$@"; cat; } >said')
    hook(machine, repository, "install")
    result = push(machine, repository)
    assert result.status == 0, result.talk
    address = machine.folder / "origin.git"
    assert (repository.top / "said").read_text() == f"origin {address}\n{line_of(repository)}"
    assert "scanned 2 objects" in result.talk
    expect_push_refused(machine, repository)


def test_it_gets_a_line_for_each_ref(machine: Machine, repository: Repository) -> None:
    pushing(machine, repository)
    said = machine.folder / "said"
    write_script(hooks_of(repository) / "pre-push", f'while read -r line; do echo "$line" >>"{said}"; done')
    hook(machine, repository, "install")
    refs = ["refs/heads/a'b", "refs/heads/main", "refs/tags/%s"]
    for ref in refs:
        repository.git("update-ref", ref, "HEAD")
    assert push(machine, repository, *refs).status == 0
    assert sorted(said.read_text().splitlines(keepends=True)) == [line_of(repository, ref) for ref in refs]


@pytest.mark.parametrize("script", ["exit 0", "exec <&-; exit 0", "read -r first; exit 0"])
def test_a_hook_that_does_not_read_it_all_takes_nothing_from_ours(
    machine: Machine, repository: Repository, script: str
) -> None:
    """More than a pipe holds."""
    pushing(machine, repository)
    write_script(hooks_of(repository) / "pre-push", script)
    hook(machine, repository, "install")
    repository.stage("leak.py", machine.token())
    repository.commit("leak")
    refs = [f"refs/heads/{number:04}{'x' * 60}" for number in range(800)]
    line = line_of(repository, "REF")
    lines = "".join(line.replace("REF", ref) for ref in refs).encode()
    assert len(lines) > 1 << 17
    result = machine.run(
        hooks_of(repository) / "pre-push", "origin", "an address", cwd=repository.top, stdin=lines
    )
    assert result.status == 1, result.talk
    assert "leak.py:1:1: user-access-token" in result.talk


def test_a_hook_that_refuses_a_push_still_does(machine: Machine, repository: Repository) -> None:
    origin = pushing(machine, repository)
    write_script(hooks_of(repository) / "pre-push", "cat >/dev/null; echo not on a Friday >&2; exit 7")
    hook(machine, repository, "install")
    result = push(machine, repository)
    assert result.status != 0
    assert "not on a Friday" in result.talk
    assert "tokenguard" not in result.talk
    assert list((origin / "refs" / "heads").iterdir()) == []
    by_hand = machine.run(hooks_of(repository) / "pre-push", "origin", "x", cwd=repository.top, stdin=b"")
    assert by_hand.status == 7


def test_a_push_of_nothing_new_calls_both_hooks_with_nothing(machine: Machine, repository: Repository) -> None:
    pushing(machine, repository)
    said = machine.folder / "said"
    write_script(hooks_of(repository) / "pre-push", f'cat >"{said}"')
    hook(machine, repository, "install")
    assert push(machine, repository).status == 0
    again = push(machine, repository)
    assert again.status == 0
    assert said.read_bytes() == b""
    assert "nothing to scan" in again.talk


def test_a_hook_of_a_server_that_is_there_gets_the_lines_too(machine: Machine, repository: Repository) -> None:
    origin = pushing(machine, repository, "it's a server.git")
    write_script(origin / "hooks" / "pre-receive", "cat >said")
    machine.run("tokenguard", "hook", "install", cwd=origin)
    assert push(machine, repository).status == 0
    assert (origin / "said").read_text() == f"{'0' * 40} {repository.head} refs/heads/main\n"
    expect_push_refused(machine, repository)
    write_script(origin / "hooks.before-tokenguard" / "pre-receive", "echo not here >&2; exit 1")
    repository.git("reset", "--quiet", "--hard", "HEAD^")
    repository.commit("clean")
    result = push(machine, repository)
    assert result.status != 0
    assert "not here" in result.talk


def test_uninstall_puts_back_a_hook_that_reads_what_is_pushed(machine: Machine, repository: Repository) -> None:
    pushing(machine, repository)
    write_script(hooks_of(repository) / "pre-push", "cat >said")
    before = _contents(hooks_of(repository))
    hook(machine, repository, "install")
    hook(machine, repository, "install")
    assert hook(machine, repository, "uninstall").status == 0
    assert _contents(hooks_of(repository)) == before
    assert push(machine, repository).status == 0
    assert (repository.top / "said").read_text() == line_of(repository)


def test_an_empty_hooks_path_is_an_error(machine: Machine, repository: Repository) -> None:
    repository.git("config", "core.hooksPath", "")
    result = machine.run("tokenguard", "hook", "install", cwd=repository.top)
    assert result.status == 2
    assert "core.hooksPath is empty" in result.talk
