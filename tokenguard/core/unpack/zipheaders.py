"""The headers of a zip: the directory at its end, and what stands before each member (APPNOTE.TXT 6.3.10)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from tokenguard.core.unpack.source import PIECE, CutError, Slice
from tokenguard.core.windows import fill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

LOCAL = b"PK\3\4"
_END = b"PK\5\6"
_END_SIZE = 22
_LONGEST_END = _END_SIZE + 0xFFFF

ENCRYPTED = 1
STREAMED = 8  # sizes and checksum stand after the content
_UTF8 = 0x800

_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_UNKNOWN = 0xFFFFFFFF
LOCAL_SIZE = _LOCAL.size
"""Bytes of a header before a member, without the name and what else it may have."""


class Entry(NamedTuple):
    """A member as one of its headers describes it: `offset` is its local header's, `stored` its packed size."""

    offset: int
    flags: int
    method: int
    crc: int
    stored: int
    size: int
    name: bytes

    @property
    def text(self) -> str:
        """The name, which is in UTF-8 or in the code page of the first PCs (4.4.4, bit 11)."""
        return self.name.decode("utf-8", "surrogateescape") if self.flags & _UTF8 else self.name.decode("cp437")


class Local(NamedTuple):
    """The header before a member; `content` is where that begins, `version` what it says is needed to read it."""

    entry: Entry
    content: int
    version: int


def _find_end(tail: bytes) -> int:
    """Where in the last bytes of a file its end record stands, -1 where there is none."""
    at = tail.rfind(_END)
    while at >= 0:
        end = at + _END_SIZE
        if end <= len(tail) and end + int.from_bytes(tail[end - 2 : end], "little") <= len(tail):
            return at
        at = tail.rfind(_END, 0, at + 3)
    return -1


def directory(file: BinaryIO, size: int, most: int) -> tuple[int, str, list[Entry]]:
    """Where the directory begins, what is wrong with it, and up to `most` entries in the order of offsets."""
    file.seek(max(0, size - _LONGEST_END))
    tail = file.read(_LONGEST_END)
    found = _find_end(tail)
    if found < 0:
        return size, "damaged: no directory at its end", []
    end = size - len(tail) + found
    length, offset = struct.unpack_from("<LL", tail, found + 12)
    if tail[max(0, found - 20) : max(0, found - 16)] == b"PK\6\7":
        # It stands right before, and where the locator says if nothing was put before the archive.
        for at in (end - 20 - 56, int.from_bytes(tail[found - 12 : found - 4], "little")):
            record = Slice(file, max(0, min(at, size)), 56).read(56)
            if len(record) == 56 and record[:4] == b"PK\6\6":
                end = at
                length, offset = struct.unpack_from("<QQ", record, 40)
                break
    start = end - length
    moved = start - offset  # by what was put before the archive
    if start < 0 or moved < 0:
        return size, "damaged: no directory where it should be", []
    entries: list[Entry] = []
    flaw = ""
    try:
        for entry in _entries(Slice(file, start, length).read, moved):
            if len(entries) >= most:
                raise CutError(f"holds more than {most} members")
            entries.append(entry)
    except CutError as error:
        flaw = str(error)
    entries.sort()
    return start, flaw, entries


def _entries(read: Callable[[int], bytes], moved: int) -> Iterator[Entry]:
    """The entries of a directory, all of them `moved`. Raises CutError where something else is among them."""
    data = more = fill(read, 16 * PIECE)
    at = 0
    while True:
        if more and len(data) - at < _CENTRAL.size + 3 * 0xFFFF:
            more = fill(read, 16 * PIECE)
            data, at = data[at:] + more, 0
        if at == len(data):
            return
        if len(data) - at < _CENTRAL.size or data[at : at + 4] != b"PK\1\2":
            raise CutError("damaged: its directory is no directory")
        _, _, _, flags, method, _, _, crc, stored, size, named, extended, commented, _, _, _, offset = (
            _CENTRAL.unpack_from(data, at)
        )
        at += _CENTRAL.size
        name = data[at : at + named]
        if _UNKNOWN in (size, stored, offset):
            size, stored, offset = _wide(data[at + named : at + named + extended], size, stored, offset)
        yield Entry(offset + moved, flags, method, crc, stored, size, name)
        at += named + extended + commented


def _wide(extra: bytes, *numbers: int) -> list[int]:
    """`numbers`, those that did not fit into 32 bits out of the extra field of zip64 (4.5.3)."""
    wide = list(numbers)
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        at += 4
        if tag == 1:
            field = extra[at : at + length]
            for index, number in enumerate(numbers):
                if number == _UNKNOWN and len(field) >= 8:
                    wide[index] = int.from_bytes(field[:8], "little")
                    field = field[8:]
        at += length
    return wide


def read_local(file: BinaryIO, offset: int) -> Local | None:
    """The header before a member, None where there is none."""
    file.seek(offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != LOCAL:
        return None
    _, version, flags, method, _, _, crc, stored, size, named, extended = _LOCAL.unpack(header)
    name = file.read(named)
    if _UNKNOWN in (size, stored):
        size, stored = _wide(file.read(extended), size, stored)
    content = offset + _LOCAL.size + named + extended
    return Local(Entry(offset, flags, method, crc, stored, size, name), content, version)
