"""Reading one file in bounded memory, without following a link and without waiting for a pipe."""

from __future__ import annotations

import os
import stat

from tokenguard.core.blob import Window
from tokenguard.core.detect import LEAD, TAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Two processes with a window and its copy each stay far below 200 MB.
WINDOW = 8 * 1024 * 1024

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO that nobody writes to must not wait
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


class NotRegularError(OSError):
    """What stands at the path is no regular file: a link, a folder, a FIFO, a socket or a device."""


def open_regular(path: str) -> tuple[int, int]:
    """A descriptor of the regular file at `path`, and its size in bytes.

    Raises NotRegularError, and OSError where the file is a link, gone, locked or forbidden.
    """
    if not hasattr(os, "O_NOFOLLOW") and os.path.islink(path):
        raise NotRegularError("is a symbolic link")
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularError("is not a regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def read_window(descriptor: int, size: int, first: int, last: int) -> Window:
    """The window from offset `first` to `last` of an open file of some `size`, and what is needed around it.

    Where the file ends within what is needed around it, the window takes the rest and is the last one.
    """
    start = max(0, first - LEAD)
    os.lseek(descriptor, start, os.SEEK_SET)
    data = _read(descriptor, last + TAIL - start, expected=size - start)
    end = start + len(data)
    return Window(data, start, min(first, end), last if end == last + TAIL else end)


def windows_of(descriptor: int, size: int) -> Iterator[Window]:
    """All windows of an open file, in order."""
    first = 0
    while True:
        window = read_window(descriptor, size, first, first + WINDOW)
        yield window
        if window.is_last:
            return
        first = window.last


def read_windows(path: str) -> Iterator[Window]:
    """All windows of the regular file at `path`, in order. Raises as `open_regular` does."""
    descriptor, size = open_regular(path)
    try:
        yield from windows_of(descriptor, size)
    finally:
        os.close(descriptor)


def _read(descriptor: int, wanted: int, expected: int) -> bytes:
    # One byte more than expected tells the end of the file without a second call. Files of the kernel (/proc)
    # have no size and come in pieces.
    data = os.read(descriptor, min(wanted, max(expected, 0) + 1))
    if len(data) == wanted or len(data) == expected > 0:
        return data
    parts = [data]
    wanted -= len(data)
    while wanted and data:
        data = os.read(descriptor, wanted)
        parts.append(data)
        wanted -= len(data)
    return b"".join(parts)
