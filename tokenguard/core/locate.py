"""From offsets to lines and columns, as an editor counts them."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenguard.core.blob import Window
    from tokenguard.core.detect import Span

# git's own measure of what is text (buffer_is_binary in xdiff-interface.c).
_LOOKED_AT_FOR_NUL = 8000
# How much of a line is shown to those who look for a pragma. Lines of megabytes exist; comments that long do not.
_LINE_REACH = 4096
_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Place(NamedTuple):
    """Where a Span stands. Lines and columns count from 1; `end_column` is the first column after it.

    Columns are characters of the line as UTF-8 or, after its mark, UTF-16, else bytes. What goes on over several
    lines ends with the first. `text` is the line around the Span, `above` the one before it.
    """

    line: int
    column: int
    end_column: int
    text: bytes
    above: bytes


class Locator:
    """Counts through the windows of one Blob, in order, in one pass: no byte is counted twice."""

    def __init__(self) -> None:
        self._offset = 0
        self._binary = False
        self._width = 1  # bytes a character, where they are not UTF-8
        self._line = 1
        self._begin_line()

    def _begin_line(self) -> None:
        self._bytes = self._characters = 0  # on the current line, before `_offset`
        self._cut = b""  # the first bytes of a character that the last count ended within
        self._is_text = True

    def feed(self, window: Window, spans: Iterable[Span]) -> Iterator[Place]:
        """The places of `spans`, which are those of `window` and sorted."""
        if window.first == 0:
            self._binary = b"\0" in window.data[:_LOOKED_AT_FOR_NUL]
            self._width = 2 if window.data.startswith(_MARKS_OF_UTF_16) else 1
        for span in spans:
            self._count(window, window.start + span.start)
            line_end = window.data.find(b"\n", span.start, span.end)
            width = ((line_end if line_end >= 0 else span.end) - span.start) // self._width
            text, above = _lines_around(window.data, span)
            if self._width > 1:
                text, above = text.replace(b"\0", b""), above.replace(b"\0", b"")
            column = self._column()
            yield Place(self._line, column, column + width, text, above)
        if not window.is_last:
            self._count(window, window.last)

    def _count(self, window: Window, offset: int) -> None:
        part = window.data[self._offset - window.start : offset - window.start]
        self._offset = offset
        newlines = part.count(b"\n")
        if newlines:
            self._line += newlines
            self._begin_line()
            part = part[part.rfind(b"\n") + 1 :]
        self._bytes += len(part)
        if self._binary or not self._is_text:
            return
        part = self._cut + part
        try:
            self._characters += len(part.decode())
            self._cut = b""
        except UnicodeDecodeError as error:
            self._is_text = error.reason == "unexpected end of data"
            if self._is_text:
                self._characters += len(part[: error.start].decode())
                self._cut = part[error.start :]

    def _column(self) -> int:
        # A credential is ASCII: a character that it would cut is none.
        is_text = self._is_text and not self._cut and not self._binary
        return (self._characters if is_text else self._bytes // self._width) + 1


def _lines_around(data: bytes, span: Span) -> tuple[bytes, bytes]:
    left = data.rfind(b"\n", max(0, span.start - _LINE_REACH), span.start) + 1 or max(0, span.start - _LINE_REACH)
    right = data.find(b"\n", span.end, span.end + _LINE_REACH)
    text = data[left : right if right >= 0 else span.end + _LINE_REACH]
    if left == 0 or data[left - 1 : left] != b"\n":
        return text, b""
    return text, data[max(0, left - 1 - _LINE_REACH) : left - 1].rpartition(b"\n")[2]
