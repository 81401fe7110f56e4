"""What of the Hub is done with a Task: it is read with the token of where it is done, and lies are not clean."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import huggingface_hub
import pytest
from huggingface_hub.utils._http import default_client_factory

from tests.support.credentials import user_token
from tests.support.hub import broken, limited, ok, whoami_user
from tests.support.hubsource import Library, page
from tokenguard import filesystemscan, isolated, locks
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.report import Report
from tokenguard.core.target import read_target
from tokenguard.core.token import Token
from tokenguard.sources import mirror
from tokenguard.task import Outcome, Task, _perform, key
from tokenguard.vault.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tokenguard.account import Search

READER, SECRET, OTHER = user_token(1), user_token(2), user_token(3)
LEAK = f"token = '{SECRET}'\n".encode()


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr("tokenguard.process.forbid_dumps", lambda: None)
    with Library() as it:
        monkeypatch.setenv("HF_ENDPOINT", it.endpoint)
        yield it
        huggingface_hub.set_client_factory(default_client_factory)  # which closes the connections, too


def perform(name: str, seconds: float = 60, **more: object) -> Outcome:
    return _perform(Task(read_target(name), seconds)._replace(**more))  # type: ignore[arg-type]


def unread(outcome: Outcome) -> list[str]:
    assert outcome.report is not None
    return [item.reason for item in outcome.report.unreadable]


def readers(library: Library) -> set[str | None]:
    return {request.token for request in library.requests}


def test_a_repository_is_read(library: Library) -> None:
    library.add("acme/model", run__py=LEAK)
    outcome = perform("hf://acme/model")
    assert outcome.report is not None
    assert [finding.origin.path for finding in outcome.report.findings] == ["hf://acme/model/run.py"]
    assert not outcome.is_passing
    assert readers(library) == {None}
    assert "without a token" in outcome.report.notes[-1]


def test_an_account_is_listed(library: Library) -> None:
    for kind in ("model", "dataset", "space", "bucket"):
        for name in ("a", "b", "c"):
            library.add(f"acme/{name}", kind)
    library.add("other/x")
    outcome = perform("hf://acme")
    assert unread(outcome) == []
    assert outcome.names == tuple(
        f"hf://{folder}acme/{name}"
        for folder in ("", "datasets/", "spaces/", "buckets/")
        for name in ("a", "b", "c")
    )
    assert not any("/tree/" in request.path for request in library.requests)


def test_an_account_that_shows_nothing_is_not_clean(library: Library) -> None:
    assert unread(perform("hf://acme")) == ["the Hub shows nothing of it to whoever asks"]


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([{"id": "other/x"}], "the Hub lists what is not of this account"),
        ([{"id": "acme"}], "the Hub lists what is not of this account"),
        ([{"id": "acme/../x"}], "the Hub does not answer as the Hub does"),
        ([{"name": "acme/x"}], "the Hub does not answer as the Hub does"),
        ([{"id": "acme/x"}], "the Hub lists it without end"),
    ],
)
def test_a_listing_that_lies_is_not_clean(library: Library, items: list[dict[str, str]], reason: str) -> None:
    library.add("acme/y", "space")
    path = "/api/models?author=acme"
    library.say(path, page(items, f"{library.endpoint}{path}"))
    outcome = perform("hf://acme")
    assert unread(outcome) == [reason]
    assert "hf://spaces/acme/y" in outcome.names
    assert not outcome.is_passing


def test_a_listing_that_stops_in_the_middle_is_not_clean(library: Library) -> None:
    for name in "abcd":
        library.add(f"acme/{name}")
    library.say("/api/models?author=acme&cursor=2", *[broken(503)] * 3)
    outcome = perform("hf://acme")
    assert unread(outcome) == ["the Hub answers 503"]
    assert (outcome.is_passing, outcome.names) == (True, ("hf://acme/a", "hf://acme/b"))


@pytest.mark.parametrize("name", ["hf://acme", "hf://acme/model"])
def test_a_rate_limit_that_lasts_may_pass(library: Library, name: str) -> None:
    library.add("acme/model")
    library.say("/api/", *[limited(55)] * 9)
    outcome = perform(name, seconds=60)  # of which it waits half
    assert outcome.is_passing
    assert any("rate limit is spent" in reason for reason in unread(outcome))


def test_the_token_is_that_of_the_environment_here(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", READER)
    library.add("acme/model")
    for name in ("hf://acme", "hf://acme/model"):
        outcome = perform(name)
        assert outcome.report is not None
        assert not any("without a token" in note for note in outcome.report.notes)
    assert readers(library) == {READER}


def test_a_named_token_is_that_of_the_vault_here(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", OTHER)
    monkeypatch.setattr(Vault, "get", lambda _, name: Token({"audit": READER}[name]))
    library.add("acme/model")
    assert unread(perform("hf://acme/model", token="audit")) == []
    assert readers(library) == {READER}


def test_without_the_named_token_nothing_is_read(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", OTHER)
    outcome = perform("hf://acme", token="audit")
    assert (outcome.report, library.requests) == (None, [])
    assert "audit" in outcome.failure


def test_what_is_no_token_is_not_sent(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "two words")
    outcome = perform("hf://acme")
    assert (outcome.report, library.requests) == (None, [])
    assert "two words" not in outcome.failure


def test_what_is_found_is_asked_about_once(library: Library) -> None:
    library.add("acme/model", a=LEAK, b=f"{OTHER}\n{SECRET}\n".encode())
    library.answer(SECRET, ok(whoami_user()))
    outcome = perform("hf://acme/model", verify=True, asked=(Token(OTHER).fingerprint,))
    assert outcome.report is not None
    said = {finding.fingerprint: finding.verification for finding in outcome.report.findings}
    assert {fingerprint: one.status for fingerprint, one in said.items()} == {
        Token(SECRET).fingerprint: "live",
        Token(OTHER).fingerprint: "unchecked",
    }
    assert said[Token(SECRET).fingerprint].identity.account == "alice"
    assert [request.token for request in library.asked()] == [SECRET]


def test_a_clone_that_another_sweep_has_in_hand_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(isolated, "limit_files", lambda _: None)
    monkeypatch.setattr(mirror, "tips", lambda *_: "tips")
    monkeypatch.setattr(mirror, "fetch", lambda _, folder: fetched.append(folder))
    name = "https://git.example.com/a"
    with locks.hold(str(tmp_path / f"{key(read_target(name))}.git.lock"), 0):
        outcome = perform(name, seconds=0.02, cache=str(tmp_path))
    assert outcome == Outcome(failure="another sweep has its clone in hand", is_passing=True)
    assert fetched == []


def test_a_bucket_that_cannot_be_read_is_not_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def scan_filesystem(url: str, *, max_size: int | None, search: Search) -> Report:
        read.append((url, max_size, search.held))
        return Report(unreadable=(Unreadable(Origin(url), "there is nothing of this name"),))

    monkeypatch.setattr(filesystemscan, "scan_filesystem", scan_filesystem)
    assert unread(perform("s3://bucket/x", largest=9)) == ["there is nothing of this name"]
    assert read == [("s3://bucket/x", 9, {})]


def test_a_folder_that_is_not_there_is_called_so(tmp_path: Path) -> None:
    for folder, said in ((tmp_path, "no git repository"), (tmp_path / "nowhere", "no such folder")):
        assert said in _perform(Task(read_target(str(folder)), 9)).failure
