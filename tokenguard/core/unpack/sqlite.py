"""SQLite's databases, read by their format (sqlite.org/fileformat2.html) and never by SQLite.

A hostile database can have a schema that runs what it likes when it is asked. The bytes of the file show most
of what is in it, but not values that are spread over pages, and those that the value before them runs into.
"""

from __future__ import annotations

import struct
from itertools import chain
from typing import NamedTuple

from tokenguard.core.unpack.source import CutError, Flaw, Part, Pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from tokenguard.core.unpack.source import Budget, Source

_HEADER = 100
_LONGEST_ROW = 16 * 1024 * 1024
_PACKED = (
    4 * 1024 * 1024
)  # bytes that are kept, of values that are packed themselves, before these are looked into
_LONGEST_NAME = 1024
_MOST_COLUMNS = 32767
_SCHEMA_COLUMNS = 5
# Headers of rows that are remembered: most rows of a table have the same.
_USUAL = 256
_MOST_LAYOUTS = 1024
_SHORTEST = 20  # no credential has fewer bytes
_DEEPEST = 64  # pages above a leaf; of the smallest pages it would take more than there can be

_TABLE_LEAF, _TABLE, _INDEX_LEAF, _INDEX = 0x0D, 0x05, 0x0A, 0x02
_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)  # of the types that are numbers

_CODECS = {2: "utf-16-le", 3: "utf-16-be"}


class _Table(NamedTuple):
    name: str
    root: int


def open_sqlite(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """Each table, a value a line, and what of its values is packed itself."""
    if source.file is None:  # the walk gives files only to what looks around in them
        return
    database = _Database(source.file, source.size, budget.members + 1)
    for table in database.tables():
        values = database.values(table.root)
        database.is_done = False
        while not database.is_done:
            stretch = database.stretch(values)
            yield Part(table.name, Pieces(stretch).read, has_lines=False)
            for _ in stretch:  # what was not asked for
                pass
            packed, database.packed = database.packed, []
            for row, value in packed:
                yield Part(f"{table.name}, row {row}", Pieces([value]).read)
    if database.flaw:
        yield Flaw("", database.flaw)


class _Database:
    def __init__(self, file: BinaryIO, size: int, most_tables: int) -> None:
        self._file = file
        self._most_tables = most_tables
        file.seek(0)
        header = file.read(_HEADER)
        self._page_size = int.from_bytes(header[16:18], "big")
        self._page_size = 65536 if self._page_size == 1 else self._page_size
        if len(header) < _HEADER or self._page_size < 512 or self._page_size & (self._page_size - 1):
            raise CutError("damaged: pages of an impossible size")
        self._usable = self._page_size - header[20]
        if self._usable < 480:
            raise CutError("damaged: pages of an impossible size")
        self._codec = _CODECS.get(header[59], "")
        self._pages = size // self._page_size
        # A page belongs to one tree; a hostile one would have us read it for ever.
        self._seen = bytearray(self._pages + 1)
        self._columns: dict[bytes, list[tuple[int, int, int]]] = {}
        self.packed: list[tuple[int, bytes]] = []
        self._kept = 0
        self.is_done = False
        self.flaw = "damaged: ends within a page" if size % self._page_size else ""
        if int.from_bytes(header[28:32], "big") > self._pages and header[24:28] == header[92:96]:
            self.flaw = "damaged: ends too early"

    def tables(self) -> Iterator[_Table]:
        """The schema, and what it says there is."""
        found = [_Table("sqlite_schema", 1)]
        for _, columns in self._rows(1):
            if len(columns) > 3 and columns[0][1] == b"table":
                root = int.from_bytes(columns[3][1], "big")
                if root and len(found) < self._most_tables:
                    found.append(_Table(columns[1][1][:_LONGEST_NAME].decode("utf-8", "surrogateescape"), root))
        self._seen[1] = 0
        yield from found

    def stretch(self, values: Iterator[bytes]) -> Iterator[bytes]:
        """`values`, up to where so much is packed in them that it should be looked into."""
        for value in values:
            yield value
            if self._kept > _PACKED:
                self._kept = 0
                return
        self.is_done = True

    def values(self, root: int) -> Iterator[bytes]:
        """The texts and other bytes of each row; a page, or a row, that is damaged is left out."""
        from tokenguard.core.unpack.formats import HEAD, TAIL, recognise

        for row, columns in self._rows(root):
            values = [value for is_text, value in columns if is_text is not None]
            for value in values:
                if len(value) >= _SHORTEST and recognise(value[:HEAD], value[-TAIL:], len(value)):
                    self.packed.append((row, value))
                    self._kept += len(value)
            if values:
                yield b"\n".join(values)

    def _rows(self, root: int) -> Iterator[tuple[int, list[tuple[bool | None, bytes]]]]:
        """The rows below a page: their number, 0 where they have none, and columns. A number is no text."""
        levels = [iter([root])]
        while levels:
            number = next(levels[-1], None)
            if number is None:
                levels.pop()
                continue
            try:
                page, kind, cells, children = self._page(number, len(levels))
            except CutError as error:
                self.flaw = str(error)
                continue
            if children:
                levels.append(children)
            if kind != _TABLE:
                yield from self._rows_on(page, kind, cells)

    def _rows_on(
        self, page: bytes, kind: int, cells: Sequence[int]
    ) -> Iterator[tuple[int, list[tuple[bool | None, bytes]]]]:
        """The rows of a page; one that is damaged is left out, or ends where it is, as `flaw` then says."""
        ahead = 4 if kind == _INDEX else 0
        room = len(page)
        for cell in cells:
            try:
                if page[cell + ahead] < _SHORTEST:
                    continue  # most tables are numbers
                length, at = _varint(page, cell + ahead)
                row, at = _varint(page, at) if kind == _TABLE_LEAF else (0, at)
                local = self._local(length, kind)
                # Rows lie side by side. A page that is nothing but pointers to one row would be read for hours.
                room -= local
                if room < 0:
                    self.flaw = "damaged: rows that overlap"
                    return
                columns = self._record(self._payload(page, at, local, length))
            except CutError as error:
                self.flaw = str(error)
            except IndexError:
                self.flaw = "damaged: a row that is none"
            else:
                yield row, columns

    def _page(self, number: int, depth: int) -> tuple[bytes, int, Sequence[int], Iterator[int] | None]:
        """A page of a tree, its kind, where its cells are, and the pages below it."""
        if not 0 < number <= self._pages or depth > _DEEPEST:
            raise CutError(f"damaged: no page {number}")
        if self._seen[number]:
            raise CutError(f"damaged: page {number} is there twice")
        self._seen[number] = 1
        page = self._read(number)
        start = _HEADER if number == 1 else 0
        kind = page[start]
        if kind not in (_TABLE_LEAF, _TABLE, _INDEX_LEAF, _INDEX):
            raise CutError(f"damaged: page {number}")
        count = int.from_bytes(page[start + 3 : start + 5], "big")
        is_inner = kind in (_TABLE, _INDEX)
        first = start + (12 if is_inner else 8)
        count = min(count, (len(page) - first) // 2)
        cells = struct.unpack_from(f">{count}H", page, first)
        if not is_inner:
            return page, kind, cells, None
        children = (int.from_bytes(page[cell : cell + 4], "big") for cell in cells)
        return page, kind, cells, chain(children, [int.from_bytes(page[start + 8 : start + 12], "big")])

    def _read(self, number: int) -> bytes:
        self._file.seek((number - 1) * self._page_size)
        page = self._file.read(self._page_size)
        if len(page) < self._page_size:
            raise CutError("damaged: ends too early")
        return page

    def _local(self, length: int, kind: int) -> int:
        """How many of the `length` bytes of a row are on its page, and not on pages of their own (1.6)."""
        usable = self._usable
        most = usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        if length <= most:
            return length
        least = (usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (usable - 4)
        return local if local <= most else least

    def _payload(self, page: bytes, at: int, local: int, length: int) -> bytes:
        """The bytes of a row, as far as they can be read; `flaw` says where they cannot."""
        if local == length:
            return page[at : at + local]
        parts = [page[at : at + local]]
        following = int.from_bytes(page[at + local : at + local + 4], "big")
        left = min(length, _LONGEST_ROW) - local
        if length > _LONGEST_ROW:
            self.flaw = f"a row of more than {_LONGEST_ROW} bytes"
        while left > 0:
            if not 0 < following <= self._pages or self._seen[following]:
                self.flaw = f"damaged: no page {following}"
                break
            self._seen[following] = 1
            overflow = self._read(following)
            following = int.from_bytes(overflow[:4], "big")
            parts.append(overflow[4 : 4 + min(left, self._usable - 4)])
            left -= self._usable - 4
        return b"".join(parts)

    def _record(self, payload: bytes) -> list[tuple[bool | None, bytes]]:
        """The columns of a row (2.1): whether it is text, None for a number, and its bytes."""
        size, at = _varint(payload, 0)
        header = payload[at:size]
        layout = self._columns.get(header)
        if layout is None:
            layout = _layout(header)
            if len(header) <= _USUAL and len(self._columns) < _MOST_LAYOUTS:
                self._columns[header] = layout
        columns: list[tuple[bool | None, bytes]] = []
        for start, end, kind in layout:
            value = payload[size + start : size + end]
            if self._codec and kind == 1:
                value = value.decode(self._codec, "ignore").encode("utf-8", "ignore")
            columns.append((None if kind < 0 else bool(kind), value))
        return columns


def _layout(header: bytes) -> list[tuple[int, int, int]]:
    """Where the columns of a row begin and end, and what they are: text (1), other bytes (0), a number (-1).

    Of the numbers only those that stand among the first columns, as in the schema: the others hold nothing.
    """
    layout = []
    at = start = count = 0
    while at < len(header):
        kind = header[at]
        at += 1
        if kind >= 0x80:
            kind, at = _varint(header, at - 1)
        if kind >= 12:
            width = (kind - 12) // 2
            layout.append((start, start + width, kind % 2))
        else:
            width = _WIDTHS[kind]
            if count < _SCHEMA_COLUMNS:
                layout.append((start, start + width, -1))
        start += width
        count += 1
    if count > _MOST_COLUMNS:
        raise CutError(f"damaged: a row of more than {_MOST_COLUMNS} columns")
    return layout


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes (1.6), and where it ends."""
    value = data[at]
    at += 1
    if value < 0x80:
        return value, at
    value &= 0x7F
    for _ in range(7):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    return value << 8 | data[at], at + 1
