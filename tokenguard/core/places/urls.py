"""Tokens in URLs that git keeps: a line each in `.git-credentials`, remotes and the like in a configuration.

https://git-scm.com/docs/git-credential-store#_storage_format, https://git-scm.com/docs/git-config#_syntax
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.places.spot import cut, line_end, line_start, spot, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.core.detect import Span
    from tokenguard.core.places.spot import Spot


def find_in_lines(data: bytes, spans: Sequence[Span]) -> list[Spot]:
    """The Spots of `spans` in `.git-credentials`, each called what the host is; with a token goes its line."""
    found = []
    for span in spans:
        start, end = line_start(data, span.start), line_end(data, span.end)
        found.append(spot(data, span, _host(data[span.end : end]), [cut(start, end)]))
    return found


def find_in_configuration(data: bytes, spans: Sequence[Span]) -> list[Spot]:
    """The Spots of `spans` in a configuration of git, each called what the host is, or the setting.

    With a token goes what stands before the @ of its URL, or the line of a header.
    """
    found = []
    for span in spans:
        start, end = line_start(data, span.start), line_end(data, span.end)
        before = _user_before().search(data, start, span.start)
        after = _user_after().match(data, span.end, end)
        if before and after:
            found.append(spot(data, span, _host(data[span.end : end]), [cut(before.start() + 2, after.end())]))
        elif header := _header().match(data, start, span.start):
            found.append(spot(data, span, text(header.group(1)), [cut(start, end)]))
        else:
            found.append(spot(data, span))
    return found


def _host(rest: bytes) -> str | None:
    match = re.match(rb"""[^@\s]*@([^/\s:"']+)""", rest)
    return text(match.group(1)) if match else None


@cache
def _user_before() -> re.Pattern[bytes]:
    return re.compile(rb"""//[^/@\s"']*\Z""")


@cache
def _user_after() -> re.Pattern[bytes]:
    return re.compile(rb"""[^/@\s"']*@""")


@cache
def _header() -> re.Pattern[bytes]:
    return re.compile(rb"[ \t]*(extraheader)[ \t]*=", re.IGNORECASE)
