"""Bytes as numbers in a row, with commas between them, as regedit exports them, and in arrays of C.

They are looked for by the `_` of a prefix in lower case, `5f,`: those in upper case, and the key of an S3 access,
which has none, are not found.
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.decode.layer import Layer, Pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = rb"(?:0x)?[0-9a-f]{2}"
_GAP = rb",[ \t]{0,40}(?:\\?\r?\n[ \t]{0,40})?"
_FEWEST = 35


@cache
def _row() -> re.Pattern[bytes]:
    return re.compile(rb"%s(?:%s%s){%d,}" % (_NUMBER, _GAP, _NUMBER, _FEWEST - 1))


@cache
def _digits() -> re.Pattern[bytes]:
    return re.compile(rb"(?<![0-9a-f])[0-9a-f]{2}(?![0-9a-fx])")


def rows(data: bytes) -> Iterator[Layer]:
    """What every row of numbers in `data` stands for."""
    for row in _row().finditer(data):
        pieces = Pieces()
        for number in _digits().finditer(data, *row.span()):
            pieces.put(bytes((int(number[0], 16),)), *number.span())
        yield Layer("hex", pieces.text(), pieces.place)
