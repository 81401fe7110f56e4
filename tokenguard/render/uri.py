"""Paths as URIs (RFC 3986)."""

from __future__ import annotations

import re
import sys
from urllib.parse import quote

from tokenguard.core.redact import redact


def relative_uri(path: str) -> str | None:
    """A path below the folder that was scanned as a relative reference, None for one that is absolute.

    Bytes that are not UTF-8, which `path` has as surrogate escapes, are percent-encoded as they are. A credential
    in it is masked.
    """
    path = _plain(path)
    return None if _is_absolute(path) else _quoted(path.removeprefix("./"))


def file_uri(path: str) -> str:
    """An absolute path as a `file` URI (RFC 8089)."""
    path = _plain(path)
    return "file://" + _quoted(path if path.startswith("/") else f"/{path}")


def _plain(path: str) -> str:
    path = redact(path)
    return path.replace("\\", "/") if sys.platform == "win32" else path


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or (sys.platform == "win32" and re.match("[A-Za-z]:/", path) is not None)


def _quoted(path: str) -> str:
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # Windows knows names that are no text at all
        data = path.encode("utf-8", "surrogatepass")
    # A colon in the first segment would make a scheme of it, so all colons are encoded.
    return quote(data, safe="/")
