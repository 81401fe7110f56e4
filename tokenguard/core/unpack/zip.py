"""Zip, and whatever is one inside: wheels, documents, checkpoints, packages (APPNOTE.TXT 6.3.10).

The directory at the end says what is in it, and the headers before the members say it again. Programs believe
the one or the other, so that both are read, and it is said where they disagree.
"""

from __future__ import annotations

from io import BytesIO

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
from tokenguard.core.unpack.zipheaders import ENCRYPTED, LOCAL, LOCAL_SIZE, STREAMED, directory, read_local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from tokenguard.core.unpack.compressed import Decompressor
    from tokenguard.core.unpack.source import Budget, Source
    from tokenguard.core.unpack.zipheaders import Entry, Local

_SMALL = 1024 * 1024
_NEWEST = 63  # version 6.3, which there is none above (4.4.3.2)
_NO_CHECKSUM = -1

_STORED, _DEFLATED, _LZMA = 0, 8, 14
_NAMES = {1: "shrink", 6: "implode", 9: "deflate64", 97: "wavpack", 98: "ppmd", 99: "aes"}
_KINDS = {12: BZIP2, 20: ZSTD, 93: ZSTD, 95: XZ}
_METHODS = {_STORED, _DEFLATED, _LZMA, *_NAMES, *_KINDS}


def open_zip(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """The members that the directory names, in the order in which they lie, and those that it does not name."""
    file, size = source.file, source.size
    if file is None:  # the walk gives files only to what looks around in them
        return
    end, flaw, entries = directory(file, size, budget.members)
    at = 0
    last: Entry | None = None
    is_zip = not flaw
    for entry in entries:
        if last is not None and entry.offset == last.offset:
            if entry._replace(name=last.name) != last:  # else they are the same bytes by another name
                yield Flaw(entry.text, "damaged: two entries for one member disagree")
            continue
        if entry.offset < at:
            yield Flaw(entry.text, "damaged: overlaps another member")
            continue
        if entry.offset > at:
            yield from _unnamed(file, at, entry.offset, budget)
        last = entry
        local = read_local(file, entry.offset) if entry.offset < size else None
        if local is None:
            yield Flaw(entry.text, "damaged: is not where the directory says")
            continue
        yield from _member(file, entry, local, budget)
        at = local.content + entry.stored
        if not entry.stored and local.entry.flags & STREAMED and not _is_record(file, at):
            yield Flaw(entry.text, "damaged: something follows where it should be empty")
        elif not _agree(entry, local.entry):
            yield Flaw(entry.text, "damaged: its headers disagree")
            # What a program finds that goes by the other header.
            yield from _member(file, local.entry, local, budget)
    for part in _unnamed(file, at, end, budget):
        is_zip = True
        yield part
    if flaw and is_zip:
        yield Flaw("", flaw)


def _is_record(file: BinaryIO, at: int) -> bool:
    """Whether something of the archive's own stands at an offset."""
    file.seek(at)
    return file.read(2) == b"PK"


def _agree(central: Entry, local: Entry) -> bool:
    """Whether two headers describe the same member; of one that was streamed the second knows no sizes."""
    streamed = local.flags & STREAMED and not local.stored
    return (
        central.name == local.name
        and central.method == local.method
        and (central.flags ^ local.flags) & ENCRYPTED == 0
        and (bool(streamed) or (central.stored, central.size) == (local.stored, local.size))
    )


def _unnamed(file: BinaryIO, start: int, end: int, budget: Budget) -> Iterator[Part | Flaw]:
    """Members that lie where the directory names none."""
    at = start
    while end - at > LOCAL_SIZE and (at := _find(file, LOCAL, at, end)) >= 0:
        local = read_local(file, at)
        if local is None or not _is_plausible(local) or local.content > end:
            budget.count_member()
            at += len(LOCAL)
            continue
        entry = local.entry
        if entry.flags & STREAMED and not entry.stored:
            # How long it is stands after it; what is packed ends by itself.
            stop = _find(file, b"PK", local.content, end) if entry.method == _STORED else end
            entry = entry._replace(stored=(end if stop < 0 else stop) - local.content, crc=_NO_CHECKSUM)
            at = local.content
        else:
            at = local.content + entry.stored
        yield from _member(file, entry, local, budget)


def _is_plausible(local: Local) -> bool:
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


def _member(file: BinaryIO, entry: Entry, local: Local, budget: Budget) -> Iterator[Part | Flaw]:
    """What is packed behind a local header, as `entry` describes it."""
    name = entry.text
    if not entry.stored:
        if entry.size or entry.crc not in (0, _NO_CHECKSUM):
            yield Flaw(name, "damaged: says that it is empty, and that it is not")
        else:
            budget.count_member()
        return
    if entry.flags & ENCRYPTED or entry.method == 99:
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


def _at_once(file: BinaryIO, entry: Entry, local: Local, budget: Budget) -> bytes | None:
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

    def __init__(self, entry: Entry, packed: Callable[[int], bytes], stream: Decompressed | None) -> None:
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
