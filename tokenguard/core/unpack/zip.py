"""Zip, and whatever is one inside: wheels, documents, checkpoints, packages (APPNOTE.TXT 6.3.10).

The directory at the end says what is in it, and the headers before the members say it again. Programs believe
the one or the other, so that both are read, and it is said where they disagree.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import NamedTuple

from tokenguard.core.unpack.compressed import (
    BZIP2,
    GZIP,
    HELD,
    LZMA,
    XZ,
    ZSTD,
    Decompressed,
    maker,
)
from tokenguard.core.unpack.deflate import Inflate, crc32, inflated
from tokenguard.core.unpack.source import PIECE, CutError, Flaw, Part, Slice
from tokenguard.core.windows import fill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from tokenguard.core.unpack.compressed import Decompressor
    from tokenguard.core.unpack.source import Budget, Source

LOCAL = b"PK\3\4"
END = b"PK\5\6"
END_SIZE = 22
LONGEST_END = END_SIZE + 0xFFFF

_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_SMALL = 1024 * 1024
_UNKNOWN = 0xFFFFFFFF
_NEWEST = 63  # version 6.3, which there is none above (4.4.3.2)
_NO_CHECKSUM = -1

_ENCRYPTED = 1
_STREAMED = 8  # sizes and checksum stand after the content
_UTF8 = 0x800

_STORED, _DEFLATED, _LZMA = 0, 8, 14
_NAMES = {1: "shrink", 6: "implode", 9: "deflate64", 97: "wavpack", 98: "ppmd", 99: "aes"}
_KINDS = {12: BZIP2, 20: ZSTD, 93: ZSTD, 95: XZ}
_METHODS = {_STORED, _DEFLATED, _LZMA, *_NAMES, *_KINDS}


class _Entry(NamedTuple):
    """A member as one of its headers describes it: `offset` is its local header's, `stored` its packed size."""

    offset: int
    flags: int
    method: int
    crc: int
    stored: int
    size: int
    name: bytes


class _Local(NamedTuple):
    """The header before a member; `content` is where that begins, `version` what it says is needed to read it."""

    entry: _Entry
    content: int
    version: int


def find_end(tail: bytes) -> int:
    """Where in the last bytes of a file its end record stands, -1 where there is none."""
    at = tail.rfind(END)
    while at >= 0:
        if at + END_SIZE <= len(tail) and at + END_SIZE + int.from_bytes(tail[at + 20 : at + 22], "little") <= len(
            tail
        ):
            return at
        at = tail.rfind(END, 0, at + 3)
    return -1


def open_zip(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """The members that the directory names, in the order in which they lie, and those that it does not name."""
    file, size = source.file, source.size
    if file is None:  # the walk gives files only to what looks around in them
        return
    end, flaw, entries = _directory(file, size, budget.members)
    at = 0
    last: _Entry | None = None
    is_zip = not flaw
    for entry in entries:
        if last is not None and entry.offset == last.offset:
            if entry._replace(name=last.name) != last:  # else they are the same bytes by another name
                yield Flaw(_text(entry), "damaged: two entries for one member disagree")
            continue
        if entry.offset < at:
            yield Flaw(_text(entry), "damaged: overlaps another member")
            continue
        if entry.offset > at:
            yield from _unnamed(file, at, entry.offset, budget)
        last = entry
        local = _local(file, entry.offset) if entry.offset < size else None
        if local is None:
            yield Flaw(_text(entry), "damaged: is not where the directory says")
            continue
        yield from _member(file, entry, local, budget)
        at = local.content + entry.stored
        if not entry.stored and local.entry.flags & _STREAMED and not _is_record(file, at):
            yield Flaw(_text(entry), "damaged: something follows where it should be empty")
        elif not _agree(entry, local.entry):
            yield Flaw(_text(entry), "damaged: its headers disagree")
            # What a program finds that goes by the other header.
            yield from _member(file, local.entry, local, budget)
    for part in _unnamed(file, at, end, budget):
        is_zip = True
        yield part
    if flaw and is_zip:
        yield Flaw("", flaw)


def _directory(file: BinaryIO, size: int, most: int) -> tuple[int, str, list[_Entry]]:
    """Where the directory begins, what is wrong with it, and up to `most` entries in the order of offsets."""
    file.seek(max(0, size - LONGEST_END))
    tail = file.read(LONGEST_END)
    found = find_end(tail)
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
    entries: list[_Entry] = []
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


def _entries(read: Callable[[int], bytes], moved: int) -> Iterator[_Entry]:
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
        yield _Entry(offset + moved, flags, method, crc, stored, size, name)
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


def _local(file: BinaryIO, offset: int) -> _Local | None:
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
    return _Local(_Entry(offset, flags, method, crc, stored, size, name), content, version)


def _is_record(file: BinaryIO, at: int) -> bool:
    """Whether something of the archive's own stands at an offset."""
    file.seek(at)
    return file.read(2) == b"PK"


def _agree(central: _Entry, local: _Entry) -> bool:
    """Whether two headers describe the same member; of one that was streamed the second knows no sizes."""
    streamed = local.flags & _STREAMED and not local.stored
    return (
        central.name == local.name
        and central.method == local.method
        and (central.flags ^ local.flags) & _ENCRYPTED == 0
        and (bool(streamed) or (central.stored, central.size) == (local.stored, local.size))
    )


def _unnamed(file: BinaryIO, start: int, end: int, budget: Budget) -> Iterator[Part | Flaw]:
    """Members that lie where the directory names none."""
    at = start
    while end - at > _LOCAL.size and (at := _find(file, LOCAL, at, end)) >= 0:
        local = _local(file, at)
        if local is None or not _is_plausible(local) or local.content > end:
            budget.count_member()
            at += len(LOCAL)
            continue
        entry = local.entry
        if entry.flags & _STREAMED and not entry.stored:
            # How long it is stands after it; what is packed ends by itself.
            stop = _find(file, b"PK", local.content, end) if entry.method == _STORED else end
            entry = entry._replace(stored=(end if stop < 0 else stop) - local.content, crc=_NO_CHECKSUM)
            at = local.content
        else:
            at = local.content + entry.stored
        yield from _member(file, entry, local, budget)


def _is_plausible(local: _Local) -> bool:
    """Whether it can be a header at all: four bytes are soon found in a program."""
    name = local.entry.name
    is_a_name = 0 < len(name) < 4096 and min(name[:32]) >= 32
    return local.entry.method in _METHODS and (is_a_name or local.version <= _NEWEST)


def _find(file: BinaryIO, needle: bytes, start: int, end: int) -> int:
    """Where `needle` stands first between two offsets, -1 where it does not."""
    read = Slice(file, start, end - start).read
    data = b""
    step = 256  # it is near where members lie side by side
    while piece := read(step):
        step = min(4 * step, 16 * PIECE)
        kept = data[len(data) - len(needle) + 1 :]
        data = kept + piece
        found = data.find(needle)
        if found >= 0:
            return start - len(kept) + found
        start += len(piece)
    return -1


def _member(file: BinaryIO, entry: _Entry, local: _Local, budget: Budget) -> Iterator[Part | Flaw]:
    """What is packed behind a local header, as `entry` describes it."""
    name = _text(entry)
    if not entry.stored:
        budget.count_member()
        return
    if entry.flags & _ENCRYPTED or entry.method == 99:
        yield Flaw(name, "encrypted")
        return
    if entry.method not in _METHODS or entry.method in _NAMES:
        method = _NAMES.get(entry.method, str(entry.method))
        yield Flaw(name, f"packed by a method that is not known here: {method}")
        return
    if (content := _at_once(file, entry, local, budget)) is not None:
        yield Part(name, BytesIO(content).read)
        return
    packed = Slice(file, local.content, entry.stored).read
    try:
        make, held = _decompressor(entry.method, packed)
        with budget.hold(held):
            stream = Decompressed(packed, make, budget) if make is not None else None
            yield Part(name, _Content(entry, packed, stream).read)
    except CutError as error:
        yield Flaw(name, str(error))


def _at_once(file: BinaryIO, entry: _Entry, local: _Local, budget: Budget) -> bytes | None:
    """All of a small member; None where it is another, or not what its header says, and is read step by step."""
    if entry.method != _DEFLATED or entry.stored > _SMALL or entry.size > _SMALL:
        return None
    if not budget.has(entry.stored + entry.size):
        return None
    file.seek(local.content)
    content = inflated(file.read(entry.stored), entry.size)
    if content is None or crc32(content) != entry.crc:
        return None
    budget.spend(entry.stored + entry.size)
    return content


def _decompressor(method: int, read: Callable[[int], bytes]) -> tuple[Callable[[], Decompressor] | None, int]:
    """What makes the decompressor of a method, and the memory that it takes; `read` gives its properties."""
    if method == _STORED:
        return None, 0
    if method == _DEFLATED:
        return lambda: Inflate(-15), HELD[GZIP]
    if method != _LZMA:
        kind = _KINDS[method]
        return maker(kind), HELD[kind]
    # Two bytes of version, the length of the properties, and those (5.8.8).
    import lzma

    properties = read(4 + 5)
    coded = properties[4] if len(properties) == 9 else 255
    dictionary = int.from_bytes(properties[5:9], "little")
    if coded >= 9 * 5 * 5 or dictionary > HELD[LZMA]:
        raise CutError("takes more memory than is allowed" if coded < 9 * 5 * 5 else "damaged: no lzma")
    rest, lc = divmod(coded, 9)
    pb, lp = divmod(rest, 5)
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": lc, "lp": lp, "pb": pb}]
    if lc + lp > 4:
        raise CutError("damaged: no lzma")
    return lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters), HELD[LZMA]


class _Content:
    """The content of a member, against its length where it is stored and its checksum where it was packed."""

    def __init__(self, entry: _Entry, packed: Callable[[int], bytes], stream: Decompressed | None) -> None:
        self._packed = packed
        self._stream = stream
        self._read = stream.read if stream else packed
        self._entry = entry
        self._crc = 0
        self._size = 0

    def read(self, most: int) -> bytes:
        """Up to `most` bytes. Raises CutError where it is not what the header says."""
        entry = self._entry
        if entry.method == _STORED:
            piece = self._read(most)
            self._size += len(piece)
            if not piece and self._size < entry.stored and entry.crc != _NO_CHECKSUM:
                raise CutError("damaged: ends too early")
            return piece
        # lzma need not have an end of its own.
        is_done = entry.method == _LZMA and self._size >= entry.size
        piece = b"" if is_done else self._read(most)
        self._size += len(piece)
        self._crc = crc32(piece, self._crc)
        if not piece and entry.crc != _NO_CHECKSUM:
            if entry.crc != self._crc:
                raise CutError("damaged: its checksum is wrong")
            if entry.method == _DEFLATED and self._stream and (self._stream.rest or self._packed(1)):
                raise CutError("damaged: something follows where it should end")
        return piece


def _text(entry: _Entry) -> str:
    return entry.name.decode("utf-8", "surrogateescape") if entry.flags & _UTF8 else entry.name.decode("cp437")
