"""The streams of a PDF (ISO 32000-1, 7.3.8), those that zlib has packed, and the strings that its pages show.

No font is looked at: text that is shown by the numbers of its glyphs is not read.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from tokenguard.core.unpack.compressed import Decompressed
from tokenguard.core.unpack.deflate import Inflate
from tokenguard.core.unpack.source import PIECE, CutError, Flaw, Part, Pieces, Slice
from tokenguard.core.windows import fill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from tokenguard.core.unpack.source import Budget, Source

_STEP = 1024 * 1024
_DICTIONARY = 4096  # bytes before a stream in which its dictionary is
_LONGEST_KEYWORD = 16
# Bytes of a page's program in which strings are put together; an appendix of fonts is no page.
_LONGEST_PAGE = 4 * 1024 * 1024
_SHORTEST = 20  # no credential has fewer bytes
_MOST_FILTERS = 4  # of a stream, one after the other

_ASCII85 = (b"ASCII85Decode", b"A85")
_KNOWN = (b"FlateDecode", b"Fl", *_ASCII85)
_UNREAD = (b"LZWDecode", b"LZW", b"ASCIIHexDecode", b"AHx", b"RunLengthDecode", b"RL")  # the others are of images


class _Stream(NamedTuple):
    """Where the content of a stream begins and ends, and its dictionary."""

    start: int
    end: int
    dictionary: bytes


@cache
def _begin() -> re.Pattern[bytes]:
    return re.compile(rb"stream\r?\n")


@cache
def _end() -> re.Pattern[bytes]:
    return re.compile(rb"endstream")


@cache
def _object() -> re.Pattern[bytes]:
    return re.compile(rb"(?<!\d)(\d{1,10})\s\d{1,5} obj\b")


@cache
def _joints() -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What stands between two strings that are shown side by side (9.4.3): with a space between them, or without.

    Letters are moved by up to some 150 thousandths of their size, words by twice that.
    """
    apart = rb"\s{0,4}-(?:[2-9]\d\d|\d{4,8})(?:\.\d{0,8})?\s{0,4}"
    close = rb"\s{0,4}(?:[-+]?[\d.]{1,16})?\s{0,4}"
    return re.compile(rb"\)%s\(|>%s<(?!<)" % (apart, apart)), re.compile(rb"\)%s\(|>%s<(?!<)" % (close, close))


@cache
def _hexadecimal() -> re.Pattern[bytes]:
    return re.compile(rb"<([0-9A-Fa-f]{%d,})>" % (2 * _SHORTEST))


@cache
def _filters() -> re.Pattern[bytes]:
    return re.compile(rb"/Filter\s{0,16}(?:\[([^\]]{0,200})\]|/(\w{1,20}))")


def open_pdf(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """Each packed stream, but for images, and the strings of those that are pages."""
    file, size = source.file, source.size
    if file is None:  # the walk gives files only to what looks around in them
        return
    if _is_encrypted(file, size):
        yield Flaw("", "encrypted")
        return
    for stream in _streams(file, size):
        number = _object().search(stream.dictionary[:32])
        name = f"object {number[1].decode()}" if number else f"stream at {stream.start}"
        filters = _filters_of(stream.dictionary)
        unknown = [each for each in filters if each not in _KNOWN]
        if unknown or re.search(rb"/Subtype\s{0,16}/Image\b", stream.dictionary):
            budget.count_member()
            if unknown and unknown[0] in _UNREAD:
                yield Flaw(name, f"packed by a method that is not known here: {unknown[0].decode()}")
            continue
        # What zlib has packed ends by itself: a file can say something else to hide it.
        is_plain = not filters or filters[0] in _ASCII85
        read = Slice(file, stream.start, (stream.end if is_plain else size) - stream.start).read
        for each in filters:
            read = (
                _Ascii85(read).read if each in _ASCII85 else Decompressed(read, lambda: Inflate(15), budget).read
            )
        content = _Kept(read)
        if filters:
            yield Part(name, content.read)
        else:
            budget.count_member()
            fill(content.read, _LONGEST_PAGE + 1)
        if strings := _strings(content.kept):
            yield Part(f"{name}, strings", Pieces(strings).read, has_lines=False)


def _filters_of(dictionary: bytes) -> list[bytes]:
    """The names of what a stream is packed by, the first to be undone first."""
    found = _filters().search(dictionary)
    if found is None:
        return []
    return re.findall(rb"/(\w{1,20})", found[1])[:_MOST_FILTERS] if found[1] is not None else [found[2]]


def _is_encrypted(file: BinaryIO, size: int) -> bool:
    # The trailer is at the end, or at the beginning of a linearized file (Annex F).
    head = Slice(file, 0, 16 * 1024).read(16 * 1024)
    tail = Slice(file, max(0, size - 16 * 1024), 16 * 1024).read(16 * 1024)
    return bool(re.search(rb"/Encrypt\s*(?:\d{1,10}\s+\d{1,5}\s+R\b|<<)", head + b"\n" + tail))


def _streams(file: BinaryIO, size: int) -> Iterator[_Stream]:
    """The streams, none of which begins within another."""
    view = _View(file, size)
    at = 0
    while found := view.find(_begin(), at):
        at = found[1]
        before = view.before(found[0])
        if before.endswith(b"end"):
            continue
        end = view.find(_end(), at) or (size, size)
        named = before.rfind(b" obj")
        yield _Stream(at, end[0], before[max(0, named - 16) :] if named >= 0 else before[-256:])
        at = end[1]


class _View:
    """A file that is searched from its beginning to its end, of which a stretch is in memory."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._begin = 0
        self._data = b""

    def find(self, keyword: re.Pattern[bytes], at: int) -> tuple[int, int] | None:
        """Where `keyword` stands first from offset `at` on: its beginning and its end."""
        while True:
            match = keyword.search(self._data, max(0, at - self._begin))
            if match:
                return self._begin + match.start(), self._begin + match.end()
            end = self._begin + len(self._data)
            if end >= self._size:
                return None
            at = max(at, end - _LONGEST_KEYWORD)
            self._begin = max(0, at - _DICTIONARY)
            self._data = Slice(self._file, self._begin, _STEP).read(_STEP)
            if not self._data:
                return None

    def before(self, at: int) -> bytes:
        """What stands before what was found at `at`."""
        return self._data[max(0, at - self._begin - _DICTIONARY) : at - self._begin]


class _Kept:
    """Keeps what is read, as far as a page goes."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def kept(self) -> bytes:
        return b"".join(self._parts) if self._size <= _LONGEST_PAGE else b""

    def read(self, most: int) -> bytes:
        piece = self._read(most)
        self._size += len(piece)
        if self._size <= _LONGEST_PAGE:
            self._parts.append(piece)
        else:
            self._parts.clear()
        return piece


class _Ascii85:
    """What is packed in base 85 (7.4.3)."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._input = read
        self._rest = b""
        self._is_done = False

    def read(self, most: int) -> bytes:
        """Some bytes. Raises CutError where they are none of base 85."""
        import base64

        del most
        if self._is_done:
            return b""
        data = self._rest + fill(self._input, PIECE).translate(None, b" \t\r\n\0\f")
        whole, tilde, _ = data.partition(b"~")
        self._is_done = bool(tilde) or len(data) == len(self._rest)
        # `z` stands for a group, so that groups are counted without it.
        keep = 0 if self._is_done else (len(whole) - whole.count(b"z")) % 5
        cut = len(whole) - keep
        if keep and b"z" in whole[cut:]:
            raise CutError("damaged: no base 85")
        self._rest = whole[cut:]
        try:
            return base64.a85decode(whole[:cut])
        except ValueError:
            raise CutError("damaged: no base 85") from None


def _strings(page: bytes) -> list[bytes]:
    """A page whose strings are put together where they are shown in pieces, and those that are in hexadecimal."""
    apart, close = _joints()
    joined, spaces = apart.subn(b" ", page)
    joined, joints = close.subn(b"", joined)
    found = [
        bytes.fromhex(match[1][: len(match[1]) // 2 * 2].decode()) for match in _hexadecimal().finditer(joined)
    ]
    return [joined, *found] if spaces or joints else found
