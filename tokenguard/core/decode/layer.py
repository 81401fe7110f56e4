"""What one step of decoding yields: bytes, and where in the encoded text each of them stood."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    Place = Callable[[int, int], tuple[int, int]]


class Layer(NamedTuple):
    """`text` was decoded from the encoding `name`; `place` tells which bytes a stretch of it was read from.

    `place` takes and gives half-open stretches.
    """

    name: str
    text: bytes
    place: Place


MOST_PIECES = 300_000  # of which each takes some 150 bytes


class Piece(NamedTuple):
    """From offset `text` on, a text is what stood in `start:end`: the same bytes, or something they stand for."""

    text: int
    start: int
    end: int
    is_copy: bool


class TooMuchError(Exception):
    """There are more pieces than in any text that was not made for it."""


class Pieces:
    """A text put together out of pieces of another. Adding to it raises TooMuchError."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._parts: list[bytes] = []
        self._size = 0

    def copy(self, data: bytes, start: int, end: int) -> None:
        """Adds `data[start:end]` as it is."""
        self._add(data[start:end], start, end, is_copy=True)

    def put(self, part: bytes, start: int, end: int) -> None:
        """Adds what `start:end` stands for."""
        self._add(part, start, end, is_copy=False)

    def _add(self, part: bytes, start: int, end: int, *, is_copy: bool) -> None:
        if part:
            self._pieces.append(Piece(self._size, start, end, is_copy))
            self._parts.append(part)
            self._size += len(part)
            if len(self._pieces) > MOST_PIECES:
                raise TooMuchError

    def text(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where `text()[start:end]`, which is not empty, came from."""
        first, last = self._piece(start), self._piece(end - 1)
        return (
            first.start + (start - first.text if first.is_copy else 0),
            last.start + (end - last.text) if last.is_copy else last.end,
        )

    def _piece(self, at: int) -> Piece:
        return self._pieces[bisect_right(self._pieces, at, key=_text) - 1]


def _text(piece: Piece) -> int:
    return piece.text


def substitute(
    data: bytes,
    start: int,
    end: int,
    pattern: re.Pattern[bytes],
    stands_for: Callable[[re.Match[bytes]], bytes],
) -> Pieces:
    """`data[start:end]` with every match replaced by what it stands for."""
    pieces = Pieces()
    position = start
    for match in pattern.finditer(data, start, end):
        pieces.copy(data, position, match.start())
        pieces.put(stands_for(match), match.start(), match.end())
        position = match.end()
    pieces.copy(data, position, end)
    return pieces
