"""Histories of shells: with a token goes the whole command.

bash and csh have a line a command, with a line for its time before it perhaps (bash(1), HISTTIMEFORMAT); zsh goes
on after a backslash (zshoptions(1), EXTENDED_HISTORY), PowerShell after a backtick; fish has a list as YAML has.
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.places.spot import cut, line_end, line_start, lines, spot, variable_before

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.core.detect import Span
    from tokenguard.core.places.spot import Spot


def find(file_name: str, data: bytes, spans: Sequence[Span]) -> list[Spot]:
    """The Spots of `spans` in a history called `file_name`, each called what its variable is, if it has one."""
    found = []
    for span in spans:
        if file_name == "fish_history":
            start, end = _listed(data, span.start)
        elif file_name.startswith("ConsoleHost"):
            start, end = _continued(data, span.start, b"`")
        elif "bash" in file_name or not _is_zsh(file_name, data):
            start, end = _timed(data, span.start)
        else:
            start, end = _continued(data, span.start, b"\\")
        found.append(spot(data, span, variable_before(data, span.start), [cut(start, end)]))
    return found


def _is_zsh(file_name: str, data: bytes) -> bool:
    return "zsh" in file_name or file_name.startswith(".zhist") or data.startswith(b": ")


def _timed(data: bytes, offset: int) -> tuple[int, int]:
    start, end = line_start(data, offset), line_end(data, offset)
    above = line_start(data, start - 1) if start else 0
    # Where something follows that has no time of its own, it is the rest of this command, and needs the time.
    is_alone = end == len(data) or _time().match(data, end)
    return (above, end) if start and is_alone and _time().match(data, above) else (start, end)


def _continued(data: bytes, offset: int, mark: bytes) -> tuple[int, int]:
    start, end = line_start(data, offset), line_end(data, offset)
    while start and data[line_start(data, start - 1) : start].rstrip(b"\r\n").endswith(mark):
        start = line_start(data, start - 1)
    while end < len(data) and data[line_start(data, end - 1) : end].rstrip(b"\r\n").endswith(mark):
        end = line_end(data, end)
    return start, end


def _listed(data: bytes, offset: int) -> tuple[int, int]:
    begin = data.rfind(b"\n- cmd:", 0, offset) + 1
    if not begin and not data.startswith(b"- cmd:"):
        return line_start(data, offset), line_end(data, offset)
    for start, end in lines(data, line_end(data, begin)):
        if data[start : start + 1] not in (b" ", b"\t"):
            return begin, start
        offset = end
    return begin, max(offset, line_end(data, begin))


@cache
def _time() -> re.Pattern[bytes]:
    return re.compile(rb"#\+?[0-9]{9,12}\r?\n")
