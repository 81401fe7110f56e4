"""Credentials that stand in a text in another form: encoded, escaped, split, and that several times over.

How it is fast: nothing is decoded unless there is a stretch of letters, digits and escapes (`runs`) that is as
long as a credential's body, which one translation and one search tell, or a zero byte for UTF-16, or
one of the detector's anchors for what is put together out of pieces. What is decoded goes through `detect`, and
through here again. Which forms of a prefix are looked for, `images` says.
"""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core.decode.runs import WORD, marked, runs
from tokenguard.core.detect import ANCHORS, LEAD, detect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tokenguard.core.decode.layer import Layer
    from tokenguard.core.kinds import Kind

CONCATENATION = "concatenation"
"""What is put together out of pieces."""

DEPTH = 3
"""How many encodings lie one in another at most."""

# All layers together, in bytes: a few times what was read, and enough for what is small. Texts decode to less than
# they have, but in four alignments.
_TIMES = 4
_LEAST = 256 * 1024


class Encoded(NamedTuple):
    """A credential of `kind` that `data[start:end]` stands for.

    `value` is the credential itself; `chain` names the encodings, the outermost first.
    """

    start: int
    end: int
    kind: Kind
    value: bytes
    chain: tuple[str, ...]


class Decoded(NamedTuple):
    """What was `found`; not `is_complete` where there was more to decode than is decoded at most.

    Only a text that was made for it has that much.
    """

    found: list[Encoded]
    is_complete: bool


class _Signs(NamedTuple):
    """What tells that something may be found: anchors, UTF-16, rows of numbers, what `runs.marked` says."""

    anchors: Sequence[bytes]
    is_wide: bool
    has_rows: bool
    marks: bytes | None


def may_hide(data: bytes, anchors: Sequence[bytes] | None = None) -> bool:
    """Whether `decode` can find anything; `anchors` are those of `detect.ANCHORS` that are in `data`, if known."""
    return _signs(data, anchors) is not None


def _signs(data: bytes, anchors: Sequence[bytes] | None = None) -> _Signs | None:
    if anchors is None:
        anchors = _anchors(data)
    marks = marked(data)
    is_wide = _is_wide(data)
    has_rows = any(title in data[:_TITLE] for title in _TITLES)
    if not (anchors or is_wide or has_rows) and marks is None:
        return None
    return _Signs(anchors, is_wide, has_rows, marks)


def decode(data: bytes, anchors: Sequence[bytes] | None = None) -> Decoded:
    """Every credential that `data` holds in encoded form only, in order, none overlapping another.

    `anchors` as for `may_hide`, which need not be asked before. The work is linear in the length of `data`: what
    is decoded is bounded by a few times as much.

    In a window of a large file, what begins in the window is found if its encoded form ends in `data`: a tail of
    `detect.TAIL` has room for 24 KiB of it, which is a user token in any form, and a JWS of 18 KB in base64.
    """
    signs = _signs(data, anchors)
    if signs is None:  # almost every file there is
        return Decoded([], is_complete=True)
    decoder = _Decoder(max(_LEAST, _TIMES * len(data)))
    found = decoder.decode(data, signs, DEPTH)
    if found:
        from tokenguard.core.decode.images import is_imaged

        found = _distinct([item for item in found if is_imaged(data, item)])
    return Decoded(found, decoder.is_complete)


class _Decoder:
    """Decodes one text and all that is in it, until as many bytes as are `allowed` were looked at."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self.is_complete = True

    def decode(self, data: bytes, signs: _Signs, depth: int, *, is_joined: bool = False) -> list[Encoded]:
        from tokenguard.core.decode.layer import TooMuchError

        found: list[Encoded] = []
        try:
            for layer in _layers(data, signs, is_joined=is_joined):
                found += self._within(layer, data, depth)
        except TooMuchError:
            self.is_complete = False
        return found

    def _within(self, layer: Layer, data: bytes, depth: int) -> Iterator[Encoded]:
        """What a layer of `data` holds, in offsets of `data`."""
        text = layer.text
        signs = _signs(text)
        if signs is None:
            return
        if len(text) > self._allowed:
            self.is_complete = False
            return
        self._allowed -= len(text)
        found: list[Encoded] = []
        if signs.anchors:
            found += [Encoded(*span, text[span.start : span.end], ()) for span in detect(text)]
        if depth > 1:
            # All pieces were put together at once; what stands beside them is not, for each of them again.
            found += self.decode(text, signs, depth - 1, is_joined=layer.name == CONCATENATION)
        for item in found:
            start, end = layer.place(item.start, item.end)
            # Where this layer has changed nothing, it is found without it.
            if data[start:end] != text[item.start : item.end] and not _begins_plain(data, start, end):
                yield Encoded(start, end, item.kind, item.value, (layer.name, *item.chain))


def _begins_plain(data: bytes, start: int, end: int) -> bool:
    """Whether a credential stands in plain at `start`: what follows is not its rest, but another word."""
    if not any(data.startswith(anchor, start) for anchor in _anchors(data[start:end])):
        return False
    first = max(0, start - LEAD)
    return any(first + span.start == start for span in detect(data[first:end]))


def _layers(data: bytes, signs: _Signs, *, is_joined: bool) -> Iterator[Layer]:
    """All that `data` says in one encoding or another, as far as a credential may be in it."""
    if signs.anchors and not is_joined:
        from tokenguard.core.decode import glue

        yield from glue.at_anchors(data, signs.anchors)
    if signs.is_wide:
        from tokenguard.core.decode.wide import wide

        yield from wide(data)
    if signs.has_rows:
        from tokenguard.core.decode.rows import rows

        yield from rows(data)
    if signs.marks is not None:
        yield from _layers_of_runs(data, runs(data, signs.marks), is_joined=is_joined)


def _layers_of_runs(data: bytes, spans: Iterable[tuple[int, int]], *, is_joined: bool) -> Iterator[Layer]:
    joined = unescaped = 0  # up to where they are
    sites = []
    long: list[tuple[int, int]] = []
    behind = -1
    for start, end in spans:
        before = data[start - 1] if start else 32
        # Lines of base64, each indented.
        if before <= 32 and behind >= 0 and data[behind] in _LINE_END and not data[behind:start].strip(_BLANK):
            long[-1] = long[-1][0], end
        else:
            long.append((start, end))
        behind = end
        # Most are the name of a commit, or just a name.
        if before in _JOINTS or not data[start:end].isalnum():
            if start >= unescaped:
                from tokenguard.core.decode.escapes import escapes, is_escaped, stretch

                if is_escaped(data, start, end):
                    first, unescaped = stretch(data, start, end)
                    yield from escapes(data, first, unescaped)
        elif end - start < _LONG:
            continue
        if not is_joined and start >= joined and (before == _UNDERSCORE or data[end : end + 1] in _QUOTES):
            from tokenguard.core.decode.glue import at_run

            if site := at_run(data, start, end):
                sites.append(site)
                joined = site[-1][1]
    if sites:
        from tokenguard.core.decode.glue import put_together

        yield from put_together(data, sites)
    if long := [_with_short_lines(data, *span) for span in long if span[1] - span[0] >= _LONG]:
        from tokenguard.core.decode.digits import digits

        yield from digits(data, long)


def _with_short_lines(data: bytes, start: int, end: int) -> tuple[int, int]:
    """A run with what is too short for one in the lines beside it.

    Before it that is what follows a sign of base64, behind it the last line.
    """
    before = data[max(0, start - _LONGEST_LAST) : start]
    line = before.rstrip(_BLANK)
    if b"\n" in before[len(line) :]:
        start -= len(before) - len(line.rstrip(WORD))
    behind = data[end : end + _LONGEST_LAST]
    if behind[:1] not in (b"\r", b"\n"):
        return start, end
    line = behind.lstrip(_BLANK)
    return start, end + len(behind) - len(line.lstrip(WORD))


# What an export of the registry begins with, after a byte order mark perhaps.
_TITLES = (b"Registry Editor", b"REGEDIT4")
_TITLE = 64
# What may stand before a run, and within a credential.
_JOINTS = b"_.-}="
_UNDERSCORE = 95
_QUOTES = (b'"', b"'", b"`")
_LINE_END = b"\r\n"
_BLANK = b" \t\r\n"
_LONGEST_LAST = 80  # bytes, with its indentation
_LONG = 46  # what 35 bytes need at least in base64


def _is_wide(data: bytes) -> bool:
    """Whether UTF-16 may be in `data`."""
    if 0 not in data or data.count(0) == len(data):  # as in a file with holes
        return False
    if _has(data, b"\0_", b"\0_\0", 0) or _has(data, b"\0K", b"\0A\0K", 2):
        return True
    from tokenguard.core.decode.images import is_wide

    return is_wide(data)


def _has(data: bytes, rare: bytes, whole: bytes, before: int) -> bool:
    """Whether `whole` is in `data`, by the `rare` part of it, which is found five times as fast."""
    at = data.find(rare)
    while at >= 0:
        if data.startswith(whole, max(0, at - before)):
            return True
        at = data.find(rare, at + 1)
    return False


def _anchors(data: bytes) -> list[bytes]:
    return [anchor for anchor in ANCHORS if anchor in data]


def _distinct(found: list[Encoded]) -> list[Encoded]:
    """The longest of those that stand in the same place, by the shortest way that leads to it.

    Two that follow each other may share the character in which one ends and the other begins.
    """
    kept: list[Encoded] = []
    end = 0
    for item in sorted(found, key=_rank):
        if end - item.start < (item.end - item.start) // 2:
            kept.append(item)
            end = max(end, item.end)
    return kept


def _rank(item: Encoded) -> tuple[int, int, int]:
    return item.start, -len(item.value), len(item.chain)
