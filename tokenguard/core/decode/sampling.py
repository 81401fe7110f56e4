"""Finding the letters in a large stretch of base64 without decoding it.

In the base64 of three letters or digits not every character is possible at every place: 17 of 64 for the first, 20
for the second, 32 for the third, 52 for the fourth. Groups of four characters are looked at that are `STRIDE`
apart, so that two of them lie within any credential; both being possible, in any of the four alignments, is rare
in what is not text. Groups are compared all at once, as the bytes of large integers, whose bits stand for the
alignments.
"""

from __future__ import annotations

from functools import cache

from tokenguard.core.decode.runs import ALPHABET, line_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# 34 letters or digits are 272 bits: 44 characters or more stand for nothing else. Two groups of four fit into
# any 43 of them.
STRIDE = 20
_LINE_ENDS = (b"\r\n", b"\n", rb"\r\n", rb"\n")
_MOST = 1 << 20  # bytes at a time


def textual(data: bytes, first: int, last: int) -> Iterator[int]:
    """Offsets in `data[first:last]` where base64 stands for letters and digits, as ASCII or UTF-16.

    One for every credential, at least; line ends do not count.
    """
    for begin in range(first, last, _MOST):
        piece = data[begin : min(last, begin + _MOST + 128)]
        has_ends = b"\n" in piece or b"\\" in piece  # one byte is found much faster than two
        ending = next((ending for ending in _LINE_ENDS if ending in piece), None) if has_ends else None
        if ending and ending.endswith(b"\n"):
            ending = line_end(piece)
        if ending is None:
            yield from (begin + at for at in _samples(piece))
        else:
            lines = _Lines(piece, ending)
            yield from (begin + lines.place(at) for at in _samples(piece.replace(ending, b"")))


def _samples(text: bytes) -> Iterator[int]:
    """Offsets in `text` from which on 24 characters, in one of the alignments, stand for letters and digits."""
    count = (len(text) - 4) // STRIDE + 1
    if count < 2:
        return
    both = -1
    for at, table in enumerate(_tables()):
        both &= int.from_bytes(text[at : at + (count - 1) * STRIDE + 1 : STRIDE].translate(table), "little")
    both &= both >> 8
    if not both:
        return
    alignments = both.to_bytes(count, "little")
    marks = alignments.translate(_ANY)
    index = marks.find(b"\1")
    while index >= 0:
        if _is_textual(text, index * STRIDE, alignments[index]):
            yield index * STRIDE
        index = marks.find(b"\1", index + 1)


_ANY = b"\0" + b"\1" * 255


def _is_textual(text: bytes, at: int, alignments: int) -> bool:
    """Whether all from one sample to the next is text in one of the alignments, whose bits are set."""
    from binascii import a2b_base64

    groups = text[at : at + STRIDE + 4]
    if not groups.isalnum():
        return False
    for bit in range(4):
        if alignments & 17 << bit:
            begin = -bit % 4
            decoded = a2b_base64(groups[begin : begin + STRIDE])
            if decoded.isalnum() or decoded[::2].isalnum() or decoded[1::2].isalnum():
                return True
    return False


@cache
def _tables() -> tuple[bytes, ...]:
    """For each of four characters in a row, the alignments in which a character is possible there, as bits."""
    word = [byte for byte in range(128) if bytes((byte,)).isalnum()]
    ascii_text = possible((word, word, word))
    # Two letters are four bytes in UTF-16, every second of which is zero; a group begins with either.
    wide = [
        one | other for one, other in zip(possible((word, [0], word)), possible(([0], word, [0])), strict=True)
    ]
    tables = []
    for at in range(4):
        table = bytearray(256)
        for bit in range(4):
            for value, sign in enumerate(ALPHABET):
                table[sign] |= (value in ascii_text[(at + bit) % 4]) << bit
                table[sign] |= (value in wide[(at + bit) % 4]) << (bit + 4)
        tables.append(bytes(table))
    return tuple(tables)


def possible(group: tuple[list[int], list[int], list[int]]) -> list[set[int]]:
    """The values that the four characters for three bytes can have (RFC 4648 section 4)."""
    one, two, three = group
    return [
        {a >> 2 for a in one},
        {a << 4 | b for a in {a & 3 for a in one} for b in {b >> 4 for b in two}},
        {b << 2 | c for b in {b & 15 for b in two} for c in {c >> 6 for c in three}},
        {c & 63 for c in three},
    ]


class _Lines:
    """Where the bytes of a text stood before its line ends were left out."""

    def __init__(self, data: bytes, ending: bytes) -> None:
        self._data = data
        self._ending = ending
        self._at = 0
        self._kept = 0

    def place(self, kept: int) -> int:
        """The offset of the byte at `kept`, which must not be less than the time before."""
        while True:
            end = self._data.find(self._ending, self._at)
            if end < 0 or kept < self._kept + end - self._at:
                return self._at + kept - self._kept
            self._kept += end - self._at
            self._at = end + len(self._ending)
