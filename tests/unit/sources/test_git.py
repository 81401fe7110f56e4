"""git as it delivers objects: however many are asked for, and however it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.machine import write_script
from tokenguard.sources.git import Git, GitError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.repository import Repository


def delivered(git: Git, names: Sequence[bytes]) -> bytes:
    parts = []
    with git.deliver(names) as delivery:
        while part := delivery.read(1 << 16):
            parts.append(part)
    return b"".join(parts)


def blob(repository: Repository, content: bytes) -> bytes:
    repository.write("blob", content)
    return repository.git("hash-object", "-w", "blob").stdout.strip()


@pytest.fixture
def git(repository: Repository) -> Git:
    return Git(str(repository.top))


def test_objects_come_in_the_order_asked_for(repository: Repository, git: Git) -> None:
    one, other = blob(repository, b"one"), blob(repository, b"a\nb\0")
    missing = b"1" * 40
    assert delivered(git, [other, missing, one]) == (
        other + b" blob 4\na\nb\0\n" + missing + b" missing\n" + one + b" blob 3\none\n"
    )


def test_of_no_names_nothing_comes(git: Git) -> None:
    assert delivered(git, []) == b""


def test_more_names_than_a_pipe_holds_are_asked_for(repository: Repository, git: Git) -> None:
    """git writes far more than a pipe holds, too, before it has read them all."""
    name = blob(repository, b"x" * 100)
    each = len(name + b" blob 100\n") + 101
    assert len(delivered(git, [name] * 20_000)) == 20_000 * each


def test_what_arrives_can_be_put_into_a_buffer(repository: Repository, git: Git) -> None:
    name = blob(repository, b"content")
    buffer = bytearray(200)
    filled = 0
    with git.deliver([name]) as delivery, memoryview(buffer) as view:
        while count := delivery.readinto(view[filled:]):
            filled += count
    assert buffer[:filled] == name + b" blob 7\ncontent\n"


@pytest.mark.parametrize("read", [0, 1, 100_000])
def test_nobody_has_to_read_it_all(repository: Repository, git: Git, read: int) -> None:
    name = blob(repository, b"x" * 100_000)
    with git.deliver([name] * 20_000) as delivery:
        delivery.read(read)


def test_a_failure_while_it_is_read_leaves_nothing_behind(repository: Repository, git: Git) -> None:
    name = blob(repository, b"x" * 100_000)
    with pytest.raises(ZeroDivisionError), git.deliver([name] * 20_000) as delivery:
        delivery.read(1 // 0)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("exit 1", id="at once"),
        pytest.param("echo x missing; exec 0<&-; kill -9 $$", id="killed"),
        pytest.param("head -c 5000 >&2; exit 0", id="after some names"),
    ],
)
def test_a_git_that_ends_early_just_ends(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    write_script(tmp_path / "bin" / "git", script)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    assert delivered(Git(str(repository.top)), [b"1" * 40] * 20_000) in (b"", b"x missing\n")


def test_a_git_that_is_not_there_is_an_error(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    git = Git(str(repository.top))
    with pytest.raises(GitError, match="git cannot be started"):
        git.deliver([])
    for use in (git.objects, git.start):
        with pytest.raises(GitError, match="git cannot be started"):
            use()


def test_a_running_git_tells_what_it_printed_and_what_it_complained_of(git: Git) -> None:
    running = git.start("rev-parse", "--verify", "nothing")
    with pytest.raises(GitError, match="Needed a single revision"):
        running.output()
    assert running.complaints == ["fatal: Needed a single revision"]
    assert git.start("rev-parse", "--git-dir").output() == b".git\n"
    assert git.ask(b"HEAD\n", "cat-file", "--batch-check") == b"HEAD missing\n"


def test_a_bare_folder_is_read_as_the_repository_that_it_is(repository: Repository, tmp_path: Path) -> None:
    repository.git("init", "--quiet", "--bare", "bare.git")
    folder = str(repository.top / "bare.git")
    assert Git(folder, bare=True).text("rev-parse", "--git-dir") == "."
    with pytest.raises(GitError):
        Git(folder)("rev-parse", "--git-dir")


def test_what_git_tells_a_hook_holds_where_the_caller_is_and_nowhere_else(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = blob(repository, b"in quarantine")
    repository.git("init", "--quiet", "../other")
    objects = repository.top / ".git" / "objects"
    monkeypatch.chdir(repository.top.parent / "other")
    assert delivered(Git(), [name]) == name + b" missing\n"
    monkeypatch.setenv("GIT_QUARANTINE_PATH", str(objects))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(objects))
    assert delivered(Git(), [name]) == name + b" blob 13\nin quarantine\n"
    assert delivered(Git("."), [name]) == name + b" missing\n"
