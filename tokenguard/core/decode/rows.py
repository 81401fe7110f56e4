"""Bytes as numbers in a row, with commas between them, as regedit exports what is no text.

Nothing but such an export is looked through for them, which it costs nothing to tell.
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.decode.layer import Layer, Pieces

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
def _digits() -> re.Pattern[bytes]:
    return re.compile(rb"(?<![0-9a-f])[0-9a-f]{2}(?![0-9a-f])")


def rows(data: bytes) -> Iterator[Layer]:
    """What every row of numbers in `data` stands for."""
    for row in _row().finditer(data):
        if row.end() - row.start() < _SHORTEST:
            continue
        pieces = Pieces()
        for number in _digits().finditer(data, *row.span()):
            pieces.put(bytes((int(number[0], 16),)), *number.span())
        yield Layer("hex", pieces.text(), pieces.place)
