"""Lines that give a variable a token: in what shells read when they start, in dotenv files, in INI files."""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.places.spot import cut, line_end, line_start, spot, text, variable_before
from tokenguard.core.rewrite.edit import Edit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.core.detect import Span
    from tokenguard.core.places.spot import Spot

# Of byte order, as Windows writes it.
_MARK = b"\xef\xbb\xbf"


def find(data: bytes, spans: Sequence[Span]) -> list[Spot]:
    """The Spots of `spans`, each called what its variable is.

    With a token goes the assignment, where that is all that the line has; a comment behind it stays, and one that
    the assignment itself stands in goes as well.
    """
    return [_found(data, span) for span in spans]


def _found(data: bytes, span: Span) -> Spot:
    start, end = line_start(data, span.start), line_end(data, span.end)
    if not start and data.startswith(_MARK):
        start = len(_MARK)
    before = _before().match(data, start, span.start)
    if before is None or _goes_on(data, start):
        return spot(data, span, variable_before(data, span.start))
    name = next(group for group in before.group("sh", "fish", "csh", "ps", "net", "universal") if group)
    after = _after().match(data, span.end, end)
    quote = before["quote"]
    if after is None or after["quote"] != quote or (after["call"] is not None) != (before["net"] is not None):
        return spot(data, span, text(name))
    statement = before.end("indent")
    if after["comment"] and not before["off"]:
        edit = cut(statement, after.start("comment"))
    elif before["sh"] and not before["off"] and _opens(data, start):
        # A block of sh without a command in it is an error, and the rest of the file would not be read.
        edit = Edit(statement, after.start("end"), b":")
    else:
        edit = cut(start, end)
    return spot(data, span, text(name), [edit])


def _goes_on(data: bytes, start: int) -> bool:
    """Whether the line before `start` ends with a backslash, so that both are one."""
    return data[line_start(data, start - 1) : start].rstrip(b"\r\n").endswith(b"\\") if start else False


def _opens(data: bytes, start: int) -> bool:
    """Whether the line that is not empty before `start` begins something that has to have a command in it."""
    while start:
        end, start = start, line_start(data, start - 1)
        line = data[start:end].strip()
        if line and not line.startswith(b"#"):
            return bool(_opening().search(line))
    return False


@cache
def _before() -> re.Pattern[bytes]:
    name = rb"[A-Za-z_][A-Za-z0-9_.-]*"
    flags = rb"(?:[ \t]+--?[A-Za-z]+)*[ \t]+"
    forms = (
        rb"\[(?:System\.)?Environment\]::SetEnvironmentVariable\([ \t]*['\"](?P<net>%s)['\"][ \t]*,[ \t]*" % name,
        rb"\$(?:env[:.])?(?P<ps>%s)[ \t]*=[ \t]*" % name,
        rb"SETUVAR%s(?P<universal>%s):" % (flags, name),
        rb"setenv[ \t]+(?P<csh>%s)[ \t]+" % name,
        rb"set%s(?P<fish>%s)[ \t]+" % (flags, name),
        rb"(?:(?:export|readonly|declare|typeset|set)%s)?(?P<sh>%s)[ \t]*=[ \t]*" % (flags, name),
    )
    lead = rb"(?P<indent>[ \t]*)(?P<off>(?:#[ \t]*)*)"
    return re.compile(lead + rb"(?:" + rb"|".join(forms) + rb")(?P<quote>['\"]?)\Z", re.IGNORECASE)


@cache
def _after() -> re.Pattern[bytes]:
    call = rb"(?P<call>[ \t]*(?:,[^)#\r\n]*)?\))?"
    return re.compile(rb"(?P<quote>['\"]?)" + call + rb"[ \t]*;?(?P<end>[ \t]*(?P<comment>#[^\r\n]*)?\r?\n?)\Z")


@cache
def _opening() -> re.Pattern[bytes]:
    return re.compile(rb"(?:\b(?:then|do|else)|[{(]|&&|\|)(?:[ \t]+#.*)?\Z")
