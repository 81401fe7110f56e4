"""The Vault: a keyring and an index that agree, whatever happens between writing the one and the other.

Before the keyring is touched, the index says what is intended; afterwards it says what is. A process that dies in
between leaves the intent, and the next one looks into the keyring to see which of the two is true.
"""

from __future__ import annotations

import contextlib

from tokenguard.errors import UsageError, VaultError
from tokenguard.vault.index import PATIENCE, DamagedIndexError, Index, Store
from tokenguard.vault.keyring import SERVICE, Keyring, choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tokenguard.core.entry import Entry
    from tokenguard.core.token import Token


class Vault:
    """Named Tokens, in the one keyring that the first of them went to.

    `folder` is where the index is, `environment` that of the process. Methods raise VaultError where the keyring
    or the index cannot be used.
    """

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        kind = environment.get("TOKENGUARD_VAULT") or "auto"
        if kind not in ("auto", "keyring", "file"):
            raise UsageError(f"TOKENGUARD_VAULT is {kind!r}", "it can be auto, keyring or file")
        if kind == "file":
            raise VaultError(
                "this version keeps tokens in the OS keyring alone",
                "unset TOKENGUARD_VAULT; without a keyring, set HF_TOKEN for the one process that needs it",
            )
        self._store = Store(folder)
        self._environment = environment
        self._may_mend = True

    def index(self) -> Index:
        """All that is known without the secrets. Nobody is asked for a password."""
        index = self._store.read()
        if not index.intents:
            return index
        # Somebody is in the middle of a change, or has died there: mended if it can be, not waited for.
        try:
            if self._may_mend and not self._keyring(index).is_locked:
                with self._writing(patience=0) as mended:
                    return mended
        except VaultError:
            self._may_mend = False  # a keyring that hangs would be waited for again and again
        return index

    def expect_open(self) -> None:
        """Raises VaultError where nothing could be kept now: before somebody pastes a token in vain."""
        try:
            index = self.index()
        except DamagedIndexError:
            index = Index()  # it will be put into a new one
        self._keyring(index).get("")

    def get(self, name: str) -> Token:
        """The Token called `name`."""
        token = None
        for _ in range(3):  # it may be replaced just now: then what is kept and what is known differ for a moment
            index = self.index()
            known = [index.entry(name), index.intents.get(name)]
            token = self._read(index, name)
            if token is not None and token.fingerprint in [entry.fingerprint for entry in known if entry]:
                return token
        raise _strayed(name, token)

    def put(
        self,
        name: str,
        token: Token,
        entry: Entry,
        *,
        replace: bool = False,
        default: bool = False,
        warn: Callable[[str], None],
    ) -> None:
        """Keeps `token` under `name`, with what is known about it.

        Raises VaultError where the name is taken and `replace` is not said. A damaged index is kept aside, and
        `warn` is told.
        """
        with self._writing(begin_anew=True) as index:
            _expect_free(index, name, replace=replace)
            keyring = self._keyring(index)
            held = keyring.get(name)
            if not replace:
                _expect_room(index, name, token, held)
            if index.is_anew:
                warn(f"the index was damaged; it is kept as {self._store.keep_aside()}, and a new one begun")
            _set(self._store, index, keyring, name, token, entry, held)
            if default:
                index.default = name
            self._store.write(index)

    def rename(self, old: str, new: str) -> None:
        """Calls the token `old` `new` from now on, wherever it is the default or bound."""
        with self._writing() as index:
            entry = index.entry(old)
            _expect_free(index, new)
            keyring = self._keyring(index)
            token = keyring.get(old)
            if token is None or token.fingerprint != entry.fingerprint:
                raise _strayed(old, token)
            held = keyring.get(new)
            _expect_room(index, new, token, held)
            _set(self._store, index, keyring, new, token, entry, held)
            index.bindings = {folder: new if name == old else name for folder, name in index.bindings.items()}
            index.default = new if index.default == old else index.default
            _delete(self._store, index, keyring, old)

    def remove(self, names: Iterable[str]) -> None:
        """Takes tokens out of the keyring and the index: all of them or, where a name is unknown, none."""
        with self._writing() as index:
            for name in names:
                index.entry(name)
            for name in names:
                _delete(self._store, index, self._keyring(index), name)

    def expect_free(self, name: str, *, replace: bool) -> None:
        """Raises VaultError where `name` is in use, and not to be replaced."""
        with contextlib.suppress(DamagedIndexError):  # the token will be put into a new one
            _expect_free(self.index(), name, replace=replace)

    def change(self, change: Callable[[Index], None], patience: float = PATIENCE) -> None:
        """Has `change` alter what is known, under the lock, for which `patience` seconds are waited."""
        with self._writing(mend=False, patience=patience) as index:
            change(index)
            self._store.write(index)

    def _read(self, index: Index, name: str) -> Token | None:
        keyring = self._keyring(index)
        if not keyring.is_exclusive:
            return keyring.get(name)
        lock = self._store.lock()
        try:
            return keyring.get(name)
        finally:
            lock.release()

    def _keyring(self, index: Index) -> Keyring:
        if index.backend is None:
            index.backend = choose(self._environment)
        return Keyring(index.backend, self._environment)

    @contextlib.contextmanager
    def _writing(
        self, *, begin_anew: bool = False, mend: bool = True, patience: float = PATIENCE
    ) -> Iterator[Index]:
        lock = self._store.lock(patience)
        try:
            try:
                index = self._store.read()
            except DamagedIndexError:
                if not begin_anew:
                    raise
                index = Index()
                index.is_anew = True
            if index.intents and mend:
                _mend(index, self._keyring(index))
                self._store.write(index)
            yield index
        finally:
            lock.release()


def _expect_free(index: Index, name: str, *, replace: bool = False) -> None:
    alike = index.alike(name)
    if alike is not None and not (replace and alike == name):
        raise VaultError(
            f"there is already a token called {alike}", "`list` shows the names; `add --replace` overwrites one"
        )


def _strayed(name: str, token: Token | None) -> VaultError:
    if token is None:
        return VaultError(
            f"the keyring no longer has {name}",
            f"`tokenguard remove {name}` forgets it, `tokenguard add {name} --replace` restores it",
        )
    return VaultError(
        f"what the keyring has under {name} is not the token that was added under this name",
        f"if it was you: `keyring get {SERVICE} {name} | tokenguard add {name} --replace --stdin`",
    )


def _expect_room(index: Index, name: str, token: Token, held: Token | None) -> None:
    if name not in index.tokens and held not in (None, token):
        raise VaultError(
            f"the keyring already has a token under {name}, which tokenguard does not know of",
            f"choose another name, or --replace it; to take it in: `keyring get {SERVICE} {name} | "
            f"tokenguard add {name} --stdin`",
        )


def _set(
    store: Store, index: Index, keyring: Keyring, name: str, token: Token, entry: Entry, held: Token | None
) -> None:
    index.intents[name] = entry
    store.write(index)
    try:
        keyring.set(name, token)
    except VaultError as error:
        # Some keyrings delete before they write. If this fails too, the intent stays, and is mended later.
        try:
            if held is not None and keyring.get(name) != held:
                keyring.set(name, held)
            _mend(index, keyring)
            store.write(index)
        except VaultError:
            raise VaultError(
                f"{error.message}; what was kept under {name} may be gone with it",
                f"when the keyring works again: `tokenguard add {name} --replace`",
            ) from None
        raise
    index.tokens[name] = entry
    del index.intents[name]


def _delete(store: Store, index: Index, keyring: Keyring, name: str) -> None:
    keyring.get(name)  # a locked keyring says so before anything is intended
    index.intents[name] = None
    store.write(index)
    try:
        keyring.delete(name)
    except VaultError:
        with contextlib.suppress(VaultError):
            if keyring.get(name) is not None:  # whoever is told that it failed expects it to be there
                del index.intents[name]
                store.write(index)
        raise
    index.forget(name)
    del index.intents[name]
    store.write(index)


def _mend(index: Index, keyring: Keyring) -> None:
    """Brings the index in line with the keyring, where changes were begun and perhaps not finished."""
    for name, intended in list(index.intents.items()):
        if intended is None:
            keyring.delete(name)
            index.forget(name)
        elif (held := keyring.get(name)) is not None and held.fingerprint == intended.fingerprint:
            index.tokens[name] = intended
        del index.intents[name]
