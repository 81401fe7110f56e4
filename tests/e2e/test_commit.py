"""Commits as people make them, with the hooks of `tokenguard hook install` in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.machine import write_script

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured

SCISSORS = "------------------------ >8 ------------------------"


@pytest.fixture
def guarded(machine: Machine, repository: Repository) -> Repository:
    """A repository with one commit, and the hooks."""
    repository.stage("app.py", "clean\n")
    repository.commit()
    machine.prepare("hook", "install", cwd=repository.top)
    return repository


def commit(machine: Machine, repository: Repository, *arguments: str, editor: str = "true") -> Result:
    return machine.run("git", "commit", *arguments, cwd=repository.top, environment={"GIT_EDITOR": editor})


def expect_refused(machine: Machine, repository: Repository, *arguments: str, editor: str = "true") -> None:
    head = repository.head
    result = commit(machine, repository, *arguments, editor=editor)
    assert result.status != 0
    assert "refused" in result.talk
    assert "https://huggingface.co/settings/tokens" in result.talk
    assert repository.head == head


def expect_committed(machine: Machine, repository: Repository, *arguments: str, editor: str = "true") -> None:
    head = repository.head
    result = commit(machine, repository, *arguments, editor=editor)
    assert result.status == 0, result.talk
    assert repository.head != head


def test_a_commit_with_a_token_is_refused(machine: Machine, guarded: Repository) -> None:
    guarded.stage("app.py", machine.token())
    expect_refused(machine, guarded, "-m", "leak")


def test_a_clean_commit_is_made(machine: Machine, guarded: Repository) -> None:
    guarded.stage("app.py", "still clean\n")
    expect_committed(machine, guarded, "-m", "no leak")


def test_the_first_commit_of_all_is_refused(machine: Machine, repository: Repository) -> None:
    machine.run("tokenguard", "hook", "install", cwd=repository.top)
    repository.stage("app.py", machine.token())
    expect_refused(machine, repository, "-m", "leak")


def test_commit_all_reads_what_it_stages(machine: Machine, guarded: Repository) -> None:
    guarded.write("app.py", machine.token())
    expect_refused(machine, guarded, "-a", "-m", "leak")


def test_commit_of_a_path_reads_the_index_made_for_it(machine: Machine, guarded: Repository) -> None:
    """git hands the hook an index that holds HEAD and this path alone."""
    guarded.stage("other.py", machine.token())
    guarded.write("app.py", "an edit\n")
    expect_committed(machine, guarded, "-m", "this path alone", "app.py")
    expect_refused(machine, guarded, "-m", "leak", "other.py")


def test_amending_is_refused_where_it_brings_a_token_in(machine: Machine, guarded: Repository) -> None:
    guarded.stage("app.py", machine.token())
    expect_refused(machine, guarded, "--amend", "--no-edit")
    guarded.stage("app.py", "edited\n")
    expect_committed(machine, guarded, "--amend", "--no-edit")


def test_a_commit_from_a_folder_within_is_refused(machine: Machine, guarded: Repository) -> None:
    guarded.stage("src/app.py", machine.token())
    head = guarded.head
    result = machine.run("git", "commit", "-m", "leak", cwd=guarded.top / "src")
    assert "src/app.py:1:1:" in result.talk
    assert (result.status, guarded.head) == (1, head)


def test_a_commit_in_a_linked_worktree_is_refused(machine: Machine, guarded: Repository) -> None:
    guarded.git("worktree", "add", "--quiet", "../linked")
    linked = machine.folder / "linked"
    (linked / "app.py").write_text(machine.token())
    result = machine.run("git", "commit", "-a", "-m", "leak", cwd=linked)
    assert result.status == 1
    assert "refused" in result.talk


def test_a_merge_that_brings_a_token_in_is_refused(machine: Machine, guarded: Repository) -> None:
    guarded.git("checkout", "--quiet", "-b", "other")
    guarded.stage("leak.py", machine.token())
    guarded.commit()
    guarded.git("checkout", "--quiet", "main")
    head = guarded.head
    result = machine.run("git", "merge", "--no-ff", "-m", "merge", "other", cwd=guarded.top)
    assert result.status != 0
    assert "leak.py:1:1:" in result.talk
    assert guarded.head == head


def test_a_token_in_the_message_is_refused(machine: Machine, guarded: Repository) -> None:
    guarded.stage("app.py", "edited\n")
    expect_refused(machine, guarded, "-m", "a subject", "-m", f"It was {machine.token()} all along.")


def test_a_token_typed_into_the_editor_is_refused(machine: Machine, guarded: Repository) -> None:
    guarded.stage("app.py", "edited\n")
    expect_refused(machine, guarded, "--verbose", editor=_types(machine, f"Use {machine.token()}"))


@pytest.mark.parametrize("comment", ["#", ";"])
def test_the_diff_below_the_scissors_is_no_part_of_the_message(
    machine: Machine, guarded: Repository, comment: str
) -> None:
    """Else nobody could commit that a token was taken out with `git commit --verbose`."""
    guarded.git("config", "core.commentChar", comment)
    token = machine.token()
    guarded.stage("leak.py", f"{token}\n")
    guarded.commit()
    guarded.stage("leak.py", "clean\n")
    kept = machine.folder / "message"
    expect_committed(machine, guarded, "--verbose", editor=_types(machine, "Take it out", keep=kept))
    assert f"{comment} {SCISSORS}\n" in kept.read_text()
    assert f"-{token}" in kept.read_text()
    assert guarded.git("log", "-1", "--format=%B").stdout.strip() == b"Take it out"


@pytest.mark.parametrize("line", [f"# {SCISSORS}", SCISSORS])
def test_what_follows_scissors_that_git_did_not_draw_is_part_of_the_message(
    machine: Machine, guarded: Repository, line: str
) -> None:
    """Without --verbose git cuts nothing off: such a line comes with a mail, or from a template."""
    guarded.stage("app.py", "edited\n")
    expect_refused(machine, guarded, "-m", f"a subject\n\n{line}\n\n{machine.token()}")


def test_a_message_without_a_token_says_nothing_of_a_leak(machine: Machine, guarded: Repository) -> None:
    guarded.stage("app.py", "edited\n")
    result = commit(machine, guarded, "-m", "mentions hf_ and HF_TOKEN only")
    assert result.status == 0
    assert "refused" not in result.talk


def test_a_commit_whose_index_cannot_be_read_is_refused(machine: Machine, guarded: Repository) -> None:
    guarded.stage("lost.py", "lost\n")
    name = guarded.git("rev-parse", ":lost.py").stdout.decode().strip()
    (guarded.top / ".git" / "objects" / name[:2] / name[2:]).unlink()
    head = guarded.head
    result = commit(machine, guarded, "-m", "incomplete")
    assert result.status != 0
    assert "not read: lost.py" in result.talk
    assert guarded.head == head


def _types(machine: Machine, text: str, keep: object = "/dev/null") -> str:
    """An editor that puts `text` first, and leaves a copy of the file in `keep`."""
    typed = machine.write("typed", f"{text}\n")
    editor = write_script(
        machine.folder / "editor", f'cat "$1" >>"{typed}"; cp "{typed}" "$1"; cat "$1" >"{keep}"'
    )
    return f"'{editor}'"
