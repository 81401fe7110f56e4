"""The strings in a pickle, which is never run: its operations are gone through and left."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache

from tokenguard.core.unpack.source import PIECE, CutError, Flaw, Part, Pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.unpack.source import Budget, Source

# Values that are looked into, in bytes. The bytes of larger ones are in the file as they are.
_LONGEST_VALUE = 8 * 1024 * 1024
_PACKED = 4 * 1024 * 1024  # and what is kept of them before it is looked into
_LONGEST_LINE = 1024 * 1024
_LOOK = 4096  # bytes that are looked through at once
_SHORTEST = 20  # no credential has fewer bytes

_PLAIN = 128  # bytes; a shorter value begins with its magic, if it is packed

_LINE, _LINES, _NONE = -1, -98, -99
_STOP = ord(".")
# What makes a value: what a pickle without frames begins with.
_BEGINNINGS = b")(]}lcNKXUVJMGI\x8a\x8c\x8e\x8f\x88\x89C\x94"


@cache
def _arguments() -> dict[int, int]:
    """How long the argument of each operation is; _LINE, _LINES: up to a line end; less: as long as it says."""
    import pickletools

    found = {ord(operation.code): operation.arg.n if operation.arg else 0 for operation in pickletools.opcodes}
    # A module and a name in it.
    return found | dict.fromkeys(b"ci", _LINES)


@cache
def _run() -> re.Pattern[bytes]:
    """Operations with arguments of a fixed length, but the last: large pickles are mostly made of them."""
    by_count: dict[int, bytes] = {}
    for code, count in _arguments().items():
        if count >= 0 and code != _STOP:
            by_count[count] = by_count.get(count, b"") + b"\\x%02x" % code
    choices = [b"[%s].{%d}" % (codes, count) for count, codes in sorted(by_count.items())]
    # Values that are shorter than a credential, lines as well,
    values = b"".join(b"\\x%02x" % code for code, (width, _) in _value_lengths().items() if width == 1)
    short = b"|".join(b"\\x%02x.{%d}" % (count, count) for count in range(_SHORTEST))
    choices.append(b"[%s](?:%s)" % (values, short))
    lines = b"".join(b"\\x%02x" % code for code, count in _arguments().items() if count == _LINE)
    line = b"[^\n]{0,%d}\n" % (_SHORTEST - 1)
    choices += [b"[%s]%s" % (lines, line), b"[ci]%s%s" % (line, line)]
    # and the end of a pickle, where another one follows.
    choices.append(b"\\.\x80[\x02-\x05](?=[%s])" % re.escape(_BEGINNINGS))
    return re.compile(b"(?:%s){1,%d}" % (b"|".join(choices), _LOOK), re.DOTALL)


@cache
def _value_lengths() -> dict[int, tuple[int, bool]]:
    """Of the operations with a value: the bytes of its length, and whether it is text or bytes and no number."""
    import pickletools

    widths = {
        pickletools.TAKEN_FROM_ARGUMENT1: 1,
        pickletools.TAKEN_FROM_ARGUMENT4: 4,
        pickletools.TAKEN_FROM_ARGUMENT4U: 4,
        pickletools.TAKEN_FROM_ARGUMENT8U: 8,
    }
    return {
        ord(operation.code): (widths[operation.arg.n], not operation.name.startswith("LONG"))
        for operation in pickletools.opcodes
        if operation.arg and operation.arg.n in widths
    }


def is_pickle(head: bytes) -> bool:
    """Whether `head` begins like a pickle of protocol 2 to 5 (PEP 307, PEP 3154, PEP 574)."""
    if len(head) < 3 or head[0] != 0x80 or not 2 <= head[1] <= 5:
        return False
    # A frame of a size that can be, or what makes a value.
    return (head[2] == 0x95 and head[9:11] == b"\0\0") or head[2] in _BEGINNINGS


def open_pickle(source: Source, _name: str, _budget: Budget) -> Iterator[Part | Flaw]:
    """The texts in the pickles that `source` begins with, and what of their bytes is packed itself.

    joblib and torch write arrays behind or between them. Whatever cannot be followed stands in the file as it is,
    so that nothing is said of it.
    """
    walk = _Walk(source)
    texts = walk.texts()
    number = 0
    while not walk.is_done:
        stretch = walk.stretch(texts)
        yield Part("strings", Pieces(stretch).read, has_lines=False)
        for _ in stretch:  # what was not asked for
            pass
        for value in walk.packed:
            number += 1
            yield Part(f"packed {number}", Pieces([value]).read)
        walk.packed.clear()
    if walk.left_out:
        yield Flaw("", f"packed values of more than {_LONGEST_VALUE} bytes in a pickle")


class _Walk:
    def __init__(self, source: Source) -> None:
        self._source = source
        self.packed: list[bytes] = []
        self.left_out = False
        self.is_done = False
        self._kept = 0

    def stretch(self, texts: Iterator[bytes]) -> Iterator[bytes]:
        """`texts`, up to where so much is packed in them that it should be looked into."""
        for text in texts:
            yield text
            if self._kept > _PACKED:
                self._kept = 0
                return
        self.is_done = True

    def texts(self) -> Iterator[bytes]:
        """Every text and every array of characters, in order, up to where it cannot be followed."""
        with suppress(CutError):
            yield from self._texts()

    def _texts(self) -> Iterator[bytes]:
        """The same. Raises CutError where it ends within a value."""
        source = self._source
        from tokenguard.core.unpack.formats import MAGIC

        arguments, lengths, run = _arguments(), _value_lengths(), _run()
        data, at = source.peek(PIECE), 0
        begins = True
        while True:
            if len(data) - at < _LOOK:
                source.skip(at)
                data, at = source.peek(PIECE), 0
            if begins and not is_pickle(data[at : at + 16]):
                source.skip(at)
                return
            begins = False
            if found := run.match(data, at):
                at = found.end()
                continue
            code = data[at] if at < len(data) else _NONE
            if code in lengths:
                width, is_value = lengths[code]
                start = at + 1 + width
                length = int.from_bytes(data[at + 1 : start], "little")
                is_value = is_value and _SHORTEST <= length <= _LONGEST_VALUE
                if is_value and start + length <= len(data):
                    at = start + length
                    value = data[start:at]
                    # Most are short texts, in which nothing is packed.
                    yield value if length < _PLAIN and value[:2] not in MAGIC else self._value(value)
                    continue
                source.skip(start)
                if is_value:
                    yield self._value(source.exactly(length))
                else:
                    self._skip(length)
                data, at = b"", 0
            elif (count := arguments.get(code, _NONE)) >= 0:
                at += 1 + count
                begins = code == _STOP
            elif count in (_LINE, _LINES):
                source.skip(at + 1)
                yield self._line()
                if count == _LINES:
                    yield self._line()
                data, at = b"", 0
            else:
                return

    def _skip(self, length: int) -> None:
        from tokenguard.core.unpack.formats import HEAD, recognise

        if length > _LONGEST_VALUE:
            self.left_out |= recognise(self._source.peek(HEAD)) is not None
        self._source.skip(length)

    def _line(self) -> bytes:
        count = 256
        while b"\n" not in (line := self._source.peek(count)):
            if len(line) < count or count > _LONGEST_LINE:
                raise CutError("damaged: ends too early")
            count *= 4
        line = line.partition(b"\n")[0]
        self._source.skip(len(line) + 1)
        return line

    def _value(self, value: bytes) -> bytes:
        from tokenguard.core.unpack.formats import HEAD, TAIL, recognise
        from tokenguard.core.unpack.tensors import narrowed

        if recognise(value[:HEAD], value[-TAIL:], len(value)):
            self.packed.append(value)
            self._kept += len(value)
        return narrowed(value)
