r"""Text that is put together: `"hf_" + "abc…"`, `'hf_' 'abc…'`, `hf_"abc…"` of shells, a line that is continued.

Between two pieces there may be white space and one operator, a line end that is escaped, or nothing but quotes. A
comma is one only in a list that is joined with nothing.
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.decode import CONCATENATION
from tokenguard.core.decode.escapes import escapes, stretch
from tokenguard.core.decode.layer import MOST_PIECES, Layer, Pieces, TooMuchError
from tokenguard.core.decode.runs import LINE_OF_NOTEBOOK
from tokenguard.core.detect import ANCHORS, CONTEXT, LEAD, LONGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Site = list[tuple[int, int]]
    """Where the pieces stand that belong together."""

_MOST_PIECES = 1024
_MOST_IN_LIST = 16
_LONG = 46  # bytes; a piece of base64 that goes on in another literal
_QUOTES = (b'"', b"'", b"`")
_GLUE = (*_QUOTES, b"\\")
_EQUALS = 61  # ends a line that goes on, in quoted-printable
_NEAR = 160  # bytes before a run in which the first letters of its prefix may stand
_ENDINGS = frozenset(anchor[at:] for anchor in ANCHORS for at in range(1, len(anchor)))


@cache
def _word() -> re.Pattern[bytes]:
    return re.compile(rb"[A-Za-z0-9_.=/+-]*")


@cache
def _glue() -> re.Pattern[bytes]:
    """What stands between two pieces."""
    return re.compile(
        rb"""
          \\{1,4} \r? \n [ \t]*                                   # the same literal, continued in the next line
        | \\{2,6} n (?: "\s*,\s*" )? [ \t]*                       # the same, in a notebook
        | \\{0,4} ["'`]
          (?: [ \t\r\n\\]* | [ \t]* _ [ \t]* \r? \n [ \t]* | NOTEBOOK )  # _ is Visual Basic's
          (?P<operator> \+ | \.\.? | & | ~ | \|\| | <> | \+\+ | , )?
          (?: [ \t\r\n\\]* | [ \t]* _ [ \t]* \r? \n [ \t]* | NOTEBOOK )
          [rRbBuUfF]{0,2} \\{0,4} ["'`]
        | ["'] (?= [A-Za-z0-9] )                                  # a shell's word that is quoted in part
        """.replace(b"NOTEBOOK", LINE_OF_NOTEBOOK),
        re.VERBOSE,
    )


@cache
def _joined() -> re.Pattern[bytes]:
    """What stands before a list that is joined with nothing, and behind one."""
    return re.compile(rb"""(?:""|''|``)\s*\.\s*join\s*\(\s*[\[(]\s*[rRbBuU]?\\{0,4}["'`]\Z""")


@cache
def _joins() -> re.Pattern[bytes]:
    return re.compile(rb"""\\{0,4}["'`]\s*,?\s*\]\s*\.\s*join\s*\(\s*\\{0,4}(?:""|''|``|\\"\\")\s*\)""")


def at_anchors(data: bytes, anchors: Sequence[bytes]) -> Iterator[Layer]:
    """What begins with the prefix of a credential, and goes on in another literal. Raises TooMuchError."""
    sites: list[Site] = []
    pieces = 0
    for anchor in anchors:
        done = 0
        for match in _anchored(anchor).finditer(data):
            if match.lastindex is None or match.start() < done:  # almost always
                continue
            at, end = match.start(), match.start(1)
            if site := _site(data, at, end, may_be_list=True):
                sites.append(site)
                pieces += len(site)
                if pieces > MOST_PIECES:
                    raise TooMuchError
                done = site[-1][1]
            elif data[end - 1] == _EQUALS:
                first, done = stretch(data, at, end)
                yield from escapes(data, first, done)
    yield from put_together(data, sites)


@cache
def _anchored(anchor: bytes) -> re.Pattern[bytes]:
    """A word, and in a group what tells that it goes on, where something does."""
    return re.compile(rb"%s[A-Za-z0-9_.=/+-]*([\"'`\\]|(?<==)[\r\n])?" % anchor)


def at_run(data: bytes, start: int, end: int) -> Site | None:
    """What ends with the run `data[start:end]`, or begins with it."""
    is_piece = end - start >= _LONG and data[end : end + 1] in _QUOTES
    if data[start - 1 : start] == b"_":
        near = data[max(0, start - _NEAR) : start]
        ending = near[len(near.rstrip(b"abcdefghijklmnopqrstuvwxyz_")) :]
        if ending in _ENDINGS and (match := _beginning().search(near)):
            begin = start - len(near) + match.start(1)
            return _site(data, begin, begin + len(match[1]))
    return _site(data, start, end) if is_piece else None


def put_together(data: bytes, sites: Sequence[Site]) -> Iterator[Layer]:
    """The texts that `sites` are when their pieces are put together, each with what is around it.

    Those that stand near each other are in one text, so that there is less of it all together than of `data`.
    """
    near: list[Site] = []
    for site in sorted(sites):
        start, end = site[0][0], near[-1][-1][1] if near else 0
        if near and start < end:  # it is a part of the one before
            continue
        if near and start - LEAD > end + CONTEXT:
            yield _text(data, near)
            near = []
        near.append(site)
    if near:
        yield _text(data, near)


def _text(data: bytes, sites: Sequence[Site]) -> Layer:
    pieces = Pieces()
    done = max(0, sites[0][0][0] - LEAD)
    for site in sites:
        pieces.copy(data, done, site[0][0])
        for start, end in site:
            pieces.copy(data, start, end)
            done = end
    pieces.copy(data, done, min(len(data), done + CONTEXT))
    return Layer(CONCATENATION, pieces.text(), pieces.place)


@cache
def _beginning() -> re.Pattern[bytes]:
    return re.compile(rb"(?<![A-Za-z0-9_]) ([A-Za-z_]+) (?: (?:%s) [A-Za-z_]+ )+ \Z" % _glue().pattern, re.VERBOSE)


def _word_end(data: bytes, start: int) -> int:
    match = _word().match(data, start)
    return match.end() if match else start


def _site(data: bytes, start: int, end: int, *, may_be_list: bool = False) -> Site | None:
    """The pieces of which `data[start:end]` is the first."""
    if data[end : end + 1] not in _GLUE:
        return None
    spans = [(start, end)]
    most = _MOST_PIECES
    is_list = False
    while len(spans) <= most and end - start <= LONGEST and (glue := _glue().match(data, end)):
        if glue["operator"] == b",":
            if not may_be_list:
                break
            is_list, most = True, _MOST_IN_LIST
        begin = glue.end()
        end = _word_end(data, begin)
        spans.append((begin, end))
    if len(spans) == 1 or (is_list and not _is_joined(data, start, end)):
        return None
    return spans


def _is_joined(data: bytes, start: int, end: int) -> bool:
    return bool(_joined().search(data, max(0, start - 32), start) or _joins().match(data, end))
