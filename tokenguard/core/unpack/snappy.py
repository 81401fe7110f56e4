"""Snappy (google/snappy, format_description.txt), which Parquet is packed by unless it is told otherwise."""

from __future__ import annotations

from tokenguard.core.unpack.source import CutError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.unpack.source import Budget

# A copy, or some letters, take as long as unpacking so many bytes does otherwise.
_COST = 48
_STEPS = 4096


def unsnapped(data: bytes, size: int, budget: Budget) -> bytes:
    """What `data` unpacks to, which is `size` bytes. Raises CutError where it is damaged."""
    try:
        return _unsnapped(data, size, budget)
    except IndexError:
        raise CutError("damaged: ends too early") from None


def _unsnapped(data: bytes, size: int, budget: Budget) -> bytes:
    at = length = shift = 0
    while True:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 28:
            break
    if length != size:
        raise CutError("damaged: a page of another size than it says")
    out = bytearray()
    end = len(data)
    steps = 0
    while at < end:
        steps += 1
        if not steps % _STEPS:
            budget.spend(_STEPS * _COST)
        tag = data[at]
        at += 1
        kind = tag & 3
        count = tag >> 2
        if kind == 0:
            if count >= 60:
                width = count - 59
                count = int.from_bytes(data[at : at + width], "little")
                at += width
            out += data[at : at + count + 1]
            at += count + 1
        else:
            if kind == 1:
                offset = (tag & 0xE0) << 3 | data[at]
                count = (count & 7) + 4
                at += 1
            else:
                width = 2 if kind == 2 else 4
                offset = int.from_bytes(data[at : at + width], "little")
                count += 1
                at += width
            start = len(out) - offset
            if start < 0 or not offset:
                raise CutError("damaged: a copy of what is not there")
            # What is copied may be made while it is copied.
            piece = out[start : start + count]
            out += piece if offset >= count else (piece * (count // offset + 1))[:count]
        if len(out) > size:
            break
    if len(out) != size:
        raise CutError("damaged: a page of another size than it says")
    return bytes(out)
