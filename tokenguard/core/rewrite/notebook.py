"""Notebooks of Jupyter: JSON that is edited as text, so that not a byte changes beside what has to.

The sources of code cells are Python, outputs and all else take placeholders:
https://nbformat.readthedocs.io/en/latest/format_description.html.
"""

from __future__ import annotations

import bisect
import json
import re
from functools import cache
from typing import NamedTuple

from tokenguard.core.rewrite import python, tree
from tokenguard.core.rewrite.edit import Change, Edit, NotRewritableError, Rewritten, apply, with_placeholders

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from tokenguard.core.rewrite.edit import Stretch

# Magics of cells whose content is Python all the same (IPython/core/magics/execution.py).
_PYTHON_MAGICS = (b"time", b"timeit", b"capture", b"prun", b"debug")
_LOOKS_INTO_STRINGS = 3  # the depth of cells, a number, source


class _String(NamedTuple):
    """A string of the document: in quotes in `data[start:end]`, below the keys and indices `path`."""

    path: tuple[str | int, ...]
    start: int
    end: int


class _Piece(NamedTuple):
    """`length` bytes of a source from `start` on, written in `raw_length` bytes of the document from `raw` on."""

    start: int
    length: int
    raw: int
    raw_length: int


def rewrite(data: bytes, stretches: Sequence[Stretch]) -> Rewritten:
    """`data`, a notebook, with every Stretch out of it. Raises NotRewritableError where it is no JSON."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise NotRewritableError("it is no notebook: its JSON is damaged") from None
    change = _change(data, document, stretches)
    written = apply(data, change.edits)
    try:
        json.loads(written)
    except ValueError:
        change = with_placeholders(stretches)
        written = apply(data, change.edits)
    return Rewritten(written, tuple(change.puts))


def _change(data: bytes, document: Any, stretches: Sequence[Stretch]) -> Change:
    change = with_placeholders(stretches)
    if not _is_python(document):
        return change
    sources: dict[int, list[_String]] = {}
    for string in _strings(data):
        if string.path[0] == "cells" and len(string.path) >= _LOOKS_INTO_STRINGS and string.path[2] == "source":
            sources.setdefault(int(string.path[1]), []).append(string)
    cells = [
        (_Source(data, strings), strings)
        for number, strings in sorted(sources.items())
        if document["cells"][number].get("cell_type") == "code"
    ]
    if any(_says(tree.binds_os, source.text) for source, _ in cells):  # cells share their names
        return change
    has_os = False
    for source, strings in cells:
        mine = [
            index
            for index, stretch in enumerate(stretches)
            if any(string.start < stretch.start < string.end for string in strings)
        ]
        if mine:
            has_os |= source.rewrite(stretches, mine, change, has_os=has_os)
        has_os = has_os or _says(tree.imports_os, source.text)
    return change


def _is_python(document: Any) -> bool:
    """Whether its kernel runs Python, which is what Jupyter takes where nothing is said."""
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        return False
    if not all(isinstance(cell, dict) for cell in document["cells"]):
        return False
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return False
    kernel, language = metadata.get("kernelspec"), metadata.get("language_info")
    said = [
        value
        for table, key in ((kernel, "language"), (language, "name"))
        if isinstance(table, dict) and isinstance(value := table.get(key), str)
    ]
    return all(name.lower().startswith(("python", "ipython")) for name in said)


def _says(question: Callable[[ast.Module], bool], source: bytes) -> bool:
    """The answer to a question about the Python in the source of a cell; no where there is none."""
    for text in (source, _without_magics(source)):
        try:
            return text is not None and question(tree.parse(text))
        except tree.NO_PYTHON:  # noqa: PERF203 -- twice
            continue
    return False


class _Source:
    """The source of a cell, which is the text of one or more strings of the document."""

    def __init__(self, data: bytes, strings: list[_String]) -> None:
        self._data = data
        self._strings = strings
        self._pieces: list[_Piece] = []
        parts = []
        length = 0
        for string in strings:
            for match in _units().finditer(data, string.start + 1, string.end - 1):
                raw = match.group()
                part = json.loads(b'"%s"' % raw).encode("utf-8", "surrogatepass") if raw[:1] == b"\\" else raw
                self._pieces.append(_Piece(length, len(part), match.start(), len(raw)))
                parts.append(part)
                length += len(part)
        self.text = b"".join(parts)

    def rewrite(self, stretches: Sequence[Stretch], mine: list[int], change: Change, *, has_os: bool) -> bool:
        """Has those of `stretches` looked up that are `mine`, in `change`. True where it has imported `os`."""
        moved = []
        for index in mine:
            start = self._of_raw(stretches[index].start)
            moved.append(
                stretches[index]._replace(start=start, end=start + stretches[index].end - stretches[index].start)
            )
        for text in (self.text, _without_magics(self.text)):
            if text is None:
                continue
            local = python.change_of(self.text, moved, parsed=text, has_os=has_os)
            if local.puts != [stretch.placeholder for stretch in moved]:
                break
        else:
            return False
        for index, put in zip(mine, local.puts, strict=True):
            change.puts[index] = put
        taken = {(stretches[index].start, stretches[index].end) for index in mine}
        change.edits[:] = [edit for edit in change.edits if (edit.start, edit.end) not in taken]
        change.edits.extend(map(self._to_raw, local.edits))
        return any(edit.text.startswith(b"import os") for edit in local.edits)

    def _of_raw(self, raw: int) -> int:
        at = bisect.bisect_right([piece.raw for piece in self._pieces], raw) - 1
        return self._pieces[at].start + raw - self._pieces[at].raw

    def _to_raw(self, edit: Edit) -> Edit:
        start = self._raw(edit.start)
        if edit.start == edit.end and edit.text.endswith(b"\n"):
            for string in self._strings:
                if string.start + 1 == start and len(string.path) > _LOOKS_INTO_STRINGS:
                    return self._lines_before(string, edit.text)
        end = start if edit.start == edit.end else self._raw_end(edit.end - 1)
        return Edit(start, end, json.dumps(edit.text.decode())[1:-1].encode())

    def _raw(self, offset: int) -> int:
        """Where the byte at `offset` is written; behind the last one where there is none."""
        at = bisect.bisect_right([piece.start for piece in self._pieces], offset) - 1
        piece = self._pieces[at]
        if offset >= piece.start + piece.length:
            return piece.raw + piece.raw_length
        return piece.raw + (offset - piece.start if piece.length == piece.raw_length else 0)

    def _raw_end(self, offset: int) -> int:
        """Where that ends of which the byte at `offset` is written: a quote, say, takes two bytes."""
        at = bisect.bisect_right([piece.start for piece in self._pieces], offset) - 1
        piece = self._pieces[at]
        is_plain = piece.length == piece.raw_length
        return piece.raw + (offset - piece.start + 1 if is_plain else piece.raw_length)

    def _lines_before(self, string: _String, text: bytes) -> Edit:
        """Lines as strings of their own, as far apart from the next as that is from the one before it."""
        before = self._data[: string.start]
        space = before[len(before.rstrip(b" \t\r\n")) :]
        lines = text.decode().splitlines(keepends=True)
        return Edit(
            string.start, string.start, b"".join(json.dumps(line).encode() + b"," + space for line in lines)
        )


def _without_magics(source: bytes) -> bytes | None:
    """`source` with other text of the same length for what only IPython understands; None where it is not Python.

    https://ipython.readthedocs.io/en/stable/interactive/reference.html
    """
    lines = source.splitlines(keepends=True)
    goes_on = False
    for number, line in enumerate(lines):
        code = line.rstrip(b"\r\n")
        match = _magic().match(code)
        if number == 0 and code.startswith(b"%%"):
            words = code[2:].split()
            if not words or words[0] not in _PYTHON_MAGICS:
                return None
            kept, filler = 0, b""
        elif goes_on:
            kept, filler = 0, b""
        elif match:
            kept, filler = match.end(1), b"0"
        elif code.rstrip().endswith(b"?") and not code.lstrip().startswith(b"#"):
            kept, filler = len(code) - len(code.lstrip()), b"0"
        else:
            continue
        goes_on = code.endswith(b"\\")
        lines[number] = code[:kept] + filler + b" " * (len(code) - kept - len(filler)) + line[len(code) :]
    return b"".join(lines)


@cache
def _magic() -> re.Pattern[bytes]:
    return re.compile(rb"([ \t]*(?:[A-Za-z_][\w, ]*=[ \t]*)?)[%!?]")


@cache
def _units() -> re.Pattern[bytes]:
    """What JSON writes for one character, or for a row of them that stand for themselves (RFC 8259 section 7)."""
    return re.compile(rb"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.|[^\\]+")


@cache
def _tokens() -> re.Pattern[bytes]:
    return re.compile(rb'[ \t\r\n]*(?:("(?:[^"\\]+|\\.)*")|([{}\[\],:])|[^\s{}\[\],:"]+)', re.DOTALL)


def _strings(data: bytes) -> Iterator[_String]:
    """The strings that are values in `data`, which is JSON, and no keys."""
    path: list[str | int] = []
    is_key: list[bool] = []  # whether the next string is one; for each object or list around
    for match in _tokens().finditer(data):
        string, mark = match.groups()
        if string is not None:
            if is_key and is_key[-1]:
                path[-1] = json.loads(string)
            elif path:
                yield _String(tuple(path), *match.span(1))
        elif mark in (b"{", b"["):
            path.append("" if mark == b"{" else 0)
            is_key.append(mark == b"{")
        elif mark in (b"}", b"]"):
            path.pop()
            is_key.pop()
        elif mark == b":":
            is_key[-1] = False
        elif mark == b"," and isinstance(path[-1], int):
            path[-1] += 1
        elif mark == b",":
            is_key[-1] = True
