"""`tokenguard hook install --global`: git then looks for hooks there alone, so it has to call those of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.machine import write_script

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository


@pytest.fixture
def everywhere(machine: Machine) -> Machine:
    """A machine with the hooks installed for all repositories."""
    machine.prepare("hook", "install", "--global")
    return machine


def hooks_path(machine: Machine) -> str:
    return machine.run("git", "config", "--global", "--get-all", "core.hooksPath").out.rstrip("\n")


def commit(machine: Machine, repository: Repository, *arguments: str) -> Result:
    return machine.run("git", "commit", "--allow-empty", "-m", "a message", *arguments, cwd=repository.top)


def expect_refused(machine: Machine, repository: Repository) -> None:
    repository.stage("leak.py", machine.token())
    head = repository.head
    result = commit(machine, repository)
    assert result.status != 0
    assert "refused" in result.talk
    assert repository.head == head


def test_every_repository_is_guarded(everywhere: Machine) -> None:
    for name in ("one", "other"):
        expect_refused(everywhere, everywhere.repository(name))


def test_a_linked_worktree_is_guarded_and_has_the_hooks_of_its_repository(
    everywhere: Machine, repository: Repository
) -> None:
    repository.commit()
    said = everywhere.folder / "said"
    write_script(repository.top / ".git" / "hooks" / "pre-commit", f'echo called >>"{said}"')
    repository.git("worktree", "add", "--quiet", "../linked")
    linked = everywhere.folder / "linked"
    (linked / "leak.py").write_text(everywhere.token())
    everywhere.run("git", "add", "leak.py", cwd=linked)
    result = everywhere.run("git", "commit", "-m", "leak", cwd=linked)
    assert "refused" in result.talk
    assert result.status == 1
    assert said.read_text() == "called\n"


def test_the_hooks_of_a_repository_are_still_called(everywhere: Machine, repository: Repository) -> None:
    said = everywhere.folder / "said"
    called = (
        *("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout", "pre-merge-commit"),
        *("post-merge", "pre-rebase", "post-rewrite", "pre-push", "reference-transaction", "post-index-change"),
    )
    for hook in called:
        write_script(repository.top / ".git" / "hooks" / hook, f'echo "{hook}" >>"{said}"')
    commit(everywhere, repository)
    bare = everywhere.repository("bare.git", "--bare")
    for arguments in (
        ("checkout", "-b", "other"),
        ("commit", "--allow-empty", "-m", "on other"),
        ("checkout", "main"),
        ("merge", "--no-ff", "-m", "merge", "other"),
        ("commit", "--amend", "--allow-empty", "-m", "amended"),
        ("rebase", "--force-rebase", "other"),
        ("push", str(bare.top), "main"),
    ):
        result = everywhere.run("git", *arguments, cwd=repository.top)
        assert result.status == 0, (arguments, result.talk)
    assert set(said.read_text().split()) == set(called)


def test_a_hook_of_the_repository_gets_its_arguments_and_standard_input(
    everywhere: Machine, repository: Repository
) -> None:
    said = everywhere.folder / "said"
    write_script(repository.top / ".git" / "hooks" / "pre-push", f'{{ echo "$@"; cat; }} >"{said}"')
    commit(everywhere, repository)
    bare = everywhere.repository("bare.git", "--bare")
    assert everywhere.run("git", "push", str(bare.top), "main", cwd=repository.top).status == 0
    head = repository.head
    assert said.read_text() == f"{bare.top} {bare.top}\nrefs/heads/main {head} refs/heads/main {'0' * 40}\n"


def test_a_bare_repository_keeps_its_own_hooks(everywhere: Machine, repository: Repository) -> None:
    bare = everywhere.repository("bare.git", "--bare")
    write_script(bare.top / "hooks" / "pre-receive", "cat >&2; exit 1")
    commit(everywhere, repository)
    result = everywhere.run("git", "push", str(bare.top), "main", cwd=repository.top)
    assert result.status != 0
    assert f"{'0' * 40} {repository.head} refs/heads/main" in result.talk


def leak(machine: Machine, repository: Repository) -> None:
    repository.stage("leak.py", machine.token())
    repository.commit("leak")


def test_what_is_installed_for_all_is_said(machine: Machine) -> None:
    result = machine.run("tokenguard", "hook", "install", "--global")
    stages = ("pre-commit", "pre-merge-commit", "commit-msg", "pre-push", "pre-receive")
    assert [line.rpartition("/")[2] for line in result.out.splitlines()[: len(stages)]] == list(stages)


def test_a_push_is_guarded_and_has_the_hook_of_its_repository(everywhere: Machine, repository: Repository) -> None:
    said = everywhere.folder / "said"
    write_script(repository.top / ".git" / "hooks" / "pre-push", f'cat >"{said}"')
    bare = everywhere.repository("bare.git", "--bare")
    leak(everywhere, repository)
    result = everywhere.run("git", "push", str(bare.top), "main", cwd=repository.top)
    assert result.status != 0
    assert "leak.py:1:1: user-access-token" in result.talk
    assert said.read_text() == f"refs/heads/main {repository.head} refs/heads/main {'0' * 40}\n"
    write_script(repository.top / ".git" / "hooks" / "pre-push", "exit 7")
    refused = everywhere.run("git", "push", str(bare.top), "main", cwd=repository.top)
    assert refused.status != 0
    assert "tokenguard" not in refused.talk


def test_what_arrives_is_guarded_too(everywhere: Machine, repository: Repository) -> None:
    bare = everywhere.repository("bare.git", "--bare")
    leak(everywhere, repository)
    result = everywhere.run("git", "push", "--no-verify", str(bare.top), "main", cwd=repository.top)
    assert result.status != 0
    assert "remote:   leak.py:1:1: user-access-token" in result.talk
    write_script(bare.top / "hooks" / "pre-receive", "cat >said")
    repository.git("reset", "--quiet", "--soft", "HEAD", check=False)
    repository.git("checkout", "--quiet", "--orphan", "clean")
    repository.git("rm", "--quiet", "-r", "--cached", ".")
    repository.commit("clean")
    result = everywhere.run("git", "push", "--no-verify", str(bare.top), "clean", cwd=repository.top)
    assert result.status == 0, result.talk
    assert (bare.top / "said").read_text() == f"{'0' * 40} {repository.head} refs/heads/clean\n"


def test_a_push_still_updates_what_is_checked_out(everywhere: Machine, repository: Repository) -> None:
    """git updates a work tree itself where there is no hook push-to-checkout, and only there."""
    target = everywhere.repository("target")
    target.stage("file", "old\n")
    target.commit()
    target.git("config", "receive.denyCurrentBranch", "updateInstead")
    repository.git("pull", "--quiet", str(target.top), "main")
    repository.stage("file", "new\n")
    repository.commit()
    result = everywhere.run("git", "push", str(target.top), "main", cwd=repository.top)
    assert result.status == 0, result.talk
    assert (target.top / "file").read_text() == "new\n"
    assert target.git("status", "--porcelain").stdout == b""


def test_a_hook_of_the_repository_can_still_refuse(everywhere: Machine, repository: Repository) -> None:
    write_script(repository.top / ".git" / "hooks" / "pre-commit", "echo not on a Friday >&2; exit 7")
    result = commit(everywhere, repository)
    assert result.status != 0
    assert "not on a Friday" in result.talk


def test_an_earlier_folder_of_hooks_is_still_called_and_put_back(machine: Machine, repository: Repository) -> None:
    said = machine.folder / "said"
    for hook in ("pre-commit", "post-commit"):
        write_script(machine.home / "my hooks" / hook, f'echo "{hook}" >>"{said}"')
    machine.run("git", "config", "--global", "core.hooksPath", "~/my hooks")
    machine.run("tokenguard", "hook", "install", "--global")
    machine.run("tokenguard", "hook", "install", "--global")
    assert commit(machine, repository).status == 0
    assert said.read_text().split() == ["pre-commit", "post-commit"]
    expect_refused(machine, repository)
    assert machine.run("tokenguard", "hook", "uninstall", "--global").status == 0
    assert hooks_path(machine) == "~/my hooks"


def test_uninstall_leaves_no_trace(machine: Machine, repository: Repository) -> None:
    machine.run("git", "config", "--global", "user.name", "A Person")
    machine.run("tokenguard", "hook", "install", "--global")
    assert hooks_path(machine)
    result = machine.run("tokenguard", "hook", "uninstall", "--global")
    assert result.status == 0
    assert "removed" in result.out
    assert hooks_path(machine) == ""
    assert machine.run("git", "config", "--global", "user.name").out == "A Person\n"
    repository.stage("leak.py", machine.token())
    assert commit(machine, repository).status == 0


def test_uninstall_takes_away_no_setting_that_is_not_its_own(machine: Machine) -> None:
    machine.run("git", "config", "--global", "core.hooksPath", "/somewhere/else")
    result = machine.run("tokenguard", "hook", "uninstall", "--global")
    assert result.status == 0
    assert "no hooks of tokenguard" in result.talk
    assert hooks_path(machine) == "/somewhere/else"


def test_status_tells_what_is_installed_for_all(everywhere: Machine, repository: Repository) -> None:
    result = everywhere.run("tokenguard", "hook", "status", cwd=repository.top)
    assert result.status == 0
    assert "not installed" not in result.out
    for stage in ("pre-commit", "pre-merge-commit", "commit-msg", "pre-push"):
        assert result.out.count(f"  {stage}: installed\n") == 2
    assert result.out.count("  pre-receive: installed\n") == 1


def test_installing_in_one_repository_as_well_is_not_silently_without_effect(
    machine: Machine, repository: Repository
) -> None:
    machine.run("git", "config", "--global", "core.hooksPath", "/somewhere/else")
    result = machine.run("tokenguard", "hook", "install", cwd=repository.top)
    assert result.status == 2
    assert "--global" in result.talk
