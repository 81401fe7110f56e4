"""What a Source yields: bytes with their Origin, or the reason why they could not be had."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

    from tokenguard.core.lineage import Lineage


class Origin(NamedTuple):
    """Where bytes come from.

    `path` is as the user would name it; bytes that are not UTF-8 are surrogate escapes (PEP 383). What comes out
    of a repository's history has its `lineage`, what was packed in the file the names of the members that lead to
    it, from the outermost container `inside`.
    """

    path: str
    lineage: Lineage | None = None
    inside: tuple[str, ...] = ()

    @property
    def location(self) -> str:
        """The path, and the members that lead on."""
        return " > ".join((self.path, *self.inside))

    @property
    def name(self) -> str:
        """What the innermost of them is called."""
        return self.inside[-1] if self.inside else self.path


class Window(NamedTuple):
    """A stretch of a Blob: `data` begins at offset `start` of the whole.

    A credential belongs to the window in which it begins, between the offsets `first` and `last` (half open);
    what `data` holds on either side of them is there for the look around a match.
    """

    data: bytes
    start: int
    first: int
    last: int

    @property
    def is_last(self) -> bool:
        """Whether the Blob ends with this window."""
        return self.last == self.start + len(self.data)


class Blob(NamedTuple):
    """The bytes of one origin, as adjoining windows: one for what fits into memory, more for what does not.

    `open` gives them as a file, to be closed, for what is packed in them; a file that cannot be sought in is what
    the windows themselves are read from. `has_lines` is no where they are no text of anybody's.
    """

    origin: Origin
    windows: Iterable[Window]
    open: Callable[[], BinaryIO] | None = None
    has_lines: bool = True


class Unreadable(NamedTuple):
    """What could not be read, and why. Never taken for clean."""

    origin: Origin
    reason: str


def whole(data: bytes) -> tuple[Window]:
    """The windows of bytes that are in memory."""
    return (Window(data, 0, 0, len(data)),)


def in_memory(origin: Origin, data: bytes) -> Blob:
    """A Blob of bytes that are in memory."""
    from io import BytesIO

    return Blob(origin, whole(data), lambda: BytesIO(data))
