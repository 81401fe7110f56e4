"""A vault whose keyring and index fail, or whose process is killed, at a chosen call."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

import keyring.backend
from keyring.errors import PasswordDeleteError

from tokenguard.core.entry import entry_of
from tokenguard.errors import VaultError
from tokenguard.vault import keyring as ours
from tokenguard.vault.index import Index, Store
from tokenguard.vault.keyring import BACKENDS, SERVICE
from tokenguard.vault.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tokenguard.core.token import Token

LIBSECRET = BACKENDS[3]
"""One that nothing is asked of but what every keyring is."""


class KilledError(BaseException):
    """The end of the process."""


class Trouble:
    """What befalls the `at`th call, counted from 1: none where it is 0.

    `is_after` says that the call has its effect all the same, `lasts` that no later one has any.
    """

    def __init__(self, at: int = 0, *, is_after: bool = False, lasts: bool = False, kills: bool = False) -> None:
        self.calls: list[str] = []
        self._at = at
        self._is_after = is_after
        self._lasts = lasts
        self._kills = kills

    @contextlib.contextmanager
    def call(self, what: str, error: Exception) -> Iterator[None]:
        """Around a call, which fails with `error`."""
        self.calls.append(what)
        number = len(self.calls)
        is_it = number == self._at
        raised = KilledError() if self._kills else error
        if (is_it and not self._is_after) or (self._lasts and 0 < self._at < number):
            raise raised
        yield
        if is_it:
            raise raised


class Memory(keyring.backend.KeyringBackend):
    """Keeps what it is given, in `entries`; `loses` what it had before it takes anew, `folds` capitals."""

    priority = 5

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.trouble = Trouble()
        self.loses = False
        self.folds = False

    def get_password(self, service: str, username: str) -> str | None:
        with self._call("get"):
            return self.entries.get(self._key(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.loses:
            with self._call("set"):
                self.entries.pop(self._key(service, username), None)
        with self._call("set"):
            self.entries[self._key(service, username)] = password

    def delete_password(self, service: str, username: str) -> None:
        with self._call("delete"):
            if self.entries.pop(self._key(service, username), None) is None:
                raise PasswordDeleteError("there is none")

    def _call(self, what: str) -> contextlib.AbstractContextManager[None]:
        return self.trouble.call(what, OSError("the keyring has gone"))

    def _key(self, service: str, username: str) -> tuple[str, str]:
        return service, username.casefold() if self.folds else username


class State(NamedTuple):
    """What is kept, by name, and what points to it."""

    tokens: dict[str, Token]
    default: str | None
    bindings: dict[str, str]


class Scene:
    """A folder with an index, a keyring in memory, and whoever comes to them."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.backend = Memory()
        self._kept = b"", self.backend.entries
        patch.setattr(ours, "_load", lambda _: self.backend)
        patch.setattr(os, "fsync", lambda _: None)  # nobody pulls a plug here
        genuine = Store.write

        def write(store: Store, index: Index) -> None:
            with self.backend.trouble.call("write", VaultError("the index cannot be written")):
                genuine(store, index)

        patch.setattr(Store, "write", write)

    def vault(self, backend: str = LIBSECRET) -> Vault:
        """The Vault of the next process."""
        return Vault(str(self.folder), {"PYTHON_KEYRING_BACKEND": backend})

    def trouble(self, at: int = 0, *, is_after: bool = False, lasts: bool = False, kills: bool = False) -> Trouble:
        """What happens from now on."""
        self.backend.trouble = Trouble(at, is_after=is_after, lasts=lasts, kills=kills)
        return self.backend.trouble

    @property
    def index(self) -> Path:
        return self.folder / "index.json"

    def keep(self) -> State:
        """Has `reset` come back to how all is now, and says how that is."""
        state = self.state()
        self._kept = self.index.read_bytes(), dict(self.backend.entries)
        return state

    def reset(self) -> None:
        """Puts all back, and ends all trouble."""
        document, entries = self._kept
        self.index.write_bytes(document)
        self.backend.entries = dict(entries)
        self.trouble()

    def state(self) -> State:
        """What the next process finds; fails unless index and keyring agree."""
        vault = self.vault()
        index = vault.index()
        assert index.intents == {}
        tokens = {name: vault.get(name) for name in index.tokens}
        assert {(SERVICE, name): token.reveal() for name, token in tokens.items()} == self.backend.entries
        return State(tokens, index.default, index.bindings)


def put(vault: Vault, name: str, token: Token, *, replace: bool = False, default: bool = False) -> list[str]:
    """Keeps a token of which nothing is known, and gives the warnings."""
    warnings: list[str] = []
    vault.put(name, token, entry_of(token), replace=replace, default=default, warn=warnings.append)
    return warnings
