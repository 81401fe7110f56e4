"""What is unpacked at once, or in large pieces, is what comes out step by step; what is known changes nothing."""

from __future__ import annotations

import gzip
import io
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.archives import zipped
from tests.support.credentials import user_token
from tokenguard.core.clean import Clean
from tokenguard.core.hidden import is_packed_in
from tokenguard.core.unpack import Limits, unpack
from tokenguard.core.unpack import zip as zips
from tokenguard.core.unpack.compressed import GZIP, Decompressed, maker
from tokenguard.core.unpack.deflate import Inflate
from tokenguard.core.unpack.source import Budget, CutError
from tokenguard.core.unpack.tar import is_header
from tokenguard.core.unpack.walk import Cut

TOKEN = user_token()
TEXT = b"".join(b"line %d\n" % number for number in range(4000))
NOISE = random.Random(2).randbytes(3000)
TEXTS = [b"", b"import os\n", b"nothing to see here\n" * 50, f"t = '{TOKEN}'\n".encode(), TOKEN[:20].encode()]


def opened(data: bytes, limits: Limits) -> list[tuple[object, ...]]:
    return [
        (item.inside, item.reason)
        if isinstance(item, Cut)
        else (item.inside, b"".join(window.data for window in item.windows))
        for item in unpack(io.BytesIO(data), "file", limits)
    ]


def taken(data: bytes, most: int, limits: Limits) -> tuple[bytes, str]:
    """What comes out of a stream that is read `most` bytes at a time, and why there is no more."""
    read = Decompressed(io.BytesIO(data).read, maker(GZIP), Budget(limits, 0), GZIP).read
    found = bytearray()
    try:
        while piece := read(most):
            assert len(piece) <= most
            found += piece
    except CutError as error:
        return bytes(found), str(error)
    return bytes(found), ""


@given(
    st.integers(1, 40_000),
    st.sampled_from([0, 500, 40_000, 4_000_000]),
    st.none() | st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=8)),
)
def test_a_stream_is_the_same_whatever_is_asked_of_it(
    most: int, spare: int, damage: tuple[int, bytes] | None
) -> None:
    data = gzip.compress(TEXT) + gzip.compress(NOISE, mtime=0)
    if damage:
        at = damage[0] % len(data)
        data = data[:at] + damage[1] + data[at + len(damage[1]) :]
    limits = Limits(bytes=spare, ratio=0)
    text, reason = taken(data, most, limits)
    whole, why = taken(data, 1 << 20, limits)
    # Where the limit is reached, whoever asks for much has been given more.
    assert (text, reason) == (whole, why) if "more than" not in why else whole.startswith(text)
    assert bool(reason) is bool(why)


@given(
    st.integers(0, 1 << 16),
    st.binary(max_size=4),
    st.sampled_from([100, 5000, 30_000, 4_000_000]),
)
def test_a_small_member_is_the_same_at_once(where: int, what: bytes, most: int) -> None:
    data = zipped({"a": TEXT, "b": NOISE, "c": b"", "d": b"x"})
    at = where % len(data)
    data = data[:at] + what + data[at + len(what) :]
    limits = Limits(bytes=most, ratio=0)
    with pytest.MonkeyPatch.context() as patch:
        at_once = opened(data, limits)
        patch.setattr(zips, "_SMALL", -1)
        assert at_once == opened(data, limits)


@given(st.integers(0, 1 << 16))
def test_all_that_stands_before_damage_comes_out(where: int) -> None:
    data = bytearray(zlib.compress(NOISE + TEXT))
    at = where % len(data)
    data[at] ^= 0x55
    step = zlib.decompressobj()
    wanted = bytearray()
    try:
        for byte in data:
            wanted += step.decompress(bytes((byte,)))
    except zlib.error:
        inner = Inflate(15)
        assert inner.decompress(bytes(data), 1 << 20) == bytes(wanted)


@given(st.binary(min_size=512, max_size=512))
def test_the_checksum_of_a_header_is_the_sum_of_its_bytes(block: bytes) -> None:
    fields = b"x" + block[1:148] + b" " * 8 + block[156:]
    for wanted, is_right in ((sum(fields), True), (sum(fields) ^ 1, False), (sum(fields) + 65521, False)):
        header = fields[:148] + b"%06o\0 " % wanted + fields[156:]
        signed = sum(byte - 256 * (byte > 127) for byte in fields)
        assert is_header(header) is (is_right or wanted == signed)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from(TEXTS), min_size=1), max_size=6))
def test_what_is_known_changes_no_answer(archives: list[dict[str, bytes]]) -> None:
    clean = Clean()
    for members in archives:
        data = zipped(members)
        assert is_packed_in(io.BytesIO(data), None, clean) is is_packed_in(io.BytesIO(data))
