"""Deflate (RFC 1951), bare and in the wrappings of zlib (RFC 1950) and gzip (RFC 1952)."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

_LITTLE = 64


class DeflateError(Exception):
    """What is no deflate; the message is the library's."""


class Inflate:
    """The decompressor, as a `compressed.Decompressor`; `wbits` as zlib has it."""

    def __init__(self, wbits: int) -> None:
        self._inner = _library().decompressobj(wbits)
        self._error: DeflateError | None = None

    @property
    def eof(self) -> bool:
        """Whether the stream is at its end."""
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        """Whether nothing comes without more input."""
        return not self._inner.unconsumed_tail and self._error is None

    @property
    def unused_data(self) -> bytes:
        """What followed the stream."""
        unused: bytes = self._inner.unused_data
        return unused

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Up to `max_length` bytes. Raises DeflateError where it is damaged, after all that stands before that."""
        if self._error:
            raise self._error
        data = self._inner.unconsumed_tail + data
        before = self._inner.copy()
        try:
            piece: bytes = self._inner.decompress(data, max_length)
        except _library().error as error:
            self._error = DeflateError(str(error))
            return _before_damage(before, data)
        return piece


def inflated(packed: bytes, size: int) -> bytes | None:
    """What is deflated in `packed`, which is all of a stream; None where that is not `size` bytes, or damaged."""
    inner = _library().decompressobj(-15)
    try:
        content: bytes = inner.decompress(packed, size + 1)
    except _library().error:
        return None
    return content if inner.eof and not inner.unused_data and len(content) == size else None


def crc32(data: bytes, before: int = 0) -> int:
    """The checksum of zip (APPNOTE.TXT 4.4.7) of `data`, after bytes of which it is `before`."""
    checksum: int = _library().crc32(data, before)
    return checksum


@cache
def _library() -> Any:
    """zlib-ng, which takes half the time of zlib, and zlib where that is not installed."""
    try:
        from zlib_ng import zlib_ng
    except ImportError:
        import zlib

        return zlib
    return zlib_ng


def _before_damage(inner: Any, data: bytes) -> bytes:
    """What the library's decompressor `inner` makes of `data`, which is damaged, up to there.

    It gives nothing of a piece that is damaged somewhere, so that it is given less at a time.
    """
    scout = inner.copy()
    at = 0
    with suppress(_library().error):
        for at in range(0, len(data), _LITTLE):
            scout.decompress(data[at : at + _LITTLE])
    saved: bytes = inner.decompress(data[:at])
    last = bytearray()
    with suppress(_library().error):
        for byte in data[at:]:
            last += inner.decompress(bytes((byte,)))
    return saved + last
