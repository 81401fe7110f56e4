"""huggingface_hub's `stored_tokens`: an INI file with a section a token, as configparser writes and reads it.

https://docs.python.org/3/library/configparser.html#supported-ini-file-structure
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.places.spot import cut, lines, spot, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.core.detect import Span
    from tokenguard.core.places.spot import Spot
    from tokenguard.core.rewrite.edit import Edit

_KEYS = frozenset({b"hf_token", b"refresh_token", b"expires_at"})
"""What huggingface_hub writes; a section with more than that is somebody else's as well, and stays."""


class _Section:
    """One section: its header, the lines of each key, and the empty lines that follow."""

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.header = (start, end)
        self.options: list[tuple[bytes, int, int]] = []
        self.blank: list[tuple[int, int]] = []

    def edits(self, span: Span) -> list[Edit]:
        """What takes out the token at `span`, none where it is not the value of a key."""
        mine = [(start, end) for _, start, end in self.options if start <= span.start < end]
        if mine and _KEYS.issuperset(key for key, _, _ in self.options):
            mine = [self.header, *((start, end) for _, start, end in self.options), *self.blank]
        return [cut(start, end) for start, end in mine]


def find(data: bytes, spans: Sequence[Span]) -> list[Spot]:
    """The Spots of `spans`, each called what its section is; with a token goes its section."""
    sections = _sections(data)
    found = []
    for span in spans:
        section = max((one for one in sections if one.header[0] <= span.start), key=_start, default=None)
        if section is None:
            found.append(spot(data, span))
        else:
            found.append(spot(data, span, section.name, section.edits(span)))
    return found


def _start(section: _Section) -> int:
    return section.header[0]


def _sections(data: bytes) -> list[_Section]:
    sections: list[_Section] = []
    for start, end in lines(data):
        line = data[start:end].strip()
        indented = data[start : start + 1] in (b" ", b"\t")
        section = sections[-1] if sections else None
        header = None if indented and section and section.options else _header().fullmatch(line)
        if header:
            sections.append(_Section(text(header.group(1)), start, end))
        elif section is None or line.startswith((b"#", b";")):
            continue
        elif not line:
            section.blank.append((start, end))
        else:
            section.blank.clear()  # an empty line within a value, or between two keys
            if indented and section.options:
                key, first, _ = section.options[-1]
                section.options[-1] = (key, first, end)
            else:
                section.options.append((re.split(rb"[=:]", line, maxsplit=1)[0].strip().lower(), start, end))
    return sections


@cache
def _header() -> re.Pattern[bytes]:
    return re.compile(rb"\[(.+)\]")
