"""The second scan of a repository on the Hub asks for what is new alone, and says what the first one said."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import pytest

from tests.support.hub import Answer
from tests.support.hubsource import Library
from tests.unit.hubscan.scans import LEAK, MIB, SECRET
from tokenguard.account import Search
from tokenguard.core.endpoint import read_endpoint
from tokenguard.errors import ExitCode, UsageError
from tokenguard.hub import Hub
from tokenguard.hubscan import scan_hub, token_of
from tokenguard.sources import memory

if TYPE_CHECKING:
    from tests.support.hubsource import Repo
    from tokenguard.core.report import Report


@pytest.fixture
def library(library: Library) -> Library:
    library.page = 50
    return library


def scan(library: Library, name: str = "hf://acme/model", *, afresh: bool = False, deep: bool = True) -> Report:
    hub = Hub(read_endpoint(library.endpoint))
    return scan_hub(name, hub=hub, afresh=afresh, search=Search(deep=deep))


def asked(library: Library) -> list[str]:
    """The files and the trees that were asked for since the last time."""
    paths = [request.path for request in library.requests]
    library.requests.clear()
    return [path for path in paths if "/resolve/" in path or "/tree" in path]


def places(report: Report) -> list[tuple[str, str | None]]:
    return [
        (finding.origin.path, finding.origin.lineage and finding.origin.lineage.commit)
        for finding in report.findings
    ]


@pytest.fixture
def repo(library: Library) -> Repo:
    """A commit that is clean, and has been scanned."""
    repo = library.add("acme/model", a=b"a", b=b"b")
    assert scan(library).exit_code is ExitCode.CLEAN
    assert len(asked(library)) == 3
    return repo


def test_what_was_clean_is_not_asked_for_again(library: Library, repo: Repo) -> None:
    report = scan(library)
    assert asked(library) == []
    assert (report.exit_code, report.tally.remembered, report.tally.files) == (ExitCode.CLEAN, 2, 1)


def test_what_is_new_is_read_alone(library: Library, repo: Repo) -> None:
    made = repo.commit({"c": LEAK})
    found = [("hf://acme/model/c", made.id)]
    assert places(scan(library)) == found
    tree, content = asked(library)
    assert (f"/tree/{made.id}" in tree, content) == (True, f"/acme/model/resolve/{made.id}/c")
    # What has something in it is told again, of the same commit.
    repo.commit({"d": b"d"})
    assert places(scan(library)) == found
    assert [path for path in asked(library) if path.endswith("/a")] == []


def test_everything_is_read_afresh(library: Library, repo: Repo) -> None:
    assert scan(library, afresh=True).tally.remembered == 0
    assert len(asked(library)) == 3
    assert scan(library).tally.remembered == 2


def test_an_account_remembers_what_its_repositories_do(library: Library, repo: Repo) -> None:
    library.add("acme/b", "bucket", x=b"x")
    scan(library, "hf://acme")
    asked(library)
    assert scan(library, "hf://acme").tally.remembered == 2
    # What a bucket calls its contents cannot be checked, and so is not relied on.
    assert asked(library)[0] == "/api/buckets/acme/b/tree?recursive=true"


def test_who_looks_less_deep_learns_nothing_and_relies_on_nothing(library: Library) -> None:
    library.add("acme/model", a=b"a")
    scan(library, deep=False)
    asked(library)
    assert scan(library).tally.remembered == 0
    asked(library)
    assert scan(library, deep=False).tally.remembered == 0


def test_other_rules_read_all_again(library: Library, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "rules", lambda: "others")
    assert scan(library).tally.remembered == 0


def test_another_hub_is_another(library: Library, repo: Repo) -> None:
    with Library() as other:
        other.add("acme/model", a=b"a")
        assert scan(other).tally.remembered == 0


def test_what_was_not_read_is_not_remembered(library: Library) -> None:
    (made,) = library.add("acme/model", a=b"a", b=b"b").refs["refs/heads/main"]
    library.say(f"/acme/model/resolve/{made.id}/a", *[Answer(500)] * 3)
    assert scan(library).exit_code is ExitCode.INCOMPLETE
    asked(library)
    report = scan(library)
    assert (report.exit_code, report.tally.remembered) == (ExitCode.CLEAN, 1)
    assert len(asked(library)) == 2


def test_a_scan_that_is_ended_has_learnt_something(library: Library) -> None:
    library.add("acme/model", a=b"a", b=b"b", c=b"c")

    def interrupt(done: int, listed: int, read: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_hub("hf://acme/model", hub=Hub(read_endpoint(library.endpoint)), progress=interrupt)
    assert scan(library).tally.remembered == 2


def test_what_was_left_out_is_said_again(library: Library) -> None:
    header = json.dumps({"w": {"dtype": "U8", "shape": [9 * MIB], "data_offsets": [0, 9 * MIB]}}).encode()
    repo = library.add("acme/model")
    repo.commit({"m.safetensors": struct.pack("<Q", len(header)) + header + b"\0" * 9 * MIB})
    note, anonymous = scan(library).notes
    assert note.startswith("of 1 large safetensors")
    asked(library)
    # That the rest is what it is called, nobody has checked.
    assert scan(library).notes == (note, anonymous)
    assert asked(library)
    # Somebody has pushed by force.
    del repo.refs["refs/heads/main"][1:]
    assert scan(library).notes == (anonymous,)


@pytest.mark.parametrize(
    ("environment", "token"),
    [
        ({}, None),
        ({"HF_TOKEN": f"{SECRET}\n"}, SECRET),
        ({"HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": SECRET}, SECRET),
        ({"HF_TOKEN": " ", "HUGGING_FACE_HUB_TOKEN": SECRET}, None),
        ({"HF_TOKEN": SECRET, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, None),
    ],
)
def test_the_token_of_the_environment(environment: dict[str, str], token: str | None) -> None:
    found = token_of(environment)
    assert (found.reveal() if found else None) == token


def test_another_secret_in_its_place_is_not_sent() -> None:
    with pytest.raises(UsageError) as raised:
        token_of({"HF_TOKEN": "correct horse battery"})
    assert "horse" not in raised.value.message
