"""Pushes to a real remote, with the bundled pre-push hook in the way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured

HOOK = Path(__file__).parents[2] / "hooks" / "pre-push"


@pytest.fixture
def pushed(machine: Machine, repository: Repository) -> Repository:
    """A repository with the hook, whose only commit the remote `origin` has."""
    machine.repository("origin", "--bare")
    repository.git("remote", "add", "origin", str(machine.folder / "origin"))
    repository.stage("app.py", "clean\n")
    repository.commit()
    repository.git("push", "--quiet", "origin", "main")
    shutil.copy(HOOK, repository.top / ".git" / "hooks" / "pre-push")
    return repository


def push(machine: Machine, repository: Repository, *what: str) -> Result:
    return machine.run("git", "push", "--quiet", "origin", *what, cwd=repository.top)


def leak_and_take_out(machine: Machine, repository: Repository) -> None:
    repository.stage("leak.py", f"first line\n{machine.token()}\n")
    repository.commit("leak")
    repository.git("rm", "--quiet", "leak.py")
    repository.commit("take it out")


def expect_refused(result: Result, *words: str) -> None:
    assert result.status != 0
    assert "refused, this push would hand out" in result.talk
    for word in words:
        assert word in result.talk


def test_a_token_that_a_later_commit_took_out_is_refused(machine: Machine, pushed: Repository) -> None:
    leak_and_take_out(machine, pushed)
    expect_refused(push(machine, pushed, "main"), "leak.py:2:1: user-access-token")


def test_a_clean_push_goes_through_and_says_what_was_read(machine: Machine, pushed: Repository) -> None:
    pushed.stage("more.py", "clean too\n")
    pushed.commit()
    result = push(machine, pushed, "main")
    assert result.status == 0, result.talk
    assert "no leaked credentials (scanned 2 objects," in result.talk


def test_a_new_branch_with_a_token_is_refused(machine: Machine, pushed: Repository) -> None:
    pushed.git("switch", "--quiet", "--create", "feature")
    leak_and_take_out(machine, pushed)
    expect_refused(push(machine, pushed, "feature"), "leak.py:2:1")


def test_a_forced_push_with_a_token_is_refused(machine: Machine, pushed: Repository) -> None:
    pushed.stage("leak.py", machine.token())
    pushed.git("-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--amend", "-m", "rewritten")
    expect_refused(push(machine, pushed, "--force", "main"), "leak.py:1:1")


def test_a_token_in_a_commit_message_is_refused(machine: Machine, pushed: Repository) -> None:
    pushed.commit(f"subject\n\n{machine.token()}")
    expect_refused(push(machine, pushed, "main"), "message of commit", ":3:1: user-access-token")


def test_a_token_in_the_message_of_a_tag_is_refused(machine: Machine, pushed: Repository) -> None:
    pushed.git("tag", "--annotate", "v1", "-m", machine.token())
    expect_refused(push(machine, pushed, "v1"), "message of tag")


def test_what_the_remote_has_already_is_not_read_again(machine: Machine, pushed: Repository) -> None:
    leak_and_take_out(machine, pushed)
    pushed.git("-c", "core.hooksPath=/dev/null", "push", "--quiet", "origin", "main")
    pushed.git("switch", "--quiet", "--create", "feature")
    pushed.stage("more.py", "clean\n")
    pushed.commit()
    assert push(machine, pushed, "feature").status == 0


def test_a_deleted_branch_brings_nothing_in(machine: Machine, pushed: Repository) -> None:
    assert push(machine, pushed, "main:other").status == 0
    result = push(machine, pushed, "--delete", "other")
    assert result.status == 0
    assert "nothing to scan" in result.talk


def test_a_remote_that_has_commits_unknown_here_is_pushed_to(machine: Machine, pushed: Repository) -> None:
    other = machine.repository("other")
    other.git("pull", "--quiet", str(machine.folder / "origin"), "main")
    other.commit("theirs")
    other.git("push", "--quiet", str(machine.folder / "origin"), "main:elsewhere")
    leak_and_take_out(machine, pushed)
    expect_refused(push(machine, pushed, "--force", "main:elsewhere"), "leak.py:2:1")


def test_a_push_to_an_address_without_a_name_is_read(machine: Machine, pushed: Repository) -> None:
    leak_and_take_out(machine, pushed)
    address = str(machine.folder / "origin")
    expect_refused(machine.run("git", "push", "--quiet", address, "main", cwd=pushed.top), "leak.py:2:1")


def test_what_another_remote_has_is_new_to_an_address(machine: Machine, pushed: Repository) -> None:
    leak_and_take_out(machine, pushed)
    pushed.git("-c", "core.hooksPath=/dev/null", "push", "--quiet", "origin", "main")
    public = f"file://{machine.repository('public', '--bare').top}"
    expect_refused(machine.run("git", "push", "--quiet", public, "main", cwd=pushed.top), "leak.py:2:1")


def test_excluded_paths_are_left_out_and_counted(machine: Machine, pushed: Repository) -> None:
    leak_and_take_out(machine, pushed)
    pushed.write(".tokenguard.toml", 'exclude = ["leak.py"]\n')
    result = push(machine, pushed, "main")
    assert result.status == 0, result.talk
    assert "1 file excluded" in result.talk


def test_a_large_file_is_read_to_its_end(machine: Machine, pushed: Repository) -> None:
    pushed.stage("large.txt", b"." * (9 * 1024 * 1024) + b"\n" + machine.token().encode())
    pushed.commit()
    expect_refused(push(machine, pushed, "main"), "large.txt:2:1")


def test_a_missing_object_stops_the_push(machine: Machine, pushed: Repository) -> None:
    pushed.stage("lost.py", "lost\n")
    pushed.commit()
    blob = pushed.git("rev-parse", "HEAD:lost.py").stdout.decode().strip()
    (pushed.top / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    lines = f"refs/heads/main {pushed.head} refs/heads/main {'0' * 40}\n"
    result = machine.run("tokenguard-hook", "pre-push", "origin", cwd=pushed.top, stdin=lines.encode())
    assert result.status == 3


def test_what_the_framework_says_of_the_push_is_read(machine: Machine, pushed: Repository) -> None:
    before = pushed.head
    leak_and_take_out(machine, pushed)
    framework = {"PRE_COMMIT": "1", "PRE_COMMIT_REMOTE_NAME": "origin"}
    known = framework | {"PRE_COMMIT_FROM_REF": before, "PRE_COMMIT_TO_REF": pushed.head}
    for environment in (framework, known, framework | {"PRE_COMMIT_LOCAL_BRANCH": "refs/heads/main"}):
        result = machine.run("tokenguard-hook", "pre-push", cwd=pushed.top, environment=environment)
        expect_refused(result, "leak.py:2:1")


def test_lines_that_git_does_not_write_are_refused(machine: Machine, pushed: Repository) -> None:
    result = machine.run("tokenguard-hook", "pre-push", "origin", cwd=pushed.top, stdin=b"nonsense\n")
    assert result.status == 2


def test_an_unknown_revision_stops_the_push(machine: Machine, pushed: Repository) -> None:
    lines = f"refs/heads/main {'1' * 40} refs/heads/main {'0' * 40}\n"
    result = machine.run("tokenguard-hook", "pre-push", "origin", cwd=pushed.top, stdin=lines.encode())
    assert result.status == 3
    assert "Traceback" not in result.talk


def lines_for(machine: Machine, repository: Repository, lines: str) -> Result:
    return machine.run("tokenguard-hook", "pre-push", "origin", cwd=repository.top, stdin=lines.encode())


def test_a_line_without_its_end_is_not_passed_over(machine: Machine, pushed: Repository) -> None:
    """As of a script that keeps what it has read in a variable."""
    leak_and_take_out(machine, pushed)
    expect_refused(
        lines_for(machine, pushed, f"refs/heads/main {pushed.head} refs/heads/main {'0' * 40}"), "leak.py"
    )


def test_more_refs_than_a_command_line_holds_are_read(machine: Machine, pushed: Repository) -> None:
    leak_and_take_out(machine, pushed)
    old = pushed.git("rev-parse", "main~2").stdout.decode().strip()
    refs = [f"refs/heads/{number:05}/{'x' * 200}" for number in range(10_000)]
    lines = [f"{ref} {old} {ref} {number:040x}\n" for number, ref in enumerate(refs)]
    assert sum(map(len, lines)) > 1 << 21  # as much as Linux lets a command line have
    clean = lines_for(machine, pushed, "".join(lines))
    assert clean.status == 0, clean.talk
    lines.insert(5000, f"refs/heads/main {pushed.head} refs/heads/main {old}\n")
    expect_refused(lines_for(machine, pushed, "".join(lines)), "leak.py:2:1")


def test_of_many_refs_each_is_read(machine: Machine, pushed: Repository) -> None:
    for number, branch in enumerate(("one", "two", "three")):
        pushed.git("switch", "--quiet", "--create", branch, "main")
        pushed.stage(f"{branch}.py", machine.token(number))
        pushed.commit()
    pushed.git("tag", "--annotate", "v1", "-m", machine.token(7), "main")
    expect_refused(
        push(machine, pushed, "one", "two", "three", "v1", ":refs/heads/none", "main"),
        *("one.py:1:1", "two.py:1:1", "three.py:1:1", "message of tag", "4 leaked credentials in 4 places"),
    )


def test_a_branch_is_deleted_while_another_leaks(machine: Machine, pushed: Repository) -> None:
    assert push(machine, pushed, "main:other").status == 0
    leak_and_take_out(machine, pushed)
    expect_refused(push(machine, pushed, ":other", "main"), "leak.py:2:1")


def test_a_tag_on_what_the_remote_has_is_read_alone(machine: Machine, pushed: Repository) -> None:
    pushed.git("tag", "light")
    pushed.git("tag", "--annotate", "heavy", "-m", "clean")
    result = push(machine, pushed, "light", "heavy")
    assert result.status == 0, result.talk
    assert "scanned 1 object," in result.talk


def test_a_tag_of_a_leaking_commit_is_refused(machine: Machine, pushed: Repository) -> None:
    leak_and_take_out(machine, pushed)
    pushed.git("tag", "v1")
    pushed.git("reset", "--quiet", "--hard", "HEAD~2")
    expect_refused(push(machine, pushed, "v1"), "leak.py:2:1")


def test_merging_what_the_remote_has_brings_nothing_in(machine: Machine, pushed: Repository) -> None:
    pushed.git("switch", "--quiet", "--create", "feature")
    pushed.stage("feature.py", "clean as well\n")
    pushed.commit()
    pushed.git("switch", "--quiet", "main")
    leak_and_take_out(machine, pushed)
    pushed.stage("still.py", machine.token(1))
    pushed.commit()
    pushed.git("-c", "core.hooksPath=/dev/null", "push", "--quiet", "origin", "main")
    pushed.git("switch", "--quiet", "feature")
    pushed.git("-c", "core.hooksPath=/dev/null", "merge", "--quiet", "--no-edit", "main")
    result = push(machine, pushed, "feature")
    assert result.status == 0, result.talk
    assert "scanned 3 objects," in result.talk


def test_what_a_merge_itself_brings_in_is_refused(machine: Machine, pushed: Repository) -> None:
    pushed.git("switch", "--quiet", "--create", "feature")
    pushed.stage("feature.py", "clean\n")
    pushed.commit()
    pushed.git("switch", "--quiet", "main")
    pushed.commit("on main")
    pushed.git("merge", "--quiet", "--no-commit", "--no-ff", "feature")
    pushed.stage("app.py", machine.token())
    pushed.commit("merge")
    expect_refused(push(machine, pushed, "main"), "app.py:1:1", f"commit {pushed.head[:12]}")


def test_a_forced_push_over_what_is_gone_here_is_read(machine: Machine, pushed: Repository) -> None:
    pushed.commit("to be lost")
    lost = pushed.head
    assert push(machine, pushed, "main").status == 0
    pushed.git("reset", "--quiet", "--hard", "HEAD^")
    pushed.git("update-ref", "-d", "refs/remotes/origin/main")
    pushed.git("reflog", "expire", "--expire=now", "--all")
    pushed.git("gc", "--quiet", "--prune=now")
    assert pushed.git("cat-file", "-e", lost, check=False).returncode != 0
    leak_and_take_out(machine, pushed)
    expect_refused(push(machine, pushed, "--force", "main"), "leak.py:2:1")


@pytest.mark.parametrize("first", ["fixtures/leak.py", "src/leak.py"])
def test_a_file_that_is_excluded_at_one_path_alone_is_refused(
    machine: Machine, pushed: Repository, first: str
) -> None:
    pushed.write(".tokenguard.toml", 'exclude = ["fixtures/"]\n')
    pushed.stage(first, machine.token())
    pushed.commit()
    pushed.git("mv", first.partition("/")[0], "src" if first.startswith("fixtures") else "fixtures")
    pushed.commit("and move it")
    expect_refused(push(machine, pushed, "main"), "leak.py:1:1: user-access-token")


def test_what_a_remote_within_another_has_is_new_to_it(machine: Machine, pushed: Repository) -> None:
    """The remote-tracking branches of `origin/fork` lie below those of `origin`."""
    fork = machine.repository("fork", "--bare")
    pushed.git("remote", "add", "origin/fork", str(fork.top), check=False)
    pushed.git("config", "remote.origin/fork.url", str(fork.top))
    pushed.git("config", "remote.origin/fork.fetch", "+refs/heads/*:refs/remotes/origin/fork/*")
    leak_and_take_out(machine, pushed)
    pushed.git("-c", "core.hooksPath=/dev/null", "push", "--quiet", "origin/fork", "main")
    expect_refused(push(machine, pushed, "main"), "leak.py:2:1")


def test_a_push_from_a_linked_work_tree_is_read(machine: Machine, pushed: Repository) -> None:
    pushed.git("worktree", "add", "--quiet", "../linked")
    linked = machine.folder / "linked"
    (linked / "leak.py").write_text(machine.token())
    pushed.git("-C", str(linked), "add", ".")
    pushed.git("-C", str(linked), "commit", "--quiet", "-m", "leak")
    expect_refused(machine.run("git", "push", "--quiet", "origin", "linked", cwd=linked), "leak.py:1:1")
