"""The texts in Arrow's files and streams, read by pyarrow where it is installed (the extra `columnar`)."""

from __future__ import annotations

from tokenguard.core.unpack.source import CutError, Flaw, Part, Pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from tokenguard.core.unpack.source import Budget, Source

_SCHEMA = 1024 * 1024  # bytes of a schema; the largest seen are far below


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

    is_file = source.peek(6) == b"ARROW1"
    try:
        file.seek(0)
        opened = (pyarrow.ipc.open_file if is_file else pyarrow.ipc.open_stream)(_Reader(file))
    except (pyarrow.ArrowException, OSError) as error:
        if is_file:
            raise CutError(_said(error)) from None
        return  # numbers that begin like a stream
    yield Part("columns", Pieces(_batches(opened, is_file, budget)).read, has_lines=False)


def _batches(opened: Any, is_file: bool, budget: Budget) -> Iterator[bytes]:
    import pyarrow

    try:
        batches = map(opened.get_batch, range(opened.num_record_batches)) if is_file else iter(opened)
        for batch in batches:
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
        values = array.drop_null().cast(pyarrow.large_binary())
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
