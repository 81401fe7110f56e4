"""Who brought an object in, when and where, and what has become of it: told by real repositories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tokenguard.core.lineage import Lineage
from tokenguard.sources.git import Git
from tokenguard.sources.lineage import oldest_first, trace
from tokenguard.sources.staged import all_entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.repository import Repository

AUTHOR = "A U Thor <author@example.com>"
ODD = [
    b"plain",
    b"two words",
    b" leading",
    b"trailing ",
    b":100644 100644",
    b"commit 1234",
    b"a\nb",
    b"\ncommit x",
    b"tab\t",
    b'"quoted"',
    b"back\\slash",
    b"caf\xe9",
    "é鍵🔑".encode(),
    b"\x1b[31m",
    b"folder/\n:within",
    b"-r",
]


def commit(repository: Repository, day: int, **environment: str) -> bytes:
    date = f"2020-01-{day:02}T12:00:00+02:00"
    environment |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    repository.git("commit", "--quiet", "--allow-empty", "-m", f"on day {day}", check=True, **environment)
    return repository.head.encode()


def name_of(repository: Repository, revision: str) -> str:
    return repository.git("rev-parse", "--verify", revision).stdout.decode().strip()


def commits_of(repository: Repository) -> list[bytes]:
    """All of them, the newest first."""
    return repository.git("rev-list", "--all", "--date-order").stdout.split()


def traced(
    repository: Repository,
    names: Sequence[str],
    commits: Sequence[bytes] | None = None,
    *,
    reachable: bool | None = None,
) -> dict[str, Lineage]:
    commits = commits_of(repository) if commits is None else commits
    git = Git(str(repository.top))
    staged: dict[str, list[str]] = {}
    for entry in all_entries(git):
        staged.setdefault(entry.blob, []).append(entry.path)
    lineages, _ = trace(git, names, oldest_first(git, commits), staged, reachable=reachable)
    return lineages


def test_a_blob_has_the_commit_author_date_and_path_that_brought_it_in(repository: Repository) -> None:
    repository.stage("src/a.py", "a\n")
    first = commit(repository, 1)
    commit(repository, 2)
    blob = name_of(repository, "HEAD:src/a.py")
    assert traced(repository, [blob]) == {
        blob: Lineage(
            commit=first.decode(),
            author=AUTHOR,
            date="2020-01-01T12:00:00+02:00",
            paths=("src/a.py",),
            reachable=True,
            pushed=False,
        )
    }


def test_each_path_keeps_its_bytes(repository: Repository) -> None:
    for path in ODD:
        repository.write(path, path)
        repository.git("--literal-pathspecs", "add", "--", os.fsdecode(path))
    commit(repository, 1)
    blobs = {}
    for path in ODD:
        repository.write("../blob", path)
        blobs[name_of_content(repository)] = os.fsdecode(path)
    lineages = traced(repository, list(blobs))
    assert {name: lineage.paths for name, lineage in lineages.items()} == {
        name: (path,) for name, path in blobs.items()
    }


def name_of_content(repository: Repository) -> str:
    return repository.git("hash-object", "../blob").stdout.decode().strip()


def test_a_blob_has_all_the_paths_that_it_has_had(repository: Repository) -> None:
    repository.stage("one", "same\n")
    first = commit(repository, 1)
    repository.stage("two", "same\n")
    repository.stage("three", "same\n")
    commit(repository, 2)
    repository.git("mv", "one", "moved")
    commit(repository, 3)
    blob = name_of(repository, "HEAD:two")
    lineage = traced(repository, [blob])[blob]
    assert lineage.commit == first.decode()
    assert lineage.paths == ("one", "three", "two", "moved")


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [1, 4, 0, 3, 2]])
def test_the_first_is_the_oldest_in_whatever_order_commits_are_listed(
    repository: Repository, order: list[int]
) -> None:
    """A listing of all objects has them in the order of their names, or of packs."""
    repository.stage("path 1", "same\n")
    commits = [commit(repository, 1)]
    for day in range(2, 6):
        repository.git("mv", f"path {day - 1}", f"path {day}")
        commits.append(commit(repository, day))
    blob = name_of(repository, "HEAD:path 5")
    lineage = traced(repository, [blob], [commits[at] for at in order])[blob]
    assert lineage.commit == commits[0].decode()
    assert lineage.paths == ("path 1", "path 2", "path 3", "path 4", "path 5")


def test_what_a_merge_itself_brings_in_is_the_merges(repository: Repository) -> None:
    repository.stage("file", "base\n")
    commit(repository, 1)
    repository.git("switch", "--quiet", "--create", "other")
    repository.stage("file", "theirs\n")
    commit(repository, 2)
    repository.git("switch", "--quiet", "main")
    repository.stage("file", "ours\n")
    ours = commit(repository, 3)
    repository.git("merge", "--quiet", "--no-commit", "other", check=False)
    repository.stage("file", "of the merge alone\n")
    merge = commit(repository, 4)
    blobs = [name_of(repository, "HEAD:file"), name_of(repository, "HEAD^:file")]
    lineages = traced(repository, blobs)
    assert [lineages[blob].commit for blob in blobs] == [merge.decode(), ours.decode()]
    assert [lineages[blob].paths for blob in blobs] == [("file",), ("file",)]


def test_an_octopus_is_a_merge_too(repository: Repository) -> None:
    repository.stage("file", "base\n")
    commit(repository, 1)
    for branch in "abc":
        repository.git("switch", "--quiet", "--create", branch, "main")
        repository.stage(f"of {branch}", branch)
        commit(repository, 2)
    tree = name_of(repository, "main^{tree}")
    repository.stage("evil", "of the merge alone\n")
    tree = repository.git("write-tree").stdout.decode().strip()
    parents = ("-p", "a", "-p", "b", "-p", "c")
    merge = repository.git("commit-tree", *parents, "-m", "octopus", tree).stdout.decode().strip()
    repository.git("branch", "merged", merge)
    blob = name_of(repository, f"{merge}:evil")
    assert traced(repository, [blob])[blob][0] == merge
    assert traced(repository, [blob])[blob].paths == ("evil",)


def test_links_and_submodules_confuse_nothing(repository: Repository) -> None:
    repository.stage("a", "a\n")
    first = commit(repository, 1)
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{repository.head},module")
    (repository.top / "link").symlink_to("target")
    repository.git("add", "link")
    second = commit(repository, 2)
    link, blob = name_of(repository, "HEAD:link"), name_of(repository, "HEAD:a")
    lineages = traced(repository, [link, blob])
    assert [lineages[name].commit for name in (link, blob)] == [second.decode(), first.decode()]


def test_what_was_pushed_is_told_by_remote_branches(repository: Repository) -> None:
    repository.stage("old", "old\n")
    commit(repository, 1)
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.stage("new", "new\n")
    commit(repository, 2)
    old, new = name_of(repository, "HEAD:old"), name_of(repository, "HEAD:new")
    lineages = traced(repository, [old, new])
    assert [lineages[name].pushed for name in (old, new)] == [True, False]
    assert [lineages[name].reachable for name in (old, new)] == [True, True]


def test_what_nothing_leads_to_has_its_commit_all_the_same(repository: Repository) -> None:
    commit(repository, 1)
    repository.stage("lost", "lost\n")
    lost = commit(repository, 2)
    blob = name_of(repository, "HEAD:lost")
    repository.git("reset", "--quiet", "--hard", "HEAD^")
    lineage = traced(repository, [blob], [*commits_of(repository), lost])[blob]
    assert (lineage.commit, lineage.paths) == (lost.decode(), ("lost",))
    assert (lineage.reachable, lineage.pushed) == (False, False)


def test_a_dangling_blob_has_nothing(repository: Repository) -> None:
    commit(repository, 1)
    repository.write("../blob", "dangling\n")
    blob = repository.git("hash-object", "-w", "../blob").stdout.decode().strip()
    assert traced(repository, [blob])[blob] == Lineage(reachable=False, pushed=False)


def test_what_only_the_index_has_is_at_its_path_there(repository: Repository) -> None:
    repository.stage("folder/staged file", "staged\n")
    blob = name_of(repository, ":folder/staged file")
    assert traced(repository, [blob])[blob] == Lineage(paths=("folder/staged file",), reachable=True, pushed=False)


def test_whether_it_is_reachable_may_be_known_before(repository: Repository) -> None:
    """As of a push that arrives, to which no ref leads yet."""
    repository.stage("a", "a\n")
    pushed = commit(repository, 1)
    blob = name_of(repository, "HEAD:a")
    repository.git("update-ref", "-d", "refs/heads/main")
    repository.git("rm", "--quiet", "--cached", "a")
    assert traced(repository, [blob], [pushed], reachable=True)[blob].reachable is True
    assert traced(repository, [blob], [pushed])[blob].reachable is False


def test_what_cannot_be_walked_is_not_known(repository: Repository) -> None:
    repository.stage("a", "a\n")
    commit(repository, 1)
    repository.stage("b", "b\n")
    second = commit(repository, 2)
    blob = name_of(repository, "HEAD:b")
    first = name_of(repository, "HEAD^")
    (repository.top / ".git" / "objects" / first[:2] / first[2:]).unlink()
    lineage = traced(repository, [blob], [second])[blob]
    assert lineage.reachable is None


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-32", "ISO-8859-1", "none such"])
def test_how_the_repository_would_have_its_log_encoded_changes_nothing(
    repository: Repository, encoding: str
) -> None:
    repository.git("config", "i18n.logOutputEncoding", encoding)
    repository.stage("é", "a\n")
    first = commit(repository, 1, GIT_AUTHOR_NAME="É")
    blob = name_of(repository, "HEAD:é")
    lineage = traced(repository, [blob])[blob]
    assert (lineage.commit, lineage.author, lineage.paths) == (
        first.decode(),
        "É <author@example.com>",
        ("é",),
    )


@pytest.mark.parametrize(
    "fields",
    [
        b"author\ncommitter C <c@d> 1 +0000\n",
        b"author <> 1 +0000\ncommitter C <c@d> 1 +0000\n",
        b"author A <a@b> 99999999999999999999 +9999\ncommitter C <c@d> 1 +0000\n",
        b"author A\0B <a@b> 1 +0000\ncommitter C <c@d> 1 +0000\n",
        b"author \xff\n:x <a@b> 1 +0000\ncommitter C <c@d> 1 +0000\n",
        b"author A <a@b> 1 +0000\ncommitter C <c@d> 1 +0000\nencoding UTF-16\n",
        b"author A <a@b> 1 +0000\ncommitter C <c@d> 1 +0000\nencoding none such\n",
        b"",
    ],
)
def test_a_malformed_commit_confuses_nothing(repository: Repository, fields: bytes) -> None:
    repository.stage("bad", "bad\n")
    tree = repository.git("write-tree").stdout
    repository.write("../commit", b"tree " + tree + fields + b"\nmessage\n")
    bad = repository.git("hash-object", "-w", "-t", "commit", "--literally", "../commit").stdout.strip()
    repository.stage("good", "good\n")
    good = commit(repository, 2)
    blobs = [name_of(repository, ":bad"), name_of(repository, ":good")]
    lineages = traced(repository, blobs, [good, bad])
    assert lineages[blobs[1]].commit == good.decode()
    assert lineages[blobs[1]].paths == ("good",)
    assert lineages[blobs[0]].paths == ("bad",)
