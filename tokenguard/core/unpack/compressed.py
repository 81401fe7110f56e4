"""Streams of one compressed file: gzip (RFC 1952), bzip2, xz and lzma, zstd (RFC 8878)."""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from tokenguard.core.unpack.deflate import DeflateError, Inflate
from tokenguard.core.unpack.source import PIECE, CutError, Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tokenguard.core.unpack.source import Budget, Source

MIB = 1024 * 1024

GZIP, BZIP2, XZ, LZMA, ZSTD = "gzip", "bzip2", "xz", "lzma", "zstd"

# What their decompressors take at most: what they are allowed to take, and a little.
HELD = {GZIP: MIB, BZIP2: 8 * MIB, XZ: 80 * MIB, LZMA: 80 * MIB, ZSTD: 136 * MIB}
_XZ_MOST = 72 * MIB
_ZSTD_WINDOW_LOG = 27  # what zstd itself takes unless it is told otherwise, and --ultra -22 makes

# What follows a stream is another one, or padding, or nothing that belongs to it.
_MAGIC = {
    GZIP: (b"\x1f\x8b",),
    BZIP2: (b"BZh",),
    XZ: (b"\xfd7zXZ\0",),
    ZSTD: (b"\x28\xb5\x2f\xfd", *(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))),
}
_SUFFIXES = {
    GZIP: (".gz", ".gzip", ".z"),
    BZIP2: (".bz2", ".bz"),
    XZ: (".xz",),
    LZMA: (".lzma",),
    ZSTD: (".zst", ".zstd"),
}
_SHORT = (".tgz", ".tbz", ".tbz2", ".txz", ".tlz", ".tzst")


class Decompressor(Protocol):
    """The part of `bz2.BZ2Decompressor` that all of them have."""

    @property
    def eof(self) -> bool:
        """Whether the stream is at its end."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing comes without more input."""

    @property
    def unused_data(self) -> bytes:
        """What followed the stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Up to `max_length` bytes."""


class Decompressed:
    """What a compressed stream unpacks to: one or, of a `kind` that is concatenated, several after another."""

    def __init__(
        self, read: Callable[[int], bytes], make: Callable[[], Decompressor], budget: Budget, kind: str = ""
    ) -> None:
        self._input = read
        self._make = make
        self._budget = budget
        self._magic = _MAGIC.get(kind, ())
        self._inner = make()
        self._data = b""
        self._piece = b""
        self._at = 0  # where in the piece the next byte is
        self._is_done = False
        self._cut: CutError | None = None

    @property
    def rest(self) -> bytes:
        """What followed the last stream in what was read of it, once that is at its end."""
        return self._inner.unused_data

    def read(self, most: int) -> bytes:
        """Up to `most` bytes. Raises CutError."""
        if self._cut:
            raise self._cut
        if self._at == len(self._piece):
            self._piece, self._at = self._unpack(), 0
        piece = self._piece[self._at : self._at + most]
        self._at += len(piece)
        try:
            self._budget.spend(len(piece))
        except CutError as error:  # what is there is given first
            self._cut = error
        return piece

    def _unpack(self) -> bytes:
        """The next piece, a large one however little is wanted: each call copies what was not unpacked yet."""
        while not self._is_done:
            if self._inner.eof:
                self._next()
                continue
            if not self._data and self._inner.needs_input:
                self._data = self._input(PIECE)
                if not self._data:
                    raise CutError("damaged: ends too early")
                # Streams that share their bytes may be read again and again, and give nothing.
                self._budget.spend(len(self._data))
            try:
                piece = self._inner.decompress(self._data, 4 * PIECE)
            except Exception as error:
                if not isinstance(error, errors()):
                    raise
                self._is_done = True
                raise CutError(f"damaged: {reason(error)}") from None
            self._data = b""
            if piece:
                return piece
        return b""

    def _next(self) -> None:
        rest = self._inner.unused_data
        self._is_done = not self._magic
        while self._magic:
            rest = rest.lstrip(b"\0")  # padding, to a block of a tape or to four bytes
            if len(rest) >= 6:
                break
            more = self._input(PIECE)
            if not more:
                break
            rest += more
        if not rest.startswith(self._magic) or not self._magic:
            self._is_done = True
            return
        self._budget.count_member()
        self._inner = self._make()
        self._data = rest


@cache
def errors() -> tuple[type[Exception], ...]:
    """What decompressors raise over hostile input. To know all takes the libraries, which load for longer than a
    small archive takes to unpack; so it is asked where something was raised.
    """
    import lzma

    known: tuple[type[Exception], ...] = (DeflateError, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError)
    zstd = zstd_module()
    return known if zstd is None else (*known, zstd.ZstdError)


def reason(error: Exception) -> str:
    """What a library says of the damage, in a few words."""
    return str(error).removeprefix("Error -3 while decompressing data: ").lower() or "unreadable"


@cache
def zstd_module() -> Any:
    """PEP 784's module: of the standard library from 3.14 on, a backport before; None where neither is there."""
    try:
        from compression import zstd
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            return None
    return zstd


def maker(kind: str) -> Callable[[], Decompressor]:
    """What makes decompressors of `kind`. Raises CutError where there is none here."""
    if kind == GZIP:
        return lambda: Inflate(31)
    if kind == BZIP2:
        import bz2

        return bz2.BZ2Decompressor
    if kind == ZSTD:
        import functools

        zstd = zstd_module()
        if zstd is None:
            raise CutError("zstd is not installed: pip install backports.zstd")
        options: Mapping[int, int] = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
        return functools.partial(zstd.ZstdDecompressor, options=options)
    import lzma

    return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ if kind == XZ else lzma.FORMAT_ALONE, memlimit=_XZ_MOST)


def kind_of(head: bytes) -> str:
    """Which of the formats begins with `head`, none where it is empty."""
    if head.startswith(b"\x1f\x8b\x08"):
        return GZIP if head[3:4] < b"\x20" else ""  # its upper flags are zero
    if head.startswith(b"BZh"):
        return BZIP2 if head[4:10] in (b"1AY&SY", b"\x17rE8P\x90") else ""
    for kind in (XZ, ZSTD):
        if head.startswith(_MAGIC[kind]):
            return kind
    # No magic: the usual properties, a dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size or that it is unknown.
    if head.startswith(b"]\0\0") and len(head) >= 13:
        dictionary = int.from_bytes(head[1:5], "little")
        is_usual = any(dictionary in (1 << n, 3 << n - 1) for n in range(12, 31)) or dictionary == 0xFFFFFFFF
        return LZMA if is_usual and (head[5:13] == b"\xff" * 8 or head[10:13] == b"\0\0\0") else ""
    return ""


def open_compressed(source: Source, name: str, budget: Budget) -> Iterator[Part]:
    """The one file that is compressed in `source`, by the name that decompressing it would give it."""
    kind = kind_of(source.peek(16))
    make = maker(kind)
    with budget.hold(HELD[kind]):
        stream = Decompressed(source.read, make, budget, kind)
        yield Part(_stem(name, kind), stream.read, folds=True)


def _stem(name: str, kind: str) -> str:
    base = name.replace("\\", "/").rpartition("/")[2]
    lower = base.lower()
    for suffix in _SUFFIXES[kind]:
        if lower.endswith(suffix) and len(base) > len(suffix):
            return base[: -len(suffix)]
    for suffix in _SHORT:
        if lower.endswith(suffix) and len(base) > len(suffix):
            return base[: -len(suffix)] + ".tar"
    return "content"
