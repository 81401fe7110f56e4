"""What an opener reads from, and what it gives."""

from __future__ import annotations

from contextlib import contextmanager
from io import SEEK_END, BytesIO
from typing import NamedTuple

from tokenguard.core.windows import fill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from tokenguard.core.unpack.limits import Limits

PIECE = 64 * 1024
"""Bytes that are read or unpacked at a time."""

# An archive of so many bytes a member is one of many small files, and no bomb.
_PER_MEMBER = 1024
_MOST_TIMES = 5


class CutError(Exception):
    """What cannot be read on, with the reason in plain words."""


class Part(NamedTuple):
    """What an opener takes out of its container.

    `read(most)` gives its bytes, once and in order, and raises CutError. It is to be read, or left, before the
    next Part is asked for. `folds`: a tar in it is no level of its own, since a `.tar.gz` is one container to
    whoever made it.
    """

    name: str
    read: Callable[[int], bytes]
    has_lines: bool = True
    folds: bool = False


class Flaw(NamedTuple):
    """What an opener could not take out: of the part `name`, or of the container where that is empty."""

    name: str
    reason: str


class Budget:
    """What unpacking one file has cost so far, over all levels, and may cost yet."""

    def __init__(self, limits: Limits, size: int) -> None:
        self._most_bytes = self._bytes = limits.bytes + limits.ratio * size
        scaled = min(size // _PER_MEMBER, _MOST_TIMES * limits.members)
        self._most_members = self.members = max(limits.members, scaled)
        """How many members may come yet."""
        self._most_flaws = self._flaws = limits.flaws
        self._held = limits.held
        self.is_spent = False

    def spend(self, count: int) -> None:
        """Takes note of `count` bytes that were unpacked. Raises CutError where they are too many."""
        self._bytes -= count
        if self._bytes < 0:
            self.is_spent = True
            raise CutError(f"unpacks to more than {self._most_bytes} bytes")

    def has(self, count: int) -> bool:
        """Whether `count` bytes more may be unpacked."""
        return count <= self._bytes

    def count_member(self) -> None:
        """Takes note of a member, or of what costs as much. Raises CutError where there are too many."""
        self.members -= 1
        if self.members < 0:
            self.is_spent = True
            raise CutError(f"holds more than {self._most_members} members")

    def count_flaw(self) -> None:
        """Takes note of what could not be read. Raises CutError where there is too much of it."""
        self._flaws -= 1
        if self._flaws < 0:
            self.is_spent = True
            raise CutError(f"damaged in more than {self._most_flaws} places")

    @contextmanager
    def hold(self, count: int) -> Iterator[None]:
        """While `count` bytes of memory are in use. Raises CutError where there are not so many left."""
        if count > self._held:
            raise CutError("takes more memory than is allowed")
        self._held -= count
        try:
            yield
        finally:
            self._held += count


class Source:
    """The bytes of one container, read in order; anywhere, too, where `file` is there, which has `size` bytes."""

    def __init__(self, read: Callable[[int], bytes], file: BinaryIO | None = None, size: int = 0) -> None:
        self._read = read
        self._ahead = b""
        self._at = 0  # where in what was looked ahead at the next byte is
        self.file = file
        self.size = size

    @classmethod
    def of(cls, data: bytes) -> Source:
        """Of `data`, which is all there ahead: nothing has to be read, or copied twice."""
        file = BytesIO(data)
        file.seek(0, SEEK_END)
        source = cls(file.read, file, len(data))
        source._ahead = data
        return source

    def peek(self, count: int) -> bytes:
        """The next `count` bytes, which will be read again; fewer where it ends."""
        if len(self._ahead) - self._at < count:
            missing = count - (len(self._ahead) - self._at)
            self._ahead, self._at = self._ahead[self._at :] + fill(self._read, missing), 0
        return self._ahead[self._at : self._at + count]

    def read(self, most: int) -> bytes:
        """Up to `most` bytes, none at the end alone."""
        if self._at < len(self._ahead):
            piece = self._ahead[self._at : self._at + most]
            self._at += len(piece)
            return piece
        return self._read(most)

    def exactly(self, count: int) -> bytes:
        """`count` bytes. Raises CutError where it ends before."""
        at = self._at
        if count <= len(self._ahead) - at:
            self._at += count
            return self._ahead[at : self._at]
        parts = []
        while count and (piece := self.read(min(count, PIECE))):
            parts.append(piece)
            count -= len(piece)
        if count:
            raise CutError("damaged: ends too early")
        return b"".join(parts)

    def limited(self, count: int) -> Callable[[int], bytes]:
        """What reads the next `count` bytes. Raises CutError where it ends before."""
        left = count

        def read(most: int) -> bytes:
            nonlocal left
            piece = self.read(min(most, left)) if left else b""
            if left and not piece:
                left = 0
                raise CutError("damaged: ends too early")
            left -= len(piece)
            return piece

        return read

    def skip(self, count: int) -> None:
        """Leaves out `count` bytes. Raises CutError where it ends before."""
        left = len(self._ahead) - self._at
        if count <= left:
            self._at += count
            return
        if self.file is not None and count > left + PIECE:
            count -= left
            self._at = len(self._ahead)
            if self.file.tell() + count > self.size:
                raise CutError("damaged: ends too early")
            self.file.seek(count, 1)
            return
        while count:
            piece = self.read(min(count, PIECE))
            if not piece:
                raise CutError("damaged: ends too early")
            count -= len(piece)


class Slice:
    """`count` bytes of a file from offset `start` on, or fewer where it ends."""

    def __init__(self, file: BinaryIO, start: int, count: int) -> None:
        self._file = file
        self._at = start
        self._end = start + count

    def read(self, most: int) -> bytes:
        """Up to `most` bytes. Others may have moved the file's position."""
        self._file.seek(self._at)
        piece = self._file.read(min(most, self._end - self._at))
        self._at += len(piece)
        return piece


class Pieces:
    """Values that come one after the other, to be read as one text, a line each."""

    def __init__(self, values: Iterable[bytes]) -> None:
        self._values = iter(values)
        self._rest = b""
        self._error: CutError | None = None

    def read(self, most: int) -> bytes:
        """Up to `most` bytes. Raises what the values raise."""
        if not self._rest:
            self._rest = self._gather()
        if not self._rest and self._error:
            raise self._error
        piece, self._rest = self._rest[:most], self._rest[most:]
        return piece

    def _gather(self) -> bytes:
        gathered = []
        size = 0
        try:
            for value in self._values:
                gathered.append(value)
                size += len(value) + 1
                if size >= PIECE:
                    break
        except CutError as error:
            self._error = error
        return b"\n".join([*gathered, b""]) if gathered else b""
