"""Paths as URIs (RFC 3986)."""

from __future__ import annotations

import re
import sys
from urllib.parse import quote

from tokenguard.core.redact import redact

# RFC 3986, section 3.1, but no drive of Windows. No path here has two slashes in a row.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://", re.ASCII)


def relative_uri(path: str) -> str | None:
    """A path below the folder that was scanned as a relative reference, None for one that is absolute.

    So is what is on the Hub or in a store, and has a scheme.

    Bytes that are not UTF-8, which `path` has as surrogate escapes, are percent-encoded as they are. A credential
    in it is masked.
    """
    path = _plain(path)
    return None if _is_absolute(path) else _quoted(path.removeprefix("./"))


def file_uri(path: str) -> str:
    """An absolute path as a `file` URI (RFC 8089); one that has a scheme keeps it."""
    path = _plain(path)
    if match := _SCHEME.match(path):
        return match[0] + _quoted(path[match.end() :])
    return "file://" + _quoted(path if path.startswith("/") else f"/{path}")


def _plain(path: str) -> str:
    path = redact(path)
    return path.replace("\\", "/") if sys.platform == "win32" else path


def _is_absolute(path: str) -> bool:
    return (
        path.startswith("/")
        or _SCHEME.match(path) is not None
        or (sys.platform == "win32" and re.match("[A-Za-z]:/", path) is not None)
    )


def _quoted(path: str) -> str:
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # Windows knows names that are no text at all
        data = path.encode("utf-8", "surrogatepass")
    # A colon in the first segment would make a scheme of it, so all colons are encoded.
    return quote(data, safe="/")
