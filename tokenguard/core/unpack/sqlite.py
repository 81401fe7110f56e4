"""SQLite's databases, read by their format (sqlite.org/fileformat2.html) and never by SQLite.

A hostile database can have a schema that runs what it likes when it is asked. The bytes of the file show most
of what is in it, but not values that are spread over pages, and those that the value before them runs into.
"""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core.unpack.source import CutError, Flaw, Part, Pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from tokenguard.core.unpack.source import Budget, Source

_HEADER = 100
_LONGEST_ROW = 16 * 1024 * 1024
_PACKED = 16 * 1024 * 1024  # of values that are packed themselves, in bytes together
_DEEPEST = 64  # pages above a leaf; of the smallest pages it would take more than there can be

_TABLE_LEAF, _TABLE, _INDEX_LEAF, _INDEX = 0x0D, 0x05, 0x0A, 0x02
_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)  # of the types that are numbers

_CODECS = {2: "utf-16-le", 3: "utf-16-be"}


class _Table(NamedTuple):
    name: str
    root: int


def open_sqlite(source: Source, _name: str, _budget: Budget) -> Iterator[Part | Flaw]:
    """Each table, a value a line, and what of its values is packed itself."""
    if source.file is None:  # the walk gives files only to what looks around in them
        return
    database = _Database(source.file, source.size)
    for table in database.tables():
        yield Part(table.name, Pieces(database.values(table.root)).read, has_lines=False)
        packed, database.packed = database.packed, []
        for row, value in packed:
            yield Part(f"{table.name}, row {row}", Pieces([value]).read)
    if database.flaw:
        yield Flaw("", database.flaw)


class _Database:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
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
        self._room = _PACKED
        self.packed: list[tuple[int, bytes]] = []
        self.flaw = "damaged: ends within a page" if size % self._page_size else ""
        if int.from_bytes(header[28:32], "big") > self._pages and header[24:28] == header[92:96]:
            self.flaw = "damaged: ends too early"

    def tables(self) -> Iterator[_Table]:
        """The schema, and what it says there is."""
        found = [_Table("sqlite_schema", 1)]
        for _, columns in self._rows(1):
            if len(columns) > 3 and columns[0][1] == b"table":
                root = int.from_bytes(columns[3][1], "big")
                if root:
                    found.append(_Table(columns[1][1].decode("utf-8", "surrogateescape"), root))
        self._seen[1] = 0
        yield from found

    def values(self, root: int) -> Iterator[bytes]:
        """The texts and other bytes of each row; a page, or a row, that is damaged is left out."""
        from tokenguard.core.unpack.formats import HEAD, TAIL, recognise

        for row, columns in self._rows(root):
            values = [value for is_text, value in columns if is_text is not None]
            for value in values:
                if len(value) >= 20 and recognise(value[:HEAD], value[-TAIL:], len(value)):
                    self._room -= len(value)
                    if self._room < 0:
                        self.flaw = f"packed values of more than {_PACKED} bytes in a database"
                    else:
                        self.packed.append((row, value))
            if values:
                yield b"\n".join(values)

    def _rows(self, root: int) -> Iterator[tuple[int, list[tuple[bool | None, bytes]]]]:
        """The rows below a page: their number, 0 where they have none, and columns. A number is no text."""
        stack = [(root, 0)]
        while stack:
            number, depth = stack.pop()
            try:
                page, kind, cells, children = self._page(number, depth)
            except CutError as error:
                self.flaw = str(error)
                continue
            stack += [(child, depth + 1) for child in reversed(children)]
            if kind == _TABLE:
                continue
            for cell in cells:
                row = self._row(page, cell, kind)
                if row is not None:
                    yield row

    def _row(self, page: bytes, cell: int, kind: int) -> tuple[int, list[tuple[bool | None, bytes]]] | None:
        """The row of a cell; None where it is damaged, as `flaw` then says."""
        try:
            at = cell + 4 if kind == _INDEX else cell
            length, at = _varint(page, at)
            row, at = _varint(page, at) if kind == _TABLE_LEAF else (0, at)
            return row, self._record(self._payload(page, at, length, kind))
        except CutError as error:
            self.flaw = str(error)
        except IndexError:
            self.flaw = "damaged: a row that is none"
        return None

    def _page(self, number: int, depth: int) -> tuple[bytes, int, list[int], list[int]]:
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
        pointers = page[start + (12 if is_inner else 8) :][: 2 * count]
        cells = [int.from_bytes(pointers[at : at + 2], "big") for at in range(0, len(pointers), 2)]
        if not is_inner:
            return page, kind, cells, []
        children = [int.from_bytes(page[cell : cell + 4], "big") for cell in cells]
        return page, kind, cells, [*children, int.from_bytes(page[start + 8 : start + 12], "big")]

    def _read(self, number: int) -> bytes:
        self._file.seek((number - 1) * self._page_size)
        page = self._file.read(self._page_size)
        if len(page) < self._page_size:
            raise CutError("damaged: ends too early")
        return page

    def _payload(self, page: bytes, at: int, length: int, kind: int) -> bytes:
        """The bytes of a row, some of which may be on pages of their own (1.6)."""
        usable = self._usable
        most = usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        if length <= most:
            return page[at : at + length]
        if length > _LONGEST_ROW:
            raise CutError(f"a row of more than {_LONGEST_ROW} bytes")
        least = (usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (usable - 4)
        local = local if local <= most else least
        parts = [page[at : at + local]]
        following = int.from_bytes(page[at + local : at + local + 4], "big")
        left = length - local
        while left > 0:
            if not 0 < following <= self._pages or self._seen[following]:
                raise CutError(f"damaged: no page {following}")
            self._seen[following] = 1
            overflow = self._read(following)
            following = int.from_bytes(overflow[:4], "big")
            parts.append(overflow[4 : 4 + min(left, usable - 4)])
            left -= usable - 4
        return b"".join(parts)

    def _record(self, payload: bytes) -> list[tuple[bool | None, bytes]]:
        """The columns of a row (2.1): whether it is text, None for a number, and its bytes."""
        size, at = _varint(payload, 0)
        header = payload[at:size]
        layout = self._columns.get(header)
        if layout is None:
            layout = _layout(header)
            if len(self._columns) < 4096:
                self._columns[header] = layout
        columns: list[tuple[bool | None, bytes]] = []
        for start, end, kind in layout:
            value = payload[size + start : size + end]
            if self._codec and kind == 1:
                value = value.decode(self._codec, "ignore").encode("utf-8", "ignore")
            columns.append((None if kind < 0 else bool(kind), value))
        return columns


def _layout(header: bytes) -> list[tuple[int, int, int]]:
    """Where the columns of a row begin and end, and what they are: text (1), other bytes (0), a number (-1)."""
    layout = []
    at = start = 0
    while at < len(header):
        kind, at = _varint(header, at)
        width = (kind - 12) // 2 if kind >= 12 else _WIDTHS[kind]
        layout.append((start, start + width, kind % 2 if kind >= 12 else -1))
        start += width
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
