"""From a Blob to its Findings."""

from __future__ import annotations

from io import SEEK_END
from typing import NamedTuple

from tokenguard.core.blob import Blob, Origin, Unreadable, Window, in_memory
from tokenguard.core.detect import Span, anchors_in, detect
from tokenguard.core.windows import Once
from tokenguard.errors import IncompleteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import BinaryIO

    from tokenguard.core.cells import Cells
    from tokenguard.core.finding import Allowed, Finding, Held
    from tokenguard.core.kinds import Kind
    from tokenguard.core.locate import Locator

    Item = Finding | Allowed | Unreadable

_NOT_DECODED = "too much is encoded in it, and was not decoded to its end"


class ChangedError(OSError):
    """What was read a second time is not what it was."""


class _Hit(NamedTuple):
    """A credential in a window: where, of which kind, its value, and how it is encoded there."""

    start: int
    end: int
    kind: Kind
    value: bytes
    chain: tuple[str, ...] = ()


def spans_of(window: Window, anchors: Sequence[bytes] | None = None) -> list[Span]:
    """The Spans that begin within `window`, in offsets of its data; `anchors` as for `detect`."""
    first, last = window.first - window.start, window.last - window.start
    return [span for span in detect(window.data, anchors) if first <= span.start < last]


def scan_bytes(data: bytes) -> list[Finding]:
    """The leaked credentials in `data`, plain, encoded or packed, without those that a pragma beside them allows.

    Raises IncompleteError where something in it could not be read, and nothing was found in what could.
    """
    from tokenguard.core.finding import Finding

    items = list(scan_deep(in_memory(Origin("<bytes>"), data), {}))
    findings = [item for item in items if isinstance(item, Finding)]
    unreadable = next((item for item in items if isinstance(item, Unreadable)), None)
    if unreadable and not findings:
        raise IncompleteError(unreadable.reason)
    return findings


def scan_deep(blob: Blob, fingerprints: Mapping[str, str], held: Held | None = None) -> Iterator[Item]:
    """What is found in `blob` in plain, encoded and packed, and what of that could not be read.

    A credential that stands in an archive's bytes and in a member is told of the member. Otherwise as `scan_blob`.
    """
    items: list[Item] = []
    try:
        items.extend(_levels(blob, fingerprints, held))
    except (OSError, IncompleteError):
        yield from _innermost(items)
        raise
    yield from _innermost(items)


def _levels(blob: Blob, fingerprints: Mapping[str, str], held: Held | None) -> Iterator[Item]:
    """What stands in `blob` itself, and in everything that is packed in it."""
    if blob.open is None:
        yield from _level(blob, fingerprints, held)
        return
    with blob.open() as file:
        is_packed = _is_packed(file)
        # What can be read once is read as what it is, or for what is packed in it.
        if not is_packed or not isinstance(file, Once):
            yield from _level(blob, fingerprints, held)
        if not is_packed:
            return
        from tokenguard.core.unpack import Limits, unpack
        from tokenguard.core.unpack.walk import Cut

        for piece in unpack(file, blob.origin.name, Limits()):
            origin = blob.origin._replace(inside=piece.inside)
            if isinstance(piece, Cut):
                yield Unreadable(origin, piece.reason)
            else:
                yield from _level(Blob(origin, piece.windows, None, piece.has_lines), fingerprints, held)


def _is_packed(file: BinaryIO) -> bool:
    """Whether `file` is a container, as far as its first bytes and its last tell."""
    from tokenguard.core.unpack import HEAD, TAIL, is_container

    if isinstance(file, Once):
        return is_container(file.peek(HEAD)[:HEAD], -1)
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    file.seek(0)
    return is_container(file.read(HEAD), size, tail)


def scan_blob(
    blob: Blob, fingerprints: Mapping[str, str], known: Sequence[Span] | None = None, held: Held | None = None
) -> Iterator[Finding | Allowed]:
    """What stands in `blob` in plain, with the Allowance where there is one.

    `fingerprints` are as in `allow.allowance`. `known` are the Spans that an earlier reading found, in offsets of
    the whole; without them they are looked for. `held` takes the Tokens that Findings are about.
    Raises what reading the blob raises, and ChangedError where a known Span is there no longer.
    """
    found = _Found(blob, fingerprints, held)
    for window in blob.windows:
        spans = spans_of(window) if known is None else _recalled(window, known)
        yield from found.told(window, [_plain(window, span) for span in spans])


def _level(blob: Blob, fingerprints: Mapping[str, str], held: Held | None) -> Iterator[Item]:
    """What stands in `blob` in plain or encoded, as `scan_blob`; last, that it was not decoded to its end."""
    from tokenguard.core.decode import decode

    found = _Found(blob, fingerprints, held)
    is_complete = True
    for window in blob.windows:
        first, last = window.first - window.start, window.last - window.start
        anchors = anchors_in(window.data)
        hits = [_plain(window, span) for span in detect(window.data, anchors)]
        if is_complete:  # it is hostile otherwise, and has been given up
            decoded = decode(window.data, anchors)
            is_complete = decoded.is_complete
            hits += [_Hit(*encoded) for encoded in decoded.found]
        yield from found.told(window, sorted(hit for hit in hits if first <= hit.start < last))
    if not is_complete:
        yield Unreadable(blob.origin, _NOT_DECODED)


def _plain(window: Window, span: Span) -> _Hit:
    return _Hit(*span, window.data[span.start : span.end])


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


def _innermost(items: list[Item]) -> list[Item]:
    """Without what was found in the bytes of a container, and in one of its members again."""
    within = {
        (item.fingerprint, item.origin.inside[:level])
        for item in map(_finding, items)
        if item
        for level in range(len(item.origin.inside))
    }
    if not within:
        return items
    return [
        item
        for item in items
        if (finding := _finding(item)) is None or (finding.fingerprint, finding.origin.inside) not in within
    ]


def _finding(item: Item) -> Finding | None:
    from tokenguard.core.finding import Allowed, Finding

    if isinstance(item, Allowed):
        return item.finding
    return item if isinstance(item, Finding) else None


class _Found:
    """What is found in one Blob, told window by window."""

    def __init__(self, blob: Blob, fingerprints: Mapping[str, str], held: Held | None) -> None:
        self._origin = blob.origin
        self._has_lines = blob.has_lines
        self._fingerprints = fingerprints
        self._held = held
        self._told: set[tuple[str, tuple[str, ...]]] = set()
        self._locator: Locator | None = None
        self._cells: Cells | None = None

    def told(self, window: Window, hits: Sequence[_Hit]) -> Iterator[Finding | Allowed]:
        """A Finding for each of `hits`, which are those of `window` and sorted."""
        if self._locator is None:
            if not hits and window.is_last:  # as almost always
                return
            from tokenguard.core.locate import Locator

            self._locator = Locator()
            if self._origin.name.endswith(".ipynb"):
                from tokenguard.core.cells import Cells

                self._cells = Cells()
        from tokenguard.core.allow import allowance
        from tokenguard.core.claims import read_claims
        from tokenguard.core.finding import Allowed, Finding
        from tokenguard.core.token import Token

        spans = [Span(hit.start, hit.end, hit.kind) for hit in hits]
        cells = self._cells.feed(window, spans) if self._cells else [(None, None)] * len(hits)
        for hit, place, (cell, output) in zip(hits, self._locator.feed(window, spans), cells, strict=True):
            token = Token(hit.value.decode("ascii"))
            finding = Finding(
                kind=hit.kind.name,
                origin=self._origin,
                line=place.line if self._has_lines else None,
                column=place.column if self._has_lines else None,
                end_column=place.end_column if self._has_lines else None,
                fingerprint=token.fingerprint,
                masked=token.masked(hit.kind.prefix),
                claims=read_claims(token),
                decoded=hit.chain,
                cell=cell,
                output=output,
            )
            if not self._has_lines:  # without a line, one cannot be told from the next
                if (finding.fingerprint, finding.decoded) in self._told:
                    continue
                self._told.add((finding.fingerprint, finding.decoded))
            covered = allowance(finding, place, self._fingerprints)
            if self._held is not None and not covered:
                self._held[finding.fingerprint] = token
            yield Allowed(finding, covered) if covered else finding
