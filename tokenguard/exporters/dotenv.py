"""A .env file, as python-dotenv, docker compose, dotenv for Node and a shell's `.` all read it.

https://github.com/theskumar/python-dotenv/blob/main/src/dotenv/parser.py,
https://github.com/compose-spec/compose-go/blob/main/dotenv/parser.go,
https://github.com/motdotla/dotenv/blob/master/lib/main.js
"""

from __future__ import annotations

import re

from tokenguard.exporters._assignments import assignments, unset
from tokenguard.exporters._checks import check_value, unsayable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["export", "unset"]


def export(variables: Sequence[str], value: str) -> str:
    r"""A line `NAME=value` for each name, with quotes where needed. Raises UsageError for a bad name or value.

    Refused is what they do not read alike: python-dotenv expands `${…}` even within single quotes, dotenv-expand
    any `$`; `\'` ends the quotes for some and is a quote for others; a shell runs what is between backticks.
    """
    if re.fullmatch("[A-Za-z0-9_.-]+", check_value(value)):
        return assignments(variables, value)
    if not set(value).isdisjoint("\\$`"):
        raise unsayable("dotenv", "that has a backslash, a $ or a ` in it")
    for quote in "'\"":
        if quote not in value:
            return assignments(variables, f"{quote}{value}{quote}")
    raise unsayable("dotenv", "that has both kinds of quotes in it")
