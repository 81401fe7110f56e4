"""A Hub that refuses, lies or never ends is read as far as that goes, and the rest is told."""

from __future__ import annotations

import pytest

import tokenguard.hub
from tests.support import hubsource
from tests.support.hub import Answer, broken, closed_port, hang_up, limited, ok
from tests.support.hubsource import Library, page, truncated
from tests.unit.hubscan.scans import LEAK, MIB, READER, SECRET, places, scan, unread
from tokenguard.core.endpoint import read_endpoint
from tokenguard.errors import ExitCode
from tokenguard.hub import Hub
from tokenguard.hubscan import scan_hub
from tokenguard.sources import hubreader


def test_a_gated_repository_is_told_once_and_its_discussions_are_read(library: Library) -> None:
    repo = library.add("acme/gated", large=b"a" * (9 * MIB), small=LEAK)
    repo.commit({f"f{at}": b"%d" % at for at in range(30)})
    repo.discuss("One", SECRET)
    refusal = Answer(403, headers={"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
    library.say("/acme/gated/resolve/", *[refusal] * 99)
    report = scan(library, "hf://acme/gated")
    assert unread(report) == [("hf://acme/gated", "its files: the Hub answers 403 (Access is restricted)")]
    assert len([request for request in library.requests if "/resolve/" in request.path]) < 20
    assert len(report.findings) == 1


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.com/x",
        "http://us.aws.cdn.hf.co/x",
        "https://hf.co@evil.example/",
        "https://nothf.co/x",
        "https://hf.co.evil.example/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(library: Library, elsewhere: str) -> None:
    library.add("acme/model", a=LEAK)
    library.say("/acme/model/resolve/", *[Answer(302, headers={"Location": elsewhere})] * 9)
    ((where, reason),) = unread(scan(library, "hf://acme/model"))
    assert where == "hf://acme/model/a"
    assert reason in (
        "the Hub sends whoever reads it to a host that is none of its own",
        "the Hub redirects without end",  # "" is the same address again
    )


def test_a_repository_that_was_renamed_is_read(library: Library) -> None:
    library.add("acme/new", a=LEAK)
    library.say("/api/models/acme/old/refs", Answer(307, headers={"Location": "/api/models/acme/new/refs"}))
    assert "404" in unread(scan(library, "hf://acme/old"))[0][1]  # its other addresses have not moved
    assert library.asked("/api/models/acme/new/refs")[0].token == READER


def test_a_large_file_with_another_content_is_unreadable_and_what_it_had_is_told(library: Library) -> None:
    data = LEAK + b"a" * (9 * MIB)
    tip = library.add("acme/model", large=data).refs["refs/heads/main"][0].id
    lie = hubsource.entry("large", data[:-1] + b"b")
    library.say(f"/api/models/acme/model/tree/{tip}", ok([lie]))
    report = scan(library, "hf://acme/model")
    assert unread(report) == [("hf://acme/model/large", "the Hub gives another content than it lists")]
    assert places(report) == ["hf://acme/model/large"]


def test_a_rate_limit_is_waited_for(library: Library, slept: list[float]) -> None:
    library.add("acme/model", a=LEAK)
    library.say("/api/models/acme/model/refs", limited(55), limited(3))
    library.say("/acme/model/resolve", limited(99, "7"))
    report = scan(library, "hf://acme/model")
    assert places(report) == ["hf://acme/model/a"]
    assert slept == [56, 4, 8]
    # The first pause covers the others, which take no time here.
    assert report.notes == ("waited 56 seconds for the Hub's rate limit",)


def test_a_rate_limit_is_not_waited_for_without_end(library: Library, slept: list[float]) -> None:
    library.add("acme/a", a=LEAK)
    library.add("acme/b", a=LEAK)
    library.say("/api/models/acme/a/refs", *[limited(100)] * 9)
    report = scan(library, "hf://acme", patience=250)
    assert slept == [101, 101]
    # Nobody asks on.
    assert library.requests[-1].path.startswith("/api/models/acme/a/refs")
    assert {reason for _, reason in unread(report)} == {"the Hub's rate limit is spent for another 101 seconds"}
    assert [where for where, _ in unread(report)][:2] == ["hf://acme (buckets)", "hf://acme (datasets)"]


@pytest.mark.parametrize("answer", [broken(503), hang_up(), truncated(b"token", len(LEAK))])
def test_what_fails_once_is_asked_for_again(library: Library, answer: Answer, slept: list[float]) -> None:
    library.add("acme/model", a=LEAK)
    library.say("/acme/model/resolve/", answer)
    assert places(scan(library, "hf://acme/model")) == ["hf://acme/model/a"]
    assert slept == [1]


LIES = {
    "truncated": (truncated(LEAK[:9], len(LEAK)), "could not be asked"),
    "short": (Answer(200, LEAK[:9]), f"the Hub lists {len(LEAK)} bytes and gives another number"),
    "long": (Answer(200, LEAK * 2), f"the Hub lists {len(LEAK)} bytes and gives another number"),
    "without end": (
        Answer(200, LEAK, padding=64 * MIB),
        f"the Hub lists {len(LEAK)} bytes and gives another number",
    ),
    "another": (Answer(200, LEAK.upper()), "the Hub gives another content than it lists"),
    "none": (Answer(204), "the Hub answers 204"),
    "forbidden": (Answer(403, headers={"X-Error-Message": f"gated {SECRET}"}), "the Hub answers 403 (gated hf_…"),
}


@pytest.mark.parametrize(("answer", "reason"), LIES.values(), ids=LIES)
def test_a_file_that_is_not_what_was_listed_is_unreadable(library: Library, answer: Answer, reason: str) -> None:
    library.add("acme/model", a=LEAK)
    library.say("/acme/model/resolve/", *[answer] * 3)
    report = scan(library, "hf://acme/model")
    ((where, said),) = unread(report)
    assert where == "hf://acme/model/a"
    assert reason in said
    assert SECRET not in said
    assert report.exit_code is ExitCode.INCOMPLETE


PIECES = {
    "no ranges": [Answer(200, b"a" * 65536 + LEAK, padding=12 * MIB)] * 2,
    "another part": [Answer(206, b"a" * 65536, {"Content-Range": f"bytes 1-65536/{12 * MIB}"})],
    "another size": [Answer(206, b"a" * 65536, {"Content-Range": "bytes 0-65535/65537"})],
    "too few": [Answer(206, b"a" * 9, {"Content-Range": f"bytes 0-65535/{12 * MIB}"})],
    "not there": [Answer(416)],
}


@pytest.mark.parametrize("answers", PIECES.values(), ids=PIECES)
def test_a_piece_that_is_none_is_unreadable(library: Library, answers: list[Answer]) -> None:
    library.add("acme/model", large=b"a" * (12 * MIB))
    library.say("/acme/model/resolve/", *answers)
    ((where, reason),) = unread(scan(library, "hf://acme/model"))
    assert where == "hf://acme/model/large"
    assert reason.startswith("the Hub ")


FILE = {"type": "file", "path": "a", "size": 1, "oid": "0" * 40}
LISTINGS = {
    "no JSON": (Answer(200, b"<html>"), "as the Hub does"),
    "deep": (Answer(200, b"[" * 100_000), "as the Hub does"),
    "no list": (ok({"a": 1}), "as the Hub does"),
    "no file": (ok([7]), "as the Hub does"),
    "upwards": (ok([FILE | {"path": "../../../api/whoami-v2"}]), "as the Hub does"),
    "no text": (ok([FILE | {"path": "\ud800"}]), "as the Hub does"),
    "less than nothing": (ok([FILE | {"size": -1}]), "as the Hub does"),
    "no name": (ok([FILE | {"oid": "x"}]), "as the Hub does"),
    "elsewhere": (page([], "https://example.com/"), "elsewhere, where it is not read"),
    "empty": (page([], "/api/models/acme/model/tree/x"), "without end"),
    "huge": (Answer(200, b"[]", padding=33 * MIB), "more than 33554432 bytes"),
}


@pytest.mark.parametrize(("answer", "reason"), LISTINGS.values(), ids=LISTINGS)
def test_a_listing_that_is_none_is_unreadable(library: Library, answer: Answer, reason: str) -> None:
    repo = library.add("acme/model", a=LEAK)
    tip = repo.refs["refs/heads/main"][0].id
    library.say(f"/api/models/acme/model/tree/{tip}", answer)
    ((where, said),) = unread(scan(library, "hf://acme/model"))
    assert where == f"hf://acme/model ({tip})"
    assert said.startswith("its files: the Hub ")
    assert reason in said
    assert [request for request in library.requests if "whoami" in request.path] == []


def test_a_listing_in_a_circle_ends_and_what_it_had_is_read(library: Library) -> None:
    repo = library.add("acme/model", a=LEAK)
    path = f"/api/models/acme/model/tree/{repo.refs['refs/heads/main'][0].id}?recursive=true&expand=false"
    library.say(path, page([hubsource.entry("a", LEAK)], path))
    report = scan(library, "hf://acme/model")
    assert places(report) == ["hf://acme/model/a"]
    assert unread(report)[0][1] == "its files: the Hub lists it without end"


def test_a_listing_without_end_ends(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubreader, "_MOST_PAGES", 5)
    library.add("acme/m1", a=LEAK)
    pages = [page([{"id": f"acme/m{at}"}], f"/api/models?author=acme&cursor={at}") for at in range(1, 9)]
    library.say("/api/models?", *pages)
    report = scan(library, "hf://acme")
    assert ("hf://acme (models)", "the Hub lists it without end") in unread(report)
    assert places(report) == ["hf://acme/m1/a"]
    assert len(library.asked("/api/models")) == 5


def test_an_answer_that_drips_is_not_waited_for(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenguard.hub, "_FETCH", 2)
    library.add("acme/model", a=LEAK)
    library.say("/acme/model/resolve/", *[Answer(200, LEAK, pace=9)] * 3)
    monkeypatch.setattr(hubreader, "_PAUSES", ())
    ((where, reason),) = unread(scan(library, "hf://acme/model"))
    assert (where, reason) == ("hf://acme/model/a", "127.0.0.1 gives no answer within 2 seconds")


def test_an_account_that_lists_what_is_not_its_own_is_told(library: Library) -> None:
    library.say("/api/models", ok([{"id": "other/m"}]))
    assert ("hf://acme (models)", "the Hub lists what is not of this account") in unread(
        scan(library, "hf://acme")
    )


def test_discussions_that_are_fewer_than_counted_are_told(library: Library) -> None:
    library.add("acme/model").discuss("One", SECRET)
    library.say("/api/models/acme/model/discussions?p=1", ok({"discussions": [], "count": 9, "start": 2}))
    library.say(
        "/api/models/acme/model/discussions?p=0",
        ok({"discussions": [{"num": 1, "title": "One"}], "count": 9, "start": 0}),
    )
    report = scan(library, "hf://acme/model")
    assert unread(report) == [("hf://acme/model/discussions", "the Hub lists fewer than it counts")]
    assert len(report.findings) == 1


def test_refs_that_cannot_be_read_do_not_hide_the_discussions(library: Library) -> None:
    library.add("acme/model").discuss("One", SECRET)
    library.say("/api/models/acme/model/refs", Answer(403))
    report = scan(library, "hf://acme/model")
    assert unread(report) == [("hf://acme/model", "the Hub answers 403")]
    assert len(report.findings) == 1


def test_a_hub_that_does_not_answer_is_not_asked_for_ever(library: Library, slept: list[float]) -> None:
    hub = Hub(read_endpoint(closed_port()))
    report = scan_hub("hf://acme", hub=hub)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert [where for where, _ in unread(report)] == ["hf://acme"]
    assert slept == [1, 4]
