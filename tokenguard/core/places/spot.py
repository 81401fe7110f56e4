"""A credential in a file of a workstation, and what has to go with it."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from tokenguard.core.rewrite.edit import Edit
from tokenguard.core.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenguard.core.detect import Span


class Spot(NamedTuple):
    """`token` in `data[start:end]`, which may have it encoded.

    `name` is what it is called there. `edits` take it out together with the syntax around it; without any, all
    that can be done is to put something else in its place.
    """

    start: int
    end: int
    token: Token
    name: str | None = None
    edits: tuple[Edit, ...] = ()


def spot(data: bytes, span: Span, name: str | None = None, edits: Iterable[Edit] = ()) -> Spot:
    """The Spot of what the detector has found."""
    return Spot(span.start, span.end, Token(data[span.start : span.end].decode("ascii")), name, tuple(edits))


def cut(start: int, end: int) -> Edit:
    """The Edit that takes `data[start:end]` out."""
    return Edit(start, end, b"")


def line_start(data: bytes, offset: int) -> int:
    """Where the line that `offset` is in begins."""
    return data.rfind(b"\n", 0, offset) + 1


def line_end(data: bytes, offset: int) -> int:
    """Where the next line begins; the end of the file where there is none."""
    end = data.find(b"\n", offset)
    return end + 1 if end >= 0 else len(data)


def lines(data: bytes, start: int = 0) -> Iterator[tuple[int, int]]:
    """Where each line from `start` on begins and ends, its line end included."""
    while start < len(data):
        end = line_end(data, start)
        yield start, end
        start = end


def text(data: bytes) -> str:
    """Bytes of a file as text to be shown."""
    return data.decode("utf-8", "replace")


def variable_before(data: bytes, offset: int) -> str | None:
    """The name of the variable that is given the value at `offset`, if one is."""
    match = _assignment().search(data, line_start(data, offset), offset)
    return text(match.group(1)) if match else None


@cache
def _assignment() -> re.Pattern[bytes]:
    return re.compile(rb"""([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*["']?\Z""")
