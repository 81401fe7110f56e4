"""Scripts of sh, bash, zsh and the like: the shell itself looks a secret up, as the quotes around it allow.

Where it is not plain what a place means to the shell, a placeholder does. Its grammar:
https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html sections 2.2 to 2.7.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from tokenguard.core.rewrite.edit import Edit, Rewritten, apply, with_placeholders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.core.rewrite.edit import Stretch

# An archive that unpacks itself is a script, too.
_LARGEST = 1024 * 1024

_CODE, _DOUBLE, _BRACE, _HERE, _SINGLE = "code", "double", "brace", "here", "single"
_WORD_ENDS = b" \t\n;&|()<>"


class _DoubtError(ValueError):
    """Nobody but the shell knows what this means."""


class _Frame(NamedTuple):
    """What the lexer is in: code, double quotes, or the braces of a parameter.

    `quoted` says that this is within double quotes, `opened` counts parentheses.
    """

    state: str
    quoted: bool = False
    opened: int = 0


class _Delimiter(NamedTuple):
    """What ends a here-document; `is_literal` where nothing is looked up, `is_indented` with tabs."""

    text: bytes
    is_literal: bool
    is_indented: bool


def rewrite(data: bytes, stretches: Sequence[Stretch], *, may_be_unset: bool) -> Rewritten:
    """`data`, a script, with every Stretch out of it.

    Where the variable is not set, a script ends with an error, rather than going on with nothing for a secret. The
    files with which shells start must not: there `may_be_unset`.
    """
    lexer = _Lexer(data, {stretch.start for stretch in stretches})
    try:
        if len(data) > _LARGEST:
            raise _DoubtError
        lexer.run()
    except _DoubtError:
        lexer.places.clear()
    edits, puts = with_placeholders(stretches)
    for index, stretch in enumerate(stretches):
        state, opening, closing = lexer.places.get(stretch.start, ("", 0, 0))
        look = f"${{{stretch.variable}{'-' if may_be_unset else ':?'}}}"
        edit = _edit(data, stretch, state, look.encode(), opening, closing)
        if edit is not None:
            edits[index], puts[index] = edit, look
    return Rewritten(apply(data, edits), tuple(puts))


def _edit(data: bytes, stretch: Stretch, state: str, look: bytes, opening: int, closing: int) -> Edit | None:
    start, end = stretch.start, stretch.end
    if data[max(0, start - 1) : start] in (b"\\", b"$"):
        return None
    if state in (_DOUBLE, _BRACE, _HERE):
        return Edit(start, end, look)
    if state == _CODE and data[end : end + 1] not in (b"=", b"("):  # else it is a name itself
        return Edit(start, end, b'"%s"' % look)
    if state == _SINGLE:
        before, after = b"'", b"'"
        if start == opening + 1:
            start, before = opening, b""
        if end == closing:
            end, after = closing + 1, b""
        return Edit(start, end, b'%s"%s"%s' % (before, look, after))
    return None


class _Lexer:
    """Finds out in which state the shell is at each offset of `wanted`, if that is plain.

    `places` has the state and, within single quotes, where these are.
    """

    def __init__(self, data: bytes, wanted: set[int]) -> None:
        self._data = data
        self._wanted = wanted
        self._at = 0
        self._stack = [_Frame(_CODE)]
        self._delimiters: list[_Delimiter] = []
        self._begins_word = True
        self.places: dict[int, tuple[str, int, int]] = {}

    def run(self) -> None:
        """Reads the whole script. Raises _DoubtError."""
        while self._at < len(self._data):
            if self._at in self._wanted:
                self.places[self._at] = (self._stack[-1].state, 0, 0)
            begins_word, self._begins_word = self._begins_word, False
            state = self._stack[-1].state
            if self._here(b"\\"):
                self._at += 2
            elif self._here(b"`"):
                self._skip_to(b"`", self._at + 1)
            elif self._here(b"$((") or (state == _CODE and begins_word and self._here(b"((")):
                self._skip_arithmetic()
            elif self._here(b"$("):
                self._push(_Frame(_CODE), 2)
            elif self._here(b"${"):
                self._push(_Frame(_BRACE, quoted=state == _DOUBLE or self._stack[-1].quoted), 2)
            elif state == _DOUBLE:
                self._in_double()
            elif state == _BRACE:
                self._in_brace()
            else:
                self._in_code(begins_word)
        if len(self._stack) > 1 or self._delimiters:
            raise _DoubtError

    def _here(self, text: bytes) -> bool:
        return self._data.startswith(text, self._at)

    def _push(self, frame: _Frame, length: int) -> None:
        self._stack.append(frame)
        self._at += length
        self._begins_word = frame.state == _CODE

    def _pop(self) -> None:
        self._stack.pop()
        self._at += 1

    def _skip_to(self, quote: bytes, start: int) -> None:
        """Goes behind the next `quote` that no backslash stands before."""
        at = start
        while not self._data.startswith(quote, at):
            if at >= len(self._data):
                raise _DoubtError
            at += 2 if self._data.startswith(b"\\", at) else 1
        self._at = at + 1

    def _skip_arithmetic(self) -> None:
        at = self._data.index(b"(", self._at)
        opened = 0
        while True:
            here = self._data[at : at + 1]
            if not here or here in b"'\"`\n":
                raise _DoubtError
            opened += (here == b"(") - (here == b")")
            at += 1
            if not opened:
                break
        self._at = at

    def _in_double(self) -> None:
        if self._here(b'"'):
            self._pop()
        else:
            self._at += 1

    def _in_brace(self) -> None:
        if self._here(b"}"):
            self._pop()
        elif self._here(b'"'):
            self._push(_Frame(_DOUBLE), 1)
        elif self._here(b"'"):
            if self._stack[-1].quoted:  # shells differ
                raise _DoubtError
            self._single()
        else:
            self._at += 1

    def _single(self) -> None:
        opening = self._at
        closing = self._data.find(b"'", opening + 1)
        if closing < 0:
            raise _DoubtError
        for offset in self._wanted:
            if opening < offset < closing:
                self.places[offset] = (_SINGLE, opening, closing)
        self._at = closing + 1

    def _in_code(self, begins_word: bool) -> None:
        here = self._data[self._at : self._at + 1]
        frame = self._stack[-1]
        self._begins_word = here in _WORD_ENDS
        if self._here(b"$'"):
            self._skip_to(b"'", self._at + 2)
        elif here == b"'":
            self._single()
        elif here == b'"':
            self._push(_Frame(_DOUBLE), 1)
        elif here == b"#" and begins_word:
            end = self._data.find(b"\n", self._at)
            self._at = end if end >= 0 else len(self._data)
            self._begins_word = True
        elif self._here(b"<<<"):
            self._at += 3
        elif self._here(b"<<"):
            self._delimiter()
        elif here == b"\n":
            self._at += 1
            self._skip_documents()
        elif here == b"(":
            self._stack[-1] = frame._replace(opened=frame.opened + 1)
            self._at += 1
        elif here == b")" and len(self._stack) > 1 and not frame.opened:
            self._pop()
            self._begins_word = False
        elif here == b")":
            self._stack[-1] = frame._replace(opened=max(0, frame.opened - 1))
            self._at += 1
        elif begins_word and len(self._stack) > 1 and _case().match(self._data, self._at):
            raise _DoubtError  # its patterns end in parentheses that nothing has opened
        else:
            self._at += 1

    def _delimiter(self) -> None:
        match = _delimiter().match(self._data, self._at)
        if match is None:
            raise _DoubtError
        word = match.group(2)
        is_literal = any(mark in word for mark in (b"'", b'"', b"\\"))
        self._delimiters.append(_Delimiter(word.translate(None, b"'\"\\"), is_literal, bool(match.group(1))))
        self._at = match.end()

    def _skip_documents(self) -> None:
        for delimiter in self._delimiters:
            start = self._at
            while True:
                end = self._data.find(b"\n", self._at)
                if self._at >= len(self._data):
                    raise _DoubtError
                line = self._data[self._at : end if end >= 0 else len(self._data)]
                if (line.lstrip(b"\t") if delimiter.is_indented else line) == delimiter.text:
                    break
                self._at = end + 1 if end >= 0 else len(self._data)
            if not delimiter.is_literal:
                self._in_document(start, self._at)
            self._at = end if end >= 0 else len(self._data)
            if end >= 0:
                self._at += 1
        self._delimiters.clear()

    def _in_document(self, start: int, end: int) -> None:
        text = self._data[start:end]
        if any(mark in text for mark in (b"`", b"$(", b"${", b"\\")):
            return  # what is in these has quotes of its own
        for offset in self._wanted:
            if start <= offset < end:
                self.places[offset] = (_HERE, 0, 0)


@cache
def _case() -> re.Pattern[bytes]:
    return re.compile(rb"case\b")


@cache
def _delimiter() -> re.Pattern[bytes]:
    return re.compile(rb"""<<(-?)[ \t]*((?:'[^'\n]*'|"[^"\n]*"|\\.|[^\s;&|<>()'"\\`$])+)""")
