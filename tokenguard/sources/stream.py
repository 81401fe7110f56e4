"""Windows over bytes that come through a pipe, once and in order."""

from __future__ import annotations

from tokenguard.core.blob import Window
from tokenguard.core.detect import LEAD, TAIL
from tokenguard.files import WINDOW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def windows_from(read: Callable[[int], bytes]) -> Iterator[Window]:
    """The windows of what `read(most)` gives until it gives nothing."""
    start = first = 0
    data = _fill(read, WINDOW + TAIL)
    while len(data) == first - start + WINDOW + TAIL:
        last = first + WINDOW
        yield Window(data, start, first, last)
        data = data[last - LEAD - start :] + _fill(read, WINDOW)
        start, first = last - LEAD, last
    yield Window(data, start, first, start + len(data))


def _fill(read: Callable[[int], bytes], wanted: int) -> bytes:
    parts = []
    while wanted and (part := read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
