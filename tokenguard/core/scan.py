"""From a Blob to its Findings."""

from __future__ import annotations

from tokenguard.core.blob import Blob, Origin, Window, whole
from tokenguard.core.detect import Span, detect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tokenguard.core.finding import Allowed, Finding, Held
    from tokenguard.core.locate import Locator


class ChangedError(OSError):
    """What was read a second time is not what it was."""


def spans_of(window: Window) -> list[Span]:
    """The Spans that begin within `window`, in offsets of its data."""
    first, last = window.first - window.start, window.last - window.start
    return [span for span in detect(window.data) if first <= span.start < last]


def scan_blob(
    blob: Blob, fingerprints: Mapping[str, str], known: Sequence[Span] | None = None, held: Held | None = None
) -> Iterator[Finding | Allowed]:
    """What is found in `blob`, with the Allowance where there is one; `fingerprints` as in `allow.allowance`.

    `known` are the Spans that an earlier reading found, in offsets of the whole; without them they are looked for.
    `held` takes the Tokens that Findings are about.
    Raises what reading the blob raises, and ChangedError where a known Span is there no longer.
    """
    locator: Locator | None = None
    for window in blob.windows:
        spans = spans_of(window) if known is None else _recalled(window, known)
        if not spans and window.is_last:
            return
        if locator is None:
            from tokenguard.core.locate import Locator

            locator = Locator()
        yield from _found(blob.origin, window, spans, locator, fingerprints, held)


def scan_bytes(data: bytes) -> list[Finding]:
    """The leaked credentials in `data`, without those that a pragma beside them allows."""
    from tokenguard.core.finding import Finding

    found = scan_blob(Blob(Origin("<bytes>"), whole(data)), {})
    return [item for item in found if isinstance(item, Finding)]


def _recalled(window: Window, known: Sequence[Span]) -> list[Span]:
    from tokenguard.core.patterns import is_shaped

    spans = [
        Span(span.start - window.start, span.end - window.start, span.kind)
        for span in known
        if window.first <= span.start < window.last or (window.is_last and span.start >= window.last)
    ]
    if not all(is_shaped(window.data[span.start : span.end], span.kind) for span in spans):
        raise ChangedError("changed while it was read")
    return spans


def _found(
    origin: Origin,
    window: Window,
    spans: list[Span],
    locator: Locator,
    fingerprints: Mapping[str, str],
    held: Held | None,
) -> Iterator[Finding | Allowed]:
    from tokenguard.core.allow import allowance
    from tokenguard.core.claims import read_claims
    from tokenguard.core.finding import Allowed, Finding
    from tokenguard.core.token import Token

    for span, place in zip(spans, locator.feed(window, spans), strict=True):
        token = Token(window.data[span.start : span.end].decode("ascii"))
        finding = Finding(
            kind=span.kind.name,
            origin=origin,
            line=place.line,
            column=place.column,
            end_column=place.end_column,
            fingerprint=token.fingerprint,
            masked=token.masked(span.kind.prefix),
            claims=read_claims(token),
        )
        covered = allowance(finding, place, fingerprints)
        if held is not None and not covered:
            held[finding.fingerprint] = token
        yield Allowed(finding, covered) if covered else finding
