"""UTF-16, either way round, with and without a byte order mark, at even and at odd offsets."""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.decode.images import is_wide
from tokenguard.core.decode.layer import Layer
from tokenguard.core.detect import ANCHORS, LEAD, TAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def wide(data: bytes) -> Iterator[Layer]:
    """What `data` says in UTF-16: all of it where it begins so, or else what is around the anchors in it."""
    if is_wide(data):
        yield _narrow(data, 0 if data[1:2] == b"\0" or data.startswith(b"\xff\xfe") else 1, len(data))
        return
    done = [0, 0]  # up to where, at even offsets and at odd ones
    for at in _places(data):
        if at >= done[at % 2]:
            done[at % 2] = at + 2 * TAIL
            yield _narrow(data, max(at % 2, at - 2 * LEAD), at + 4 * TAIL)


def _places(data: bytes) -> Iterator[int]:
    """Where anchors stand in UTF-16; those that end with `_` are looked for at once."""
    key = _image(b"HFAK")
    at = data.find(key)
    while at >= 0:
        yield at
        at = data.find(key, at + 1)
    images = [_image(anchor) for anchor in ANCHORS if anchor.endswith(b"_")]
    at = data.find(b"\0_\0")
    while at >= 0:
        end = at + 2
        yield from (end - len(image) for image in images if data.endswith(image, 0, end))
        at = data.find(b"\0_\0", end)


def _image(anchor: bytes) -> bytes:
    return b"\0".join(bytes((byte,)) for byte in anchor)


def _narrow(data: bytes, first: int, last: int) -> Layer:
    """The low bytes from `first` on, where the high byte is zero; other characters become bytes of no text."""
    low, after = data[first:last:2], data[first + 1 : last + 1 : 2]
    if after.strip(b"\0"):
        before = data[first - 1 : last : 2] if first else b"\0" + data[1:last:2]
        text = bytearray(low)
        for match in _other().finditer(after):
            for at in range(*match.span()):
                if before[at]:
                    text[at] = 0xFF
        low = bytes(text)
    return Layer("utf-16", low, _Wide(data, first).place)


@cache
def _other() -> re.Pattern[bytes]:
    return re.compile(rb"[^\0]+")


class _Wide:
    """Where low bytes from offset `first` on stood; the high ones may be before or behind."""

    def __init__(self, data: bytes, first: int) -> None:
        self._data = data
        self._first = first

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Whole characters."""
        low, behind = self._first + 2 * start, self._first + 2 * end
        may_be_big = low > 0 and self._data[low - 1] == 0
        may_be_little = self._data[behind - 1 : behind] == b"\0"
        is_big = may_be_big and (not may_be_little or self._first % 2 == 1)
        return low - is_big, min(behind - is_big, len(self._data))  # half of the last may be cut off
