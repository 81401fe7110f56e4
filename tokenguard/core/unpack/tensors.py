"""What people write into files of tensors: metadata of safetensors and GGUF, texts in NumPy's arrays."""

from __future__ import annotations

from tokenguard.core.unpack.source import PIECE, CutError, Flaw, Part, Pieces
from tokenguard.core.windows import fill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.unpack.source import Budget, Source

# safetensors itself takes 100 MB; parsed, they would take thirty times that.
_LONGEST_HEADER = 4 * 1024 * 1024
_SHORTEST = 20  # characters; no credential has fewer
_LONGEST_KEY = 64 * 1024  # GGUF: at most 2^16 - 1 bytes
_LONGEST_VALUE = 16 * 1024 * 1024
# A vocabulary has 10^5 entries, its merges twice that.
_MOST_VALUES = 1_000_000

# Bytes of each type of GGUF: 0 to 7 and 10 to 12 are numbers, 8 a string, 9 an array.
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_DEEPEST = 4  # arrays within arrays, of which nobody makes any


def is_safetensors(head: bytes, size: int) -> bool:
    """Whether it begins with the length of a JSON object, and the object."""
    length = int.from_bytes(head[:8], "little")
    begins = head[8:10] == b'{"' or (head[8:10] == b"{}" and length >= 2)
    return begins and 2 <= length <= 100_000_000 and (size < 0 or length <= 8 * size)


def open_safetensors(source: Source, _name: str, _budget: Budget) -> Iterator[Part | Flaw]:
    """Each entry of the metadata by its key."""
    import json

    length = int.from_bytes(source.exactly(8), "little")
    if length > _LONGEST_HEADER:
        yield Part("header", source.limited(length), has_lines=False)
        return
    try:
        header = json.loads(source.exactly(length))
    except ValueError:
        raise CutError("damaged: its header is no JSON") from None
    metadata = header.get("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(metadata, dict):
        raise CutError("damaged: its metadata is no object")
    for key, value in metadata.items():
        text = value if isinstance(value, str) else json.dumps(value)
        yield Part(key, Pieces([text.encode("utf-8", "surrogatepass")]).read)


def is_gguf(head: bytes) -> bool:
    """Whether it begins like GGUF of version 2 or 3; its numbers may be big-endian."""
    return head.startswith(b"GGUF") and head[4:8] in (b"\2\0\0\0", b"\3\0\0\0", b"\0\0\0\3")


def open_gguf(source: Source, _name: str, _budget: Budget) -> Iterator[Part | Flaw]:
    """Each text of the metadata by its key (ggml, docs/gguf.md)."""
    source.skip(4)
    order: str = "little" if source.exactly(4)[0] else "big"
    reader = _Gguf(source, order == "little")
    reader.number(8)  # of tensors
    for _ in range(reader.number(8)):
        key = reader.text(_LONGEST_KEY).decode("utf-8", "surrogateescape")
        kind = reader.number(4)
        if kind == _STRING:
            yield Part(key, Pieces([reader.text(_LONGEST_VALUE)]).read)
        elif kind == _ARRAY:
            if reader.begin_array():
                yield Part(key, Pieces(reader.values).read, has_lines=False)
                reader.finish()
        else:
            reader.plain(kind, 1)


class _Gguf:
    def __init__(self, source: Source, is_little: bool) -> None:
        self._source = source
        self._is_little = is_little
        self.values: Iterator[bytes] = iter(())
        """The texts of the array that was begun."""
        self._room = _MOST_VALUES

    def number(self, width: int) -> int:
        return int.from_bytes(self._source.exactly(width), "little" if self._is_little else "big")

    def text(self, most: int) -> bytes:
        length = self.number(8)
        if length > most:
            raise CutError(f"damaged: a text of {length} bytes")
        return self._source.exactly(length)

    def plain(self, kind: int, count: int) -> None:
        if kind not in _WIDTHS:
            raise CutError("damaged: a value of no known type")
        self._source.skip(_WIDTHS[kind] * count)

    def begin_array(self) -> bool:
        """Whether the array that begins here holds texts, which `values` then gives; another one is left out."""
        kind, count = self.number(4), self.number(8)
        if kind not in (_STRING, _ARRAY):
            self.plain(kind, count)
            return False
        self.values = self._texts(kind, count, 1)
        return True

    def finish(self) -> None:
        """Goes to the end of the array."""
        for _ in self.values:
            pass

    def _texts(self, kind: int, count: int, depth: int) -> Iterator[bytes]:
        if depth > _DEEPEST:
            raise CutError(f"arrays nested deeper than {_DEEPEST}")
        for _ in range(count):
            self._room -= 1
            if self._room < 0:
                raise CutError(f"holds more than {_MOST_VALUES} values")
            if kind == _STRING:
                yield self.text(_LONGEST_VALUE)
                continue
            inner, length = self.number(4), self.number(8)
            if inner in (_STRING, _ARRAY):
                yield from self._texts(inner, length, depth + 1)
            else:
                self.plain(inner, length)


def open_numpy(source: Source, _name: str, _budget: Budget) -> Iterator[Part | Flaw]:
    """The texts of an array of texts, or the pickle of one of objects (NEP 1)."""
    import re

    source.skip(6)
    version = source.exactly(2)
    length = int.from_bytes(source.exactly(2 if version[0] == 1 else 4), "little")
    if length > _LONGEST_HEADER:
        raise CutError(f"its header is larger than {_LONGEST_HEADER} bytes")
    header = source.exactly(length)
    if b"'|O'" in header:
        yield Part("objects", source.read)
    elif found := re.search(rb"'[<>]U(\d{1,6})'", header):
        yield Part("texts", Pieces(_texts(source, 4 * int(found[1]))).read, has_lines=False)


def _texts(source: Source, width: int) -> Iterator[bytes]:
    if width < 4 * _SHORTEST:
        return
    rows = max(1, PIECE // width) * width
    while block := fill(source.read, rows):
        for at in range(0, len(block), width):
            yield block[at : at + width].translate(None, b"\0")


def narrowed(value: bytes) -> bytes:
    """`value`, where it looks like texts of four bytes a character, as one byte for each that is ASCII."""
    if b"\0\0\0f\0\0\0_\0\0\0" not in value:
        return value
    # Characters of zeros fill up what is shorter than the longest.
    return value.replace(b"\0\0\0\0", b"\n").translate(None, b"\0")
