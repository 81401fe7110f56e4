"""The streams of a PDF (ISO 32000-1, 7.3.8), those that zlib has packed, and the strings that its pages show.

No font is looked at: text that is shown by the numbers of its glyphs is not read.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from tokenguard.core.unpack.compressed import Decompressed, Inflate
from tokenguard.core.unpack.source import PIECE, CutError, Flaw, Part, Pieces, Slice
from tokenguard.core.windows import fill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from tokenguard.core.unpack.source import Budget, Source

_STEP = 1024 * 1024
_DICTIONARY = 4096  # bytes before a stream in which its dictionary is
# Bytes of a page's program in which strings are put together; an appendix of fonts is no page.
_LONGEST_PAGE = 16 * 1024 * 1024


class _Stream(NamedTuple):
    """Where the content of a stream begins, and its dictionary."""

    start: int
    dictionary: bytes


@cache
def _keyword() -> re.Pattern[bytes]:
    return re.compile(rb"(?<!end)stream\r?\n")


@cache
def _object() -> re.Pattern[bytes]:
    return re.compile(rb"(\d{1,10})\s+\d{1,5}\s+obj\b")


@cache
def _shown() -> re.Pattern[bytes]:
    """An array of strings that is shown, with numbers that move them a little (9.4.3), or what says to show it."""
    return re.compile(rb"\[((?:[^\[\]()\\]{0,64}\((?:[^()\\]|\\.){0,4096}\)){1,4096}[^\[\]()]{0,64})\]\s*TJ", re.S)


@cache
def _string() -> re.Pattern[bytes]:
    return re.compile(rb"\(((?:[^()\\]|\\.){0,4096})\)", re.S)


def open_pdf(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """Each packed stream, but for images, and the strings of those that are pages."""
    file, size = source.file, source.size
    if file is None:  # the walk gives files only to what looks around in them
        return
    if _is_encrypted(file, size):
        yield Flaw("", "encrypted")
        return
    for stream in _streams(file, size):
        first = stream.dictionary.find(b"Decode")
        filters = stream.dictionary[stream.dictionary.find(b"/Filter") :] if first >= 0 else b""
        is_image = re.search(rb"/Subtype\s*/Image\b", stream.dictionary)
        if (
            b"/FlateDecode" not in filters and not re.search(rb"/Filter\s*\[?\s*/(?:A85\s*/)?Fl\b", filters)
        ) or is_image:
            continue
        number = _object().findall(stream.dictionary)
        name = f"object {number[-1].decode()}" if number else f"stream at {stream.start}"
        read = Slice(file, stream.start, size - stream.start).read
        if re.search(rb"/Filter\s*\[\s*/(?:ASCII85Decode|A85)", filters):
            read = _Ascii85(read).read
        content = _Kept(Decompressed(read, lambda: Inflate(15), budget).read)
        yield Part(name, content.read)
        if strings := _strings(content.kept):
            yield Part(f"{name}, strings", Pieces(strings).read, has_lines=False)


def _is_encrypted(file: BinaryIO, size: int) -> bool:
    # The trailer is at the end, or at the beginning of a linearized file (Annex F).
    head = Slice(file, 0, 16 * 1024).read(16 * 1024)
    tail = Slice(file, max(0, size - 16 * 1024), 16 * 1024).read(16 * 1024)
    return bool(re.search(rb"/Encrypt\s*(?:\d{1,10}\s+\d{1,5}\s+R\b|<<)", head + b"\n" + tail))


def _streams(file: BinaryIO, size: int) -> Iterator[_Stream]:
    """The streams, none of which begins within another."""
    at = 0
    while at < size:
        begin = max(0, at - _DICTIONARY)
        data = Slice(file, begin, _STEP + _DICTIONARY).read(_STEP + _DICTIONARY)
        match = _keyword().search(data, at - begin)
        if match is None:
            if begin + len(data) >= size:
                return
            at = begin + len(data) - 16
            continue
        before = data[max(0, match.start() - _DICTIONARY) : match.start()]
        yield _Stream(begin + match.end(), before[max(0, before.rfind(b" obj") - 20) :])
        end = _find_end(file, begin + match.end(), size)
        if end < 0:
            return
        at = end


def _find_end(file: BinaryIO, start: int, size: int) -> int:
    """Where the stream ends that begins at `start`, -1 where it does not."""
    carried = b""
    while start < size:
        data = carried + Slice(file, start, _STEP).read(_STEP)
        found = data.find(b"endstream")
        if found >= 0:
            return start - len(carried) + found + len(b"endstream")
        start += len(data) - len(carried)
        carried = data[-len(b"endstream") :]
    return -1


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
    """The strings of a page that are shown in pieces, put together: letters are moved closer to each other."""
    if b"TJ" not in page:
        return []
    return [b"".join(_string().findall(match.group(1))) for match in _shown().finditer(page)]
