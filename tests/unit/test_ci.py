"""What a CI job is about, from what its service says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tokenguard.ci import Range, range_of_job
from tokenguard.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

A, B, ZEROS = "a" * 40, "b" * 40, "0" * 40
MAIN = "refs/remotes/origin/main"


def push(**changes: Any) -> dict[str, Any]:
    """The event of a push to the branch `work`."""
    return {
        "ref": "refs/heads/work",
        "before": A,
        "after": B,
        "repository": {"default_branch": "main"},
        **changes,
    }


PULL_REQUEST = {"pull_request": {"base": {"sha": A, "ref": "main"}, "head": {"sha": B, "ref": "work"}}}


def of_github(folder: Path, name: str, event: object) -> Range:
    path = folder / "event.json"
    path.write_bytes(event if isinstance(event, bytes) else json.dumps(event).encode())
    return range_of_job({"GITHUB_EVENT_PATH": str(path), "GITHUB_EVENT_NAME": name})


@pytest.mark.parametrize(
    ("name", "event", "about"),
    [
        pytest.param("push", push(), Range(B, (A, MAIN), is_push=True), id="push"),
        pytest.param("push", push(before=ZEROS), Range(B, (MAIN,), is_push=True), id="a new branch"),
        pytest.param("push", push(before="0" * 64), Range(B, (MAIN,), is_push=True), id="a new branch, SHA-256"),
        pytest.param("push", push(ref="refs/heads/main"), Range(B, (A,), is_push=True), id="the default branch"),
        pytest.param(
            "push",
            push(ref="refs/heads/main", before=ZEROS),
            Range(B, (), is_push=True),
            id="the first push of all",
        ),
        pytest.param(
            "push", push(ref="refs/tags/main", before=ZEROS), Range(B, (MAIN,), is_push=True), id="a tag"
        ),
        pytest.param("push", push(forced=True), Range(B, (A, MAIN), is_push=True), id="a forced push"),
        pytest.param(
            "push",
            push(repository={"default_branch": "release/é"}),
            Range(B, (A, "refs/remotes/origin/release/é"), is_push=True),
            id="a default branch of another name",
        ),
        pytest.param("pull_request", PULL_REQUEST, Range(B, (A,)), id="pull request"),
        pytest.param("pull_request_target", PULL_REQUEST, Range(B, (A,)), id="pull request from a fork"),
        pytest.param(
            "merge_group", {"merge_group": {"head_sha": B, "base_sha": A}}, Range(B, (A,)), id="merge queue"
        ),
    ],
)
def test_an_event_of_github_is_about(tmp_path: Path, name: str, event: object, about: Range) -> None:
    assert of_github(tmp_path, name, event) == about


@pytest.mark.parametrize(
    "name", ["schedule", "workflow_dispatch", "release", "issues", "deployment", "issue_comment", "", "unheard-of"]
)
def test_an_event_about_no_commits_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is about no commits") as caught:
        of_github(tmp_path, name, push())
    assert "--range A..B" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "event"),
    [
        pytest.param("push", {}, id="nothing in it"),
        pytest.param("push", push(repository={"default_branch": 1}, ref=2, before=3, after=4), id="numbers"),
        pytest.param("push", push(before=[], after={}), id="a list and a table for commits"),
        pytest.param("push", push(repository=None), id="no repository"),
        pytest.param("push", push(repository={}), id="no default branch"),
        pytest.param("push", {"ref": "refs/heads/main"}, id="no commits"),
        pytest.param("push", push(before=None), id="null for the commit before"),
        pytest.param("push", push(before=5), id="a number for the commit before"),
        pytest.param("push", push(after=None), id="null for the commit after"),
        pytest.param("push", PULL_REQUEST, id="of another kind"),
        pytest.param("pull_request", push(), id="of a push"),
        pytest.param("pull_request", {"pull_request": "x"}, id="a text for a pull request"),
        pytest.param("pull_request", {"pull_request": {"head": {"sha": B}}}, id="no base"),
        pytest.param("pull_request", {"pull_request": {"head": None, "base": {"sha": A}}}, id="no head"),
        pytest.param(
            "pull_request", {"pull_request": {"head": {"sha": None}, "base": {"sha": A}}}, id="null for the head"
        ),
        pytest.param(
            "pull_request", {"pull_request": {"head": {"sha": B}, "base": {"sha": [A]}}}, id="a list for the base"
        ),
        pytest.param("merge_group", {"merge_group": []}, id="a list for a group"),
    ],
)
def test_an_event_that_names_no_commits_is_an_error(tmp_path: Path, name: str, event: object) -> None:
    with pytest.raises(UsageError, match=f"the event {name} of GitHub names no commits"):
        of_github(tmp_path, name, event)


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"{",
        b"\xff\xfe\xfd",
        b"[]",
        b'"push"',
        b"null",
        b"7",
        json.dumps(push()).encode()[:-9],
        b"[" * 200_000,
        b"\xc3\xbf",
    ],
)
def test_an_event_that_is_damaged_is_an_error(tmp_path: Path, event: bytes) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        of_github(tmp_path, "push", event)


@pytest.mark.parametrize("path", ["none", "."])
def test_an_event_that_is_not_there_is_an_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        range_of_job({"GITHUB_EVENT_PATH": str(tmp_path / path), "GITHUB_EVENT_NAME": "push"})


def of_gitlab(**variables: str) -> Range:
    return range_of_job({"CI_COMMIT_SHA": B, "CI_DEFAULT_BRANCH": "main", **variables})


@pytest.mark.parametrize(
    ("variables", "about"),
    [
        pytest.param(
            {"CI_MERGE_REQUEST_DIFF_BASE_SHA": A, "CI_COMMIT_BEFORE_SHA": ZEROS},
            Range(B, (A,)),
            id="a merge request",
        ),
        pytest.param(
            {"CI_MERGE_REQUEST_DIFF_BASE_SHA": A, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": ""},
            Range(B, (A,)),
            id="a merge request, whose source is checked out",
        ),
        pytest.param(
            {"CI_MERGE_REQUEST_DIFF_BASE_SHA": A, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "c" * 40},
            Range("c" * 40, (A,)),
            id="a merge request, whose result is checked out",
        ),
        pytest.param(
            {"CI_COMMIT_BRANCH": "work", "CI_COMMIT_BEFORE_SHA": A},
            Range(B, (A, MAIN), is_push=True),
            id="a branch",
        ),
        pytest.param(
            {"CI_COMMIT_BRANCH": "work", "CI_COMMIT_BEFORE_SHA": ZEROS},
            Range(B, (MAIN,), is_push=True),
            id="a new branch",
        ),
        pytest.param(
            {"CI_COMMIT_BRANCH": "work"}, Range(B, (MAIN,), is_push=True), id="nothing of what was before"
        ),
        pytest.param(
            {"CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": A},
            Range(B, (A,), is_push=True),
            id="the default branch",
        ),
        pytest.param(
            {"CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": ZEROS},
            Range(B, (), is_push=True),
            id="the first push of all",
        ),
        pytest.param(
            {"CI_COMMIT_TAG": "main", "CI_COMMIT_BEFORE_SHA": ZEROS}, Range(B, (MAIN,), is_push=True), id="a tag"
        ),
        pytest.param(
            {"CI_DEFAULT_BRANCH": "", "CI_COMMIT_BRANCH": "work", "CI_COMMIT_BEFORE_SHA": A},
            Range(B, (A,), is_push=True),
            id="no default branch",
        ),
    ],
)
def test_a_job_of_gitlab_is_about(variables: dict[str, str], about: Range) -> None:
    assert of_gitlab(**variables) == about


@pytest.mark.parametrize("environment", [{}, {"CI": "true"}, {"CI_COMMIT_SHA": "", "GITHUB_EVENT_PATH": ""}])
def test_without_a_service_that_says_it_the_way_out_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="no CI service says") as caught:
        range_of_job(environment)
    assert "--range" in caught.value.hint
