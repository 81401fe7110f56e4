"""Telling the few files and objects that may hold a credential from the many that hold none, as fast as can be.

`hyperscan` looks for all shapes at once, where Python looks for one after the other. Not every machine has it.
"""

from __future__ import annotations

import re

from tokenguard.core.detect import ANCHORS
from tokenguard.core.patterns import shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap

    MayHold = Callable[[bytes | bytearray | mmap, int, int], bool]
    """Whether a stretch of a buffer, from one offset to another, has anything of the shape of a credential."""


# Below this, to load the library and what it has compiled takes longer than it saves; and to compile.
_SOME = 300
_MANY = 4000


def prefilter(objects: int, *, deep: bool = False) -> MayHold:
    """The fastest that there is on this machine for so many objects.

    It says yes wherever `detect` finds something; if `deep`, wherever `decode` does, too.
    """
    return by_hyperscan(objects, deep=deep) or by_expressions(deep=deep)


def by_hyperscan(objects: int, *, deep: bool = False) -> MayHold | None:
    """That of the library, if it is there, runs here, and is worth while for so many objects."""
    if objects < _SOME:
        return None
    try:
        from tokenguard.sources import database
    except ImportError:
        return None
    return database.search(deep=deep) if objects >= _MANY or database.is_at_hand(deep=deep) else None


def by_expressions(*, deep: bool = False) -> MayHold:
    """Python's own: each expression begins with a literal, for which it has a fast search."""
    searches = [re.compile(shape(anchor)).search for anchor in ANCHORS]

    def may_hold(buffer: bytes | bytearray | mmap, start: int, end: int) -> bool:
        return any(search(buffer, start, end) for search in searches)

    if not deep:
        return may_hold
    from tokenguard.core.decode import may_hide

    return lambda buffer, start, end: may_hold(buffer, start, end) or may_hide(bytes(buffer[start:end]))
