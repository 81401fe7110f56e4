"""What some commits bring in that others do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e import past
from tests.e2e.past import commit, finding_of, leak, loose, take_out, text

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result, Scan
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured


def between(machine: Machine, repository: Repository, commits: str) -> Scan:
    return machine.scan("--range", commits, cwd=repository.top)


def refused(machine: Machine, repository: Repository, *arguments: str) -> Result:
    result = machine.run("tokenguard", "scan", *arguments, cwd=repository.top)
    assert (result.status, result.stdout) == (2, b""), result.talk
    assert "Traceback" not in result.talk
    return result


@pytest.fixture
def based(repository: Repository) -> Repository:
    """A repository with a commit that the tag `base` names."""
    repository.stage("app.py", "".join(f"{line}\n" for line in range(50)))
    commit(repository, "the base")
    repository.git("tag", "base")
    return repository


@pytest.mark.parametrize("commits", ["base..HEAD", "base..main", "base..", "base...HEAD", "base...", "base^{}..@"])
def test_what_came_in_between_is_read(machine: Machine, based: Repository, commits: str) -> None:
    token = machine.token()
    name = leak(based, token)
    take_out(based, "leak.py")
    scan = between(machine, based, commits)
    finding = finding_of(scan, token)
    assert (scan.status, finding["path"], finding["commit"]) == (1, "leak.py", name)
    assert (finding["paths"], finding["reachable"], finding["pushed"]) == (["leak.py"], True, False)


@pytest.mark.parametrize("revision", ["base", "HEAD~2", "main~2", ":/the base"])
def test_since_reads_up_to_what_is_checked_out(machine: Machine, based: Repository, revision: str) -> None:
    leak(based, machine.token())
    take_out(based, "leak.py")
    assert machine.scan("--since", revision, cwd=based.top).paths == ["leak.py"]
    assert machine.scan("--since", revision, based.top.name).paths == ["leak.py"]


def test_what_was_there_before_is_not_read(machine: Machine, based: Repository) -> None:
    leak(based, machine.token())
    based.git("tag", "--force", "base")
    based.stage("more.py", "clean\n")
    commit(based)
    scan = between(machine, based, "base..")
    assert (scan.status, scan.document["summary"]["blobs"]) == (0, 2)


def test_a_range_without_commits_has_nothing_to_scan(machine: Machine, based: Repository) -> None:
    for commits in ("HEAD..HEAD", "HEAD..base"):
        scan = between(machine, based, commits)
        assert scan.status == 0
        assert "nothing to scan" in scan.talk


def test_messages_and_who_wrote_them_are_read(machine: Machine, based: Repository) -> None:
    commit(based, machine.token(1))
    commit(based, GIT_AUTHOR_NAME=machine.token(2))
    based.git("tag", "--annotate", "v1", "-m", machine.token(3))
    assert len(between(machine, based, "base..HEAD").findings) == 2
    assert len(between(machine, based, "base..v1").findings) == 3


def test_nothing_but_the_range_is_read(machine: Machine, based: Repository) -> None:
    past.blob(based, machine.token(1))
    based.stage("staged.py", machine.token(2))
    based.git("branch", "other")
    leak(based, machine.token(3))
    assert between(machine, based, "base..other").status == 0


def on_a_branch(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "branch", "base")
    repository.stage("branch.py", "clean\n")
    commit(repository)


def test_what_a_merge_takes_over_from_the_base_is_not_of_the_branch(machine: Machine, based: Repository) -> None:
    on_a_branch(based)
    based.git("checkout", "--quiet", "main")
    leak(based, machine.token())
    take_out(based, "leak.py")
    leak(based, machine.token(1), "still.py")
    based.git("checkout", "--quiet", "branch")
    for revision in ("main~2", "main"):
        based.git("merge", "--quiet", "--no-ff", "-m", "take over", revision)
    based.git("checkout", "--quiet", "main")
    commit(based, "further")
    assert between(machine, based, "main..branch").status == 0


def test_what_a_merge_alone_brings_in_is_of_the_branch(machine: Machine, based: Repository) -> None:
    tokens = [machine.token(1), machine.token(2)]
    on_a_branch(based)
    based.git("checkout", "--quiet", "main")
    commit(based, "further")
    based.git("checkout", "--quiet", "branch")
    based.git("merge", "--quiet", "--no-ff", "--no-commit", "main")
    based.stage("evil.py", tokens[0])
    based.stage("app.py", tokens[1])
    name = commit(based, "merge")
    scan = between(machine, based, "main..branch")
    assert scan.paths == ["app.py", "evil.py"]
    assert {finding["commit"] for finding in scan.findings} == {name}


def test_who_brings_a_token_back_brings_it_in(machine: Machine, based: Repository) -> None:
    token = machine.token()
    leak(based, token)
    commit(based, "in between")
    based.git("revert", "--no-edit", "HEAD~1")
    based.git("tag", "--force", "base")
    based.git("revert", "--no-edit", "HEAD")
    name = based.head
    based.git("revert", "--no-edit", "HEAD")
    scan = between(machine, based, "base..")
    assert scan.status == 1
    assert finding_of(scan, token)["commit"] == name


def test_what_is_moved_only_is_not_brought_in(machine: Machine, based: Repository) -> None:
    leak(based, machine.token())
    based.git("tag", "--force", "base")
    based.git("mv", "leak.py", "moved.py")
    commit(based)
    assert between(machine, based, "base..").status == 0


def test_all_paths_in_the_range_decide_whether_it_is_left_out(machine: Machine, based: Repository) -> None:
    leak(based, machine.token(), "vendor/leak.py")
    based.write(".tokenguard.toml", 'exclude = ["vendor/"]\n')
    scan = between(machine, based, "base..")
    assert (scan.status, scan.document["summary"]["excluded"]) == (0, 1)
    assert machine.scan("--range", "base..", "--no-config", cwd=based.top).status == 1
    based.git("mv", "vendor/leak.py", "leak.py")
    commit(based)
    assert between(machine, based, "base..").status == 1


def test_what_is_pushed_is_said(machine: Machine, based: Repository) -> None:
    token = machine.token()
    leak(based, token)
    based.git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert finding_of(between(machine, based, "base.."), token)["pushed"] is True


def test_nothing_is_remembered_of_a_range(machine: Machine, based: Repository) -> None:
    commit(based)
    for _ in range(2):
        scan = between(machine, based, "base..")
        assert (scan.document["summary"]["blobs"], scan.document["summary"]["remembered"]) == (1, 0)


def test_a_bare_repository_has_ranges_too(machine: Machine, based: Repository) -> None:
    leak(based, machine.token())
    machine.run("git", "clone", "--quiet", "--bare", "repository", "bare.git")
    assert machine.scan("--range", "base..main", "bare.git").paths == ["leak.py"]
    assert machine.scan("--since", "base", cwd=machine.folder / "bare.git").paths == ["leak.py"]


@pytest.mark.parametrize("hide", ["replace", "graft"])
def test_no_commit_is_hidden_from_a_range(machine: Machine, based: Repository, hide: str) -> None:
    leak(based, machine.token())
    take_out(based, "leak.py")
    base = text(based, "rev-parse", "base")
    if hide == "replace":
        based.git("replace", "--graft", "HEAD", base)
    else:
        based.write(".git/info/grafts", f"{based.head} {base}\n")
    assert text(based, "rev-list", "--count", "base..HEAD") == "1", "it is not hidden from git"
    assert between(machine, based, "base..").status == 1


# What is not there.


def test_a_revision_that_is_no_commit_is_refused(machine: Machine, based: Repository) -> None:
    commands = [
        ("scan", *arguments)
        for revision in ("unknown", "1" * 40, "HEAD~99", "HEAD:app.py", "HEAD^{tree}", "-x", "--all", "é\n")
        for arguments in (
            ["--range", f"{revision}..HEAD"],
            ["--range", f"HEAD..{revision}"],
            [f"--since={revision}"],
        )
    ]
    for command, result in zip(commands, machine.together(*commands, cwd=based.top), strict=True):
        assert (result.status, result.stdout) == (2, b""), command
        assert "Traceback" not in result.talk


def test_the_revision_that_is_not_there_is_named(machine: Machine, based: Repository) -> None:
    assert "there is no commit unknown here" in refused(machine, based, "--range", "unknown..HEAD").talk
    name = "0123456789abcdef" * 2 + "01234567"
    assert name[:7] in refused(machine, based, "--range", f"{name}..HEAD").talk


@pytest.mark.parametrize("commits", ["HEAD", "..HEAD", "..", "...", "", "a b"])
def test_what_is_no_range_is_refused(machine: Machine, based: Repository, commits: str) -> None:
    refused(machine, based, f"--range={commits}")


def test_a_commit_beyond_the_edge_of_a_shallow_clone_is_refused_with_advice(
    machine: Machine, based: Repository
) -> None:
    base = based.head
    leak(based, machine.token())
    shallow = past.clone(machine, based, "shallow", "--depth=1")
    talk = refused(machine, shallow, "--range", f"{base}..HEAD").talk
    assert "shallow" in talk
    assert "fetch-depth: 0" in talk


def test_a_range_across_the_edge_of_a_shallow_clone_is_not_known(machine: Machine, based: Repository) -> None:
    """Both ends are there, and what is between them is not."""
    leak(based, machine.token())
    take_out(based, "leak.py")
    based.git("tag", "head")
    shallow = past.clone(machine, based, "shallow", "--depth=1", "--branch=base")
    shallow.git("fetch", "--quiet", "--depth=1", "origin", "tag", "head")
    scan = between(machine, shallow, "base..head")
    assert scan.status == 3
    assert "shallow" in scan.unreadable["history"]


def test_a_range_within_a_shallow_clone_is_known(machine: Machine, based: Repository) -> None:
    commit(based)
    token = machine.token()
    leak(based, token)
    shallow = past.clone(machine, based, "shallow", "--depth=2")
    scan = between(machine, shallow, "HEAD~1..HEAD")
    assert (scan.status, scan.paths) == (1, ["leak.py"])


@pytest.mark.parametrize("damage", ["gone", "corrupt"])
def test_what_of_a_range_cannot_be_read_leaves_the_answer_open(
    machine: Machine, based: Repository, damage: str
) -> None:
    based.stage("lost.py", "lost\n")
    leak(based, machine.token())
    name = text(based, "rev-parse", "HEAD:lost.py")
    if damage == "gone":
        loose(based, name).unlink()
    else:
        loose(based, name).write_bytes(b"junk")
    scan = between(machine, based, "base..")
    assert (scan.status, scan.paths) == (3, ["leak.py"])
    assert any(name in path + reason for path, reason in scan.unreadable.items())


def test_what_a_partial_clone_lacks_of_a_range_is_not_fetched(machine: Machine, based: Repository) -> None:
    based.git("config", "uploadpack.allowFilter", "true")
    leak(based, machine.token())
    partial = past.clone(machine, based, "partial", "--filter=blob:none", "--no-checkout")
    sprung = machine.folder / "sprung"
    partial.git("config", "remote.origin.uploadpack", f"touch '{sprung}'; git-upload-pack")
    assert between(machine, partial, "base..").status == 3
    refused(machine, partial, "--range", f"{'1' * 40}..HEAD")
    assert not sprung.exists()
    partial.git("cat-file", "-p", "HEAD:leak.py", check=False)
    assert sprung.exists(), "the trap does not work"


# Options that do not go together.


def test_options_that_make_no_sense_together_are_refused(machine: Machine, based: Repository) -> None:
    lines = (
        "--history --range base..",
        "--history --since base",
        "--history --staged",
        "--history --stdin",
        "--range base.. --since base",
        "--range base.. --staged",
        "--range base.. --stdin",
        "--range auto --since base",
        "--since base --staged",
        "--fresh",
        "--recurse-submodules",
        "--range base.. --fresh",
        "--since base --recurse-submodules",
        "--staged --fresh",
        "--history . .",
        "--range base.. . .",
        "--since base . .",
        "--history --ignored",
        "--range base.. --ignored",
        "--history --max-size 1",
        "--since base --max-size 1",
        "--history --jobs 0",
        "--since=",
        "--range=",
    )
    commands = [("scan", *line.split()) for line in lines]
    for line, result in zip(lines, machine.together(*commands, cwd=based.top), strict=True):
        assert (result.status, result.stdout) == (2, b""), line
        assert "Traceback" not in result.talk


def test_exit_zero_is_for_findings_alone(machine: Machine, based: Repository) -> None:
    leak(based, machine.token())
    for options in (["--history"], ["--since", "base"], ["--range", "base.."]):
        assert machine.run("tokenguard", "scan", "--exit-zero", *options, cwd=based.top).status == 0
    loose(based, text(based, "rev-parse", "HEAD:leak.py")).write_bytes(b"junk")
    for options in (["--history"], ["--since", "base"]):
        assert machine.run("tokenguard", "scan", "--exit-zero", *options, cwd=based.top).status == 3
