"""Who brought a token in, when and where, and what has become of it since."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import past
from tests.e2e.past import AUTHOR, DAY, blob, commit, finding_of, history, leak, loose, take_out, text
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from tests.e2e.machine import Machine
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured

DATE = "2020-09-13T12:26:40+00:00"
"""The time of the first commit."""


def attribution(machine: Machine, repository: Repository, token: str) -> dict[str, Any]:
    """What is said of a token that is in one object, whether the objects are packed or not."""
    finding = finding_of(history(machine, repository), token)
    past.pack_everything(repository)
    packed = finding_of(history(machine, repository), token)
    assert packed == finding
    return finding


def test_a_file_that_is_still_there_has_its_commit(machine: Machine, repository: Repository) -> None:
    commit(repository)
    token = machine.token()
    name = leak(repository, token, "src/leak.py")
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["author"], finding["date"]) == (name, AUTHOR, DATE)
    assert (finding["path"], finding["paths"], finding["line"]) == ("src/leak.py", ["src/leak.py"], 1)
    assert (finding["reachable"], finding["pushed"]) == (True, False)


def test_the_first_commit_of_all_has_an_author_too(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    name = leak(repository, token)
    assert attribution(machine, repository, token)["commit"] == name


def test_a_file_that_was_taken_out_has_the_commit_that_brought_it(
    machine: Machine, repository: Repository
) -> None:
    token = machine.token()
    name = leak(repository, token)
    take_out(repository, "leak.py", 1_600_000_000 + DAY)
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["reachable"]) == (name, True)


def test_of_many_commits_that_brought_it_the_first_is_named(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    first = leak(repository, token)
    for day in range(1, 10):
        take_out(repository, "leak.py", 1_600_000_000 + day * DAY)
        leak(repository, token, "leak.py", 1_600_000_000 + day * DAY)
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["date"], finding["paths"]) == (first, DATE, ["leak.py"])


def test_the_first_commit_is_an_ancestor_whatever_the_clocks_said(
    machine: Machine, repository: Repository
) -> None:
    token = machine.token()
    first = leak(repository, token)
    for day in range(1, 10):
        take_out(repository, "leak.py", 1_600_000_000 - day * DAY)
        leak(repository, token, "leak.py", 1_600_000_000 - day * DAY)
    assert attribution(machine, repository, token)["commit"] == first


def test_all_paths_that_it_has_had_are_named_the_first_one_first(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    name = leak(repository, token, "z/original.py")
    repository.git("mv", "z/original.py", "renamed.py")
    commit(repository, "rename", 1_600_000_000 + DAY)
    repository.stage("a/copied.py", f"{token}\n")
    commit(repository, "copy", 1_600_000_000 + 2 * DAY)
    take_out(repository, "renamed.py", 1_600_000_000 + 3 * DAY)
    finding = attribution(machine, repository, token)
    assert finding["path"] == "z/original.py"
    assert finding["paths"] == ["z/original.py", "renamed.py", "a/copied.py"]
    assert finding["commit"] == name


def test_versions_of_a_file_are_apart(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage("leak.py", f"{token}\n")
    names = [commit(repository)]
    for version in range(1, 3):
        repository.stage("leak.py", f"# {version}\n{token}\n")
        names.append(commit(repository, "edit", 1_600_000_000 + version * DAY))
    scan = history(machine, repository)
    assert sorted(finding["commit"] for finding in scan.findings) == sorted(names)
    assert len(scan.findings) == 3


def test_the_same_file_on_two_branches_is_the_older_ones(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    base = commit(repository)
    repository.git("checkout", "--quiet", "-b", "younger")
    leak(repository, token, "younger.py", 1_600_000_000 + 2 * DAY)
    repository.git("checkout", "--quiet", "-b", "older", base)
    older = leak(repository, token, "older.py", 1_600_000_000 + DAY)
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["paths"]) == (older, ["older.py", "younger.py"])


def diverged(repository: Repository) -> None:
    """Two branches to be merged into `main`, which is checked out."""
    repository.stage("app.py", "".join(f"{line}\n" for line in range(50)))
    base = commit(repository)
    repository.git("checkout", "--quiet", "-b", "other", base)
    repository.stage("other.py", "other\n")
    commit(repository)
    repository.git("checkout", "--quiet", "main")
    repository.stage("main.py", "main\n")
    commit(repository)


@pytest.mark.parametrize("path", ["evil.py", "app.py"])
def test_what_a_merge_alone_brought_in_is_its_own(machine: Machine, repository: Repository, path: str) -> None:
    token = machine.token()
    diverged(repository)
    repository.git("merge", "--quiet", "--no-commit", "--no-ff", "other")
    repository.stage(path, f"{token}\n")
    name = commit(repository, "merge", 1_600_000_000 + DAY)
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["path"], finding["reachable"]) == (name, path, True)


def test_what_a_merge_passes_on_is_not_its_own(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    diverged(repository)
    repository.git("checkout", "--quiet", "other")
    name = leak(repository, token)
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "other")
    assert attribution(machine, repository, token)["commit"] == name


def test_an_octopus_has_what_it_alone_brings_in(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    base = commit(repository)
    parents = []
    for branch in ("one", "two", "three"):
        repository.git("checkout", "--quiet", "-b", branch, base)
        repository.stage(f"{branch}.py", branch)
        parents += ["-p", commit(repository)]
    repository.stage("evil.py", token)
    tree = text(repository, "write-tree")
    name = text(repository, "commit-tree", tree, "-m", "octopus", *parents)
    repository.git("update-ref", "refs/heads/main", name)
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["path"]) == (name, "evil.py")


def test_a_dangling_blob_has_nothing_but_its_name(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    commit(repository)
    name = blob(repository, token)
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["author"], finding["date"]) == (None, None, None)
    assert (finding["path"], finding["paths"]) == (f"object {name}", [])
    assert (finding["reachable"], finding["pushed"]) == (False, False)


def test_what_the_reflog_alone_leads_to_has_its_commit_all_the_same(
    machine: Machine, repository: Repository
) -> None:
    token = machine.token()
    commit(repository)
    name = leak(repository, token)
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["path"], finding["author"]) == (name, "leak.py", AUTHOR)
    assert finding["reachable"] is False


def test_a_stash_is_a_commit(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    commit(repository)
    repository.stage("leak.py", token)
    repository.git("stash", "--quiet")
    finding = attribution(machine, repository, token)
    assert (finding["path"], finding["author"], finding["reachable"]) == ("leak.py", AUTHOR, True)
    commits = text(repository, "rev-list", "stash@{0}").split()
    assert finding["commit"] in commits


def test_what_is_staged_alone_has_a_path_and_no_commit(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    commit(repository)
    repository.stage("src/leak.py", token)
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["path"], finding["reachable"]) == (None, "src/leak.py", True)


def test_a_message_has_the_commit_that_it_is_of(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    commit(repository)
    name = commit(repository, f"subject\n\nsee {token}", GIT_AUTHOR_DATE="1600000000 -0330")
    finding = attribution(machine, repository, token)
    assert finding["path"] == f"message of commit {name[:12]}"
    assert (finding["line"], finding["column"]) == (3, 5)
    assert (finding["commit"], finding["author"]) == (name, AUTHOR)
    assert finding["date"] == "2020-09-13T08:56:40-03:30"
    assert (finding["paths"], finding["reachable"]) == ([], True)


def test_the_message_of_a_tag_has_its_tagger(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    commit(repository)
    repository.git("tag", "--annotate", "v1", "-m", token, GIT_COMMITTER_DATE="1600000000 +0000")
    name = text(repository, "rev-parse", "v1")
    finding = attribution(machine, repository, token)
    assert finding["path"] == f"message of tag {name[:12]}"
    assert (finding["commit"], finding["author"]) == (None, "C O Mitter <committer@example.com>")
    assert (finding["date"], finding["reachable"]) == (DATE, True)


def test_a_tag_has_no_path(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    commit(repository)
    repository.git("tag", "--annotate", "docs", "-m", token)
    assert attribution(machine, repository, token)["paths"] == []
    repository.write(".tokenguard.toml", 'exclude = ["docs"]\n')
    assert history(machine, repository).status == 1


def test_who_leaked_a_token_by_name_is_shown_masked(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    name = commit(repository, GIT_AUTHOR_NAME=token)
    finding = attribution(machine, repository, token)
    assert finding["path"] == f"fields of commit {name[:12]}"
    assert finding["commit"] == name
    assert "…" in finding["author"]
    assert machine.run("tokenguard", "scan", "--history", cwd=repository.top).status == 1


def test_what_a_remote_has_is_pushed(machine: Machine, repository: Repository) -> None:
    origin = machine.repository("origin", "--bare")
    repository.git("remote", "add", "origin", str(origin.top))
    pushed, taken_out, local = (machine.token(number) for number in range(3))
    leak(repository, pushed, "pushed.py")
    leak(repository, taken_out, "out.py")
    take_out(repository, "out.py")
    commit(repository, machine.token(3))
    repository.git("push", "--quiet", "origin", "main")
    leak(repository, local, "local.py")
    scan = history(machine, repository)
    assert [finding["pushed"] for finding in scan.findings if "message" in finding["path"]] == [True]
    assert finding_of(scan, pushed)["pushed"] is True
    assert finding_of(scan, taken_out)["pushed"] is True
    assert finding_of(scan, local)["pushed"] is False


NAMES = [
    b"not \xff\xfe utf-8.py",
    b"new\nline.py",
    b"tab\tand\rreturn.py",
    b"\"quoted\" 'twice'.py",
    b":100644 100644 a b M",
    b":colon",
    b"commit x",
    b"\ncommit y\nz\n",
    b" leading and trailing ",
    b"back\\slash\\n.py",
    "é ✓ 你好.py".encode(),
    b"-dash/\x1b[31m.py",
]


def test_every_file_name_is_given_back(machine: Machine, repository: Repository) -> None:
    tokens = [machine.token(number) for number in range(len(NAMES))]
    for name, token in zip(NAMES, tokens, strict=True):
        repository.write(name, token)
    repository.git("add", ".")
    staged = history(machine, repository)
    first = commit(repository)
    scan = history(machine, repository)
    for name, token in zip(NAMES, tokens, strict=True):
        finding = finding_of(scan, token)
        assert os.fsencode(finding["path"]) == name
        assert (finding["commit"], finding["author"]) == (first, AUTHOR)
        if b"\n" not in name:
            assert os.fsencode(finding_of(staged, token)["path"]) == name


def test_a_staged_file_with_a_newline_in_its_name_has_that_name(machine: Machine, repository: Repository) -> None:
    repository.stage("docs\nleak.py", machine.token())
    assert history(machine, repository).paths == ["docs\nleak.py"]


@pytest.mark.parametrize("author", ["commit x", "x:100644", "x\x1b[31m", "Jos\xe9", "a\tb", "=?utf-8?q?x?="])
def test_every_author_is_given_back(machine: Machine, repository: Repository, author: str) -> None:
    token = machine.token()
    repository.stage("leak.py", token)
    name = commit(repository, GIT_AUTHOR_NAME=author)
    finding = attribution(machine, repository, token)
    assert (finding["commit"], finding["author"]) == (name, f"{author} <author@example.com>")


def test_a_commit_that_says_nothing_of_its_author_is_reported(machine: Machine, repository: Repository) -> None:
    """git makes no such commit, but a repository may hold one."""
    token = machine.token()
    repository.stage("leak.py", token)
    tree = text(repository, "write-tree")
    raw = repository.write("raw", f"tree {tree}\nauthor nobody\ncommitter x <y> 99999999999 +9999\n\n{token}\n")
    name = text(repository, "hash-object", "-t", "commit", "-w", "--literally", str(raw))
    repository.git("update-ref", "refs/heads/main", name)
    scan = history(machine, repository)
    assert scan.status in {1, 3}
    assert {finding["path"] for finding in scan.findings} == {"leak.py", f"message of commit {name[:12]}"}
    assert machine.run("tokenguard", "scan", "--history", cwd=repository.top).status == scan.status


def test_a_damaged_dangling_commit_takes_no_attribution_away(machine: Machine, repository: Repository) -> None:
    tokens = [machine.token(number) for number in range(8)]
    commit(repository)
    repository.stage("lost.py", "lost\n")
    broken = commit(repository)
    tree = text(repository, "rev-parse", "HEAD^{tree}")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    loose(repository, tree).unlink()
    # A pack of its own, so that it does not depend on the names of objects which of them git reads first.
    (repository.top / "broken").write_text(f"{broken}\n")
    with (repository.top / "broken").open("rb") as names_of_it:
        command = ["git", "pack-objects", "--quiet", ".git/objects/pack/pack"]
        environment = repository.environment
        subprocess.run(
            command, cwd=repository.top, env=environment, stdin=names_of_it, check=True, timeout=TIMEOUT
        )
    repository.git("prune-packed", "--quiet")
    names = [
        leak(repository, token, f"{day}.py", 1_600_000_000 + day * DAY) for day, token in enumerate(tokens, 1)
    ]
    scan = history(machine, repository)
    assert [finding_of(scan, token)["commit"] for token in tokens] == names
