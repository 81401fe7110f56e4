"""Every object of a repository is read, whatever leads to it and however it is kept."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e import past
from tests.e2e.past import blob, commit, found, history, leak, take_out, text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine, Scan
    from tests.support.repository import Repository

MIB = 1024 * 1024
BUFFER = MIB // 2
WINDOW = 8 * MIB


def with_a_token_everywhere(machine: Machine, repository: Repository) -> dict[str, str]:
    """Leaks a token in every place that a repository has; gives them by the name of the place."""
    tokens: dict[str, str] = {}

    def new(place: str) -> str:
        tokens[place] = machine.token(len(tokens))
        return tokens[place]

    repository.stage("app.py", "clean\n")
    base = commit(repository)
    leak(repository, new("a file that is still there"), "there.py")
    leak(repository, new("a file that was taken out"), "gone.py")
    take_out(repository, "gone.py")
    commit(repository, f"subject\n\n{new('a message')}")
    commit(repository, "author", GIT_AUTHOR_NAME=new("an author"))
    commit(repository, "committer", GIT_COMMITTER_EMAIL=new("a committer"))
    repository.git("checkout", "--quiet", "-b", "other", base)
    leak(repository, new("another branch"), "other.py")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-commit", "--no-ff", "other")
    repository.stage("evil.py", new("a merge that brings in what no parent has"))
    commit(repository, "merge")
    repository.git("branch", "--quiet", "--delete", "--force", "other")
    leak(repository, new("the reflog"), "reflog.py")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    for place in ("a stash below the top", "the stash"):
        repository.stage("stash.py", new(place))
        repository.git("stash", "--quiet")
    repository.git("notes", "add", "-m", new("a note"))
    repository.git("tag", "--annotate", "v1", "-m", new("the message of a tag"))
    repository.git("tag", "--annotate", "v2", "-m", "x", GIT_COMMITTER_NAME=new("a tagger"))
    repository.git("tag", "blob", blob(repository, new("a tag of a blob")))
    blob(repository, new("a dangling blob"))
    repository.stage(".gitattributes", "*.bin -diff -text export-ignore merge=binary\n")
    repository.stage("hidden.bin", f"\0\1{new('what attributes hide')}\0")
    commit(repository)
    repository.stage("index.py", new("the index"))
    worktree = repository.top.parent / "worktree"
    repository.git("worktree", "add", "--quiet", "--detach", str(worktree), base)
    (worktree / "head.py").write_text(new("the HEAD of another worktree"))
    repository.git("-C", str(worktree), "add", "head.py")
    repository.git("-C", str(worktree), "commit", "--quiet", "-m", "elsewhere")
    (worktree / "index.py").write_text(new("the index of another worktree"))
    repository.git("-C", str(worktree), "add", "index.py")
    leak(repository, new("a replaced object"), "replaced.py")
    repository.git("replace", text(repository, "rev-parse", ":replaced.py"), blob(repository, "clean"))
    return tokens


def expect_everything(scan: Scan, tokens: dict[str, str]) -> None:
    assert found(scan, tokens) == set(tokens)
    assert len(scan.findings) == len(tokens)
    assert (scan.status, scan.unreadable) == (1, {}), scan.talk


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_token_is_found_wherever_it_is(machine: Machine, form: str) -> None:
    repository = machine.repository("repository", f"--object-format={form}")
    tokens = with_a_token_everywhere(machine, repository)
    expect_everything(history(machine, repository), tokens)
    past.pack_everything(repository)
    expect_everything(history(machine, repository), tokens)
    expect_everything(history(machine, repository, "--jobs", "1", "--fresh"), tokens)


def test_a_repository_is_one_whatever_folder_of_it_is_named(machine: Machine, repository: Repository) -> None:
    tokens = with_a_token_everywhere(machine, repository)
    (repository.top / "sub").mkdir()
    bare = machine.folder / "bare.git"
    shutil.copytree(repository.top / ".git", bare)
    (repository.top.parent / "link").symlink_to(repository.top)
    for name in ("repository", "repository/.git", "repository/sub", "worktree", "bare.git", "link"):
        expect_everything(machine.scan("--history", name), tokens)
    for folder in (repository.top / ".git", bare):
        expect_everything(machine.scan("--history", cwd=folder), tokens)


def test_what_a_repository_borrows_is_read(machine: Machine, repository: Repository) -> None:
    tokens = with_a_token_everywhere(machine, repository)
    machine.run("git", "clone", "--quiet", "--shared", "repository", "borrower")
    expect_everything(machine.scan("--history", "borrower"), tokens)


def test_a_lender_that_is_gone_is_said(machine: Machine, repository: Repository) -> None:
    leak(repository, machine.token())
    machine.run("git", "clone", "--quiet", "--shared", "repository", "borrower")
    repository.top.rename(machine.folder / "elsewhere")
    result = machine.run("tokenguard", "scan", "--history", "borrower")
    assert result.status == 3, result.talk
    assert "not read: history: " in result.talk


def test_a_bare_repository_of_somebody_is_read(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    leak(repository, token)
    machine.run("git", "clone", "--quiet", "--bare", "repository", "bare.git")
    assert machine.scan("--history", "bare.git").paths == ["leak.py"]


def test_files_that_look_like_a_bare_repository_hide_nothing(machine: Machine, repository: Repository) -> None:
    leak(repository, machine.token())
    for path in ("HEAD", "config", "objects/info/packs", "refs/heads/main"):
        repository.stage(path, "ref: refs/heads/main\n" if path == "HEAD" else "")
    scan = history(machine, repository)
    assert (scan.status, scan.paths) == (1, ["leak.py"]), scan.talk


def test_a_replaced_or_grafted_commit_hides_nothing(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    commit(repository)
    base = repository.head
    leak(repository, token)
    take_out(repository, "leak.py")
    repository.git("replace", "--graft", "HEAD", base)
    repository.write(".git/info/grafts", f"{repository.head} {base}\n")
    assert text(repository, "rev-list", "--count", "HEAD") == "2"
    assert history(machine, repository).paths == ["leak.py"]


def test_a_token_is_found_wherever_it_lies_in_a_large_object(machine: Machine, repository: Repository) -> None:
    """Objects go through a buffer of 512 KiB where they fit into it, and through windows of 8 MiB otherwise."""
    repository.git("config", "core.compression", "0")
    token = machine.token().encode()
    length = len(token)
    offsets = [limit + distance for limit in (BUFFER, WINDOW) for distance in (-length - 60, -length, -20, 0, 1)]
    for offset in [0, *offsets]:
        repository.write(f"{offset:08}.bin", b" " * offset + token + b"\n" + b" " * BUFFER)
        repository.write(f"{offset:08}.end", b"." + b" " * offset + token)
    repository.git("add", ".")
    commit(repository)
    expected = [
        (f"{offset:08}.{kind}", 1, offset + column)
        for offset in [0, *offsets]
        for kind, column in (("bin", 1), ("end", 2))
    ]
    assert sorted(history(machine, repository).places) == sorted(expected)
    past.pack_everything(repository)
    assert sorted(history(machine, repository, "--fresh").places) == sorted(expected)


def test_every_one_of_very_many_objects_is_read(machine: Machine, repository: Repository) -> None:
    tokens = {f"{at}.txt": machine.token(at) for at in (0, 1, 1234, 2500, 4999)}
    names = [f"{at}.txt" for at in range(5000)]
    past.import_blobs(repository, [f"{name}\n{tokens.get(name, '')}\n".encode() for name in names])
    for jobs in ("1", "4"):
        scan = history(machine, repository, "--fresh", "--jobs", jobs)
        assert scan.places == [(name, 2, 1) for name in sorted(tokens)]
        assert scan.document["summary"]["blobs"] == 5001
        assert scan.document["summary"]["bytes"] > sum(map(len, names))


def test_objects_of_every_size_around_the_buffer_are_read(machine: Machine, repository: Repository) -> None:
    """The one after it is in the same stream, and must not be lost with it."""
    repository.git("config", "core.compression", "0")
    tokens: dict[str, str] = {}
    contents: list[bytes] = []
    for distance in range(-70, 10):
        name = f"{len(contents)}.txt"
        tokens[name] = machine.token(distance + 100)
        contents += [b"%d" % distance + b" " * (BUFFER + distance - 60), f"{tokens[name]}\n".encode()]
    past.import_blobs(repository, contents)
    scan = history(machine, repository)
    assert found(scan, tokens) == set(tokens)
    assert scan.status == 1


def test_a_repository_is_not_changed_but_for_the_memory(machine: Machine, repository: Repository) -> None:
    with_a_token_everywhere(machine, repository)
    before = _files(repository.top)
    history(machine, repository)
    after = _files(repository.top)
    assert after.keys() - before.keys() == {str(repository.top / ".git" / "tokenguard-history")}
    assert {path: content for path, content in after.items() if path in before} == before


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
