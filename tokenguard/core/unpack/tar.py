"""tar, in the forms of POSIX.1-1988 (ustar), POSIX.1-2001 (pax), GNU and the seventh edition of Unix."""

from __future__ import annotations

from tokenguard.core.unpack.source import PIECE, CutError, Flaw, Part, Pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.unpack.source import Budget, Source

_BLOCK = 512
# Names and pax records of a member; what is longer is no name.
_LONGEST_HEADER = 1024 * 1024
# Headers that are gathered before they are given, in bytes.
_GATHERED = 4 * 1024 * 1024

_MOST_RECORDS = 4096  # in a pax header; those that are made have some ten
_ASCII = bytes(range(128))

# Names of the member, of what it links to, of its owner and group, and what stands before the first.
_TEXTS = ((0, 100), (157, 257), (265, 297), (297, 329), (345, 500))
_CONTENT = b"07S\0"  # a file, a contiguous one, a sparse one, and a file of the seventh edition


def is_header(block: bytes) -> bool:
    """Whether `block` is the header of a member: its checksum is right."""
    if len(block) < _BLOCK or not block[0]:
        return False
    digits = block[148:156].strip(b" \0")
    if not 1 <= len(digits) <= 7 or not digits.isdigit() or max(digits) > 0x37:
        return False
    wanted = int(digits, 8)
    fields = block[:148] + b" " * 8 + block[156:_BLOCK]
    total = _sum(fields[:256]) + _sum(fields[256:])
    # Some of the first ones added up signed characters.
    return wanted == total or wanted == total - 256 * len(fields.translate(None, _ASCII))


def _sum(values: bytes) -> int:
    """The sum of up to 256 bytes, which is below the modulus of Adler-32, whose lower half it is (RFC 1950).

    zlib takes a tenth of the time of Python's own.
    """
    import zlib

    return zlib.adler32(values, 0) & 0xFFFF


def open_tar(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """The files in a tar, and the names and records of its headers as a part of their own at the end."""
    headers: list[bytes] = []
    cut = None
    try:
        yield from _members(source, budget, headers)
    except CutError as error:
        cut = error
    if headers and not (cut and budget.is_spent):
        yield Part("headers", Pieces(headers).read, has_lines=False)
    if cut:
        raise cut


def _members(source: Source, budget: Budget, headers: list[bytes]) -> Iterator[Part | Flaw]:
    """The files, and what of the `headers` would be too much at the end."""
    gathered = 0
    name = size = None
    while block := _header(source):
        kind = block[156:157]
        length = _number(block[124:136])
        if kind in b"LKxgX":
            # All that a member has beside its content; a credential may stand in a record (SCHILY.xattr, comment).
            budget.count_member()
            if length > _LONGEST_HEADER:
                yield Flaw("", f"damaged: a header of {length} bytes")
                source.skip(_padded(length))
                continue
            text = source.exactly(_padded(length))[:length]
            headers.append(text)
            gathered += len(text)
            if kind == b"L":
                name = _text(text.rstrip(b"\0"))
            elif kind in b"xX":
                records = _records(text)
                name = _text(records[b"path"]) if b"path" in records else name
                size = int(records[b"size"]) if records.get(b"size", b"").isdigit() else None
        else:
            headers += [block[first:last].partition(b"\0")[0] for first, last in _TEXTS if block[first]]
            gathered += _BLOCK
            length = length if size is None else size
            if kind == b"S":
                _skip_map(source, block)
            if kind in _CONTENT or (kind not in b"123456" and length):
                content = _Content(source, length)
                yield Part(name or _name_of(block), content.read)
                content.skip()
            else:
                budget.count_member()
                if kind in b"DMVN":  # a folder's list, and other parts that GNU tar adds
                    source.skip(_padded(length))
            name = size = None
        if gathered > _GATHERED:
            yield Part("headers", Pieces(headers).read, has_lines=False)
            headers.clear()
            gathered = 0


class _Content:
    """The `count` bytes of a member, and the padding after them."""

    def __init__(self, source: Source, count: int) -> None:
        self._source = source
        self._left = count
        self._padding = _padded(count) - count

    def read(self, most: int) -> bytes:
        piece = self._source.read(min(most, self._left)) if self._left else b""
        if self._left and not piece:
            self._left = self._padding = 0
            raise CutError("damaged: ends too early")
        self._left -= len(piece)
        return piece

    def skip(self) -> None:
        """Goes on to where the next header is; the last padding may be missing."""
        self._source.skip(self._left)
        padding, self._padding = self._padding, 0
        while padding and (piece := self._source.read(padding)):
            padding -= len(piece)


def _header(source: Source) -> bytes:
    """The next header, nothing at the end. Blocks of zeros end an archive, after which another may begin."""
    while block := source.peek(_BLOCK):
        if is_header(block):
            return source.exactly(_BLOCK)
        if any(block):
            raise CutError("damaged: no header where one should be")
        # There may be as many of them as somebody likes.
        ahead = source.peek(PIECE)
        zeros = len(ahead) - len(ahead.lstrip(b"\0"))
        source.skip(zeros // _BLOCK * _BLOCK or len(block))
    return b""


def _skip_map(source: Source, block: bytes) -> None:
    """Goes over the further blocks of the map of a sparse file of GNU's old format."""
    is_extended = block[482]
    while is_extended:
        is_extended = source.exactly(_BLOCK)[504]


def _number(field: bytes) -> int:
    """A number of a header, in octal digits or, where the first bit is set, in base 256."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if field[0] & 0x40:
            raise CutError("damaged: a size below zero")
        return value
    digits = field.strip(b" \0")
    if not digits:
        return 0
    if not digits.isdigit() or max(digits) > 0x37:
        raise CutError("damaged: a size that is no number")
    return int(digits, 8)


def _padded(length: int) -> int:
    return -(-length // _BLOCK) * _BLOCK


def _name_of(block: bytes) -> str:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return _text(prefix + b"/" + name if prefix else name)


def _records(text: bytes) -> dict[bytes, bytes]:
    """The records of a pax header: `length key=value` and a line feed (POSIX.1-2001, pax)."""
    records: dict[bytes, bytes] = {}
    at = 0
    for _ in range(_MOST_RECORDS):
        if at >= len(text):
            return records
        digits, _, _ = text[at : at + 10].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        if length <= len(digits) + 1:
            return records
        key, _, value = text[at + len(digits) + 1 : at + length].removesuffix(b"\n").partition(b"=")
        records[key] = value
        at += length
    raise CutError(f"damaged: a header of more than {_MOST_RECORDS} records")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
