"""What is packed in a file: streams, archives, documents, databases, checkpoints; nested, and hostile."""

from __future__ import annotations

from tokenguard.core.unpack.formats import HEAD, MAGIC, TAIL, looks_packed, recognise
from tokenguard.core.unpack.limits import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from tokenguard.core.unpack.walk import Cut as Cut
    from tokenguard.core.unpack.walk import Member as Member

__all__ = ["HEAD", "MAGIC", "TAIL", "Limits", "is_container", "looks_packed", "unpack"]


def is_container(head: bytes, size: int, tail: bytes = b"") -> bool:
    """Whether there is something to unpack in a file of `size` bytes, as far as its first HEAD bytes tell.

    More of them do no harm. The last TAIL bytes tell a zip behind a program; where `head` is all of the file, they
    are looked at there.
    """
    return recognise(head, tail or head[-TAIL:], size) is not None


def unpack(stream: BinaryIO, name: str, limits: Limits | None = None) -> Iterator[Member | Cut]:
    """All that is packed in the file `name` that `stream` reads, level by level, in the order in which it lies.

    Lazily: a Member's windows are read while they are asked for, and before the next one is. Nothing is written,
    and nothing that the file says is obeyed. Never raises for what is in the file. A file that is no container,
    or only begins like one, has nothing. `stream` is best read anywhere (seekable); what a format wants to look
    around in is otherwise held in memory.
    """
    from tokenguard.core.unpack.walk import read_anywhere, read_in_order

    return (read_anywhere if stream.seekable() else read_in_order)(stream, name, limits or Limits())
