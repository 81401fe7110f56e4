"""The Vault: named Tokens, the secrets in a keyring and all else in an index."""

from __future__ import annotations

import contextlib

from tokenguard.errors import UsageError, VaultError
from tokenguard.vault.index import PATIENCE, DamagedIndexError, Index, Store
from tokenguard.vault.journal import Journal
from tokenguard.vault.keyring import SERVICE, Keyring, choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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
        self._keyring(index).get("-")  # no token can be called that

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
            held = keyring.get(name)  # asked before anything is put aside: it may be locked
            if not replace:
                _expect_room(index, name, token, held)
            if index.is_anew:
                warn(f"the index was damaged; it is kept as {self._store.keep_aside()}, and a new one begun")
            self._journal(index).set(name, token, entry)
            if default:
                index.default = name
            try:
                self._store.write(index)
            except VaultError as error:
                raise VaultError(
                    f"{error.message}; the keyring has {name}, and the next command notes it"
                ) from None

    def rename(self, old: str, new: str) -> None:
        """Calls the token `old` `new` from now on, wherever it is the default or bound."""
        with self._writing() as index:
            entry = index.entry(old)
            _expect_free(index, new)
            keyring = self._keyring(index)
            token = keyring.get(old)
            if token is None or token.fingerprint != entry.fingerprint:
                raise _strayed(old, token)
            _expect_room(index, new, token, keyring.get(new))
            try:
                self._journal(index).rename(old, new, token, entry)
            except VaultError as error:
                if new not in index.tokens:
                    raise
                raise VaultError(
                    f"{error.message}; it is called {new} now, and {old} as well", f"`tokenguard remove {old}`"
                ) from None

    def remove(self, names: Sequence[str]) -> None:
        """Takes tokens out of the keyring and the index; where a name is unknown, none of them."""
        with self._writing() as index:
            for name in names:
                index.entry(name)
            journal = self._journal(index)
            removed: list[str] = []
            for name in names:
                try:
                    journal.delete(name)
                except VaultError as error:
                    done = f"; removed {', '.join(removed)}" if removed else ""
                    raise VaultError(f"{name} is not removed: {error.message}{done}", error.hint) from None
                removed.append(name)

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

    def _journal(self, index: Index) -> Journal:
        return Journal(self._store, index, self._keyring(index))

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
                self._journal(index).mend()
            yield index
        finally:
            lock.release()


def _expect_free(index: Index, name: str, *, replace: bool = False) -> None:
    alike = index.alike(name)
    if alike is None or (replace and alike == name):
        return
    hint = "choose another name, or `tokenguard add --replace` to overwrite it"
    if alike != name:
        hint = "names that differ by upper and lower case alone are one to some keyrings: choose another"
    raise VaultError(f"there is already a token called {alike}", hint)


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
