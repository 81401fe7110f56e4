"""`.netrc`: words, of which each machine's entry has some, on one line or on many.

https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html; quotes and comments as Python's
netrc has them.
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.places.spot import cut, line_end, line_start, spot, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.detect import Span
    from tokenguard.core.places.spot import Spot
    from tokenguard.core.rewrite.edit import Edit

_VALUES = (b"login", b"user", b"account", b"password")


class _Entry:
    """The words of a machine's entry, and which of them are values."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.words: list[tuple[int, int]] = []
        self.values: list[tuple[int, int]] = []


def find(data: bytes, spans: Sequence[Span]) -> list[Spot]:
    """The Spots of `spans`, each called what the machine is; with a token goes the entry of its machine."""
    entries = list(_entries(data))
    found = []
    for span in spans:
        entry = next((one for one in entries if any(a <= span.start < b for a, b in one.values)), None)
        if entry is None:
            found.append(spot(data, span))
        else:
            found.append(spot(data, span, entry.name, _without(data, entry.words)))
    return found


def _entries(data: bytes) -> Iterator[_Entry]:
    entry: _Entry | None = None
    at = 0
    while match := _word().search(data, at):
        word, at = match.group(), match.end()
        if word.startswith(b"#"):
            at = line_end(data, match.start())
        elif word == b"macdef":  # ends with an empty line
            end = _empty_line().search(data, at)
            at = end.end() if end else len(data)
        elif word in (b"machine", b"default"):
            if entry:
                yield entry
            host = _word().search(data, at) if word == b"machine" else None
            entry = _Entry(text(host.group().strip(b'"')) if host else None)
            entry.words.append(match.span())
            if host:
                entry.words.append(host.span())
                at = host.end()
        elif word in _VALUES and entry and (value := _word().search(data, at)):
            entry.words += [match.span(), value.span()]
            entry.values.append(value.span())
            at = value.end()
    if entry:
        yield entry


def _without(data: bytes, words: Sequence[tuple[int, int]]) -> list[Edit]:
    """Cuts `words` out, with the lines of which nothing else is left."""
    by_line: dict[int, list[tuple[int, int]]] = {}
    for start, end in words:
        by_line.setdefault(line_start(data, start), []).append((start, end))
    edits = []
    for begin, (*_, (_, end)) in by_line.items():
        start = by_line[begin][0][0]
        stop = line_end(data, end)
        rest = data[end:stop]
        if data[begin:start].strip():  # another entry stands before it
            start -= len(data[begin:start]) - len(data[begin:start].rstrip())
        elif rest.strip():
            end += len(rest) - len(rest.lstrip())
        else:
            start, end = begin, stop
        edits.append(cut(start, end))
    return edits


@cache
def _word() -> re.Pattern[bytes]:
    return re.compile(rb'"(?:\\.|[^"\\])*"|\S+')


@cache
def _empty_line() -> re.Pattern[bytes]:
    return re.compile(rb"\n\r?\n")
