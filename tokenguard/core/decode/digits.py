r"""base64 (RFC 4648 sections 4 and 5) and base16 (section 8), wrapped or not.

The two characters in which base64 and its URL-safe form differ can be part of an encoded credential only where it
shares one with what stands beside it; and where a text begins is not known. So every stretch of letters and digits
is decoded in those of the four alignments in which it has some ASCII, with the signs that complete its groups.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, unhexlify
from functools import cache

from tokenguard.core.decode.layer import MOST_PIECES, Layer, Pieces, TooMuchError
from tokenguard.core.decode.runs import ALPHABET, SHORTEST, SHORTEST_BASE64
from tokenguard.core.decode.sampling import possible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.decode.layer import Place

_SHORTEST_HEX = 70
_SIGNS = (b"+", b"/", b"-", b"_")
_PLAIN = bytes.maketrans(b"-_", b"+/")
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_MANY_LINES = 16
_LONG_LINE = 40  # a shorter one is not wrapped, but the last


@cache
def _text() -> re.Pattern[bytes]:
    r"""Letters and digits with line ends among them, of which those of JSON are two characters."""
    return re.compile(rb"(?:[A-Za-z0-9]+|[\r\n][\r\n \t]*|\\+[rn])+")


@cache
def _line() -> re.Pattern[bytes]:
    return re.compile(rb"[A-Za-z0-9]{%d}" % _LONG_LINE)


@cache
def _line_end() -> re.Pattern[bytes]:
    return re.compile(rb"(?:[\r\n][\r\n \t]*|\\+[rn])+")


@cache
def _ascii() -> re.Pattern[bytes]:
    """Ten groups of base64, in all of which every byte can be ASCII, a line end or zero, as in any credential."""
    signs = [0, 9, 10, 13, *range(32, 127)]
    group = b"".join(
        b"[%s]" % re.escape(bytes(ALPHABET[value] for value in sorted(some)))
        for some in possible((signs, signs, signs))
    )
    # The first group by itself: classes are looked for faster than repetitions.
    return re.compile(b"%s(?:%s){9,}" % (group, group))


@cache
def _hexadecimal() -> re.Pattern[bytes]:
    return re.compile(rb"[0-9A-Fa-f]{%d,}" % _SHORTEST_HEX)


@cache
def _hexadecimal_text() -> re.Pattern[bytes]:
    """Characters of ASCII, with zeros among them in UTF-16."""
    return re.compile(rb"[2-7][0-9A-Fa-f](?:(?:00)?[2-7][0-9A-Fa-f]){%d}" % (SHORTEST - 1))


def digits(data: bytes, spans: list[tuple[int, int]]) -> Iterator[Layer]:
    """All that the runs `spans` of `data`, in order, stand for, read as base64 or hexadecimal."""
    for start, end in spans:
        run = data[start:end]
        text = _joined(run)
        if len(text) < SHORTEST_BASE64 or not _is_readable(text):
            continue
        if run.isalnum():
            yield from _decoded(data, start, end)
        elif data[start - 1 : start] in _SIGNS or _line().search(run):
            for match in _text().finditer(data, start, end):
                if match.end() - match.start() >= SHORTEST_BASE64:
                    yield from _wrapped(data, *match.span())


def _joined(run: bytes) -> bytes:
    """A run without line ends."""
    if b"\n" in run:
        run = run.translate(None, b"\r\n \t")
    if b"\\" in run:
        run = run.replace(b"\\r", b"").replace(b"\\n", b"")
    return run


def _is_readable(text: bytes) -> bool:
    """Whether `text` may be text in base64 or hexadecimal. Most is the name of a commit, or just a name."""
    if not text.strip(_HEX_DIGITS):
        return len(text) >= _SHORTEST_HEX
    return _ascii().search(text) is not None or (
        len(text) >= _SHORTEST_HEX and _hexadecimal_text().search(text) is not None
    )


def _wrapped(data: bytes, start: int, end: int) -> Iterator[Layer]:
    """Each line for itself, and one text of all: which was meant cannot be seen, but in many of one width."""
    lines = _line_end().split(data[start:end])
    if len(lines) > MOST_PIECES:
        raise TooMuchError
    widths = set(map(len, lines[:-1]))
    if len(lines) <= _MANY_LINES or len(widths) > 1:
        yield from _one_by_one(data, start, end)
    # A line that has a sign of base64 before the run is longer than can be seen here.
    if len(lines) > 1 and (data[start - 1 : start] in _SIGNS or max(widths) >= _LONG_LINE):
        text = b"".join(lines)
        unwrapped = _Unwrapped(data, start, end)
        for layer in _decoded(text, 0, len(text)):
            yield layer._replace(place=unwrapped.through(layer.place))


def _one_by_one(data: bytes, start: int, end: int) -> Iterator[Layer]:
    for first, last in _lines(data, start, end):
        if last - first >= SHORTEST_BASE64:
            yield from _decoded(data, first, last)


def _lines(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in _line_end().finditer(data, start, end):
        yield start, match.start()
        start = match.end()
    yield start, end


class _Unwrapped:
    """Where the bytes of a text stood when it was in lines; worked out when it is asked for."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._wrapped = (data, start, end)
        self._pieces: Pieces | None = None

    def through(self, place: Place) -> Place:
        """Where what `place` finds in the text stood."""
        return lambda start, end: self._place(*place(start, end))

    def _place(self, start: int, end: int) -> tuple[int, int]:
        if self._pieces is None:
            self._pieces = Pieces()
            for first, last in _lines(*self._wrapped):
                self._pieces.copy(self._wrapped[0], first, last)
        return self._pieces.place(start, end)


def _decoded(data: bytes, start: int, end: int) -> Iterator[Layer]:
    if end - start < SHORTEST_BASE64:
        return
    if data[start:end].strip(_HEX_DIGITS):
        yield from _text_of(data, start, end)
    if end - start >= _SHORTEST_HEX:
        for match in _hexadecimal().finditer(data, start, end):
            for first in (match.start(), match.start() + 1):
                last = match.end() - (match.end() - first) % 2
                yield Layer("hex", unhexlify(data[first:last]), _Hexadecimal(first).place)


def _text_of(data: bytes, start: int, end: int) -> Iterator[Layer]:
    # The rest of a text, after a group that no text has, may be in another alignment.
    for shift in {(match.start() - start) % 4 for match in _ascii().finditer(data, start, end)}:
        first = start + shift
        # A byte that is no ASCII shares its group, or a character, with the credential, and may make it a sign.
        if shift and first >= 4 and not data[first - 4 : start].translate(_PLAIN).strip(ALPHABET):
            first -= 4
        last = end - (end - first) % 4
        group = data[last:end] + _signs_at(data, end)
        text = a2b_base64(data[first:last].translate(_PLAIN))
        yield Layer("base64", text + _rest(group[:4].translate(_PLAIN)), _Base64(first).place)


def _signs_at(data: bytes, start: int) -> bytes:
    """The signs of base64 that stand at `start`, as far as a group goes."""
    behind = data[start : start + 3]
    return behind[: len(behind) - len(behind.lstrip(b"".join(_SIGNS)))]


def _rest(group: bytes) -> bytes:
    """The bytes of a last group that may lack its padding."""
    return a2b_base64(group + b"=" * (4 - len(group))) if len(group) > 1 else b""


class _Base64:
    """Where the bytes came from that were decoded from offset `first` on."""

    def __init__(self, first: int) -> None:
        self._first = first

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Every character that has a bit of them."""
        groups, byte = divmod(end - 1, 3)
        return self._first + start // 3 * 4 + start % 3, self._first + groups * 4 + byte + 2


class _Hexadecimal:
    """As _Base64."""

    def __init__(self, first: int) -> None:
        self._first = first

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Both digits of each."""
        return self._first + 2 * start, self._first + 2 * end
