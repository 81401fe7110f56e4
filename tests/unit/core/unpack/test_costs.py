"""What leads nowhere costs little: headers, streams, rows and records by the thousand, counted and not timed."""

from __future__ import annotations

import gzip
import io
import random
import struct
import tarfile
import zlib

import pytest

from tests.support import archives
from tests.support.credentials import user_token
from tokenguard.core.detect import detect
from tokenguard.core.unpack import Limits, unpack
from tokenguard.core.unpack.walk import Cut

pytestmark = pytest.mark.unmeasured

TOKEN = user_token(3)
LIMITS = Limits(members=2000)


class Counting(io.BytesIO):
    """A file that counts what is read of it."""

    total = 0

    def read(self, most: int | None = -1, /) -> bytes:
        piece = super().read(most)
        self.total += len(piece)
        return piece


def opened(data: bytes, limits: Limits = LIMITS) -> tuple[list[bytes], list[str], int]:
    """What came out, why something did not, and how many bytes of the file were read for it."""
    file = Counting(data)
    members = []
    cuts = []
    for item in unpack(file, "file", limits):
        if isinstance(item, Cut):
            cuts.append(item.reason)
        else:
            members.append(b"".join(window.data for window in item.windows))
    return members, cuts, file.total


def local(method: int, flags: int = 8, stored: int = 0) -> bytes:
    return struct.pack("<4s5H3L2H", b"PK\3\4", 20, flags, method, 0, 0, 0, stored, stored, 4, 0) + b"name"


def page_of_one_row() -> bytes:
    """A database of one page, all of whose 15,000 rows are the same 20,000 bytes of it."""
    page = bytearray(65536)
    page[:18] = b"SQLite format 3\0\0\1"
    page[100] = 0x0D
    page[103:105] = struct.pack(">H", 15_000)
    page[108:30_108] = struct.pack(">H", 40_000) * 15_000
    page[40_000:40_008] = b"\x81\x9c\x20\1\4\x82\xb8\x2d"
    return bytes(page)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\3\4" * 50_000,
        local(0) * 20_000,
        local(0, 0) * 20_000,
        gzip.compress(b"") * 20_000,
        tarfile.TarInfo("x").tobuf() * 4_000,
        b"%PDF-1.4\n" + b"stream\nendstream " * 20_000,
        b"\x89PNG\r\n\x1a\n" + (bytes(4) + b"IDAT" + bytes(4)) * 20_000,
    ],
    ids=["signatures", "headers", "empty members", "streams", "tar headers", "pdf streams", "png chunks"],
)
def test_what_leads_nowhere_counts(data: bytes) -> None:
    _, cuts, read = opened(data)
    assert cuts == ["holds more than 2000 members"]
    assert read < 8 * len(data) + 4_000_000


def test_what_is_damaged_counts() -> None:
    _, cuts, _ = opened(local(8) * 20_000)
    assert cuts[-1] == "damaged in more than 1000 places"
    assert len(cuts) == 1001


def test_rows_that_share_their_bytes_are_read_once() -> None:
    members, cuts, _ = opened(page_of_one_row())
    assert cuts == ["damaged: rows that overlap"]
    assert sum(map(len, members)) < 3 * 65536


def test_streams_that_share_their_bytes_are_not_read_for_ever() -> None:
    empty = b"\0\0\0\xff\xff" * 20_000  # blocks of deflate with nothing in them
    data = b"%PDF-1.4\n" + b"<</Filter/FlateDecode>>stream\n\x78\x9cendstream " * 500 + empty
    _, _, read = opened(data, Limits(bytes=1_000_000, ratio=0))
    assert read < 100 * len(data)


def test_a_footer_of_values_without_end_is_left() -> None:
    footer = b"\x15\x02" * 1_100_000 + b"\0"
    _, cuts, _ = opened(b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1")
    assert cuts == ["a description of more than 1000000 values"]


def test_what_stands_before_a_cut_is_shown() -> None:
    text = f"TOKEN={TOKEN}\n".encode() * 3 + bytes(200_000)
    for data in (
        gzip.compress(text),
        archives.zipped({"a": text}),
        gzip.compress(archives.tar({"a": text})),
        b"%PDF-1.4\n1 0 obj <</Filter/FlateDecode>>stream\n" + zlib.compress(text) + b"\nendstream",
    ):
        members, cuts, _ = opened(data, Limits(bytes=100_000, ratio=0))
        assert cuts == ["unpacks to more than 100000 bytes"]
        assert any(detect(member) for member in members)


def test_what_stands_before_damage_is_shown() -> None:
    text = f"TOKEN={TOKEN}\n".encode() + random.Random(1).randbytes(20_000)
    data = bytearray(zlib.compress(text))
    data[9_000:9_999] = b"\xff" * 999
    page = b"%PDF-1.4\n1 0 obj <</Filter/FlateDecode>>stream\n" + bytes(data) + b"\nendstream"
    members, cuts, _ = opened(page)
    assert len(cuts) == 1
    assert any(detect(member) for member in members)


def test_pieces_of_a_text_that_a_page_shows_are_one() -> None:
    secret = TOKEN.encode()
    halves = b"[(%s)-3.5(%s)] TJ" % (secret[:9], secret[9:])
    coded = b"[<%s>12<%s>] TJ" % (secret[:9].hex().encode(), secret[9:].hex().encode())
    words = b"[(word)-333(%s)-278(word)] TJ" % secret
    for page in (halves, coded, words):
        for filters, content in (
            (b"", page),
            (b"/Filter[/FlateDecode/FlateDecode]", zlib.compress(zlib.compress(page))),
        ):
            data = b"%%PDF-1.4\n1 0 obj <<%s>>stream\n%s\nendstream" % (filters, content)
            members, cuts, _ = opened(data)
            assert cuts == []
            assert any(detect(member) for member in members), (page, filters)
