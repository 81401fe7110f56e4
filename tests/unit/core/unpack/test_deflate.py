"""Deflate is the same by zlib-ng and by zlib, whichever there is."""

from __future__ import annotations

import sys
import zlib

import pytest

from tokenguard.core.unpack import deflate
from tokenguard.core.unpack.deflate import DeflateError, Inflate, crc32, inflated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = b"".join(b"line %d\n" % number for number in range(4000))
BARE = zlib.compress(TEXT, wbits=-15)


@pytest.fixture(params=["zlib-ng", "zlib"], autouse=True)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Either library in turn."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "zlib_ng", None)
    else:
        pytest.importorskip("zlib_ng", reason="there are no wheels of zlib-ng for this machine")
    deflate._library.cache_clear()
    assert deflate._library().__name__.startswith("zlib_ng") is (request.param == "zlib-ng")
    yield
    deflate._library.cache_clear()


@pytest.mark.parametrize(
    ("packed", "size"),
    [
        (BARE, len(TEXT) - 1),
        (BARE, len(TEXT) + 1),
        (BARE[:-1], len(TEXT)),
        (BARE + b"x", len(TEXT)),
        (zlib.compress(bytes(1 << 24), wbits=-15), 100),
        (b"\xff" * 9, 9),
    ],
    ids=["longer", "shorter", "cut", "followed", "a bomb", "damaged"],
)
def test_what_is_not_of_its_size_is_not_inflated_at_once(packed: bytes, size: int) -> None:
    assert inflated(packed, size) is None


def test_what_is_of_its_size_is_inflated_at_once() -> None:
    assert inflated(BARE, len(TEXT)) == TEXT


def test_no_more_comes_at_a_time_than_was_asked_for() -> None:
    inner = Inflate(-15)
    pieces = [inner.decompress(BARE, 1000)]
    while not inner.eof:
        assert not inner.needs_input
        pieces.append(inner.decompress(b"", 1000))
    assert max(map(len, pieces)) == 1000
    assert b"".join(pieces) == TEXT


@pytest.mark.parametrize("wbits", [15, 31, -15])
def test_what_follows_is_left(wbits: int) -> None:
    inner = Inflate(wbits)
    assert inner.decompress(zlib.compress(TEXT, wbits=wbits) + b"more", 1 << 20) == TEXT
    assert inner.eof
    assert inner.unused_data == b"more"


def test_damage_comes_after_all_that_stands_before_it() -> None:
    packed = bytearray(zlib.compress(TEXT))
    packed[-1] ^= 1
    inner = Inflate(15)
    assert inner.decompress(bytes(packed), 1 << 20) == TEXT
    assert not inner.needs_input
    with pytest.raises(DeflateError, match="Error -3"):
        inner.decompress(b"", 1 << 20)


def test_the_checksum_goes_on() -> None:
    assert crc32(TEXT[9:], crc32(TEXT[:9])) == zlib.crc32(TEXT)
