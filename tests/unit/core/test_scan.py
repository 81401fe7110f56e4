"""From bytes to Findings."""

import base64
import gzip
import io
import pickle
import zipfile
from collections.abc import Callable, Iterator

import pytest

from tests.support.archives import zipped
from tests.support.credentials import every_kind, s3_access_key, user_token
from tokenguard.core.blob import Blob, Origin, Unreadable, Window, in_memory, whole
from tokenguard.core.detect import CONTEXT, LEAD, Span
from tokenguard.core.finding import Allowed, Finding
from tokenguard.core.kinds import USER_ACCESS_TOKEN
from tokenguard.core.scan import ChangedError, scan_blob, scan_bytes, scan_deep, spans_of
from tokenguard.core.token import Token
from tokenguard.core.windows import Once, windows_from
from tokenguard.errors import IncompleteError

TOKEN = user_token()


def test_a_finding_tells_all_but_the_secret() -> None:
    assert scan_bytes(f"a = 1\nt = '{TOKEN}'\n".encode()) == [
        Finding(
            kind=USER_ACCESS_TOKEN.name,
            origin=Origin("<bytes>"),
            line=2,
            column=6,
            end_column=43,
            fingerprint=Token(TOKEN).fingerprint,
            masked="hf_…" + TOKEN[-4:],
        )
    ]


@pytest.mark.parametrize("data", [b"", b"\n", b"hf_", b"\0" * 100, b"hf_" * 50])
def test_nothing_is_found_in(data: bytes) -> None:
    assert scan_bytes(data) == []


def test_the_origin_is_that_of_the_blob() -> None:
    (finding,) = scan_blob(Blob(Origin("a/b.py"), whole(TOKEN.encode())), {})
    assert isinstance(finding, Finding)
    assert finding.origin == Origin("a/b.py")


@pytest.mark.parametrize("kind", every_kind())
def test_the_columns_span_the_credential(kind: str) -> None:
    text = every_kind()[kind]
    (finding,) = scan_bytes(f"  {text} ".encode())
    assert (finding.column, finding.end_column) == (3, 3 + len(text.split()[0]))


def test_a_span_belongs_to_the_window_in_which_it_begins() -> None:
    data = f"{TOKEN} {TOKEN}".encode()
    first, second = Window(data, 0, 0, 38), Window(data, 0, 38, len(data))
    assert [span.start for span in spans_of(first)] == [0]
    assert [span.start for span in spans_of(second)] == [38]
    assert [span.start for span in spans_of(Window(data[1:], 1, 38, len(data)))] == [37]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_credential_across_the_edge_of_windows_is_found_once(cut: int) -> None:
    data = f"\n{TOKEN}\n".encode()
    windows = [Window(data, 0, 0, cut), Window(data, 0, cut, len(data))]
    found = list(scan_blob(Blob(Origin("a"), windows), {}))
    assert [(item.line, item.column) for item in found if isinstance(item, Finding)] == [(2, 1)]


def test_the_edge_of_a_window_does_not_make_a_secret_of_a_longer_run() -> None:
    key, secret = s3_access_key()
    data = f"A{secret}{'.' * (CONTEXT - 40)}{key} ".encode()
    assert spans_of(Window(data, 0, 0, len(data))) == []
    first = data.index(key.encode())
    start = first - LEAD
    assert spans_of(Window(data[start:], start, first, len(data))) == []


def test_findings_come_before_the_rest_is_read() -> None:
    data = TOKEN.encode()

    def windows() -> Iterator[Window]:
        yield Window(data + b"\n" + data, 0, 0, 38)
        raise OSError("gone")

    found = scan_blob(Blob(Origin("a"), windows()), {})
    assert isinstance(next(found), Finding)
    with pytest.raises(OSError, match="gone"):
        next(found)


def test_spans_that_are_known_are_not_looked_for_again() -> None:
    data = f"\n{TOKEN} {TOKEN}\n".encode()
    blob = Blob(Origin("a"), whole(data))
    (finding,) = scan_blob(blob, {}, [Span(39, 76, USER_ACCESS_TOKEN)])
    assert isinstance(finding, Finding)
    assert (finding.line, finding.column) == (2, 39)


@pytest.mark.parametrize("now", [b"", b"x" * 60, f"  {TOKEN}".encode(), TOKEN[:-1].encode()])
def test_a_file_that_has_changed_in_between_is_not_taken_for_clean(now: bytes) -> None:
    with pytest.raises(ChangedError):
        list(scan_blob(Blob(Origin("a"), whole(now)), {}, [Span(0, 37, USER_ACCESS_TOKEN)]))


def deep(data: bytes, path: str = "a") -> list[Finding | Allowed | Unreadable]:
    return list(scan_deep(in_memory(Origin(path), data), {}))


def test_a_credential_in_an_archive_is_told_of_its_member_alone() -> None:
    inner = zipped({"d/.env": f"A=1\nB={TOKEN}\n".encode()}, zipfile.ZIP_STORED)
    (finding,) = deep(zipped({"in.zip": inner}, zipfile.ZIP_STORED))
    assert isinstance(finding, Finding)
    assert (finding.origin.inside, finding.line, finding.column) == (("in.zip", "d/.env"), 2, 3)


def test_another_one_beside_it_is_told_too() -> None:
    outer, inner = user_token(1), user_token(2)
    data = f"#!/bin/sh\nexport T={outer}\n".encode() + zipped({"a": inner.encode()})
    found = {(item.masked, item.origin.inside) for item in deep(data) if isinstance(item, Finding)}
    assert found == {(f"hf_…{outer[-4:]}", ()), (f"hf_…{inner[-4:]}", ("a",))}


def test_what_has_no_lines_has_none() -> None:
    (finding,) = deep(pickle.dumps({"t": TOKEN}, 4))
    assert isinstance(finding, Finding)
    assert finding.origin.inside
    assert (finding.line, finding.column, finding.end_column) == (None, None, None)


def test_without_lines_the_same_one_is_told_once() -> None:
    (finding,) = deep(pickle.dumps([TOKEN, f"a {TOKEN}"], 4))
    assert isinstance(finding, Finding)


def test_a_chain_is_told_with_the_line_where_it_begins() -> None:
    data = b"a: 1\nb: " + base64.b64encode(base64.b64encode(TOKEN.encode())) + b"\n"
    (finding,) = deep(data)
    assert isinstance(finding, Finding)
    assert (finding.line, finding.column, finding.decoded) == (2, 4, ("base64", "base64"))
    assert finding.fingerprint == Token(TOKEN).fingerprint


def test_plain_and_encoded_ones_are_told_in_their_order() -> None:
    encoded = base64.b64encode(user_token(1).encode())
    lines = [
        item.line for item in deep(encoded + b"\n" + TOKEN.encode() + b"\n" + encoded) if isinstance(item, Finding)
    ]
    assert lines == [1, 2, 3]


def test_a_pragma_allows_what_is_encoded_and_what_is_packed() -> None:
    line = base64.b64encode(TOKEN.encode()) + b"  # pragma: allowlist secret\n"
    for data, where in ((b"\n" + line, "a:2"), (gzip.compress(line), "a > content:1")):
        (item,) = deep(data)
        assert isinstance(item, Allowed)
        assert item.allowance.where == where


def test_a_notebook_in_an_archive_has_cells() -> None:
    notebook = b'{"cells": [{"source": ""}, {"outputs": [{"text": "%b"}]}]}' % TOKEN.encode()
    (finding,) = deep(zipped({"n.ipynb": notebook}))
    assert isinstance(finding, Finding)
    assert (finding.cell, finding.output) == (2, 1)


def test_what_cannot_be_read_is_told_beside_what_can() -> None:
    data = zipped({"a": TOKEN.encode(), "b.gz": gzip.compress(b"x" * 1000)[:-12]})
    found, unreadable = sorted(deep(data), key=lambda item: isinstance(item, Unreadable))
    assert isinstance(found, Finding)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.origin.inside == ("b.gz", "b")


@pytest.mark.parametrize("packed", [gzip.compress, lambda data: zipped({"content": data})], ids=["gzip", "zip"])
def test_a_container_that_can_be_read_once_is_opened_too(packed: Callable[[bytes], bytes]) -> None:
    source = io.BytesIO(packed(TOKEN.encode()))
    file = Once(source.read)
    (finding,) = scan_deep(Blob(Origin("-"), windows_from(file.read), lambda: file), {})
    assert isinstance(finding, Finding)
    assert finding.origin.inside == ("content",)


def test_what_was_found_before_the_source_failed_is_told() -> None:
    def windows() -> Iterator[Window]:
        data = TOKEN.encode() + b"\n"
        yield Window(data * 2, 0, 0, len(data))
        raise OSError(5, "Input/output error")

    items = scan_deep(Blob(Origin("a"), windows()), {})
    assert isinstance(next(items), Finding)
    with pytest.raises(OSError, match="Input/output"):
        next(items)


def test_bytes_that_cannot_be_read_are_not_called_clean() -> None:
    with pytest.raises(IncompleteError):
        scan_bytes(zipped({"a": b"x" * 100})[:-30])
