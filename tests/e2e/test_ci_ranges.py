"""`--range auto`: what a job of GitHub or GitLab is about, in the clones that these make."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.past import commit, leak, take_out, text
from tests.support.repository import Repository

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result, Scan

ZEROS = "0" * 40
EVERYTHING = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")


class Forge:
    """What has been pushed to it, and the jobs that it starts."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.repository = machine.repository("forge")
        self.repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.repository.stage("app.py", "clean\n")
        commit(self.repository, "first")
        leak(self.repository, machine.token(90), "old.py")
        take_out(self.repository, "old.py")

    @property
    def head(self) -> str:
        return self.repository.head

    def branch(self, name: str, base: str = "main") -> None:
        self.repository.git("checkout", "--quiet", "-B", name, base)

    def merged(self, branch: str) -> str:
        """What GitHub would make of a pull request of `branch`: a commit that no branch has."""
        self.repository.git("checkout", "--quiet", "--detach", "main")
        self.repository.git("merge", "--quiet", "--no-ff", "-m", "merged", branch)
        self.repository.git("update-ref", "refs/pull/1/merge", "HEAD")
        self.repository.git("update-ref", "refs/pull/1/head", branch)
        return self.head

    def checkout(self, revision: str, *fetched: str, depth: int = 0) -> Repository:
        """What `actions/checkout` does: fetches the commit, with all branches and tags where `depth` is 0."""
        clone = Repository(self.machine.folder / "clone", self.machine.home)
        clone.git("remote", "add", "origin", f"file://{self.repository.top}")
        options = ["--depth", str(depth), "--no-tags"] if depth else []
        fetched = fetched or (f"+{revision}:refs/remotes/origin/checked-out",)
        clone.git("fetch", "--quiet", *options, "origin", *(() if depth else EVERYTHING), *fetched)
        clone.git("checkout", "--quiet", "--force", "--detach", revision)
        return clone

    def github(self, name: str, event: Any) -> None:
        path = self.machine.write("event.json", event if isinstance(event, str) else json.dumps(event))
        self.machine.environment |= {"GITHUB_EVENT_PATH": str(path), "GITHUB_EVENT_NAME": name}

    def push(self, before: str, after: str, ref: str = "refs/heads/main", **more: Any) -> None:
        event = {"before": before, "after": after, "ref": ref, "repository": {"default_branch": "main"}}
        self.github("push", event | more)

    def pull_request(self, base: str, head: str, name: str = "pull_request") -> None:
        self.github(name, {"number": 1, "pull_request": {"base": {"sha": base}, "head": {"sha": head}}})

    def gitlab(self, head: str, **variables: str) -> None:
        self.machine.environment |= {"CI_COMMIT_SHA": head, "CI_DEFAULT_BRANCH": "main", **variables}


@pytest.fixture
def forge(machine: Machine) -> Forge:
    return Forge(machine)


def scan(machine: Machine, clone: Repository) -> Scan:
    return machine.scan("--range", "auto", cwd=clone.top)


def refused(machine: Machine, clone: Repository, *words: str) -> Result:
    result = machine.run("tokenguard", "scan", "--range", "auto", cwd=clone.top)
    assert (result.status, result.stdout) == (2, b""), result.talk
    assert "Traceback" not in result.talk
    for word in words:
        assert word in result.talk
    return result


def test_a_push_is_about_what_it_adds(machine: Machine, forge: Forge) -> None:
    before = forge.head
    leak(forge.repository, machine.token())
    take_out(forge.repository, "leak.py")
    forge.push(before, forge.head)
    assert scan(machine, forge.checkout(forge.head)).paths == ["leak.py"]


def test_a_clean_push_is_clean(machine: Machine, forge: Forge) -> None:
    before = forge.head
    commit(forge.repository)
    forge.push(before, forge.head)
    found = scan(machine, forge.checkout(forge.head))
    assert (found.status, found.document["summary"]["blobs"]) == (0, 1)


def test_a_new_branch_is_about_what_the_default_branch_lacks(machine: Machine, forge: Forge) -> None:
    forge.branch("feature")
    leak(forge.repository, machine.token())
    forge.push(ZEROS, forge.head, "refs/heads/feature")
    assert scan(machine, forge.checkout(forge.head)).paths == ["leak.py"]


def test_the_very_first_push_is_about_everything(machine: Machine, forge: Forge) -> None:
    forge.push(ZEROS, forge.head)
    assert scan(machine, forge.checkout(forge.head)).paths == ["old.py"]


def test_a_new_tag_on_the_default_branch_brings_nothing_but_itself(machine: Machine, forge: Forge) -> None:
    forge.repository.git("tag", "--annotate", "v1", "-m", machine.token())
    forge.push(ZEROS, text(forge.repository, "rev-parse", "v1"), "refs/tags/v1")
    found = scan(machine, forge.checkout(forge.head))
    assert len(found.findings) == 1
    assert found.paths[0].startswith("message of tag")


def test_a_forced_push_is_about_what_the_default_branch_lacks(machine: Machine, forge: Forge) -> None:
    """What was there before is in no clone any more."""
    forge.branch("feature")
    before = leak(forge.repository, machine.token(1), "before.py")
    forge.branch("feature")
    leak(forge.repository, machine.token(2), "after.py")
    forge.push(before, forge.head, "refs/heads/feature", forced=True)
    assert scan(machine, forge.checkout(forge.head)).paths == ["after.py"]


def test_a_forced_push_of_the_default_branch_has_an_answer(machine: Machine, forge: Forge) -> None:
    base = forge.head
    before = commit(forge.repository, "before")
    forge.repository.git("reset", "--quiet", "--hard", base)
    leak(forge.repository, machine.token())
    forge.push(before, forge.head, forced=True)
    clone = forge.checkout(forge.head)
    result = machine.run("tokenguard", "scan", "--range", "auto", cwd=clone.top)
    assert result.status == 1, result.talk


def test_a_branch_that_is_taken_away_brings_nothing_in(machine: Machine, forge: Forge) -> None:
    forge.push(forge.head, ZEROS, "refs/heads/feature", deleted=True)
    result = machine.run("tokenguard", "scan", "--range", "auto", cwd=forge.checkout(forge.head).top)
    assert result.status == 0, result.talk


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_a_pull_request_is_about_its_own_commits(machine: Machine, forge: Forge, name: str) -> None:
    forge.branch("feature")
    leak(forge.repository, machine.token())
    head = take_out(forge.repository, "leak.py")
    forge.branch("main")
    base = leak(forge.repository, machine.token(1), "theirs.py")
    merge = forge.merged("feature")
    forge.pull_request(base, head, name)
    clone = forge.checkout(merge, "+refs/pull/1/merge:refs/remotes/pull/1/merge")
    assert scan(machine, clone).paths == ["leak.py"]


def test_a_group_that_is_to_be_merged_is_about_its_own_commits(machine: Machine, forge: Forge) -> None:
    base = forge.head
    forge.branch("gh-readonly-queue/main/pr-1")
    leak(forge.repository, machine.token())
    forge.github("merge_group", {"merge_group": {"base_sha": base, "head_sha": forge.head}})
    assert scan(machine, forge.checkout(forge.head)).paths == ["leak.py"]


@pytest.mark.parametrize("depth", [1, 2])
def test_a_pull_request_in_a_shallow_clone_is_no_clean_one(machine: Machine, forge: Forge, depth: int) -> None:
    base = forge.head
    forge.branch("feature")
    leak(forge.repository, machine.token())
    head = take_out(forge.repository, "leak.py")
    merge = forge.merged("feature")
    forge.pull_request(base, head)
    clone = forge.checkout(merge, "+refs/pull/1/merge:refs/remotes/pull/1/merge", depth=depth)
    result = machine.run("tokenguard", "scan", "--range", "auto", cwd=clone.top)
    assert result.status == (2 if depth == 1 else 3)
    assert "fetch-depth: 0" in result.talk


@pytest.mark.parametrize("depth", [1, 2])
def test_a_push_in_a_shallow_clone_is_no_clean_one(machine: Machine, forge: Forge, depth: int) -> None:
    before = forge.head
    leak(forge.repository, machine.token())
    take_out(forge.repository, "leak.py")
    commit(forge.repository)
    forge.push(before, forge.head)
    refused(machine, forge.checkout(forge.head, depth=depth), "fetch-depth: 0", "shallow")


def test_the_default_clone_of_a_new_branch_is_refused_with_advice(machine: Machine, forge: Forge) -> None:
    forge.branch("feature")
    leak(forge.repository, machine.token())
    forge.push(ZEROS, forge.head, "refs/heads/feature")
    refused(machine, forge.checkout(forge.head, depth=1), "fetch-depth: 0")


def test_the_very_first_push_in_a_shallow_clone_is_not_known(machine: Machine, forge: Forge) -> None:
    forge.push(ZEROS, forge.head)
    assert scan(machine, forge.checkout(forge.head, depth=1)).status == 3


def test_an_event_that_is_about_no_commits_is_refused(machine: Machine, forge: Forge) -> None:
    """As are, in tests/unit/test_ci.py, all others."""
    for name in ("schedule", ""):
        forge.github(name, {"schedule": "0 0 * * *"})
        refused(machine, forge.repository, name, "--range A..B")


def test_an_event_that_cannot_be_understood_is_refused(machine: Machine, forge: Forge) -> None:
    """What git is not to be asked about, and one of those that tests/unit/test_ci.py has."""
    pushed = {"repository": {"default_branch": "main"}, "ref": "refs/heads/main"}
    for name, event in (
        ("push", "{"),
        ("push", pushed | {"before": "x", "after": "--all"}),
        ("pull_request", {"pull_request": {"head": {"sha": "--all"}, "base": {"sha": "HEAD"}}}),
        ("merge_group", {"merge_group": {"head_sha": "HEAD", "base_sha": "--all"}}),
    ):
        forge.github(name, event)
        refused(machine, forge.repository)


def test_an_event_that_is_not_there_is_refused(machine: Machine, forge: Forge) -> None:
    forge.github("push", "{}")
    (machine.folder / "event.json").unlink()
    refused(machine, forge.repository, "event.json")
    (machine.folder / "event.json").mkdir()
    refused(machine, forge.repository, "event.json")


def test_where_there_is_no_job_it_is_refused(machine: Machine, forge: Forge) -> None:
    refused(machine, forge.repository, "--range origin/main..HEAD")


def test_a_job_of_another_repository_is_refused(machine: Machine, forge: Forge) -> None:
    before = forge.head
    forge.push(before, commit(forge.repository))
    refused(machine, machine.repository("another"))


# GitLab.


def test_a_push_to_gitlab_is_about_what_it_adds(machine: Machine, forge: Forge) -> None:
    before = forge.head
    leak(forge.repository, machine.token())
    take_out(forge.repository, "leak.py")
    forge.gitlab(forge.head, CI_COMMIT_BEFORE_SHA=before, CI_COMMIT_BRANCH="main")
    assert scan(machine, forge.checkout(forge.head)).paths == ["leak.py"]


@pytest.mark.parametrize("before", [ZEROS, "1" * 40, ""])
def test_a_new_branch_of_gitlab_is_about_what_the_default_branch_lacks(
    machine: Machine, forge: Forge, before: str
) -> None:
    forge.branch("feature")
    leak(forge.repository, machine.token())
    forge.gitlab(forge.head, CI_COMMIT_BEFORE_SHA=before, CI_COMMIT_BRANCH="feature")
    assert scan(machine, forge.checkout(forge.head)).paths == ["leak.py"]


def test_a_merge_request_is_about_its_own_commits(machine: Machine, forge: Forge) -> None:
    base = forge.head
    forge.branch("feature")
    head = leak(forge.repository, machine.token())
    forge.branch("main")
    leak(forge.repository, machine.token(1), "theirs.py")
    merge = forge.merged("feature")
    variables = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_COMMIT_BEFORE_SHA": ZEROS}
    forge.gitlab(head, **variables)
    clone = forge.checkout(merge, "+refs/pull/1/merge:refs/remotes/pull/1/merge")
    assert scan(machine, clone).paths == ["leak.py"]
    forge.gitlab(merge, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=head, **variables)
    assert scan(machine, clone).paths == ["leak.py"]


def test_the_shallow_clone_of_gitlab_is_refused_with_advice(machine: Machine, forge: Forge) -> None:
    base = forge.head
    forge.branch("feature")
    leak(forge.repository, machine.token())
    take_out(forge.repository, "leak.py")
    forge.gitlab(forge.head, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    refused(machine, forge.checkout(forge.head, depth=1), "GIT_DEPTH: 0")
