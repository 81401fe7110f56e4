"""The texts in Parquet (parquet.thrift of apache/parquet-format), page by page.

A page of texts has each with its length before it, or once in a dictionary, so that unpacking it is all there is
to do. No library reads the file: those that there are end the process over hostile ones.
"""

from __future__ import annotations

import struct

from tokenguard.core.unpack.compressed import GZIP, HELD, ZSTD, Decompressed, maker
from tokenguard.core.unpack.snappy import unsnapped
from tokenguard.core.unpack.source import CutError, Flaw, Part, Pieces, Slice, Source
from tokenguard.core.windows import fill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from tokenguard.core.unpack.source import Budget

_LONGEST_FOOTER = 32 * 1024 * 1024
_LONGEST_HEADER = 256 * 1024  # of a page: it may have the least and the greatest value in it
_LARGEST_PAGE = 64 * 1024 * 1024
_DEEPEST = 16
# In the description of a file, of which a column has some twenty in each group of rows, and in that of a page.
_MOST_VALUES = 1_000_000
_MOST_IN_HEADER = 4096

# Physical types that are bytes, codecs, kinds of pages, and encodings that leave values as they are.
_BYTES = (6, 7)
_PLAIN, _SNAPPY, _CODECS = 0, 1, {2: GZIP, 6: ZSTD}
_CODEC_NAMES = {1: "snappy", 3: "lzo", 4: "brotli", 5: "lz4", 7: "lz4_raw"}
_NOT_READ = (3, 5)  # nobody writes them any more
# Of a page of Snappy, in bytes: what takes longer here than loading pyarrow.
_WORTH_PYARROW = 256 * 1024
_DATA, _DICTIONARY, _DATA_2 = 0, 2, 3
_LEGIBLE = (0, 2, 3, 8)


def open_parquet(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """Each column that has texts or bytes, and what the file says of itself."""
    file, size = source.file, source.size
    if file is None:  # the walk gives files only to what looks around in them
        return
    end = Slice(file, max(0, size - 8), 8).read(8)
    if end[4:] == b"PARE":
        yield Flaw("", "encrypted")
        return
    length = int.from_bytes(end[:4], "little")
    if end[4:] != b"PAR1" or length + 12 > size:
        yield Flaw("", "damaged: ends too early")
        return
    if length > _LONGEST_FOOTER:
        yield Flaw("", f"its description is larger than {_LONGEST_FOOTER} bytes")
        return
    with budget.hold(length + 128 * min(length, _MOST_VALUES)):
        footer = _Thrift(fill(Slice(file, size - 8 - length, length).read, length), _MOST_VALUES).struct()
        pairs = [b"%s=%s" % (_bytes(pair.get(1)), _bytes(pair.get(2))) for pair in _structs(footer.get(5))]
        if pairs:
            yield Part("metadata", Pieces(pairs).read, has_lines=False)
        chunks: dict[str, list[dict[int, Any]]] = {}
        for group in _structs(footer.get(4)):
            for chunk in _structs(group.get(1)):
                column = chunk.get(3)
                if chunk.get(8) or not isinstance(column, dict):
                    yield Flaw("", "encrypted")
                elif column.get(1) in _BYTES:
                    path = column.get(3)
                    path = path if isinstance(path, list) else []
                    name = b".".join(map(_bytes, path)).decode("utf-8", "surrogateescape")
                    chunks.setdefault(name, []).append(column)
        for name, columns in chunks.items():
            yield Part(name, Pieces(_pages(file, columns, budget)).read, has_lines=False)


def _pages(file: BinaryIO, columns: list[dict[int, Any]], budget: Budget) -> Iterator[bytes]:
    """The pages of a column, unpacked. Raises CutError at the first that cannot be."""
    for column in columns:
        starts = [column[field] for field in (11, 9) if isinstance(column.get(field), int) and column[field] > 0]
        length = column.get(7)
        if not starts or not isinstance(length, int):
            raise CutError("damaged: a column that is nowhere")
        source = Source(Slice(file, min(starts), length).read)
        while head := source.peek(1):
            budget.count_member()
            head = source.peek(4096)
            try:
                header = _Thrift(head, _MOST_IN_HEADER)
                page = header.struct()
            except CutError:
                header = _Thrift(source.peek(_LONGEST_HEADER), _MOST_IN_HEADER)
                page = header.struct()
            source.skip(header.at)
            size, packed = page.get(2), page.get(3)
            if not isinstance(size, int) or not isinstance(packed, int) or size < 0 or packed < 0:
                raise CutError("damaged: a page of an impossible size")
            if max(size, packed) > _LARGEST_PAGE:
                raise CutError(f"a page larger than {_LARGEST_PAGE} bytes")
            with budget.hold(size + packed):
                yield from _page(page, source.exactly(packed), column.get(4), budget)


def _page(page: dict[int, Any], data: bytes, codec: object, budget: Budget) -> Iterator[bytes]:
    kind = page.get(1)
    header = page.get({_DATA: 5, _DICTIONARY: 7, _DATA_2: 8}.get(kind, -1) if isinstance(kind, int) else -1)
    if not isinstance(header, dict):
        return  # an index
    if kind == _DATA_2:
        levels = sum(width for width in (header.get(5), header.get(6)) if isinstance(width, int) and width > 0)
        data = data[levels:]
        codec = _PLAIN if header.get(7) is False else codec
    encoding = header.get(4 if kind == _DATA_2 else 2)
    yield _unpacked(data, codec, page[2], budget)
    if encoding not in _LEGIBLE:
        raise CutError(f"packed by an encoding that is not known here: {encoding}")


def _unpacked(data: bytes, codec: object, size: int, budget: Budget) -> bytes:
    if codec == _PLAIN or not data:
        return data
    kind = _CODECS.get(codec) if isinstance(codec, int) else None
    if kind is None:
        name = _CODEC_NAMES.get(codec, "") if isinstance(codec, int) else ""
        if not name or codec in _NOT_READ:
            raise CutError(f"packed by a method that is not known here: {name or codec}")
        budget.spend(size + len(data))
        if codec == _SNAPPY and (len(data) < _WORTH_PYARROW or not _has_pyarrow()):
            return unsnapped(data, size, budget)
        return _by_pyarrow(name, data, size)
    once = iter([data])
    with budget.hold(HELD[kind]):
        return fill(Decompressed(lambda _: next(once, b""), maker(kind), budget, kind).read, size)


def _by_pyarrow(name: str, data: bytes, size: int) -> bytes:
    """A page unpacked by one of the codecs that pyarrow has; it sees nothing else of the file."""
    if not _has_pyarrow():
        raise CutError(f"packed by {name}, which needs pyarrow: pip install 'hf-tokenguard[columnar]'")
    import pyarrow

    try:
        unpacked: bytes = pyarrow.Codec(name).decompress(data, size, asbytes=True)
    except (pyarrow.ArrowException, OSError):
        raise CutError(f"damaged: no {name}") from None
    return unpacked


def _has_pyarrow() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def _structs(value: object) -> list[dict[int, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


class _Thrift:
    """Thrift's compact protocol: a struct is a dictionary by the numbers of its fields."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = data
        self._most = self._room = most
        self.at = 0
        """What has been read."""

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """The struct that begins here. Raises CutError where it does not end."""
        if depth > _DEEPEST:
            raise CutError("damaged: nested too deep")
        fields: dict[int, Any] = {}
        number = 0
        while byte := self._byte():
            kind = byte & 15
            number = number + (byte >> 4) if byte >> 4 else self._number()
            fields[number] = kind == 1 if kind in (1, 2) else self._value(kind, depth + 1)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        self._room -= 1
        if self._room < 0:
            raise CutError(f"a description of more than {self._most} values")
        if kind in (1, 2):  # in a list, where it has a byte of its own
            return self._byte() == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._number()
        if kind == 7:
            return struct.unpack("<d", self._take(8))[0]
        if kind == 8:
            return self._take(self._unsigned())
        if kind in (9, 10):
            byte = self._byte()
            count = byte >> 4 if byte >> 4 < 15 else self._unsigned()
            if count > len(self._data) - self.at:
                raise CutError("damaged: ends too early")
            if depth > _DEEPEST:
                raise CutError("damaged: nested too deep")
            return [self._value(byte & 15, depth + 1) for _ in range(count)]
        if kind == 12:
            return self.struct(depth + 1)
        raise CutError("damaged: a value of no known type")

    def _number(self) -> int:
        value = self._unsigned()
        return value >> 1 ^ -(value & 1)

    def _unsigned(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise CutError("damaged: a number without an end")

    def _byte(self) -> int:
        if self.at == len(self._data):
            raise CutError("damaged: ends too early")
        self.at += 1
        return self._data[self.at - 1]

    def _take(self, count: int) -> bytes:
        taken = self._data[self.at : self.at + count]
        if len(taken) < count:
            raise CutError("damaged: ends too early")
        self.at += count
        return taken
