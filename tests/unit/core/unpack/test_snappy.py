"""Snappy: what its format can say, against what pyarrow packs, and what is damaged."""

from __future__ import annotations

import random

import pyarrow
import pytest

from tokenguard.core.unpack.limits import Limits
from tokenguard.core.unpack.snappy import unsnapped
from tokenguard.core.unpack.source import Budget, CutError

CODEC = pyarrow.Codec("snappy")
DAMAGED = {
    "nothing": b"",
    "a size without an end": b"\x80\x80",
    "another size": b"\x05\x0cabcd",
    "letters that are not there": b"\x04\x0cab",
    "a copy without an offset": b"\x04\x0c",
    "a copy of what comes before the first byte": b"\x04\x00a\x09\x05",
    "a copy of itself": b"\x04\x00a\x01\x00",
    "more than it says": b"\x04\x00a\x1d\x01",
}


def budget() -> Budget:
    return Budget(Limits(), 1 << 20)


@pytest.mark.parametrize("size", [0, 1, 59, 60, 61, 256, 257, 70_000])
@pytest.mark.parametrize("alphabet", [b"a", b"abcd", bytes(range(256))], ids=["one", "four", "all"])
def test_it_unpacks_what_is_packed(alphabet: bytes, size: int) -> None:
    data = bytes(random.Random(size).choices(alphabet, k=size))
    assert unsnapped(CODEC.compress(data, asbytes=True), size, budget()) == data


@pytest.mark.parametrize(
    ("packed", "data"),
    [
        (b"\x05\x00a\x01\x01", b"aaaaa"),
        (b"\x08\x0cabcd\x0e\x04\x00", b"abcdabcd"),
        (b"\x08\x0cabcd\x0f\x04\x00\x00\x00", b"abcdabcd"),
        (b"\x07\x04ab\x12\x02\x00", b"abababa"),
        (b"\x02\xf4\x01\x00ab", b"ab"),
    ],
    ids=["one byte", "two bytes", "four bytes", "over its own end", "a length of its own"],
)
def test_copies_and_letters_of_every_form(packed: bytes, data: bytes) -> None:
    assert unsnapped(packed, len(data), budget()) == data


@pytest.mark.parametrize("packed", DAMAGED.values(), ids=DAMAGED)
def test_what_is_damaged_is_said(packed: bytes) -> None:
    with pytest.raises(CutError, match="damaged: "):
        unsnapped(packed, 4, budget())


def test_small_copies_cost_more_than_they_make() -> None:
    spent = budget()
    packed = b"\x81\x80\x02" + b"\x00a" + b"\x01\x01" * 8_192
    before = spent._bytes
    assert unsnapped(packed, 32_769, spent) == b"a" * 32_769
    assert before - spent._bytes > 4 * 32_769
