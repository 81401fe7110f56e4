"""One file: reading it in bounded memory, never following a link or waiting for a pipe; replacing it at once."""

from __future__ import annotations

import os
import stat

from tokenguard.core.blob import Window
from tokenguard.core.detect import LEAD, TAIL
from tokenguard.core.scan import ChangedError
from tokenguard.core.windows import WINDOW as WINDOW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

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


class TooLargeError(OSError):
    """The file has more bytes than the user wants read."""


class ReadOnlyError(OSError):
    """Nobody may write to the file: so it is meant to stay as it is, whatever root could do."""


class SeveralNamesError(OSError):
    """The file has several names, of which only one can be replaced at once."""


def open_regular(path: str, max_size: int | None = None) -> tuple[int, int]:
    """A descriptor of the regular file at `path`, and its size in bytes.

    Raises NotRegularError, TooLargeError where it has more than `max_size` bytes, and OSError where it is a link,
    gone, locked or forbidden.
    """
    if not hasattr(os, "O_NOFOLLOW") and os.path.islink(path):
        raise NotRegularError("is a symbolic link")
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularError("is not a regular file")
        if max_size is not None and status.st_size > max_size:
            raise TooLargeError(f"larger than {max_size} bytes")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def read_small(path: str, max_size: int | None = None) -> bytes | None:
    """The regular file at `path`, None where it does not fit into a window. Raises as `open_regular` does."""
    descriptor, size = open_regular(path, max_size)
    try:
        if size > WINDOW:
            return None
        # One byte more than there should be tells the end of the file without a second call.
        data = os.read(descriptor, size + 1)
        if len(data) == size > 0:
            return data
        window = read_window(descriptor, 0, WINDOW)
        return window.data if window.is_last else None
    finally:
        os.close(descriptor)


def read_linked(path: str, max_size: int) -> bytes:
    """The regular file that `path` leads to, as another program of the user's would read it.

    Raises as `open_regular` does, but follows links.
    """
    descriptor = os.open(path, _FLAGS & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularError("is not a regular file")
        data = _read(descriptor, max_size + 1)
    finally:
        os.close(descriptor)
    if len(data) > max_size:
        raise TooLargeError(f"larger than {max_size} bytes")
    return data


def read_window(descriptor: int, first: int, last: int) -> Window:
    """The window from offset `first` to `last` of an open file, and what is needed around it.

    Where the file ends within what is needed around it, the window takes the rest and is the last one.
    """
    start = max(0, first - LEAD)
    os.lseek(descriptor, start, os.SEEK_SET)
    data = _read(descriptor, last + TAIL - start)
    end = start + len(data)
    return Window(data, start, min(first, end), last if end == last + TAIL else end)


def read_windows(path: str) -> Iterator[Window]:
    """All windows of the regular file at `path`, in order. Raises as `open_regular` does."""
    descriptor, _ = open_regular(path)
    try:
        first = 0
        while True:
            window = read_window(descriptor, first, first + WINDOW)
            yield window
            if window.is_last:
                return
            first = window.last
    finally:
        os.close(descriptor)


def open_file(path: str) -> BinaryIO:
    """The regular file at `path`, to be read. Raises as `open_regular` does."""
    descriptor, _ = open_regular(path)
    return os.fdopen(descriptor, "rb")


def replace(path: str, data: bytes, mode: int = 0o600, *, settled: bool = True) -> None:
    """Puts `data` at `path`, for its owner alone unless `mode` says otherwise.

    A crash leaves the old file or the new; one of the whole machine may leave neither where it need not be
    `settled`, which takes its time. Raises OSError.
    """
    prefix = f".{os.path.basename(path)}."
    _put(path, data, prefix, lambda temporary: os.chmod(temporary, mode), settled=settled)


def rewrite(path: str, before: bytes, after: bytes) -> None:
    """Puts `after` in the place of the regular file at `path`, if that still holds `before`, as `replace` does.

    The mode stays, and so do owner and extended attributes as far as the system allows that. Raises ChangedError
    where there is something else by now, ReadOnlyError or SeveralNamesError where the file is not to be replaced,
    and OSError.
    """

    def follow(temporary: str) -> None:
        descriptor, _ = open_regular(path)
        try:
            status = os.fstat(descriptor)
            if not status.st_mode & 0o222:
                raise ReadOnlyError("is read-only")
            if status.st_nlink > 1:
                raise SeveralNamesError("has several names (hard links), and the others would keep what it holds")
            _dress(temporary, path, status)
            if _read(descriptor, len(before) + 1) != before:
                raise ChangedError("changed while it was rewritten")
        finally:
            os.close(descriptor)

    _put(path, after, ".tokenguard.", follow)


def _put(path: str, data: bytes, prefix: str, prepare: Callable[[str], None], *, settled: bool = True) -> None:
    """Writes `data` beside `path`, has it prepared at its own path there, and gives it the name of `path`."""
    import tempfile

    folder = os.path.dirname(path)
    descriptor, temporary = tempfile.mkstemp(dir=folder or os.curdir, prefix=prefix)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if settled:
                os.fsync(file.fileno())
        prepare(temporary)
        _rename(temporary, path)
    except BaseException:
        os.remove(temporary)
        raise
    if settled:
        _settle(folder or os.curdir)


def _dress(temporary: str, path: str, status: os.stat_result) -> None:
    """Gives a new file what a rename would take away from the one at `path`, which has `status`."""
    import contextlib

    if hasattr(os, "chown"):
        for owner, group in ((status.st_uid, -1), (-1, status.st_gid)):
            with contextlib.suppress(OSError):  # only root gives files away
                os.chown(temporary, owner, group)
    os.chmod(temporary, stat.S_IMODE(status.st_mode))
    if hasattr(os, "listxattr"):  # access control lists are among them (acl(5), xattr(7))
        with contextlib.suppress(OSError):
            for name in os.listxattr(path):
                with contextlib.suppress(OSError):
                    os.setxattr(temporary, name, os.getxattr(path, name))


def tidy(path: str) -> None:
    """Removes what a killed `replace` has left beside `path`. No other may be writing. Raises OSError."""
    folder = os.path.dirname(path)
    for name in os.listdir(folder):
        left = os.path.join(folder, name)
        if name.startswith(f".{os.path.basename(path)}.") and not os.path.isdir(left):
            os.remove(left)


def _settle(folder: str) -> None:
    import contextlib

    # Windows cannot open a folder, and network file systems refuse to: the rename has happened all the same.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _rename(source: str, target: str) -> None:
    if os.name == "nt":
        import contextlib
        import time

        for pause in (0.01, 0.05, 0.2, 0.5):
            with contextlib.suppress(PermissionError):  # somebody reads the target
                os.replace(source, target)
                return
            time.sleep(pause)
    os.replace(source, target)


def _read(descriptor: int, wanted: int) -> bytes:
    # Files of the kernel (/proc) come in pieces, whatever size they say they have.
    parts = []
    while wanted and (part := os.read(descriptor, wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
