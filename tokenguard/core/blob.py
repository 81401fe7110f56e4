"""What a Source yields: bytes with their Origin, or the reason why they could not be had."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenguard.core.lineage import Lineage


class Origin(NamedTuple):
    """Where bytes come from.

    `path` is as the user would name it; bytes that are not UTF-8 are surrogate escapes (PEP 383). What comes out
    of a repository's history has its `lineage`.
    """

    path: str
    lineage: Lineage | None = None


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
    """The bytes of one origin, as adjoining windows: one for what fits into memory, more for what does not."""

    origin: Origin
    windows: Iterable[Window]


class Unreadable(NamedTuple):
    """What could not be read, and why. Never taken for clean."""

    origin: Origin
    reason: str


def whole(data: bytes) -> tuple[Window]:
    """The windows of bytes that are in memory."""
    return (Window(data, 0, 0, len(data)),)
