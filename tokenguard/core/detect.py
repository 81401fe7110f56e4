"""The Detector: bytes in, Spans out."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.kinds import Kind

# A blob without any of these literals holds no credential, and looking for a literal is the fastest search
# that Python has. What judges a match is loaded when one of them is there.
ANCHORS = (b"hf_", b"api_org_", b"oauth_app_secret_", b"HFAK")

# No credential is longer, in bytes; the JWS of a token with hundreds of scoped permissions stays below it.
LONGEST = 24 * 1024

# How far around a match `detect` looks: at what stands to its left, and for the secret of an S3 access key.
CONTEXT = 1024
LABEL = 64
LEAD = CONTEXT + LABEL
TAIL = LONGEST + CONTEXT + 1


class Span(NamedTuple):
    """A credential of `kind` in `data[start:end]`."""

    start: int
    end: int
    kind: Kind


def anchors_in(data: bytes) -> list[bytes]:
    """Those of ANCHORS that are in `data`."""
    return [anchor for anchor in ANCHORS if anchor in data]


def detect(data: bytes, anchors: Sequence[bytes] | None = None) -> list[Span]:
    """Every credential in `data`, in order, none overlapping another; `anchors` are those in it, if known."""
    if anchors is None:
        anchors = anchors_in(data)
    if not anchors:  # almost every file there is
        return []
    return list(_accepted(data, sorted(span for anchor in anchors for span in _candidates(anchor, data))))


def _candidates(anchor: bytes, data: bytes) -> Iterator[Span]:
    """What is shaped like a credential, even within another."""
    from tokenguard.core.patterns import is_ended, kind_of, pattern

    expression = pattern(anchor)
    position = 0
    while match := expression.search(data, position):
        if is_ended(match):
            yield Span(match.start(), match.end(), kind_of(match))
        position = match.start() + 1


def _accepted(data: bytes, spans: list[Span]) -> Iterator[Span]:
    from tokenguard.core.boundary import begins_word
    from tokenguard.core.judge import Judge

    judge = Judge(data)
    end = 0
    for span in spans:
        # A second credential may follow the first without a gap.
        begins = span.start == end or (span.start > end and begins_word(data, span.start))
        if begins and judge.is_credential(span):
            end = span.end
            yield span
