"""From a file to everything that is packed in it, level by level."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

from tokenguard.core.blob import whole
from tokenguard.core.unpack.formats import HEAD, TAIL, Format, recognise
from tokenguard.core.unpack.source import Budget, CutError, Flaw, Source
from tokenguard.core.windows import WINDOW, fill, windows_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from tokenguard.core.blob import Window
    from tokenguard.core.unpack.limits import Limits
    from tokenguard.core.unpack.source import Part

# What a reader of hostile bytes trips over where they are not what the format demands. Each opener checks what it
# can foresee; this is for what it does not.
_STUMBLES = (CutError, ValueError, LookupError, struct.error, OverflowError, OSError, MemoryError, RecursionError)

# Of what cannot be read in order, within another archive: memory is all there is to put it.
_MOST_IN_MEMORY = 64 * 1024 * 1024

_LONGEST_NAME = 1024  # characters of a name that are kept


class Member(NamedTuple):
    """A file, or a text, out of a container.

    `inside` names it, from the outermost container inwards: of a file `a.zip` that holds `in.tar.gz`, which holds
    `d/.env`, it is `("in.tar.gz", "d/.env")`; the file itself is not in it. Names are as the archives have them,
    `..` and all; nothing is ever written there. `windows` are to be read before the next Member is asked for, or
    not at all.

    The bytes of a container within another come first, and then what is packed in them, but for compressed streams
    and tars, whose bytes show nothing of their own. A credential that stands in both comes twice: of findings with
    the same fingerprint whose `inside` begins alike, the longest is the one to keep.
    """

    inside: tuple[str, ...]
    windows: Iterable[Window]
    has_lines: bool


class Cut(NamedTuple):
    """What could not be opened or read to its end, and why; the file itself where `inside` is empty."""

    inside: tuple[str, ...]
    reason: str


def read_anywhere(stream: BinaryIO, name: str, limits: Limits) -> Iterator[Member | Cut]:
    """What is in the file `name`."""
    try:
        size = stream.seek(0, io.SEEK_END)
        found = _recognised(stream, size)
        stream.seek(0)
    except OSError as error:
        yield Cut((), _reason(error))
        return
    if found:
        yield from _Walk(limits, size).open(found, Source(stream.read, stream, size), name, (), 1)


def read_in_order(stream: BinaryIO, name: str, limits: Limits) -> Iterator[Member | Cut]:
    """What is in the file `name`, which can be read once. Its size does not raise the limits."""
    source = Source(stream.read)
    try:
        found = recognise(source.peek(HEAD))
    except OSError as error:
        yield Cut((), _reason(error))
        return
    if found:
        yield from _Walk(limits, 0).in_order(source, found, name, (), 1)


class _Walk:
    """The way through one file, on one Budget."""

    def __init__(self, limits: Limits, size: int) -> None:
        self._limits = limits
        self._budget = Budget(limits, size)

    def open(
        self, found: Format, source: Source, name: str, inside: tuple[str, ...], depth: int
    ) -> Iterator[Member | Cut]:
        if depth > self._limits.depth:
            yield Cut(inside, f"nested deeper than {self._limits.depth} archives")
            return
        try:
            for part in found.open(source, name, self._budget):
                self._budget.count_member()
                if isinstance(part, Flaw):
                    self._budget.count_flaw()
                    yield Cut((*inside, _short(part.name)) if part.name else inside, part.reason)
                else:
                    yield from self._part(part, inside, depth)
                if self._budget.is_spent:
                    return
        except _STUMBLES as error:
            yield Cut(inside, _reason(error))

    def _part(self, part: Part, above: tuple[str, ...], depth: int) -> Iterator[Member | Cut]:
        inside = (*above, _short(part.name))
        guarded = _Guarded(part.read)
        data = fill(guarded.read, WINDOW + 1)
        if len(data) <= WINDOW:
            found = recognise(data, data[-TAIL:], len(data))
            if found and found.is_covered:
                within = above if part.folds and found.folds else inside
                yield from self.open(found, Source.of(data), part.name, within, depth + 1)
            else:
                yield Member(inside, whole(data), part.has_lines and not found)
                if found:
                    yield from self.open(found, Source.of(data), part.name, inside, depth + 1)
        else:
            source = Source(_rest_of(data, guarded.read))
            del data
            found = recognise(source.peek(HEAD))
            if found:
                within = above if part.folds and found.folds else inside
                yield from self.in_order(source, found, part.name, within, depth + 1)
            else:
                yield Member(inside, windows_from(source.read), part.has_lines)
        if guarded.flaw:
            self._budget.count_flaw()
            yield Cut(inside, guarded.flaw)

    def in_order(
        self, source: Source, found: Format, name: str, inside: tuple[str, ...], depth: int
    ) -> Iterator[Member | Cut]:
        """A container that is too large for a window, or of a size not known."""
        if found.is_in_order:
            yield from self.open(found, source, name, inside, depth)
            return
        try:
            with self._budget.hold(_MOST_IN_MEMORY):
                data = fill(source.read, _MOST_IN_MEMORY + 1)
                if len(data) <= _MOST_IN_MEMORY:
                    yield Member(inside, windows_from(io.BytesIO(data).read), has_lines=False)
                    yield from self.open(found, Source.of(data), name, inside, depth)
                    return
        except CutError as error:
            yield Cut(inside, str(error))
            data = b""
        else:
            yield Cut(inside, f"larger than {_MOST_IN_MEMORY} bytes, and can be read in order alone")
        rest = _rest_of(data, source.read)
        del data
        yield Member(inside, windows_from(rest), has_lines=False)


class _Guarded:
    """Reads to the end, or to where something is wrong, which `flaw` then says."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.flaw = ""

    def read(self, most: int) -> bytes:
        if self.flaw:
            return b""
        try:
            return self._read(most)
        except _STUMBLES as error:
            self.flaw = _reason(error)
            return b""


def _recognised(stream: BinaryIO, size: int) -> Format | None:
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(max(0, size - TAIL))
    return recognise(head, stream.read(TAIL), size)


def _rest_of(data: bytes, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """What reads `data` and then goes on."""
    first = io.BytesIO(data)
    return lambda most: first.read(most) or read(most)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _reason(error: BaseException) -> str:
    match error:
        case CutError():
            return str(error)
        case MemoryError():
            return "takes more memory than there is"
        case OSError():
            return error.strerror or "cannot be read"
    return "damaged: not what its format demands"
