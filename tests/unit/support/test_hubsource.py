"""The Hub on this machine answers huggingface_hub, and a scan asks it what huggingface_hub asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import huggingface_hub
import pytest
from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.utils._http import default_client_factory

from tests.support.hubsource import Library
from tokenguard.core.endpoint import read_endpoint
from tokenguard.hub import Hub
from tokenguard.hubscan import scan_hub

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def library(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path_factory.mktemp("home")))
    with Library() as it:
        for kind in ("model", "dataset", "space"):
            repo = it.add("acme/x", kind, README__md=b"# One\n")
            repo.commit({"b": b"b", "c": b"c"}, "Two")
            repo.commit({"d": b"d"}, "Pull request", ref="refs/pr/1")
            repo.discuss("One", "first", "second")
            repo.discuss("Two", "first", pull_request=True)
            repo.discuss("Three")
            repo.variables = {"KEY": {"value": "v"}}
        it.add("acme/b", "bucket", a__txt=b"a")
        yield it
        huggingface_hub.set_client_factory(default_client_factory)


def asked(library: Library) -> set[tuple[str, str]]:
    """Path and query, without what only says how much is wanted in one answer."""
    requests = [urlsplit(request.path) for request in library.requests]
    library.requests.clear()
    left_out = ("diff",)
    return {
        (path, str(sorted((key, value) for key, value in parse_qs(query).items() if key not in left_out)))
        for _, _, path, query, _ in requests
    }


def read_with_huggingface_hub(endpoint: str) -> list[Any]:
    api = HfApi(endpoint=endpoint, token=False)
    listings: list[Any] = [
        *[
            [one.id for one in listed(author="acme")]
            for listed in (api.list_models, api.list_datasets, api.list_spaces)
        ],
        [bucket.id for bucket in api.list_buckets("acme")],
        [file.path for file in api.list_bucket_tree("acme/b", recursive=True)],
        api.get_space_variables("acme/x")["KEY"].value,
    ]
    for kind in ("model", "dataset", "space"):
        refs = api.list_repo_refs("acme/x", repo_type=kind, include_pull_requests=True)
        tips = [ref.target_commit for ref in (*refs.branches, *(refs.pull_requests or []))]
        commits = {
            commit.commit_id
            for tip in tips
            for commit in api.list_repo_commits("acme/x", repo_type=kind, revision=tip)
        }
        trees = [api.list_repo_tree("acme/x", repo_type=kind, revision=one, recursive=True) for one in commits]
        listings += [[file.path for file in tree] for tree in trees]
        discussions = list(api.get_repo_discussions("acme/x", repo_type=kind))
        details = [api.get_discussion_details("acme/x", one.num, repo_type=kind) for one in discussions]
        listings.append([[event.content for event in one.events] for one in details])  # type: ignore[attr-defined]
    return listings


def test_a_scan_asks_what_huggingface_hub_asks(library: Library) -> None:
    listings = read_with_huggingface_hub(library.endpoint)
    assert listings[:6] == [["acme/x"], ["acme/x"], ["acme/x"], ["acme/b"], ["a.txt"], "v"]
    assert [["first", "second"], ["first"], []] in listings
    theirs = asked(library)
    report = scan_hub("hf://acme", hub=Hub(read_endpoint(library.endpoint)))
    assert report.unreadable == ()
    ours = asked(library)
    files = {path for path, _ in ours if "/resolve/" in path}
    assert {one for one in ours if one[0] not in files} == theirs
    tips = {repo.kind: repo.refs["refs/pr/1"][-1].id for repo in library.repos if repo.kind != "bucket"}
    for kind, tip in tips.items():
        url = hf_hub_url("acme/x", "d", repo_type=kind, revision=tip, endpoint=library.endpoint)
        assert url.removeprefix(library.endpoint) in files
