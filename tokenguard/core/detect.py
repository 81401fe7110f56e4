"""The Detector: bytes in, Spans out."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.kinds import Kind

# A blob without any of these literals holds no credential, and looking for a literal is the fastest search
# that Python has. What judges a match is loaded when one of them is there.
ANCHORS = (b"hf_", b"api_org_", b"oauth_app_secret_", b"HFAK")

# No credential is longer, in bytes; the JWS of a token with hundreds of scoped permissions stays below it.
LONGEST = 24 * 1024

# How far around a match `detect` looks: at what stands to its left, and for the secret of an S3 access key.
CONTEXT = 1024
_LABEL = 64
LEAD = CONTEXT + _LABEL
TAIL = LONGEST + CONTEXT + 1


class Span(NamedTuple):
    """A credential of `kind` in `data[start:end]`."""

    start: int
    end: int
    kind: Kind


def detect(data: bytes) -> list[Span]:
    """Every credential in `data`, in order, none overlapping another."""
    anchors = [anchor for anchor in ANCHORS if anchor in data]
    if not anchors:  # almost every file there is
        return []
    return list(_accepted(data, sorted(span for anchor in anchors for span in _candidates(anchor, data))))


def _candidates(anchor: bytes, data: bytes) -> Iterator[Span]:
    """What is shaped like a credential, even within another."""
    from tokenguard.core.patterns import kind_of, pattern

    expression = pattern(anchor)
    position = 0
    while match := expression.search(data, position):
        yield Span(match.start(), match.end(), kind_of(match))
        position = match.start() + 1


def _accepted(data: bytes, spans: list[Span]) -> Iterator[Span]:
    from tokenguard.core.boundary import begins_word

    end = 0
    for span in spans:
        # A second credential may follow the first without a gap.
        begins = span.start == end or (span.start > end and begins_word(data, span.start))
        if begins and _is_credential(data, span):
            end = span.end
            yield span


def _is_credential(data: bytes, span: Span) -> bool:
    from tokenguard.core import kinds
    from tokenguard.core.jws import is_jws
    from tokenguard.core.plausible import looks_random

    body = data[span.start + len(span.kind.prefix) : span.end]
    match span.kind:
        case kinds.OAUTH_ACCESS_TOKEN | kinds.JWT_ACCESS_TOKEN | kinds.S3_SESSION_TOKEN:
            return is_jws(body)
        case kinds.S3_ACCESS_KEY:
            is_placeholder = len(body) >= 16 and not looks_random(body, any_alphabet=True)
            return not is_placeholder and _has_secret_nearby(data, span)
        case kinds.USER_ACCESS_TOKEN | kinds.ORGANIZATION_TOKEN:
            return looks_random(body) and not _within_noise(data, span)
        case _:
            return looks_random(body, any_alphabet=True) and not _within_noise(data, span)


def _has_secret_nearby(data: bytes, span: Span) -> bool:
    from tokenguard.core.patterns import s3_secret
    from tokenguard.core.plausible import looks_random

    reach = span.end + CONTEXT
    # One byte more, to see whether the run goes on there.
    for match in s3_secret().finditer(data, max(0, span.start - CONTEXT), reach + 1):
        if match.end() > reach:
            break
        if _random_part(match.group()):
            return True
        # Forty hexadecimal digits are the name of a commit, unless something calls them a secret.
        label = data[max(0, match.start() - _LABEL) : match.start()].lower()
        if b"secret" in label and match.group().isalnum() and looks_random(match.group(), any_alphabet=True):
            return True
    return False


def _random_part(run: bytes) -> bool:
    """Whether the letters and digits of a run of base64 characters look drawn at random."""
    from tokenguard.core.plausible import looks_random

    body = run.translate(None, b"/+_-")
    return len(body) >= 24 and looks_random(body)


def _within_noise(data: bytes, span: Span) -> bool:
    """Whether the match is a stretch of some base64url text, which holds any prefix sooner or later.

    Such text goes on at either side after `-` or `_`, and is itself random there.
    """
    left = _run(data[max(0, span.start - 64) : span.start][::-1])[::-1]
    right = _run(data[span.end : span.end + 64])
    return any(_random_part(run) and not any(anchor in run for anchor in ANCHORS) for run in (left, right))


def _run(data: bytes) -> bytes:
    """The leading characters of `data` that base64url is made of."""
    rest = data.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return data[: len(data) - len(rest)]
