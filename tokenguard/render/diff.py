"""What a change would do to a file, as a unified diff for people."""

from __future__ import annotations

from tokenguard.core.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONTEXT = 3
_LONGEST = 500  # characters of a line; notebooks have images in theirs
_AROUND = 120


def diff_lines(path: str, before: str, after: str, marks: Sequence[str]) -> Iterator[str]:
    """The lines of the diff. The texts have no secret in them.

    Of a long line, what is around `marks` is shown. Nothing in it commands a terminal.
    """
    import difflib

    old, new = (text.removesuffix("\n").split("\n") for text in (before, after))
    # What is the same at both ends is not compared again: files can be long, and changes are few.
    head = _common(old, new, _CONTEXT)
    tail = _common(old[head:][::-1], new[head:][::-1], _CONTEXT)
    old, new = (lines[head : len(lines) - tail] for lines in (old, new))
    shown = printable(path)
    for line in difflib.unified_diff(old, new, f"a/{shown}", f"b/{shown}", n=_CONTEXT, lineterm=""):
        if line.startswith("@@"):
            yield _moved(line, head)
        elif line.startswith(("---", "+++")) and line[4:] in (f"a/{shown}", f"b/{shown}"):
            yield line
        else:
            yield line[0] + "\t".join(map(printable, _excerpt(line[1:].removesuffix("\r"), marks).split("\t")))


def _common(old: list[str], new: list[str], kept: int) -> int:
    """How many lines they begin with alike, less those that are `kept` as context."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return max(0, count - kept)


def _moved(line: str, lines: int) -> str:
    """The head of a hunk, `lines` further down."""
    _, old, new, end = line.split(" ")
    parts = []
    for part in (old, new):
        number, comma, count = part[1:].partition(",")
        parts.append(f"{part[0]}{int(number) + lines}{comma}{count}")
    return f"@@ {' '.join(parts)} {end}"


def _excerpt(line: str, marks: Sequence[str]) -> str:
    if len(line) <= _LONGEST:
        return line
    places = sorted({at for mark in marks if (at := line.find(mark)) >= 0}) or [0]
    first = max(0, places[0] - _AROUND)
    last = min(len(line), places[-1] + 2 * _AROUND, first + 4 * _LONGEST)
    return f"{'…' if first else ''}{line[first:last]}{'…' if last < len(line) else ''}"
