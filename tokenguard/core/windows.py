"""Windows over bytes that come once and in order: from a pipe, or out of an archive."""

from __future__ import annotations

from io import BufferedReader, RawIOBase

from tokenguard.core.blob import Window
from tokenguard.core.detect import LEAD, TAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

# Two processes with a window and its copy each stay far below 200 MB.
WINDOW = 8 * 1024 * 1024


def windows_from(read: Callable[[int], bytes]) -> Iterator[Window]:
    """The windows of what `read(most)` gives until it gives nothing."""
    start = first = 0
    data = fill(read, WINDOW + TAIL)
    while len(data) == first - start + WINDOW + TAIL:
        last = first + WINDOW
        yield Window(data, start, first, last)
        data = data[last - LEAD - start :] + fill(read, WINDOW)
        start, first = last - LEAD, last
    yield Window(data, start, first, start + len(data))


def fill(read: Callable[[int], bytes], wanted: int) -> bytes:
    """`wanted` bytes of what `read` gives, fewer only where it ends."""
    parts = []
    while wanted and (part := read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


class Once(BufferedReader):
    """What `read(most)` gives until it gives nothing, as a file that can be looked ahead in, but not sought in."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._source = _Source(read)
        super().__init__(self._source)

    @property
    def taken(self) -> int:
        """How many bytes `read` has given."""
        return self._source.taken


class _Source(RawIOBase):
    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = fill(self._read, len(buffer))
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)
