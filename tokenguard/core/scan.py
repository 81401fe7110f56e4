"""From a Blob to its Findings."""

from __future__ import annotations

from tokenguard.core.blob import Blob, Origin, Window, whole
from tokenguard.core.detect import Span, detect
from tokenguard.core.finding import Allowed, Finding
from tokenguard.core.locate import Locator
from tokenguard.core.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokenguard.core.finding import Allowance
    from tokenguard.core.locate import Place


def spans_of(window: Window) -> list[Span]:
    """The Spans that begin within `window`, in offsets of its data."""
    first, last = window.first - window.start, window.last - window.start
    return [span for span in detect(window.data) if first <= span.start < last]


def scan_blob(blob: Blob, fingerprints: Mapping[str, str]) -> Iterator[Finding | Allowed]:
    """What is found in `blob`, with the Allowance where there is one; `fingerprints` as in `allow.allowance`.

    Raises what reading the blob raises.
    """
    locator = Locator()
    for window in blob.windows:
        spans = spans_of(window)
        if not spans and window.is_last:
            return
        for span, place in zip(spans, locator.feed(window, spans), strict=True):
            finding = _finding(blob.origin, window.data, span, place)
            covered = _allowance(finding, place, fingerprints)
            yield Allowed(finding, covered) if covered else finding


def scan_bytes(data: bytes) -> list[Finding]:
    """The leaked credentials in `data`, without those that a pragma beside them allows."""
    found = scan_blob(Blob(Origin("<bytes>"), whole(data)), {})
    return [item for item in found if isinstance(item, Finding)]


def _finding(origin: Origin, data: bytes, span: Span, place: Place) -> Finding:
    token = Token(data[span.start : span.end].decode("ascii"))
    return Finding(
        kind=span.kind,
        origin=origin,
        line=place.line,
        column=place.column,
        end_column=place.end_column,
        fingerprint=token.fingerprint,
        masked=token.masked(span.kind.prefix),
    )


def _allowance(finding: Finding, place: Place, fingerprints: Mapping[str, str]) -> Allowance | None:
    from tokenguard.core.allow import allowance

    return allowance(finding, place, fingerprints)
