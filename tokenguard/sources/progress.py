"""How far the reading of what is elsewhere has come; what there is shows only while it is listed."""

from __future__ import annotations

from typing import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    Item = TypeVar("Item")
    Progress = Callable[[int, int, int], None]
    """Told how many files were read, how many are listed so far, and how many bytes were read."""


class Counting(Protocol):
    """A Source that knows how many files it has `listed`, and with how many of them it is `done`."""

    listed: int
    done: int


def telling(
    items: Iterable[Item], source: Counting, read: Callable[[], int], progress: Progress | None
) -> Iterator[Item]:
    """The `items` of `source`; after each, `progress` is told. `read` says how many bytes were read."""
    if progress is None:
        yield from items
        return
    progress(0, 1, 0)
    for item in items:
        yield item
        progress(source.done, max(source.listed, 1), read())
    progress(max(source.done, 1), max(source.listed, 1), read())
