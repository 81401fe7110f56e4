"""Changes to keyring and index that come to one end or the other, whenever the process dies.

Before the keyring is touched, the index says what is intended; afterwards it says what is. Who finds an intent
while holding the lock knows that its author is dead, and looks into the keyring to see how far it came.
"""

from __future__ import annotations

from tokenguard.errors import VaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.entry import Entry
    from tokenguard.core.token import Token
    from tokenguard.vault.index import Index, Store
    from tokenguard.vault.keyring import Keyring


class Journal:
    """The changes of whoever holds the lock of `store`. `index` is changed along with it, and written.

    Methods raise VaultError where keyring or index cannot be changed; what was there is there then, unless it says
    otherwise.
    """

    def __init__(self, store: Store, index: Index, keyring: Keyring) -> None:
        self._store = store
        self._index = index
        self._keyring = keyring

    def set(self, name: str, token: Token, entry: Entry) -> None:
        """Keeps `token` under `name`. The Entry is in the index then; its writer writes it."""
        held = self._keyring.get(name)
        self._index.intents[name] = entry
        self._store.write(self._index)
        try:
            self._keyring.set(name, token)
        except VaultError as error:
            self._restore(name, held, error)
            raise
        self._index.tokens[name] = entry
        del self._index.intents[name]

    def rename(self, old: str, new: str, token: Token, entry: Entry) -> None:
        """Keeps `token`, which is called `old`, under `new` instead, and has what points to it follow."""
        self._index.renames[new] = old
        self.set(new, token, entry)
        del self._index.renames[new]
        self._index.rename(old, new)
        self.delete(old)

    def delete(self, name: str) -> None:
        """Takes `name` out of both."""
        self._keyring.get(name)  # a locked keyring says so before anything is intended
        self._index.intents[name] = None
        self._store.write(self._index)
        try:
            self._keyring.delete(name)
        except VaultError:
            if not self._is_gone(name):
                # Whoever is told that it failed does not expect it to be done later.
                del self._index.intents[name]
                self._store.write(self._index)
                raise
        self._index.forget(name)
        del self._index.intents[name]
        self._store.write(self._index)

    def mend(self) -> None:
        """Brings the index in line with the keyring, where changes were begun and perhaps not finished."""
        for name, intended in list(self._index.intents.items()):
            if intended is None:
                self._keyring.delete(name)
                self._index.forget(name)
            elif (held := self._keyring.get(name)) is not None and held.fingerprint == intended.fingerprint:
                self._index.tokens[name] = intended
                if (old := self._index.renames.get(name)) is not None:
                    self._index.rename(old, name)
                    self._keyring.delete(old)
                    self._index.forget(old)
            self._index.renames.pop(name, None)
            del self._index.intents[name]
        self._store.write(self._index)

    def _is_gone(self, name: str) -> bool:
        try:
            return self._keyring.get(name) is None
        except VaultError:
            return False

    def _restore(self, name: str, held: Token | None, cause: VaultError) -> None:
        # Some keyrings delete before they write, some write and then fail. If this fails too, the intent stays,
        # and is mended later.
        try:
            if held is None:
                self._keyring.delete(name)
            elif self._keyring.get(name) != held:
                self._keyring.set(name, held)
            self.mend()
        except VaultError:
            if held is None:
                raise VaultError(f"{cause.message}; `list` will say whether {name} was kept", cause.hint) from None
            raise VaultError(
                f"{cause.message}; what was kept under {name} may be gone with it",
                f"when the keyring works again: `tokenguard add {name} --replace`",
            ) from None
