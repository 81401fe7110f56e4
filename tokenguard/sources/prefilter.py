"""Telling the few objects that may hold a credential from the many that hold none, as fast as can be.

`hyperscan` (the extra `fast`) looks for all shapes at once, where Python looks for one after the other.
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.detect import ANCHORS
from tokenguard.core.patterns import shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap
    from typing import Any

    MayHold = Callable[[bytes | bytearray | mmap, int, int], bool]
    """Whether a stretch of a buffer, from one offset to another, has anything of the shape of a credential."""


# Below this, loading the library takes longer than it saves.
_MANY_OBJECTS = 4000
# Where there are that many needles with nothing around them, somebody has put them there.
_MANY_DOUBTS = 1000
# The longest that an image can be, in bytes, which is one of UTF-16, or one with an indented line in it.
_AROUND = 128


def prefilter(objects: int, *, deep: bool = False) -> MayHold:
    """The fastest that there is on this machine for so many objects.

    It says yes wherever `detect` finds something; if `deep`, wherever `decode` does, too.
    """
    if objects < _MANY_OBJECTS:
        return by_expressions(deep=deep)
    try:
        import hyperscan  # noqa: F401 -- to know whether it is there
    except ImportError:
        return by_expressions(deep=deep)
    return by_hyperscan(deep=deep)


def by_expressions(*, deep: bool = False) -> MayHold:
    """Python's own: each expression begins with a literal, for which it has a fast search."""
    searches = [re.compile(shape(anchor)).search for anchor in ANCHORS]

    def may_hold(buffer: bytes | bytearray | mmap, start: int, end: int) -> bool:
        return any(search(buffer, start, end) for search in searches)

    if not deep:
        return may_hold
    from tokenguard.core.decode import may_hide

    return lambda buffer, start, end: may_hold(buffer, start, end) or may_hide(bytes(buffer[start:end]))


@cache
def by_hyperscan(*, deep: bool = False) -> MayHold:
    """Intel's (https://intel.github.io/hyperscan/): one pass for all expressions.

    Made once in a process; for `deep` that takes some 0.1 s.
    """
    import hyperscan

    wanted = [shape(anchor) for anchor in ANCHORS]
    imaged: dict[bytes, list[bytes]] = {}  # for each needle, the expressions that it is looked for in the place of
    if deep:
        from tokenguard.core.decode.images import images

        for image in images():
            if not image.needles:
                wanted.append(image.expression)
            for needle in image.needles:
                imaged.setdefault(needle, []).append(image.expression)
    plain = len(wanted)
    doubtful = list(imaged.values())
    wanted += ["".join(f"\\x{byte:02x}" for byte in needle).encode() for needle in imaged]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=wanted,
        ids=list(range(len(wanted))),
        elements=len(wanted),
        flags=[hyperscan.HS_FLAG_SINGLEMATCH] * plain + [0] * (len(wanted) - plain),
    )

    def may_hold(buffer: bytes | bytearray | mmap, start: int, end: int) -> bool:
        stretch: Any = memoryview(buffer)[start:end]  # of the types that it takes, its stubs know two
        doubts = 0

        def is_held(number: int, _: int, last: int, *__: object) -> bool:
            nonlocal doubts
            doubts += 1
            return number < plain or doubts > _MANY_DOUBTS or _is_imaged(doubtful[number - plain], stretch, last)

        try:
            database.scan(stretch, match_event_handler=is_held)
        except hyperscan.ScanTerminated:
            return True
        return False

    return may_hold


def _is_imaged(expressions: list[bytes], stretch: memoryview, last: int) -> bool:
    """Whether one of `expressions` matches around a needle that ends at `last`."""
    first, behind = max(0, last - _AROUND), last + _AROUND
    return any(_compiled(expression).search(stretch, first, behind) is not None for expression in expressions)


@cache
def _compiled(expression: bytes) -> re.Pattern[bytes]:
    return re.compile(expression)
