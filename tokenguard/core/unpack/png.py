"""The texts in a PNG (ISO/IEC 15948, chunks tEXt, zTXt and iTXt; and eXIf)."""

from __future__ import annotations

from tokenguard.core.unpack.compressed import Decompressed
from tokenguard.core.unpack.deflate import Inflate
from tokenguard.core.unpack.source import CutError, Flaw, Part, Pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokenguard.core.unpack.source import Budget, Source

# Generators keep a whole workflow, with its prompts, in one.
_LONGEST_TEXT = 16 * 1024 * 1024


def open_png(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """Each text by its keyword."""
    source.skip(8)
    while head := source.peek(8):
        if len(head) < 8:
            raise CutError("damaged: ends too early")
        source.skip(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf") and length > _LONGEST_TEXT:
            yield Flaw(kind.decode(), f"larger than {_LONGEST_TEXT} bytes")
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            keyword, _, rest = source.exactly(length).partition(b"\0")
            yield Part(keyword.decode("latin-1") or kind.decode(), _text(kind, rest, budget))
            length = 0
        elif kind == b"eXIf":
            yield Part("eXIf", Pieces([source.exactly(length)]).read, has_lines=False)
            length = 0
        else:
            budget.count_member()
        source.skip(length + 4)
        if kind == b"IEND":
            return


def _text(kind: bytes, rest: bytes, budget: Budget) -> Callable[[int], bytes]:
    """What reads the text behind a keyword."""
    packed = kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]
    elif kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]  # language, and the keyword in that
    once = iter([rest])
    if packed:
        return Decompressed(lambda _: next(once, b""), lambda: Inflate(15), budget).read
    return Pieces([rest]).read
