"""A zip whose only member is that zip itself.

Its stream of deflate (RFC 1951) is made of steps that write bytes as they stand (`_literal`) and steps that write
once more what was just written (`_again`), each of five bytes, so that they can write each other. How that is
possible: Russ Cox, "Zip Files All The Way Down", https://research.swtch.com/zip.
"""

from __future__ import annotations

import struct
import zlib

NAME = b"itself.zip"
# Makes the header as long as `_again` can write in five bytes.
_EXTRA = struct.pack("<HH16x", 0xCAFE, 16)


def zip_of_itself() -> bytes:
    """The file, with the one checksum that is right where it stands in it."""
    # A checksum is a linear function of the bits that it is taken of, but for a constant.
    constant = zlib.crc32(_file(0))
    rows = [(zlib.crc32(_file(1 << bit)) ^ constant ^ 1 << bit, 1 << bit) for bit in range(32)]
    wanted, solution = constant, 0
    for bit in range(32):
        at = next(index for index, (image, _) in enumerate(rows) if image >> bit & 1)
        pivot = rows.pop(at)
        rows = [(row[0] ^ pivot[0], row[1] ^ pivot[1]) if row[0] >> bit & 1 else row for row in rows]
        if wanted >> bit & 1:
            wanted, solution = wanted ^ pivot[0], solution ^ pivot[1]
    return _file(solution)


def _file(checksum: int) -> bytes:
    """The file with any checksum in its headers. Behind each step stands what it writes, as a name."""
    stored = size = 0
    while True:
        fields = struct.pack("<5H3L2H", 20, 0, 8, 0, 0x21, checksum, stored, size, len(NAME), len(_EXTRA))
        header = b"PK\3\4" + fields + NAME + _EXTRA
        directory = b"PK\1\2" + struct.pack("<H", 20) + fields[:-2] + bytes(12) + struct.pack("<L", 0) + NAME
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), max(0, size - len(directory) - 22), 0)
        first, twenty = _literal(len(header) + 5), _literal(20)
        again, repeat = _again(len(header) + 5), _again(20)
        last = _last(len(directory) + len(end)) + directory + end
        stream = (
            (first + header + first)
            + again
            + (_literal(5) + again)
            + (_literal(5) + _literal(5))
            + (twenty + again + _literal(5) + _literal(5) + twenty)
            + repeat
            + (twenty + repeat + twenty + repeat + twenty)
            + repeat
            + (twenty + repeat + _literal(0) + _literal(0) + _literal(len(last)))
            + (repeat + _literal(0) + _literal(0))
            + (_literal(len(last)) + last)
            + last
        )
        if (stored, size) == (len(stream) - len(directory) - len(end), len(header) + len(stream)):
            return header + stream
        stored, size = len(stream) - len(directory) - len(end), len(header) + len(stream)


def _literal(count: int) -> bytes:
    """Writes the `count` bytes after it: the head of a stored block."""
    return struct.pack("<BHH", 0, count, count ^ 0xFFFF)


def _again(count: int) -> bytes:
    """Writes the last `count` bytes again, which are 20, 65 or 66: so many bits make five bytes."""
    bits = _block(10, 10, distance=20) if count == 20 else _block(count, distance=count) + _block(distance=1)
    return _bytes(bits)


def _last(following: int) -> bytes:
    """Writes itself, and the `following` bytes behind it, again, and ends the stream."""
    count = 9 + following
    return _bytes(_block(count, distance=count) + "100" + "0" * 6) + b"\0\0\xff\xff"


def _block(*lengths: int, distance: int) -> str:
    """A block of copies in fixed codes, bit by bit."""
    return "010" + "".join(_length(length) + _distance(distance) for length in lengths) + "0" * 7


def _length(length: int) -> str:
    """3 to 114 (section 3.2.5)."""
    extra = max(0, (length - 3).bit_length() - 3)
    code = 1 + (4 * extra + (length - 3 >> extra) if extra else length - 3)
    return f"{code:07b}" + _backwards(length - 3, extra)


def _distance(distance: int) -> str:
    extra = max(0, (distance - 1).bit_length() - 2)
    code = 2 * extra + (distance - 1 >> extra)
    return f"{code:05b}" + _backwards(distance - 1, extra)


def _backwards(value: int, count: int) -> str:
    """The lowest `count` bits, the lowest first."""
    return "".join(str(value >> bit & 1) for bit in range(count))


def _bytes(bits: str) -> bytes:
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
