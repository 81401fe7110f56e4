"""All that a repository on the Hub has is scanned, and what cannot be is told; the token goes nowhere else."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import pytest

from tests.unit.hubscan.scans import LEAK, MIB, READER, SECRET, places, scan, unread
from tokenguard.account import Search
from tokenguard.core.endpoint import read_endpoint
from tokenguard.errors import ExitCode, UsageError
from tokenguard.hub import Hub
from tokenguard.hubscan import ANONYMOUS, scan_hub

if TYPE_CHECKING:
    from tests.support.hubsource import Library


def test_a_file_of_the_default_revision_is_found_where_it_is(library: Library) -> None:
    repo = library.add("acme/model", README__md=b"# Model\n", run__py=LEAK)
    report = scan(library, "hf://acme/model")
    (finding,) = report.findings
    assert finding.origin.path == "hf://acme/model/run.py"
    assert finding.origin.lineage is not None
    assert finding.origin.lineage.commit == repo.refs["refs/heads/main"][0].id
    assert (finding.line, finding.column, finding.origin.lineage.author) == (1, 10, "alice")
    assert report.exit_code is ExitCode.FOUND


def test_nothing_found_says_what_was_read(library: Library) -> None:
    library.add("acme/model", README__md=b"# Model\n")
    report = scan(library, "hf://acme/model")
    assert report.exit_code is ExitCode.CLEAN
    # The file, and the message of the commit.
    assert (report.tally.files, report.tally.bytes) == (2, len(b"# Model\n") + len("initial commit"))


@pytest.mark.parametrize(
    "ref", ["refs/heads/main", "refs/heads/old", "refs/tags/v1", "refs/pr/1", "refs/convert/x"]
)
def test_what_was_taken_out_again_is_found_in_every_ref(library: Library, ref: str) -> None:
    repo = library.add("acme/x", "dataset", README__md=b"# Data\n")
    leaking = repo.commit({"a b/ü.txt": LEAK}, ref=ref)
    repo.commit({"a b/ü.txt": None}, ref=ref)
    (finding,) = scan(library, "hf://datasets/acme/x").findings
    assert finding.origin.path == "hf://datasets/acme/x/a b/ü.txt"
    assert finding.origin.lineage is not None
    assert finding.origin.lineage.commit == leaking.id


def test_each_content_is_read_once(library: Library) -> None:
    repo = library.add("acme/model", a=LEAK)
    repo.commit({"b": LEAK, "c": b"other"})
    repo.commit({"d": b"more"}, ref="refs/tags/v1")
    report = scan(library, "hf://acme/model")
    assert places(report) == ["hf://acme/model/a"]
    assert len([request for request in library.requests if "/resolve/" in request.path]) == 3


def test_messages_of_commits_are_read(library: Library) -> None:
    made = library.add("acme/model").commit({"a": b"a"}, "Upload", f"with {SECRET}")
    assert places(scan(library, "hf://acme/model")) == [f"hf://acme/model/commit/{made.id}"]


def test_listings_are_followed_to_their_end(library: Library) -> None:
    repo = library.add("acme/model")
    repo.commit({f"f{at}": b"%d" % at for at in range(5)})
    for at in range(5):
        repo.commit({f"g{at}": b"g%d" % at})
    repo.commit({"z": LEAK})
    report = scan(library, "hf://acme/model")
    assert places(report) == ["hf://acme/model/z"]
    assert report.tally.files == 11 + 8


def test_discussions_are_read_with_their_comments(library: Library) -> None:
    repo = library.add("acme/model")
    repo.discuss("Hello", "no")
    repo.discuss(f"Why is {SECRET} here", "yes", pull_request=True)
    repo.discuss("Third", "first", f"line\nmine is {SECRET}")
    first, second = scan(library, "hf://acme/model").findings
    assert first.origin.path == "hf://acme/model/discussions/2"
    assert (second.origin.path, second.line) == (f"hf://acme/model/discussions/3#{3:012x}{1:012x}", 2)
    assert second.origin.lineage is not None
    assert second.origin.lineage.author == "bob"


def test_variables_of_a_space_are_read(library: Library) -> None:
    library.add("acme/demo", "space").variables = {"HF_TOKEN": {"value": SECRET, "updatedAt": "2024"}}
    assert places(scan(library, "hf://spaces/acme/demo")) == ["hf://spaces/acme/demo/settings#HF_TOKEN"]


def test_variables_that_are_not_for_the_token_are_a_note(library: Library) -> None:
    library.add("acme/demo", "space").variables = None
    report = scan(library, "hf://spaces/acme/demo")
    assert report.exit_code is ExitCode.CLEAN
    assert report.notes == ("the variables of hf://spaces/acme/demo are shown to those alone who may write to it",)


def test_an_account_is_all_that_it_has(library: Library) -> None:
    for at in range(3):
        library.add(f"acme/m{at}", a=LEAK)
    library.add("acme/x", "dataset", a=LEAK)
    library.add("acme/demo", "space", a=LEAK)
    library.add("acme/b", "bucket", a=LEAK)
    library.add("other/m", a=LEAK)
    assert places(scan(library, "hf://acme")) == [
        "hf://acme/m0/a",
        "hf://acme/m1/a",
        "hf://acme/m2/a",
        "hf://buckets/acme/b/a",
        "hf://datasets/acme/x/a",
        "hf://spaces/acme/demo/a",
    ]


def test_an_account_with_nothing_to_see_is_not_clean(library: Library) -> None:
    assert unread(scan(library, "hf://nobody")) == [("hf://nobody", "the Hub shows nothing of it to whoever asks")]


def test_a_repository_that_is_not_there_is_told_once(library: Library) -> None:
    ((where, why),) = unread(scan(library, "hf://acme/none"))
    assert where == "hf://acme/none"
    assert why.startswith("the Hub answers 404 (Sorry, ")
    assert why.endswith("): there is none of this name, or it is not shown to whoever asks")


@pytest.mark.parametrize(
    "name",
    [
        "acme/model",
        "hf://",
        "hf://datasets/acme",
        "hf://acme/m/file",
        "hf://acme/m@main",
        "hf://../x",
        "hf://collections/acme/x",
    ],
)
def test_what_is_no_name_is_refused(library: Library, name: str) -> None:
    with pytest.raises(UsageError):
        scan(library, name)
    assert library.requests == []


def test_the_token_goes_to_the_hub_and_not_to_its_storage(library: Library) -> None:
    library.add("acme/model", large=b"a" * (2 * MIB) + LEAK)
    assert places(scan(library, "hf://acme/model")) == ["hf://acme/model/large"]
    assert {request.token for request in library.requests} == {READER}
    (request,) = library.storage.requests
    assert not any(READER in value for value in (*request.headers.values(), request.path))


def test_without_a_token_none_is_sent(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", READER)
    library.add("acme/model", a=LEAK)
    report = scan_hub("hf://acme/model", hub=Hub(read_endpoint(library.endpoint)))
    assert places(report) == ["hf://acme/model/a"]
    assert {request.token for request in library.requests} == {None}
    assert report.notes == (ANONYMOUS,)


def safetensors(size: int, text: str) -> bytes:
    header = json.dumps(
        {"__metadata__": {"note": text}, "w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}
    )
    return struct.pack("<Q", len(header)) + header.encode() + b"\0" * size


def gguf(size: int, text: str) -> bytes:
    key, value = b"general.description", text.encode()
    pair = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(value)) + value
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair + b"\0" * size


@pytest.mark.parametrize(
    ("name", "data"),
    [("model.safetensors", safetensors(20 * MIB, SECRET)), ("model.gguf", gguf(20 * MIB, SECRET))],
)
def test_of_large_tensors_the_header_is_read(library: Library, name: str, data: bytes) -> None:
    library.add("acme/model").commit({name: data})
    report = scan(library, "hf://acme/model", max_size=MIB)
    assert [place.partition(" > ")[0] for place in places(report)] == [f"hf://acme/model/{name}"]
    assert report.unreadable == ()
    assert [request.headers["range"] for request in library.storage.requests] == ["bytes=0-65535"]
    (note,) = report.notes
    assert f"; {len(data) - 65536} bytes of tensors were left out" in note


def test_a_header_without_end_is_unreadable(library: Library) -> None:
    library.add("acme/model").commit({"model.gguf": gguf(9 * MIB, SECRET + "a" * (3 * MIB))})
    report = scan(library, "hf://acme/model", max_size=MIB)
    assert unread(report) == [("hf://acme/model/model.gguf", f"its header is larger than {MIB} bytes")]
    assert len(library.storage.requests) == 2


def test_who_does_not_look_deep_reads_tensors_as_any_file(library: Library) -> None:
    library.add("acme/model").commit({"model.safetensors": safetensors(9 * MIB, SECRET)})
    hub = Hub(read_endpoint(library.endpoint))
    report = scan_hub("hf://acme/model", hub=hub, search=Search(deep=False))
    assert (places(report), report.notes) == (["hf://acme/model/model.safetensors"], (ANONYMOUS,))
    report = scan_hub("hf://acme/model", hub=hub, max_size=MIB, search=Search(deep=False))
    assert unread(report) == [("hf://acme/model/model.safetensors", f"larger than {MIB} bytes")]


def test_a_large_file_is_read_in_pieces(library: Library) -> None:
    library.add("acme/model", large=b"a" * (10 * MIB) + b"\n" + LEAK)
    report = scan(library, "hf://acme/model")
    assert [(finding.line, finding.column) for finding in report.findings] == [(2, 10)]
    assert len(library.storage.requests) == 4  # of 64 KiB, 1 MiB, 8 MiB and the rest


def test_a_file_that_is_too_large_is_told(library: Library) -> None:
    library.add("acme/model", large=b"a" * (2 * MIB), small=LEAK)
    report = scan(library, "hf://acme/model", max_size=MIB)
    assert unread(report) == [("hf://acme/model/large", f"larger than {MIB} bytes")]
    assert places(report) == ["hf://acme/model/small"]
    assert report.exit_code is ExitCode.INCOMPLETE
    assert library.storage.requests == []
