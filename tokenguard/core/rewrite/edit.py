"""What is to be taken out of a file, and what is put in its place."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class NotRewritableError(ValueError):
    """The content is such that nobody knows what a change would do to it; the message says why."""


class Stretch(NamedTuple):
    """The secret in `data[start:end]`, as ASCII.

    A program finds it in the environment variable `variable`; where nothing can be looked up, `placeholder` stands
    for it.
    """

    start: int
    end: int
    variable: str
    placeholder: str


class Edit(NamedTuple):
    """`text` takes the place of `data[start:end]`."""

    start: int
    end: int
    text: bytes


class Change(NamedTuple):
    """Edits that take every Stretch out, and for each of these, in order, what stands there then."""

    edits: list[Edit]
    puts: list[str]


class Rewritten(NamedTuple):
    """The new content, and for each Stretch, in order, what stands there now."""

    data: bytes
    puts: tuple[str, ...]


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` with all `edits` made, none of which overlaps another."""
    parts = []
    position = 0
    for start, end, text in sorted(edits):
        parts += [data[position:start], text]
        position = end
    return b"".join([*parts, data[position:]])


def with_placeholders(stretches: Sequence[Stretch]) -> Change:
    """The Change that every file can take."""
    return Change(
        [Edit(stretch.start, stretch.end, stretch.placeholder.encode()) for stretch in stretches],
        [stretch.placeholder for stretch in stretches],
    )
