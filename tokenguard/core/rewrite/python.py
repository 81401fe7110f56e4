"""Python: what a literal has of a secret is looked up in `os.environ`.

Where no expression may stand, or none would make sense (comments, docstrings, patterns, annotations), and in what
this Python cannot parse, a placeholder does.
"""

from __future__ import annotations

import ast
import bisect
import io
import re
import tokenize
from functools import cache
from typing import NamedTuple

from tokenguard.core.rewrite.edit import Change, Edit, Rewritten, apply, with_placeholders
from tokenguard.core.rewrite.literals import Literal, literals
from tokenguard.core.rewrite.tree import (
    NO_PYTHON,
    binds_os,
    fixed,
    is_docstring,
    is_from_future,
    is_import_of_os,
    is_text,
    parse,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.rewrite.edit import Stretch

# The tree takes a hundred times as much memory as the source; no one writes so much by hand.
_LARGEST = 4 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_COOKIE_LINES = 2  # where the encoding may be declared (PEP 263), below a first line for the system


class _Text(NamedTuple):
    """A literal, or several side by side: an expression may stand in its place unless it `is_fixed`."""

    start: int
    end: int
    is_fixed: bool


def rewrite(data: bytes, stretches: Sequence[Stretch]) -> Rewritten:
    """`data`, a module of Python, with every Stretch out of it."""
    try:
        if len(data) > _LARGEST:
            raise ValueError("too large to be parsed")
        source, encoding = _decoded(data)
        moved = [_moved(data, stretch, encoding) for stretch in stretches]
    except (SyntaxError, ValueError, LookupError):
        change = with_placeholders(stretches)
        return Rewritten(apply(data, change.edits), tuple(change.puts))
    change = change_of(source, moved)
    written = apply(source, change.edits).decode().encode(encoding)
    return Rewritten((_BOM if data.startswith(_BOM) else b"") + written, tuple(change.puts))


def _decoded(data: bytes) -> tuple[bytes, str]:
    """The source in UTF-8, in which the tree counts, and its encoding. Raises ValueError, SyntaxError."""
    text = data.removeprefix(_BOM)
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    source = text.decode(encoding)
    if source.encode(encoding) != text:
        raise ValueError(encoding)
    return source.encode(), encoding


def _moved(data: bytes, stretch: Stretch, encoding: str) -> Stretch:
    skipped = len(_BOM) if data.startswith(_BOM) else 0
    start = len(data[skipped : stretch.start].decode(encoding).encode())
    return stretch._replace(start=start, end=start + stretch.end - stretch.start)


def change_of(
    source: bytes, stretches: Sequence[Stretch], *, parsed: bytes | None = None, has_os: bool = False
) -> Change:
    """The Change that takes every Stretch out of `source`, which is in UTF-8.

    `parsed` is what to parse in its place where it is not quite Python, of the same length and with the same
    literals. `has_os` says that `os` is imported before it runs.
    """
    placeholders = with_placeholders(stretches)
    parsed = source if parsed is None else parsed
    try:
        tree = parse(parsed)
        edits, puts = _Rewriter(parsed, tree, stretches).change(has_os=has_os)
        parse(apply(parsed, [edit for edit in edits if _is_kept(source, parsed, edit)]))
    except NO_PYTHON:
        return placeholders
    return Change(edits, puts)


def _is_kept(source: bytes, parsed: bytes, edit: Edit) -> bool:
    return parsed[edit.start : edit.end] == source[edit.start : edit.end]


class _Rewriter:
    """`source` is parsed as `tree`."""

    def __init__(self, source: bytes, tree: ast.Module, stretches: Sequence[Stretch]) -> None:
        self._source = source
        self._tree = tree
        self._stretches = stretches
        self._lines = [0, *(match.end() for match in _line_end().finditer(source))]
        self._edits: list[Edit] = []
        self._puts = [stretch.placeholder for stretch in stretches]

    def change(self, *, has_os: bool) -> Change:
        """The edits, which may turn out not to be Python. Raises LiteralError."""
        texts = sorted(self._texts()) if self._may_use_os() else []
        starts = [text.start for text in texts]
        left = []
        by_text: dict[_Text, list[int]] = {}
        for index, stretch in enumerate(self._stretches):
            at = bisect.bisect_right(starts, stretch.start) - 1
            if at >= 0 and stretch.end <= texts[at].end and not texts[at].is_fixed:
                by_text.setdefault(texts[at], []).append(index)
            else:
                left.append(index)
        for text, indices in by_text.items():
            left += self._look_up(text, indices)
        for index in left:
            stretch = self._stretches[index]
            self._edits.append(Edit(stretch.start, stretch.end, stretch.placeholder.encode()))
        used = [stretch.start for index, stretch in enumerate(self._stretches) if index not in left]
        if used and not has_os and not self._has_os_before(min(used)):
            self._edits.append(self._import())
        return Change(self._edits, self._puts)

    # What is there.

    def _at(self, line: int, column: int) -> int:
        return self._lines[line - 1] + column

    def _extent(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        return (
            self._at(node.lineno, node.col_offset),
            self._at(node.end_lineno or node.lineno, node.end_col_offset or 0),
        )

    def _texts(self) -> Iterator[_Text]:
        """Every literal, and every row of them."""
        waiting: list[tuple[ast.AST, bool]] = [(self._tree, False)]
        while waiting:
            node, is_fixed = waiting.pop()
            if is_text(node):
                yield _Text(*self._extent(node), is_fixed)
                continue  # what is within an f-string is found by its literals
            kept = {id(child) for child in fixed(node)}
            waiting += [(child, is_fixed or id(child) in kept) for child in ast.iter_child_nodes(node)]

    def _may_use_os(self) -> bool:
        """Whether `os` means the module wherever it is imported at the top: nothing else is called so."""
        if binds_os(self._tree):
            return False
        for node in ast.walk(self._tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                # A name that is imported in a function belongs to all of it, also above the import.
                imports = [
                    inner for inner in ast.walk(node) if isinstance(inner, ast.Import) and is_import_of_os(inner)
                ]
                first, last = self._extent(node)
                mine = [stretch.start for stretch in self._stretches if first <= stretch.start < last]
                if imports and any(start < max(self._extent(inner)[0] for inner in imports) for start in mine):
                    return False
        return True

    def _has_os_before(self, offset: int) -> bool:
        return any(is_import_of_os(node) and self._extent(node)[0] < offset for node in self._tree.body)

    # What is put there.

    def _look_up(self, text: _Text, indices: list[int]) -> list[int]:
        """Edits `text` so that what was in it is looked up; gives the indices for which that cannot be."""
        row = literals(self._source, text.start, text.end)
        left: list[int] = []
        needs_sum: list[tuple[Literal, list[int]]] = []
        for literal in row:
            mine = [index for index in indices if literal.start <= self._stretches[index].start < literal.end]
            if not mine:
                continue
            if any(self._is_escaped(index) for index in mine):
                left += mine
            elif literal.is_formatted:
                left += [index for index in mine if not self._insert(literal, index)]
            elif len(row) == 1 and self._is_all_of(literal, mine[0]):
                self._put(mine[0], literal.start, literal.end, as_bytes=literal.is_bytes)
            elif not literal.is_bytes and not re.search(
                rb"[{}]", self._source[literal.body : literal.end_of_body]
            ):
                self._format(literal, mine)
            elif not self._can_be_cut(literal, mine):
                left += mine
            else:
                needs_sum.append((literal, mine))
        if needs_sum:
            self._add_up(text, row, needs_sum)
        return left

    def _is_escaped(self, index: int) -> bool:
        """Whether a backslash stands before it, and means something else without it."""
        before = self._source[: self._stretches[index].start]
        return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1

    def _is_all_of(self, literal: Literal, index: int) -> bool:
        stretch = self._stretches[index]
        return (literal.body, literal.end_of_body) == (stretch.start, stretch.end)

    def _look(self, index: int, quote: str = '"', *, as_bytes: bool = False) -> str:
        return f"os.environ[{quote}{self._stretches[index].variable}{quote}]" + ".encode()" * as_bytes

    def _put(self, index: int, start: int, end: int, quote: str = '"', *, as_bytes: bool = False) -> None:
        look = self._look(index, quote, as_bytes=as_bytes)
        self._puts[index] = look
        self._edits.append(Edit(start, end, self._apart(start) + look.encode()))

    def _apart(self, start: int) -> bytes:
        """A space, where a keyword stands right before a quote."""
        before = self._source[max(0, start - 1) : start]
        return b" " if before.isalnum() or before == b"_" else b""

    def _insert(self, literal: Literal, index: int) -> bool:
        """Puts it into an f-string. False where it stands in braces, and is not a literal of its own there."""
        stretch = self._stretches[index]
        if any(start <= stretch.start < end for start, end in literal.fields):
            for inner in literal.inner:
                if self._is_all_of(inner, index) and len(inner.quote) == 1 and inner.prefix in (b"", b"r"):
                    self._put(index, inner.start, inner.end, inner.quote.decode())
                    return True
            return False
        self._put_field(literal, index)
        return True

    def _put_field(self, literal: Literal, index: int) -> None:
        # Before 3.12 the quotes of an f-string do not stand within its braces.
        look = self._look(index, "'" if literal.quote.startswith(b'"') else '"')
        self._puts[index] = look
        stretch = self._stretches[index]
        self._edits.append(Edit(stretch.start, stretch.end, f"{{{look}}}".encode()))

    def _format(self, literal: Literal, indices: list[int]) -> None:
        """Makes an f-string of a literal without braces."""
        prefix = (
            self._source[literal.start : literal.body - len(literal.quote)].replace(b"u", b"").replace(b"U", b"")
        )
        quotes = literal.body - len(literal.quote)
        self._edits.append(Edit(literal.start, quotes, self._apart(literal.start) + b"f" + prefix))
        for index in indices:
            self._put_field(literal, index)

    def _can_be_cut(self, literal: Literal, indices: list[int]) -> bool:
        """Whether the literal can end before each of these: a quote there must not join those that end it."""
        mark = literal.quote[:1]
        return len(literal.quote) == 1 or not any(
            self._source[self._stretches[index].start - 1 : self._stretches[index].start] == mark
            and self._stretches[index].start > literal.body
            and literal.is_raw
            for index in indices
        )

    def _add_up(self, text: _Text, row: list[Literal], cut: list[tuple[Literal, list[int]]]) -> None:
        """Cuts literals apart, and has the parts added up, in parentheses."""
        opens_with_look = {
            literal.start for literal, indices in cut if self._stretches[indices[0]].start == literal.body
        }
        for literal, indices in cut:
            place = row.index(literal)
            following = row[place + 1].start if place + 1 < len(row) else None
            self._cut(
                literal,
                indices,
                is_first=place == 0,
                joins=following is not None and following not in opens_with_look,
            )
        self._edits += [Edit(text.start, text.start, b"("), Edit(text.end, text.end, b")")]

    def _cut(self, literal: Literal, indices: list[int], *, is_first: bool, joins: bool) -> None:
        quote = literal.quote
        opening = self._source[literal.start : literal.body]
        position = literal.body
        for number, index in enumerate(indices):
            stretch = self._stretches[index]
            look = self._look(index, as_bytes=literal.is_bytes)
            self._puts[index] = look
            start, end, text = stretch.start, stretch.end, look.encode()
            if start > position:
                closing = quote
                if (
                    len(quote) > 1
                    and self._source[start - 1 : start] == quote[:1]
                    and not self._is_escaped_at(start - 1)
                ):
                    start, closing = start - 1, b"\\" + quote[:1] + quote
                text = closing + b" + " + text
            elif number:
                text = b" + " + text
            elif start == literal.body:
                start, text = literal.start, (b"" if is_first else b"+ ") + text
            is_followed = number + 1 < len(indices) and self._stretches[indices[number + 1]].start == end
            if end == literal.end_of_body:
                end, text = literal.end, text + b" +" * joins
            elif not is_followed:
                text += b" + " + opening
            self._edits.append(Edit(start, end, text))
            position = end

    def _is_escaped_at(self, offset: int) -> bool:
        before = self._source[max(0, offset - 64) : offset]
        return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1

    def _import(self) -> Edit:
        """The import of `os`, above the first statement that can have something above it."""
        body = self._tree.body
        place = 0
        while place < len(body) and (is_docstring(body[place], place) or is_from_future(body[place])):
            place += 1
        first = body[place]
        line = min([first.lineno, *(node.lineno for node in getattr(first, "decorator_list", []))])
        start = self._lines[line - 1]
        statement = self._extent(first)[0]
        if line == first.lineno and self._source[start:statement].strip():
            return Edit(statement, statement, b"import os; ")  # behind a docstring, on its line
        newline = self._newline()
        if isinstance(first, ast.Import | ast.ImportFrom):
            return Edit(start, start, b"import os" + newline)
        while self._is_comment_of_code(line - 1):
            line -= 1
        start = self._lines[line - 1]
        return Edit(start, start, b"import os" + newline * 2)

    def _is_comment_of_code(self, line: int) -> bool:
        """Whether there is a comment on `line`, and no declaration for the system."""
        if line < 1:
            return False
        text = self._source[self._lines[line - 1] : self._lines[line]]
        is_declaration = line <= _COOKIE_LINES and (text.startswith(b"#!") or _cookie().match(text))
        return text.lstrip().startswith(b"#") and not is_declaration

    def _newline(self) -> bytes:
        match = _line_end().search(self._source)
        return match.group() if match else b"\n"


@cache
def _line_end() -> re.Pattern[bytes]:
    return re.compile(rb"\r\n|\r|\n")


@cache
def _cookie() -> re.Pattern[bytes]:
    # https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations
    return re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")
