"""Which commits a CI job is about, as its service says in the environment."""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_LARGEST = 64 * 1024 * 1024


class Range(NamedTuple):
    """What `included` brings in that none of `excluded` has; both are revisions.

    `included` is empty where a branch was deleted. Of a push (`is_push`), what is excluded may be gone.
    """

    included: str
    excluded: tuple[str, ...]
    is_push: bool = False


def range_of_job(environment: Mapping[str, str]) -> Range:
    """What this push, pull request or merge request brings in. Raises UsageError where no service says so.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads (push, pull_request, merge_group) and
    https://docs.gitlab.com/ci/variables/predefined_variables/.
    """
    if path := environment.get("GITHUB_EVENT_PATH"):
        return _of_github(environment.get("GITHUB_EVENT_NAME", ""), _event(path))
    if head := environment.get("CI_COMMIT_SHA"):
        return _of_gitlab(head, environment)
    raise UsageError("no CI service says here which commits this is about", "name them: --range origin/main..HEAD")


def _of_github(name: str, event: Mapping[str, Any]) -> Range:
    try:
        match name:
            case "push":
                default = f"refs/remotes/origin/{event['repository']['default_branch']}"
                is_default = event["ref"] == f"refs/heads/{event['repository']['default_branch']}"
                return _since(_text(event["before"]), _text(event["after"]), "" if is_default else default)
            case "pull_request" | "pull_request_target":
                request = event["pull_request"]
                return Range(_text(request["head"]["sha"]), (_text(request["base"]["sha"]),))
            case "merge_group":
                group = event["merge_group"]
                return Range(_text(group["head_sha"]), (_text(group["base_sha"]),))
    except (KeyError, TypeError):
        raise UsageError(f"the event {name} of GitHub names no commits", "name them: --range A..B") from None
    raise UsageError(
        f"the event {name or 'of GitHub'} is about no commits",
        "scan the tree, --history, or name them: --range A..B",
    )


def _of_gitlab(head: str, environment: Mapping[str, str]) -> Range:
    if base := environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"):
        return Range(environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or head, (base,))
    default = environment.get("CI_DEFAULT_BRANCH", "")
    is_default = environment.get("CI_COMMIT_BRANCH") == default
    before = environment.get("CI_COMMIT_BEFORE_SHA", "")
    return _since(before, head, "" if is_default or not default else f"refs/remotes/origin/{default}")


def _since(before: str, after: str, default: str) -> Range:
    """`before` may be gone after a forced push, and is zeros for a new branch: then the default branch counts."""
    known = (before if before.strip("0") else "", default)
    return Range(after if after.strip("0") else "", tuple(filter(None, known)), is_push=True)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _event(path: str) -> Mapping[str, Any]:
    import json

    try:
        with open(path, "rb") as file:
            event = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"the event in {path} cannot be read: {error}", "name the commits: --range A..B"
        ) from None
    if not isinstance(event, dict):
        raise UsageError(f"the event in {path} cannot be read", "name the commits: --range A..B")
    return event
