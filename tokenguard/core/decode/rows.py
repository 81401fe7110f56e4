"""Bytes as numbers in a row, with commas between them, as regedit exports what is no text.

Nothing but such an export is looked through for them, which it costs nothing to tell.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from functools import cache

from tokenguard.core.decode.layer import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = rb"[0-9a-f]{2}"
_GAP = rb",[ \t]{0,40}(?:\\?\r?\n[ \t]{0,40})?"
_SHORTEST = 34 * 3  # bytes


@cache
def _row() -> re.Pattern[bytes]:
    """One of any length: to look for the long ones alone would begin again within each of the others."""
    return re.compile(rb"%s(?:%s%s)+" % (_NUMBER, _GAP, _NUMBER))


@cache
def _number() -> re.Pattern[bytes]:
    return re.compile(_NUMBER)


def rows(data: bytes) -> Iterator[Layer]:
    """What every row of numbers in `data` stands for."""
    for row in _row().finditer(data):
        if row.end() - row.start() >= _SHORTEST:
            yield Layer("hex", unhexlify(row[0].translate(None, b", \t\r\n\\")), _Row(data, *row.span()).place)


class _Row:
    """Where the numbers of a row stand; worked out when it is asked for."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data = data
        self._span = start, end
        self._starts: list[int] = []

    def place(self, start: int, end: int) -> tuple[int, int]:
        """From the first number to the last."""
        if not self._starts:
            self._starts = [number.start() for number in _number().finditer(self._data, *self._span)]
        return self._starts[start], self._starts[end - 1] + 2
