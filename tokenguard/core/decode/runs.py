r"""Where an encoded credential can be at all: long stretches of letters, digits and what escapes are written in.

The base64 of ASCII letters, digits, `_`, `.` and `-` has neither `+` nor `/` in it, but where it shares its last
character with the next byte (`digits` looks at that); hexadecimal has no sign at all, and where the prefix of a
credential is escaped (`hf%5F…`) a body of 32 letters or more follows. Where base64 is wrapped, each line of text
is such a stretch; the line ends of JSON, `\n`, are part of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_OF_NOTEBOOK = rb'[ \t]*\\+(?:r\\+)?n(?:"\s*,\s*")?[ \t]*'
"""The end of a line of code in JSON, which a notebook has as the end of a string."""

WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ALPHABET = WORD + b"+/"
"""That of base64, in its order."""

ESCAPES = b"%\\&#;="
SHORTEST = 32
"""The shortest body of a credential that is drawn at random."""

SHORTEST_BASE64 = 46
"""What 35 bytes need at least in base64, whatever stands beside them."""

_IN_RUN = bytes(97 if byte in WORD + ESCAPES else 32 for byte in range(256))
_IN_LINES = bytes(97 if byte in WORD + b"\\\r\n\t " else 32 for byte in range(256))
_RUN = b"a" * SHORTEST
_PIECE = 64 * 1024
_CHUNK = 4096
_END = 128
_SEAM = 256
_IN_BASE64 = WORD + b"+/-_\r\n\\"
_HEXADECIMAL = b"0123456789abcdefABCDEF\r\n"


def has_run(data: bytes) -> bool:
    """Whether there is a run; in large data, it is looked for piece by piece, and most have one early or never."""
    if len(data) <= _PIECE:
        return _RUN in data.translate(_IN_RUN)
    return any(
        _RUN in data[first : first + _PIECE + SHORTEST].translate(_IN_RUN) for first in range(0, len(data), _PIECE)
    )


def marked(data: bytes) -> bytes | None:
    """What `runs` needs to know of `data`, None where there is no run."""
    if len(data) > _PIECE:
        return b"" if has_run(data) else None
    marks = data.translate(_IN_RUN)
    return marks if _RUN in marks else None


def runs(data: bytes, marks: bytes) -> Iterator[tuple[int, int]]:
    """The runs in `data`, in order; of a large stretch of base64 only those that may hold text."""
    if marks:
        start = marks.find(_RUN)
        while start >= 0:
            end = marks.find(b" ", start)
            if end < 0:
                end = len(marks)
            yield start, end
            start = marks.find(_RUN, end)
        return
    done = 0
    stretches: Iterator[tuple[int, int]]
    for first, last, is_flat in _segments(data):
        if is_flat:
            from tokenguard.core.decode.sampling import textual

            places = textual(data, first, min(len(data), last + _SEAM))
            # Of a run that is told already, no other place is gone around: there may be one for every 20 bytes.
            stretches = (_around(data, at, _IN_LINES) for at in places if at >= done)
        else:
            stretches = _within(data, max(0, first - _SEAM), min(len(data), last + _SEAM))
        for start, end in stretches:
            if end > done:
                yield start, end
                done = end


def _within(data: bytes, first: int, last: int) -> Iterator[tuple[int, int]]:
    marks = data[first:last].translate(_IN_RUN)
    position = 0
    while (start := marks.find(_RUN, position)) >= 0:
        end = marks.find(b" ", start)
        position = len(marks) if end < 0 else end
        if (start == 0 and first) or (position == len(marks) and last < len(data)):  # it goes on beyond
            yield _around(data, first + start)
        else:
            yield first + start, first + position


def _around(data: bytes, at: int, table: bytes = _IN_RUN) -> tuple[int, int]:
    """The whole run that offset `at` is in; of lines, if `table` has what is between them."""
    start = at
    while start and (left := data[max(0, start - _CHUNK) : start].translate(table)):
        kept = len(left) - 1 - left.rfind(b" ")
        start -= kept
        if kept < len(left):
            break
    end = at
    while right := data[end : end + _CHUNK].translate(table):
        kept = right.find(b" ")
        end += len(right) if kept < 0 else kept
        if kept >= 0:
            break
    return start, end


def _segments(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """`data` cut into stretches that are one long string of base64, and others."""
    begun, was_flat = 0, False
    for first in range(0, len(data), _CHUNK):
        chunk = data[first : first + _CHUNK]
        is_flat = _is_flat(chunk)
        if is_flat == was_flat:
            continue
        # Where it changes is within the chunk that is not flat.
        if is_flat:
            before = data[begun:first][-_CHUNK:]
            edge = first - len(before) + len(before.rstrip(_IN_BASE64))
        else:
            edge = first + len(chunk) - len(chunk.lstrip(_IN_BASE64))
        if edge > begun:
            yield begun, edge, was_flat
        begun, was_flat = edge, is_flat
    yield begun, len(data), was_flat


def line_end(text: bytes) -> bytes:
    """The first line end in `text`, with the indentation of the line after it."""
    at = text.find(b"\n")
    if at < 0:
        return b"\n"
    behind = text[at + 1 : at + 1 + _END]
    begin = at - (text[at - 1 : at] == b"\r")
    return text[begin : at + 1 + len(behind) - len(behind.lstrip(b" \t"))]


def _is_flat(chunk: bytes) -> bool:
    """Whether a chunk has none of the characters that any text has; line ends may be those of JSON.

    Hexadecimal and long rows of escapes are not for sampling.
    """
    if b'"' in chunk or b"." in chunk:
        return False
    if b" " in chunk:
        lines = chunk.strip(b" \r\n")
        ending = line_end(lines)
        if lines.count(b" ") != lines.count(ending) * ending.count(b" "):
            return False
    ends = chunk[:_END] + chunk[-_END:]
    if b"%" in ends or b"&" in ends or b"=" in ends or not ends.strip(_HEXADECIMAL):
        return False
    return b"\\" not in chunk or chunk.count(b"\\") == chunk.count(b"\\n") + chunk.count(b"\\r")
