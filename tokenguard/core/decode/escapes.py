r"""Characters that are written as a sequence of others, all of a text or some: `%5F`, `\u005f`, `&#95;`, `=5F`.

Sources: RFC 3986 section 2.1 (percent), RFC 8259 section 7 and the string literals of C, Python and JavaScript,
https://html.spec.whatwg.org/multipage/syntax.html#character-references, RFC 2045 section 6.7 (quoted-printable).
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.decode.layer import MOST_PIECES, Layer, Pieces, TooMuchError, substitute
from tokenguard.core.decode.runs import ESCAPES, WORD
from tokenguard.core.detect import LEAD, TAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    _Encoding = tuple[str, bytes, re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]]

# What a credential and its escapes are written in, with what may join it to its surroundings.
_WRITTEN_IN = WORD + ESCAPES + b"\r\n_.-{}"
_LONGEST_ESCAPE = 10
# What may stand before a run, and within a credential; how far from it an escape of its prefix may stand.
JOINTS = (b"_", b".", b"-", b"}", b"=")
_NEAR = 160
_LONGEST_LINE = 76


@cache
def _written_in() -> re.Pattern[bytes]:
    return re.compile(rb"[%s]{0,%d}" % (re.escape(_WRITTEN_IN), _LONGEST_ESCAPE * TAIL))


@cache
def _encodings() -> tuple[_Encoding, ...]:
    return (
        ("percent", b"%", re.compile(rb"%(?:([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))"), _hexadecimal),
        (
            "unicode-escape",
            b"\\",
            re.compile(
                rb"\\{1,8}(?:x([0-9A-Fa-f]{2})"
                rb"|(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|U([0-9A-Fa-f]{8}))|([0-3][0-7]{2}))"
            ),
            _backslashed,
        ),
        (
            "html",
            b"&",
            re.compile(rb"&(?:#([0-9]{1,7});?|#[xX]([0-9A-Fa-f]{1,6});?|[A-Za-z][A-Za-z0-9]{1,31};)"),
            _reference,
        ),
        ("quoted-printable", b"=", re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*\r?\n)"), _quoted),
    )


def stretch(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The text that the run `data[start:end]` is part of, as far as a credential reaches."""
    left = data[max(0, start - LEAD) : start]
    match = _written_in().match(data, end)
    return start - len(left) + len(left.rstrip(_WRITTEN_IN)), match.end() if match else end


@cache
def _any() -> re.Pattern[bytes]:
    """An escape that stands for a character that a credential can have, or for half of one in UTF-16."""
    return re.compile(
        rb"""(?x) %(?:25)* (?: u00 )? (?:[2-7][0-9A-Fa-f] | 00)
        | \\ (?: x (?:[2-7][0-9A-Fa-f] | 00) | u00 (?:[2-7][0-9A-Fa-f] | 00) | u\{ | U000000[2-7] | [01][0-7]{2} )
        | & (?: \# | [A-Za-z][A-Za-z0-9]{1,31}; )
        | = (?: [2-7][0-9A-Fa-f] | [ \t]*\r?\n )"""
    )


def is_escaped(data: bytes, start: int, end: int) -> bool:
    """Whether the run `data[start:end]`, or what it goes on from after a `_`, has an escape in it."""
    if data[start - 1 : start] in JOINTS:
        start = max(0, start - _NEAR)
    run = data[start : end + 2]  # with the line end of a soft break
    if b"\\" in run or b"%" in run or b"&" in run:
        return _any().search(run) is not None
    if b"=" not in run:
        return False
    match = _any().search(run)
    return match is not None and not _is_end_of_line(data, start + match.start())


def _is_end_of_line(data: bytes, at: int) -> bool:
    """Whether the `=` at `at` ends a line of more than 76 characters: no soft break (RFC 2045 section 6.7)."""
    begin = data.rfind(b"\n", max(0, at - _LONGEST_LINE), at)
    return data[at + 1 : at + 2] in (b"\r", b"\n") and at >= _LONGEST_LINE and begin < 0


def escapes(data: bytes, start: int, end: int) -> Iterator[Layer]:
    """What `data[start:end]` says without the escapes of each kind that it has. Raises TooMuchError."""
    for name, sign, pattern, stands_for in _encodings():
        if data.find(sign, start, end) < 0:
            continue
        text, count = pattern.subn(stands_for, data[start:end], count=MOST_PIECES)
        if count == MOST_PIECES:
            raise TooMuchError
        if count:
            yield Layer(name, text, _Unescaped(data, start, end, pattern, stands_for).place)


class _Unescaped:
    """Where the bytes of a text stood before its escapes were resolved; worked out when it is asked for."""

    def __init__(
        self,
        data: bytes,
        start: int,
        end: int,
        pattern: re.Pattern[bytes],
        stands_for: Callable[[re.Match[bytes]], bytes],
    ) -> None:
        self._substitution = (data, start, end, pattern, stands_for)
        self._pieces: Pieces | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """With every escape that had a part in it."""
        if self._pieces is None:
            self._pieces = substitute(*self._substitution)
        return self._pieces.place(start, end)


def _hexadecimal(match: re.Match[bytes]) -> bytes:
    return _byte(match[1]) if match[1] else _character(int(match[2], 16))


def _backslashed(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return _byte(match[1])
    if match[5]:
        return bytes((int(match[5], 8),))
    return _character(int(match[2] or match[3] or match[4], 16))


def _reference(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return _character(int(match[1]))
    if match[2]:
        return _character(int(match[2], 16))
    from html import unescape

    return unescape(match[0].decode("ascii")).encode("utf-8", "replace")


def _quoted(match: re.Match[bytes]) -> bytes:
    return _byte(match[1]) if match[1] else b""


def _byte(digits: bytes) -> bytes:
    return bytes((int(digits, 16),))


def _character(point: int) -> bytes:
    return chr(point).encode("utf-8", "replace") if point < 0x110000 else b"?"
