"""All that is looked for as one database of hyperscan's (https://intel.github.io/hyperscan/), for one pass.

To compile it takes some 0.2 s, to load it a millisecond. So it is kept in the user's own folder, where the key
lies, too, on which the memory of histories relies.
"""

from __future__ import annotations

import marshal
import os
import re
from functools import cache
from typing import NamedTuple
from zlib import crc32

import hyperscan

from tokenguard import files
from tokenguard.core.detect import ANCHORS
from tokenguard.core.patterns import shape
from tokenguard.home import home
from tokenguard.sources.rules import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap
    from typing import Any

    from tokenguard.sources.prefilter import MayHold

# What says what is looked for; a change in any of it makes void what is kept.
_MODULES = (
    *("core.detect", "core.kinds", "core.patterns", "core.decode.images", "core.decode.runs"),
    "sources.database",
)
# Where there are that many needles with nothing around them, somebody has put them there.
_MANY_DOUBTS = 1000
# The longest that an image can be, in bytes, which is one of UTF-16, or one with an indented line in it.
_AROUND = 128
_GAP = b" \t\r\n\\_"


class _Compiled(NamedTuple):
    """`database` is in hyperscan's own form. What it finds has a number, which below `plain` is an expression's.

    The others are needles; for each, `doubtful` has the expressions in the place of which it is looked for.
    """

    database: bytes
    plain: int
    doubtful: list[list[bytes]]


def is_at_hand(*, deep: bool) -> bool:
    """Whether it is kept already, or can be from now on."""
    if os.path.exists(_path(deep=deep)):
        return True
    try:
        os.makedirs(home(), mode=0o700, exist_ok=True)
    except OSError:
        return False
    return os.access(home(), os.W_OK)


@cache
def search(*, deep: bool) -> MayHold | None:
    """Says yes wherever `detect` finds something; if `deep`, wherever `decode` does, too. Made once a process.

    None where this processor lacks what the library needs.
    """
    found = _recalled(_path(deep=deep))
    if found is None:
        try:
            compiled = _compiled(deep=deep)
            found = _search(compiled)
        except hyperscan.HyperscanError:
            return None
        _keep(_path(deep=deep), compiled)
    return found


def _path(*, deep: bool) -> str:
    return os.path.join(home(), f"{'deep' if deep else 'plain'}.database")


def _recalled(path: str) -> MayHold | None:
    """What is kept at `path`; None where that is of another user, release or machine, or damaged."""
    try:
        if not _is_ours(path):
            return None
        mark, _, content = (files.read_small(path) or b"").partition(b"\n")
        if mark != _mark(content):
            return None
        return _search(_Compiled(*marshal.loads(content)))  # noqa: S302 -- in the user's own folder
    except (OSError, ValueError, TypeError, EOFError, hyperscan.HyperscanError):
        return None


def _is_ours(path: str) -> bool:
    """Whether nobody else has written it, or could."""
    status = os.lstat(path)
    return not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _keep(path: str, compiled: _Compiled) -> None:
    content = marshal.dumps(tuple(compiled))
    try:
        os.makedirs(home(), mode=0o700, exist_ok=True)
        files.replace(path, _mark(content) + b"\n" + content)
    except OSError:
        return  # a home that is only read from


def _mark(content: bytes) -> bytes:
    return f"{digest(_MODULES)} {_version()} {crc32(content)}".encode("ascii")


def _version() -> str:
    version: str = getattr(hyperscan, "__version__", "")  # its stubs do not know it
    return version


def _compiled(*, deep: bool) -> _Compiled:
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
    wanted += ["".join(f"\\x{byte:02x}" for byte in needle).encode() for needle in imaged]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=wanted,
        ids=list(range(len(wanted))),
        elements=len(wanted),
        flags=[hyperscan.HS_FLAG_SINGLEMATCH] * plain + [0] * (len(wanted) - plain),
    )
    return _Compiled(hyperscan.dumpb(database), plain, list(imaged.values()))


def _search(compiled: _Compiled) -> MayHold:
    database = hyperscan.loadb(compiled.database, hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    plain, doubtful = compiled.plain, compiled.doubtful

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
    # Pieces may be as far from each other as they like.
    while behind < len(stretch) and stretch[behind - 1] in _GAP:
        behind += _AROUND
    return any(_expression(expression).search(stretch, first, behind) is not None for expression in expressions)


@cache
def _expression(expression: bytes) -> re.Pattern[bytes]:
    return re.compile(expression)
