"""What can be opened, and how it is told from its bytes: never from its name alone."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from mmap import mmap

    from tokenguard.core.unpack.source import Budget, Flaw, Part, Source

HEAD = 1024
"""Bytes from the beginning that tell a container."""

_NEAR = 264  # bytes among which a tar and safetensors have a NUL, which texts do not have

TAIL = 22
"""Bytes from the end that tell a zip behind something else: its end record, without a comment."""


class Format(NamedTuple):
    """How a format is opened.

    `is_in_order`: it needs no look ahead or back. `is_covered`: its own bytes show nothing that its parts do not.
    `folds`: within a compressed stream it is no level of its own.
    """

    open: Callable[[Source, str, Budget], Iterator[Part | Flaw]]
    is_in_order: bool = False
    is_covered: bool = False
    folds: bool = False


def looks_packed(data: bytes | bytearray | mmap, start: int, end: int, tail: bytes | None = None) -> bool:
    """Whether what stands in `data` from `start` to `end` may be a container at all: never no where it is one.

    It costs next to nothing, and says no of nearly all texts, and yes of what has a NUL near its beginning. `tail`
    where `data` has no more than the beginning.
    """
    near = bytes(data[start : start + _NEAR if end - start > _NEAR else end])
    return (
        near[:2] in MAGIC
        or b"\0" in near
        # Looking for a letter takes a sixth of the time of looking for a word.
        or (data.find(b"%", start, start + HEAD) >= 0 and data.find(b"%PDF-", start, min(start + HEAD, end)) >= 0)
        or (data[end - TAIL : end - TAIL + 4] == b"PK\5\6" if tail is None else tail[-TAIL:].startswith(b"PK\5\6"))
    )


def recognise(head: bytes, tail: bytes = b"", size: int = -1) -> Format | None:
    """The format of a file by its first HEAD and last TAIL bytes, None where it is no container.

    `size` is that of the file, -1 where it is not known.
    """
    if not looks_packed(head, 0, len(head), tail):
        return None
    head = head[:HEAD]
    by_magic = _MAGIC.get(head[:2])
    found = (by_magic and by_magic(head)) or _without_magic(head, size)
    if not tail[-TAIL:].startswith(b"PK\5\6"):
        return found
    archive = _zip()
    return _with(found, archive) if found and archive and found.open is not archive.open else archive


def _with(found: Format, archive: Format) -> Format:
    """What is one thing by its beginning, and an archive by its end."""
    from tokenguard.core.unpack.source import CutError, Flaw, Source

    def both(source: Source, name: str, budget: Budget) -> Iterator[Part | Flaw]:
        try:
            yield from found.open(source, name, budget)
        except CutError as error:
            yield Flaw("", str(error))
        if source.file is not None:
            source.file.seek(0)
            yield from archive.open(Source(source.file.read, source.file, source.size), name, budget)

    return Format(both)


def _without_magic(head: bytes, size: int) -> Format | None:
    if head[8:9] == b"{" and head[4:8] == b"\0\0\0\0":
        from tokenguard.core.unpack.tensors import is_safetensors, open_safetensors

        if is_safetensors(head, size):
            return Format(open_safetensors, is_in_order=True)
    if b"\0" in head[100:264]:
        from tokenguard.core.unpack.tar import is_header, open_tar

        if is_header(head[:512]):
            return Format(open_tar, is_in_order=True, is_covered=True, folds=True)
    if b"%PDF-" in head:
        return _pdf(head)
    return None


def _compressed(head: bytes) -> Format | None:
    from tokenguard.core.unpack.compressed import kind_of, open_compressed

    return Format(open_compressed, is_in_order=True, is_covered=True) if kind_of(head) else None


def _zip(head: bytes = b"PK\3\4") -> Format | None:
    from tokenguard.core.unpack.zip import open_zip

    return Format(open_zip) if head[2:4] in (b"\3\4", b"\5\6", b"\7\x08") else None


def _script(head: bytes) -> Format | None:
    """A program that has an archive behind its first line, as zipapp makes them."""
    return _zip() if b"\nPK\3\4" in head else None


def _pdf(_head: bytes) -> Format | None:
    from tokenguard.core.unpack.pdf import open_pdf

    return Format(open_pdf)


def _png(head: bytes) -> Format | None:
    from tokenguard.core.unpack.png import open_png

    return Format(open_png, is_in_order=True) if head.startswith(b"\x89PNG\r\n\x1a\n") else None


def _sqlite(head: bytes) -> Format | None:
    from tokenguard.core.unpack.sqlite import open_sqlite

    return Format(open_sqlite) if head.startswith(b"SQLite format 3\0") else None


def _pickle(head: bytes) -> Format | None:
    from tokenguard.core.unpack.pickle import is_pickle, open_pickle

    return Format(open_pickle, is_in_order=True) if is_pickle(head) else None


def _numpy(head: bytes) -> Format | None:
    from tokenguard.core.unpack.tensors import open_numpy

    return Format(open_numpy, is_in_order=True) if head.startswith(b"\x93NUMPY") else None


def _gguf(head: bytes) -> Format | None:
    from tokenguard.core.unpack.tensors import is_gguf, open_gguf

    return Format(open_gguf, is_in_order=True) if is_gguf(head) else None


def _parquet(head: bytes) -> Format | None:
    from tokenguard.core.unpack.parquet import open_parquet

    # Behind it comes a header in the binary form of Thrift; text has none of these bytes.
    is_binary = any(byte < 9 for byte in head[4:])
    return Format(open_parquet) if head.startswith(b"PAR1") and is_binary else None


def _arrow(head: bytes) -> Format | None:
    from tokenguard.core.unpack.arrow import is_arrow, open_arrow

    return Format(open_arrow) if is_arrow(head) else None


def _bundle(head: bytes) -> Format | None:
    if not head.startswith(b"# v"):  # as many a program begins
        return None
    from tokenguard.core.unpack.bundle import SIGNATURES, open_bundle

    return Format(open_bundle, is_in_order=True) if head.startswith(SIGNATURES) else None


_MAGIC: dict[bytes, Callable[[bytes], Format | None]] = {
    b"\x1f\x8b": _compressed,
    b"BZ": _compressed,
    b"\xfd7": _compressed,
    b"]\0": _compressed,
    b"\x28\xb5": _compressed,
    **{bytes([low, 0x2A]): _compressed for low in range(0x50, 0x60)},
    b"PK": _zip,
    b"#!": _script,
    b"\x89P": _png,
    b"SQ": _sqlite,
    **{bytes([0x80, protocol]): _pickle for protocol in range(2, 6)},
    b"\x93N": _numpy,
    b"GG": _gguf,
    b"PA": _parquet,
    b"AR": _arrow,
    b"\xff\xff": _arrow,
    b"# ": _bundle,
}

MAGIC = frozenset(_MAGIC)
"""What containers begin with, but for those that are told otherwise."""
