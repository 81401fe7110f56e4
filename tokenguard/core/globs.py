"""The glob patterns of `exclude`, which mean what they mean in .gitignore."""

from __future__ import annotations

import re


def compile_glob(pattern: str) -> re.Pattern[str]:
    """An expression that matches the whole of a path, `/` between its parts, that `pattern` covers.

    `*` and `?` stay within a part, `**` crosses them, `[…]` is a set. A pattern with no `/` but at its end
    holds at any depth, and one that covers a folder covers all below it
    (https://git-scm.com/docs/gitignore#_pattern_format). Raises ValueError where the pattern is malformed.
    """
    parts = pattern.rstrip("/").lstrip("/").split("/")
    if not all(parts):
        raise ValueError("has an empty part")
    anywhere = "/" not in pattern.rstrip("/")
    expression = "(?:.*/)?" if anywhere else ""
    for number, part in enumerate(parts, start=1):
        if part == "**":
            expression += "(?:.*/)?" if number < len(parts) else ".*"
        else:
            expression += _part(part) + ("/" if number < len(parts) else "")
    return re.compile(f"{expression}(?:/.*)?", re.DOTALL)


def _part(part: str) -> str:
    pieces = re.split(r"(\*+|\?|\[!?\]?[^\]]*\])", part)
    return "".join(_piece(piece) for piece in pieces)


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if piece.startswith("["):
        if not piece.endswith("]"):
            raise ValueError("has a [ without its ]")
        negated = piece.startswith("[!")
        members = piece[2 if negated else 1 : -1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
        return f"(?!/)[{'^' if negated else ''}{members}]"
    if "[" in piece:
        raise ValueError("has a [ without its ]")
    return re.escape(piece)
