"""Which helpers git asks for the password of a host, as its configuration says."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# gitcredentials(7), "Configuration options": `credential.helper` or `credential.<context>.helper`; git writes the
# names of section and variable in lower case.
_KEY = re.compile(r"credential\.(?:(?P<context>.*)\.)?helper", re.DOTALL)
# A context: perhaps a scheme, a host (in which * stands for any name between dots) and a port. One with a user or
# a path is for a part of the host alone.
_CONTEXT = re.compile(r"(?:(?P<scheme>[^:/@]+)://)?(?P<host>[^/:@]*)(?::(?P<port>[0-9]+))?/?")


def helpers(settings: bytes, host: str) -> list[str]:
    r"""The helpers for https and `host`, in the order in which git asks them.

    `settings` is what `git config -z --get-regexp '^credential\..*helper$'` prints: a key, a newline and a value
    for each, ended by NUL. An empty value takes back those before it.
    """
    found: list[str] = []
    for key, value in _entries(settings):
        match = _KEY.fullmatch(key)
        if match is None or not _holds(match["context"], host):
            continue
        found = [*found, value] if value else []
    return found


def _entries(settings: bytes) -> Iterator[tuple[str, str]]:
    for entry in settings.decode("utf-8", "surrogateescape").split("\0"):
        key, _, value = entry.partition("\n")
        if key:
            yield key, value


def _holds(context: str | None, host: str) -> bool:
    if context is None:
        return True
    match = _CONTEXT.fullmatch(context)
    if match is None or match["scheme"] not in (None, "https") or match["port"] not in (None, "443"):
        return False
    parts, wanted = match["host"].lower().split("."), host.lower().split(".")
    return parts == [""] or (
        len(parts) == len(wanted) and all(part in ("*", name) for part, name in zip(parts, wanted, strict=True))
    )
