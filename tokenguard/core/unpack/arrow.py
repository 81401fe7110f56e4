"""The texts in Arrow's files and streams, read by pyarrow where it is installed (the extra `columnar`)."""

from __future__ import annotations

import struct

from tokenguard.core.unpack.source import CutError, Flaw, Part, Pieces, Slice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from tokenguard.core.unpack.source import Budget, Source

_SCHEMA = 1024 * 1024  # bytes of a schema; the largest seen are far below
_SCHEMA_MESSAGE, _DICTIONARY_MESSAGE, _BATCH_MESSAGE = 1, 2, 3

# pyarrow takes what a file asks for: rows that were written together, packed and unpacked. Two copies are made of
# what is looked at, and pyarrow itself is there.
_LARGEST_BATCH = 64 * 1024 * 1024
_HELD = 3 * _LARGEST_BATCH
_AT_ONCE = 4 * 1024 * 1024
_A_BATCH = 16 * 1024  # reading one takes as long as unpacking so many bytes


def is_arrow(head: bytes) -> bool:
    """Whether it is an IPC file, or a stream that begins with a schema (Arrow's columnar format, IPC)."""
    if head.startswith(b"ARROW1\0\0"):
        return True
    length = int.from_bytes(head[4:8], "little")
    # A flatbuffer begins with the offset of its table, which has a version and a header.
    return (
        head.startswith(b"\xff\xff\xff\xff")
        and 0 < length < _SCHEMA
        and length % 8 == 0
        and 4 <= int.from_bytes(head[8:12], "little") <= 64
    )


def open_arrow(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """The texts of all columns, batch by batch."""
    file = source.file
    if file is None:  # the walk gives files only to what looks around in them
        return
    _need_pyarrow()
    import pyarrow.ipc

    # A file is a stream between a magic and a list of places, which may lead anywhere.
    is_file = source.peek(6) == b"ARROW1"
    start = 8 if is_file else 0
    try:
        file.seek(start)
        opened = pyarrow.ipc.open_stream(_Reader(file))
    except (pyarrow.ArrowException, OSError) as error:
        if is_file:
            raise CutError(_said(error)) from None
        return  # numbers that begin like a stream
    with budget.hold(_HELD):
        last = file.tell()
        count, reason = _readable(file, start, source.size, budget)
        file.seek(last)
        yield Part("columns", Pieces(_batches(opened, count, budget)).read, has_lines=False)
        if reason:
            yield Flaw("", reason)


def _readable(file: BinaryIO, at: int, size: int, budget: Budget) -> tuple[int, str]:
    """How many batches can be read of a stream (Arrow's columnar format, IPC), and why no more."""
    batches = dictionaries = 0
    try:
        while at + 8 <= size:
            head = Slice(file, at, 8).read(8)
            length = int.from_bytes(head[4:], "little")
            if head[:4] != b"\xff\xff\xff\xff":  # as it was before version 0.15
                length, head = int.from_bytes(head[:4], "little"), head[:4]
            if not length:
                break
            if length > _SCHEMA:
                return batches, "damaged: a message of an impossible size"
            start = at + len(head)
            message = Slice(file, start, length).read(length)
            body, kind, header = _message(message)
            if body < 0:
                return batches, "damaged: a message of an impossible size"
            at = start + length + body
            unpacked = 0 if kind == _SCHEMA_MESSAGE else _unpacked(message, header, kind, file, start + length)
            dictionaries += unpacked if kind == _DICTIONARY_MESSAGE else 0
            if unpacked + dictionaries > _LARGEST_BATCH:
                return batches, f"rows of more than {_LARGEST_BATCH} bytes together"
            budget.spend(_A_BATCH)
            batches += kind == _BATCH_MESSAGE
    except CutError as error:
        return batches, str(error)
    except (struct.error, IndexError):
        return batches, "damaged: a message that is none"
    return batches, ""


def _message(data: bytes) -> tuple[int, int, int]:
    """Of a message: the length of what follows it, what it is, and where its header is."""
    table = struct.unpack_from("<I", data)[0]
    kind, header, body = _field(data, table, 1), _field(data, table, 2), _field(data, table, 3)
    return (
        struct.unpack_from("<q", data, body)[0] if body else 0,
        data[kind] if kind else 0,
        _followed(data, header) if header else 0,
    )


def _unpacked(data: bytes, batch: int, kind: int, file: BinaryIO, body: int) -> int:
    """How many bytes the buffers of a batch are, once they are unpacked."""
    if kind == _DICTIONARY_MESSAGE and batch:
        inner = _field(data, batch, 1)
        batch = _followed(data, inner) if inner else 0
    field = _field(data, batch, 2) if batch else 0
    if not field:
        return 0
    is_packed = _field(data, batch, 3) > 0
    vector = _followed(data, field)
    total = 0
    for index in range(struct.unpack_from("<I", data, vector)[0]):
        offset, length = struct.unpack_from("<qq", data, vector + 4 + 16 * index)
        if is_packed and length:
            # What is packed begins with its length, -1 where it was not worth it.
            said = int.from_bytes(Slice(file, body + max(0, offset), 8).read(8), "little", signed=True)
            total += said if said >= 0 else length
        total += length
    return total


def _field(data: bytes, table: int, number: int) -> int:
    """Where a field of a flatbuffer's table is, 0 where it has none."""
    layout = table - struct.unpack_from("<i", data, table)[0]
    size = struct.unpack_from("<H", data, layout)[0]
    offset = struct.unpack_from("<H", data, layout + 4 + 2 * number)[0] if 4 + 2 * number < size else 0
    return table + offset if offset else 0


def _followed(data: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", data, at)[0])


def _batches(opened: Any, count: int, budget: Budget) -> Iterator[bytes]:
    import pyarrow

    try:
        for _ in range(count):
            batch = opened.read_next_batch()
            batch.validate(full=True)  # or Arrow ends the process over offsets that lead out of a buffer
            for array in batch.columns:
                yield from _texts(array, budget)
    except (pyarrow.ArrowException, OSError) as error:
        raise CutError(_said(error)) from None


def _texts(array: Any, budget: Budget) -> Iterator[bytes]:
    """The texts and bytes in an array, whatever they are wrapped in, as lines."""
    import pyarrow
    import pyarrow.compute

    kinds = pyarrow.types
    if kinds.is_dictionary(array.type):
        yield from _texts(array.dictionary, budget)
    elif kinds.is_struct(array.type) or kinds.is_union(array.type):
        for index in range(array.type.num_fields):
            yield from _texts(array.field(index), budget)
    elif kinds.is_map(array.type):
        yield from _texts(array.keys, budget)
        yield from _texts(array.items, budget)
    elif kinds.is_list(array.type) or kinds.is_large_list(array.type) or kinds.is_fixed_size_list(array.type):
        yield from _texts(array.flatten(), budget)
    elif kinds.is_nested(array.type):
        raise CutError(f"holds values of a type that is not known here: {array.type}")
    elif kinds.is_string(array.type) or kinds.is_large_string(array.type) or _is_bytes(array.type):
        rows = max(1, len(array) * _AT_ONCE // max(1, array.nbytes))
        for at in range(0, len(array), rows):
            values = array.slice(at, rows).drop_null().cast(pyarrow.large_binary())
            budget.spend(values.nbytes)
            offsets = pyarrow.array([0, len(values)], pyarrow.int32())
            lines = pyarrow.ListArray.from_arrays(offsets, values)
            yield pyarrow.compute.binary_join(lines, pyarrow.scalar(b"\n", pyarrow.large_binary()))[0].as_py()
    elif hasattr(array, "storage"):
        yield from _texts(array.storage, budget)


def _is_bytes(kind: Any) -> bool:
    import pyarrow

    kinds = pyarrow.types
    return bool(
        kinds.is_binary(kind)
        or kinds.is_large_binary(kind)
        or kinds.is_fixed_size_binary(kind)
        or kinds.is_string_view(kind)
        or kinds.is_binary_view(kind)
    )


def _need_pyarrow() -> None:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise CutError("needs pyarrow: pip install 'hf-tokenguard[columnar]'")


def _said(error: Exception) -> str:
    # Its messages may quote what it has read.
    return f"damaged: {type(error).__name__}"


class _Reader:
    """A file that pyarrow does not close."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, most: int = -1) -> bytes:
        return self._file.read(most)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
