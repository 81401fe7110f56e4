"""The string literals of Python source, each with its prefix and quotes, and what an f-string has in braces.

https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals. The syntax tree of Python has
several literals that stand side by side as one, and places within f-strings only from 3.12 on.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

_CLOSING = {b"(": b")", b"[": b"]", b"{": b"}"}


class LiteralError(ValueError):
    """What was to be read is not made of string literals."""


class Literal(NamedTuple):
    """One literal: where it begins with its prefix, where what is in its quotes begins and ends, where it ends.

    `prefix` is in lower case. `fields` are the stretches in braces of an f-string, with the braces; `inner` the
    literals within them.
    """

    start: int
    body: int
    end_of_body: int
    end: int
    prefix: bytes
    quote: bytes
    fields: tuple[tuple[int, int], ...] = ()
    inner: tuple[Literal, ...] = ()

    @property
    def is_formatted(self) -> bool:
        """Whether braces in it have a meaning."""
        return b"f" in self.prefix or b"t" in self.prefix

    @property
    def is_raw(self) -> bool:
        """Whether a backslash in it is one."""
        return b"r" in self.prefix

    @property
    def is_bytes(self) -> bool:
        """Whether it is a literal of bytes."""
        return b"b" in self.prefix


@cache
def _opening() -> re.Pattern[bytes]:
    return re.compile(rb"""([A-Za-z]{0,2})(\"\"\"|'''|"|')""")


@cache
def _between() -> re.Pattern[bytes]:
    return re.compile(rb"(?:[ \t\f\r\n]+|\\(?:\r\n|\r|\n)|#[^\r\n]*)*")


def literals(source: bytes, start: int, end: int) -> list[Literal]:
    """The literals of which `source[start:end]` is made. Raises LiteralError where it is made of anything else."""
    found = []
    while start < end:
        literal = _literal(source, start)
        found.append(literal)
        start = _skip(_between(), source, literal.end)
    if not found or found[-1].end != end:
        raise LiteralError
    return found


def _skip(pattern: re.Pattern[bytes], source: bytes, at: int) -> int:
    match = pattern.match(source, at)
    return match.end() if match else at


def _literal(source: bytes, start: int) -> Literal:
    opening = _opening().match(source, start)
    if opening is None:
        raise LiteralError
    prefix, quote = opening.group(1).lower(), opening.group(2)
    literal = Literal(start, opening.end(), 0, 0, prefix, quote)
    fields: list[tuple[int, int]] = []
    inner: list[Literal] = []
    at = literal.body
    while not source.startswith(quote, at):
        if at >= len(source):
            raise LiteralError
        here = source[at : at + 1]
        if literal.is_formatted and here in (b"{", b"}") and source[at : at + 2] != here * 2:
            if here == b"}":
                raise LiteralError
            end = _field(source, at, inner)
            fields.append((at, end))
            at = end
        elif literal.is_formatted and here in (b"{", b"}"):
            at += 2
        elif here != b"\\":
            at += 1
        elif literal.is_formatted and not literal.is_raw and source.startswith(b"N{", at + 1):
            at = source.index(b"}", at) + 1
        else:
            at += 1 if literal.is_formatted and source[at + 1 : at + 2] in (b"{", b"}") else 2
    return literal._replace(end_of_body=at, end=at + len(quote), fields=tuple(fields), inner=tuple(inner))


def _field(source: bytes, start: int, inner: list[Literal]) -> int:
    """Where the field that opens at `start` ends; the literals in its expressions join `inner`."""
    closing = [b"}"]
    in_format = False
    at = start + 1
    while closing:
        here = source[at : at + 1]
        if not here or here == b"#":  # a comment, from 3.12 on
            raise LiteralError
        if here == closing[-1]:
            closing.pop()
            at += 1
        elif here == b"{" and in_format:
            at = _field(source, at, inner)
        elif in_format:
            at += 1
        elif here in _CLOSING:
            closing.append(_CLOSING[here])
            at += 1
        elif here == b":" and len(closing) == 1:
            in_format = True
            at += 1
        elif (opening := _opening().match(source, at)) and not _is_name(source[at - 1 : at]):
            literal = _literal(source, opening.start())
            inner.append(literal)
            at = literal.end
        else:
            at += 1
    return at


def _is_name(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_" or byte >= b"\x80"
