"""From offsets in a notebook of Jupyter to its cells and their outputs, as a person counts them.

https://nbformat.readthedocs.io/en/latest/format_description.html; before version 4 the cells were in worksheets.
"""

from __future__ import annotations

import re
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenguard.core.blob import Window
    from tokenguard.core.detect import Span

    Cell = tuple[int | None, int | None]
    """The number of a cell, and that of an output of it, from 1; None where it is in none."""

_DEEPEST = 1000
_LONGEST_KEY = 64


class Cells:
    """Counts through the windows of one notebook, in order, in one pass. What is no JSON has no cells."""

    def __init__(self) -> None:
        self._offset = 0
        # The key or the index of what is being read, for each object and list around it.
        self._path: list[bytes | int] = []
        self._is_in_string = False
        self._string = 0  # the offset of the text of the last string
        self._is_key = False
        self._is_empty = False  # of the innermost, whether nothing has come in it yet
        self._is_lost = False
        self._earlier = 0  # cells of the worksheets before

    def feed(self, window: Window, spans: Iterable[Span]) -> Iterator[Cell]:
        """The cells of `spans`, which are those of `window` and sorted."""
        for span in spans:
            self._read(window, window.start + span.start)
            yield self._cell()
        if not window.is_last:
            self._read(window, window.last)

    def _read(self, window: Window, offset: int) -> None:
        data, end = window.data, offset - window.start
        position = self._offset - window.start
        self._offset = offset
        while position < end and not self._is_lost:
            if self._is_in_string:
                quote = _end_of_string(data, position, end)
                if quote < 0:
                    return
                self._is_in_string = False
                self._end_string(data, self._string - window.start, quote)
                position = quote + 1
                continue
            match = _marks().search(data, position, end)
            if match is None:
                return
            position = match.end()
            if match.group() == b'"':
                self._is_in_string = True
                self._string = window.start + position
            else:
                self._mark(match.group())

    def _end_string(self, data: bytes, start: int, end: int) -> None:
        if self._is_key and self._path:
            self._path[-1] = data[start:end] if start >= 0 and end - start < _LONGEST_KEY else b""

    def _mark(self, mark: bytes) -> None:
        was_empty, self._is_empty = self._is_empty, mark == b"["
        if mark in b"{[":
            self._is_lost |= len(self._path) == _DEEPEST
            self._path.append(b"" if mark == b"{" else 0)
            self._is_key = mark == b"{"
        elif not self._path:
            return
        elif mark in b"}]":
            last = self._path.pop()
            if self._path[::2] == [b"worksheets", b"cells"] and isinstance(last, int) and not was_empty:
                self._earlier += last + 1
            self._is_key = False
        elif mark == b":":
            self._is_key = False
        elif isinstance(index := self._path[-1], int):
            self._path[-1] = index + 1
        else:
            self._is_key = True

    def _cell(self) -> Cell:
        is_of_worksheet = self._path[:1] == [b"worksheets"]
        path = self._path[2:] if is_of_worksheet else self._path
        if self._is_lost or path[:1] != [b"cells"] or len(path) < 2 or not isinstance(path[1], int):
            return None, None
        is_in_output = path[2:3] == [b"outputs"] and len(path) > 3
        cell = path[1] + 1 + (self._earlier if is_of_worksheet else 0)
        return cell, path[3] + 1 if is_in_output and isinstance(path[3], int) else None


def _end_of_string(data: bytes, position: int, end: int) -> int:
    """Where the next quote is that no backslash stands before, or that an even number does; -1 where none is."""
    while (quote := data.find(b'"', position, end)) >= 0:
        before = quote
        while before and data[before - 1] == ord("\\"):
            before -= 1
        if (quote - before) % 2 == 0:
            return quote
        position = quote + 1
    return -1


@cache
def _marks() -> re.Pattern[bytes]:
    return re.compile(rb'["{}\[\],:]')
