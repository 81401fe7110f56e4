"""A token anywhere is found once and at its place; nothing that is said of it shows it."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.support.credentials import every_kind
from tokenguard.core.blob import Blob, Origin, Unreadable, Window, whole
from tokenguard.core.detect import LEAD, TAIL, detect
from tokenguard.core.finding import Allowance, Allowed, Finding
from tokenguard.core.printable import printable
from tokenguard.core.redact import redact
from tokenguard.core.report import Report, Tally
from tokenguard.core.scan import scan_blob, scan_bytes
from tokenguard.core.token import Token
from tokenguard.render import json as as_json
from tokenguard.render import text as as_text

KINDS = sorted(every_kind())
# What a single credential of one kind looks like: its kind, the text, and the part that is reported.
credentials = st.builds(
    lambda kind, seed: (kind, every_kind(seed)[kind], every_kind(seed)[kind].split()[0]),
    st.sampled_from(KINDS),
    st.integers(0, 2**32),
)
# Bytes with what the detector is looking for, and with what may confuse it.
pieces = st.sampled_from(
    [
        b"hf_",
        b"HFAK",
        b"api_org_",
        b"\n",
        b"\r\n",
        b"\xc3\xa9",
        b"\xe9",
        b"\0",
        b"\\n",
        b"%20",
        b"\x1b[1m",
        b"eyJ",
        b".",
    ]
)
noise = st.lists(st.one_of(pieces, st.binary(max_size=40)), max_size=12).map(b"".join)
left_edges = st.sampled_from(
    [b"\n", b" ", b'"', b"'", b"=", b":", b"(", b"<", b",", b"|", b"\0", rb"\n", b"%3D", b"&quot;", b"\x1b[0;31m"]
)
right_edges = st.sampled_from(
    [b"\n", b" ", b'"', b"'", b")", b"<", b",", b"|", b"\0", rb"\n", b"&", b"@", b"\x1b[0m"]
)


@given(credentials, noise, left_edges, right_edges, noise)
def test_a_credential_anywhere_is_found_once_at_its_place(
    credential: tuple[str, str, str], before: bytes, left: bytes, right: bytes, after: bytes
) -> None:
    kind, text, secret = credential
    data = before + left + text.encode() + right + after
    found = [item for item in scan_bytes(data) if item.fingerprint == Token(secret).fingerprint]
    assert [item.kind for item in found] == [kind]
    assert found[0].line == (before + left).count(b"\n") + 1
    assert (found[0].end_column or 0) - (found[0].column or 0) == len(secret)


@given(noise)
def test_without_a_credential_nothing_is_found(data: bytes) -> None:
    assert scan_bytes(data) == []


@given(st.text())
def test_any_text_is_scanned(text: str) -> None:
    assert scan_bytes(text.encode("utf-8", "surrogatepass")) == []


@given(noise, st.lists(credentials, max_size=3), noise)
def test_spans_are_in_order_and_do_not_overlap(
    before: bytes, some: list[tuple[str, str, str]], after: bytes
) -> None:
    data = b"".join([before, *(text.encode() for _, text, _ in some), after])
    spans = detect(data)
    assert all(span.start < span.end <= len(data) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(data[span.start : span.end].startswith(span.kind.prefix.encode()) for span in spans)


def windows(data: bytes, cuts: list[int]) -> list[Window]:
    """`data` cut as a Source would, with what is needed around each part."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [
        Window(data[max(0, first - LEAD) : last + TAIL], max(0, first - LEAD), first, last)
        for first, last in pairwise(edges)
    ]


@given(
    st.lists(st.one_of(noise, credentials.map(lambda c: b"\n" + c[1].encode() + b" ")), max_size=6).map(b"".join),
    st.integers(0, 3 * LEAD),
    st.lists(st.integers(0, 2**16), max_size=5),
)
def test_scanning_in_windows_finds_what_scanning_at_once_finds(data: bytes, pad: int, cuts: list[int]) -> None:
    data = b"." * pad + b"\n" + data
    origin = Origin("a")
    assert list(scan_blob(Blob(origin, windows(data, cuts)), {})) == list(scan_blob(Blob(origin, whole(data)), {}))


def assert_hidden(secret: str, prefix: str, rendering: str) -> None:
    """No eight characters of the secret's own part are in `rendering`."""
    body = secret.removeprefix(prefix)
    shown = [body[at : at + 8] for at in range(len(body) - 7) if body[at : at + 8] in rendering]
    # The header of a signed token is the same in all of them, and no secret.
    assert shown == []


@given(credentials, st.text(max_size=20).map(lambda path: path.encode("utf-8", "replace").decode()))
def test_no_rendering_of_a_report_shows_a_credential(credential: tuple[str, str, str], path: str) -> None:
    _, text, secret = credential
    origin = Origin(path)
    findings = [item for item in scan_blob(Blob(origin, whole(text.encode())), {}) if isinstance(item, Finding)]
    report = Report(
        findings=tuple(findings),
        allowed=tuple(
            Allowed(finding, Allowance("allowed fingerprint", "pyproject.toml")) for finding in findings
        ),
        unreadable=(Unreadable(origin, "is gone"),),
        tally=Tally(files=1, blobs=1, bytes=len(text)),
    )
    assert len(findings) == 1
    renderings = [
        repr(report),
        as_json.document(report, "1"),
        *as_json.lines(report, "1"),
        *as_text.finding_lines(report, color=True),
        *as_text.allowed_lines(report),
        *as_text.unreadable_lines(report, color=False),
        *as_text.advice(report),
        as_text.summary(report),
    ]
    assert_hidden(secret, findings[0].masked.partition("…")[0], "\n".join(renderings))
    assert json.loads(as_json.document(report, "1"))["findings"][0]["path"] == path


@given(st.lists(credentials, min_size=1, max_size=3), st.text(max_size=30), st.sampled_from("\n \"'=(,"))
def test_redacted_text_shows_no_credential_and_keeps_the_rest(
    some: list[tuple[str, str, str]], around: str, edge: str
) -> None:
    around = around.encode("utf-8", "ignore").decode()
    text = edge.join([around, *(text for _, text, _ in some), around])
    redacted = redact(text)
    for _, _, secret in some:
        assert secret not in redacted
    assert redacted.startswith(around)
    assert redacted.endswith(around)


@given(st.text().map(lambda text: text.encode("utf-8", "ignore").decode()))
def test_redacting_leaves_other_text_alone(text: str) -> None:
    assert redact(text) == text


@given(st.text(alphabet=st.characters(codec=None, categories=None)))
def test_any_text_is_printable_in_one_line(text: str) -> None:
    assert printable(text).isprintable()
