"""From bytes to Findings."""

from collections.abc import Iterator

import pytest

from tests.support.credentials import every_kind, s3_access_key, user_token
from tokenguard.core.blob import Blob, Origin, Window, whole
from tokenguard.core.detect import CONTEXT, LEAD, Span
from tokenguard.core.finding import Finding
from tokenguard.core.kinds import USER_ACCESS_TOKEN
from tokenguard.core.scan import ChangedError, scan_blob, scan_bytes, spans_of
from tokenguard.core.token import Token

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
