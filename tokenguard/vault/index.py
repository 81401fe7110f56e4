"""What is known about the tokens in the vault without their secrets: one JSON document, and the lock around it.

A reader takes no lock: the document is replaced at once, so it is the old one or the new. A writer holds the lock
from reading to writing.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from tokenguard import files
from tokenguard.core.entry import Entry, Row
from tokenguard.core.identity import from_document, to_document
from tokenguard.core.name import check_name
from tokenguard.errors import VaultError
from tokenguard.home import INDEX
from tokenguard.locks import BusyError, hold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from filelock import BaseFileLock

SCHEMA = 1
_LOCK = "index.lock"
_LARGEST = 64 * 1024 * 1024
_WRITABLE = "TOKENGUARD_HOME names another folder"
# As long as a keyring may wait for its owner, and a few more in front of us.
PATIENCE = 120.0


class DamagedIndexError(VaultError):
    """The document is there, and is not what was written."""


class Copy(NamedTuple):
    """Where another copy of a token is, or may be, and the fingerprint that tells it from a token of another."""

    backend: str
    fingerprint: str


class Index:
    """The document in memory.

    `backend` is the keyring that holds the secrets, `default` a name, `tokens` the Entries by name, `bindings` the
    names by folder. `answers` are Entries by fingerprint: what the Hub last said of a token, named or not.
    `intents` are changes that were begun: by name what the Entry is to be, None where it is to go; `renames` are
    the old names of those that have one. `left` are the copies of tokens that were moved. `refusals` are the
    moments, by fingerprint, at which git last found that the Hub refuses a token.
    `is_anew` says that it takes the place of a damaged document, which is still there.
    """

    def __init__(self) -> None:
        self.backend: str | None = None
        self.default: str | None = None
        self.tokens: dict[str, Entry] = {}
        self.bindings: dict[str, str] = {}
        self.answers: dict[str, Entry] = {}
        self.intents: dict[str, Entry | None] = {}
        self.renames: dict[str, str] = {}
        self.left: dict[str, Copy] = {}
        self.refusals: dict[str, str] = {}
        self.is_anew = False

    def entry(self, name: str) -> Entry:
        """The Entry called `name`. Raises VaultError where there is none, UsageError where there can be none."""
        if name in self.tokens:
            return self.tokens[name]
        check_name(name)
        import difflib

        near = difflib.get_close_matches(name, self.tokens, n=3) or sorted(self.tokens)[:5]
        hint = f"there is {', '.join(near)}" if near else "`tokenguard add NAME` puts one there"
        raise VaultError(f"there is no token called {name}", hint)

    def rename(self, old: str, new: str) -> None:
        """Has what points to `old` point to `new`."""
        self.bindings = {folder: new if name == old else name for folder, name in self.bindings.items()}
        self.default = new if self.default == old else self.default

    def row(self, name: str) -> Row:
        """The token called `name` as it is shown. Raises VaultError where there is none."""
        bound = tuple(folder for folder, bound in sorted(self.bindings.items()) if bound == name)
        return Row(name, self.entry(name), self.default == name, bound)

    def rows(self) -> list[Row]:
        """All tokens as they are shown, in the order of their names."""
        return [self.row(name) for name in sorted(self.tokens)]

    def alike(self, name: str) -> str | None:
        """The name in use that some keyrings take for the same: upper and lower case are one on Windows."""
        return next((other for other in self.tokens if other.casefold() == name.casefold()), None)

    def name_of(self, fingerprint: str) -> str | None:
        """The name of the token with this fingerprint, the first in the alphabet where it has several."""
        return min((name for name, entry in self.tokens.items() if entry.fingerprint == fingerprint), default=None)

    def note_refusal(self, fingerprint: str, moment: str) -> None:
        """Remembers that the Hub has refused this token to git; of tokens that are gone nothing is remembered."""
        known = {entry.fingerprint for entry in self.tokens.values()}
        noted = self.refusals | {fingerprint: moment}
        self.refusals = {one: when for one, when in noted.items() if one in known}

    def refused_at(self, name: str) -> str | None:
        """When git last found that the Hub refuses the token called `name` (ISO 8601, UTC).

        None where it never did, or the Hub has called it valid since. A refusal may be about one repository: the
        Hub answers the same where there is none of that name. Raises VaultError where there is no such token.
        """
        entry = self.entry(name)
        refused = self.refusals.get(entry.fingerprint)
        if refused is None or (entry.status == "valid" and (entry.validated_at or "") > refused):
            return None
        return refused

    def forget(self, name: str) -> None:
        """Takes the Entry out, and whatever points to it."""
        entry = self.tokens.pop(name, None)
        if entry is not None:
            self.answers.pop(entry.fingerprint, None)
            if self.name_of(entry.fingerprint) is None:
                self.refusals.pop(entry.fingerprint, None)
        self.bindings = {folder: bound for folder, bound in self.bindings.items() if bound != name}
        if self.default == name:
            self.default = None


class Store:
    """The document on disk, in `folder`, which need not exist before something is written."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = os.path.join(folder, INDEX)

    def read(self) -> Index:
        """The Index as it is; empty where nothing was ever written.

        Raises DamagedIndexError where it cannot be understood, VaultError where it cannot be read.
        """
        try:
            descriptor, _ = files.open_regular(self._path, _LARGEST)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return Index()
        except OSError as error:
            reason = "is a symbolic link" if os.path.islink(self._path) else error.strerror or str(error)
            raise VaultError(
                f"{self._path} cannot be read: {reason}", "put it right; nothing was changed"
            ) from None
        return _decoded(data, self._path)

    def write(self, index: Index) -> None:
        """Puts `index` in place at once. The lock must be held. Raises VaultError where that fails."""
        data = json.dumps(_encoded(index)).encode("ascii")
        if len(data) > _LARGEST:
            raise VaultError(f"{self._path} would be larger than {_LARGEST} bytes", "remove some tokens; see list")
        try:
            files.tidy(self._path)
            files.replace(self._path, data)
        except OSError as error:
            raise VaultError(f"{self._path} cannot be written: {error.strerror or error}", _WRITABLE) from None

    def lock(self, patience: float = PATIENCE) -> BaseFileLock:
        """Holds off all other writers until it is released; at most `patience` seconds are waited for them.

        Raises VaultError where it does not come free, or nothing can be written.
        """
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            return hold(os.path.join(self._folder, _LOCK), patience)
        except BusyError as error:
            raise VaultError(
                "another tokenguard is changing the vault, and does not come to an end",
                f"look for its process; if there is none, remove {error.path}",
            ) from None
        except OSError as error:
            raise VaultError(f"{self._folder} cannot be written: {error.strerror or error}", _WRITABLE) from None

    def keep_aside(self) -> str:
        """Moves a damaged document out of the way, and says where to."""
        import time

        aside = f"{self._path}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}"
        os.rename(self._path, aside)
        return aside


def _encoded(index: Index) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "backend": index.backend,
        "default": index.default,
        "tokens": {name: _entry_document(entry) for name, entry in sorted(index.tokens.items())},
        "bindings": dict(sorted(index.bindings.items())),
        "answers": {fingerprint: _entry_document(entry) for fingerprint, entry in index.answers.items()},
        "renames": index.renames,
        "left": index.left,
        "refusals": index.refusals,
        "intents": {name: entry and _entry_document(entry) for name, entry in index.intents.items()},
    }


def _entry_document(entry: Entry) -> dict[str, object]:
    return {**entry._asdict(), "identity": to_document(entry.identity)}


def _decoded(data: bytes, path: str) -> Index:
    try:
        document = json.loads(data)
        schema = document["schema"]
        if type(schema) is not int or schema < 1:
            raise TypeError
        if schema > SCHEMA:
            raise VaultError(f"{path} was written by a newer tokenguard", "update this one; nothing was changed")
        index = Index()
        index.backend = _optional(document["backend"])
        index.default = _optional(document["default"])
        index.tokens = {name: _entry(item) for name, item in document["tokens"].items()}
        index.bindings = {folder: _text(name) for folder, name in document["bindings"].items()}
        index.answers = {fingerprint: _entry(item) for fingerprint, item in document["answers"].items()}
        index.renames = {new: _text(old) for new, old in document.get("renames", {}).items()}
        index.left = {name: Copy(*map(_text, item)) for name, item in document.get("left", {}).items()}
        index.refusals = {
            fingerprint: _text(moment) for fingerprint, moment in document.get("refusals", {}).items()
        }
        index.intents = {
            name: None if item is None else _entry(item) for name, item in document["intents"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DamagedIndexError(
            f"{path} is damaged",
            "it is left as it is, and so are the tokens themselves, in the keyring or the vault file. "
            "`tokenguard add` keeps the damaged file aside and begins a new one",
        ) from None
    return index


def _entry(item: Mapping[str, object]) -> Entry:
    return Entry(
        fingerprint=_text(item["fingerprint"]),
        masked=_text(item["masked"]),
        kind=_optional(item["kind"]),
        status=_text(item["status"]),
        validated_at=_optional(item["validated_at"]),
        endpoint=_optional(item["endpoint"]),
        identity=from_document(item["identity"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)
