"""Which objects of a repository were read and had nothing in them, so that the next scan reads only what is new.

It lies in the repository's own git folder, or for those of the Hub (`hubmemory`) in the user's, and can be thrown
away at any time. Since whoever made the repository can write there too, it is believed only with the mark of a key
that lies in the user's own folder, and only as long as the rules of detection are the same.
"""

from __future__ import annotations

import hmac
import json
import os
from typing import NamedTuple

from tokenguard import files
from tokenguard.home import home
from tokenguard.sources.rules import digest

_FILE = "tokenguard-history"
_KEY_FILE = "history.key"
_KEY = 32
_MARK = 32
_LARGEST = 256 * 1024 * 1024
_FORMAT = 1

# What decides whether there is a credential in bytes; a change in any of it makes the memory void.
_PACKAGES = ("core", "core.decode", "core.unpack")
_MODULES = ("sources.objects", "sources.prefilter", "sources.database", "sources.hub", "sources.tensors")


class Known(NamedTuple):
    """What an earlier scan has learnt; names are hexadecimal.

    `clean` objects have no credential in them, `unclean` ones have, or could not be read. All that `tips` lead to
    was there.
    """

    clean: frozenset[bytes] = frozenset()
    unclean: frozenset[bytes] = frozenset()
    tips: frozenset[bytes] = frozenset()


class Memory:
    """The file in the git folder `folder`.

    The first line is JSON, then come the names of the clean objects as bytes, without gaps, then an
    HMAC-SHA256 over both.
    """

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, _FILE)

    def recall(self) -> Known:
        """What the file says; nothing where it cannot be relied on."""
        try:
            key = files.read_small(os.path.join(home(), _KEY_FILE), _KEY)
            data = _whole(self.path)
        except OSError:
            return Known()
        content, mark = data[:-_MARK], data[-_MARK:]
        if key is None or len(key) != _KEY or not hmac.compare_digest(_mark(key, content), mark):
            return Known()
        line, _, names = content.partition(b"\n")
        header = json.loads(line)
        if header["format"] != _FORMAT or header["rules"] != rules():
            return Known()
        digits = 2 * header["width"]
        text = names.hex().encode("ascii")
        return Known(
            clean=frozenset(text[at : at + digits] for at in range(0, len(text), digits)),
            unclean=frozenset(map(str.encode, header["unclean"])),
            tips=frozenset(map(str.encode, header["tips"])),
        )

    def keep(self, known: Known) -> None:
        """Remembers this, and nothing else. Where that cannot be written, nothing is remembered."""
        clean = list(known.clean)
        header = {
            "format": _FORMAT,
            "rules": rules(),
            "width": len(clean[0]) // 2 if clean else 1,
            "unclean": sorted(map(bytes.decode, known.unclean)),
            "tips": sorted(map(bytes.decode, known.tips)),
        }
        content = json.dumps(header).encode("ascii") + b"\n" + bytes.fromhex(b"".join(clean).decode("ascii"))
        try:
            files.replace(self.path, content + _mark(_key(), content))
        except OSError:
            return  # a repository, or a home, that is only read from


def _mark(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")


def _key() -> bytes:
    """The user's key, which is made with the first use. Raises OSError."""
    path = os.path.join(home(), _KEY_FILE)
    try:
        key = files.read_small(path, _KEY)
    except (FileNotFoundError, files.TooLargeError):
        key = None
    if key is None or len(key) != _KEY:
        os.makedirs(home(), mode=0o700, exist_ok=True)
        key = os.urandom(_KEY)
        files.replace(path, key)
    return key


def rules() -> str:
    """What tells these rules of detection from any others, for whatever is remembered of a scan."""
    return digest(_rule_modules())


def _rule_modules() -> list[str]:
    import pkgutil
    from importlib import import_module

    names = [*_MODULES]
    for package in _PACKAGES:
        modules = pkgutil.iter_modules(import_module(f"tokenguard.{package}").__path__)
        names += [f"{package}.{module.name}" for module in modules if not module.ispkg]
    return [*names, *(f"{package}.__init__" for package in _PACKAGES)]


def _whole(path: str) -> bytes:
    descriptor, _ = files.open_regular(path, _LARGEST)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
