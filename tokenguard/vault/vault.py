"""The Vault: named Tokens, the secrets in a keyring and all else in an index."""

from __future__ import annotations

import contextlib

from tokenguard.core.entry import entry_of
from tokenguard.core.name import is_name
from tokenguard.errors import TokenguardError, VaultError
from tokenguard.vault.index import PATIENCE, Copy, DamagedIndexError, Index, Store
from tokenguard.vault.journal import Journal
from tokenguard.vault.keyring import SERVICE
from tokenguard.vault.keyrings import Keyrings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tokenguard.core.entry import Entry
    from tokenguard.core.token import Token
    from tokenguard.vault.keyring import Keyring
    from tokenguard.vault.strays import Strays


class Vault:
    """Named Tokens, in the one keyring that the first of them went to.

    `folder` is where the index is, `environment` that of the process. Methods raise VaultError where the keyring
    or the index cannot be used.
    """

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        self._keyrings = Keyrings(environment)
        self._store = Store(folder)
        self._may_mend = True

    def index(self) -> Index:
        """All that is known without the secrets. Nobody is asked for a password."""
        index = self._store.read()
        if not index.intents:
            return index
        # Somebody is in the middle of a change, or has died there: mended if it can be, not waited for.
        try:
            if self._may_mend and not self._keyrings.of(index).is_locked:
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
        keyring = self._keyrings.of(index)
        _expect_there(index, keyring)
        keyring.expect_open()

    def get(self, name: str) -> Token:
        """The Token called `name`."""
        token = None
        for _ in range(3):  # it may be replaced just now: then what is kept and what is known differ for a moment
            index = self.index()
            known = [index.entry(name), index.intents.get(name)]
            token = self._read(index, name)
            if token is not None and token.fingerprint in [entry.fingerprint for entry in known if entry]:
                return token
        index = self.index()
        _expect_there(index, self._keyrings.of(index))
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
            keyring = self._keyrings.of(index)
            _expect_there(index, keyring)
            held = keyring.get(name)  # asked before anything is put aside: it may be locked
            if not replace:
                _expect_room(index, name, token, held)
            if index.is_anew:
                warn(f"the index was damaged; it is kept as {self._store.keep_aside()}, and a new one begun")
            keyring.expect_open()
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
        known = self.index()
        known.entry(old)
        _expect_free(known, new)
        _expect_there(known, self._keyrings.of(known))
        self._have_it_open(known)
        with self._writing() as index:
            entry = index.entry(old)
            _expect_free(index, new)
            keyring = self._keyrings.of(index)
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
        known = self.index()
        for name in names:
            known.entry(name)
        self._have_it_open(known)
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

    def move(self, kind: str, *, dry_run: bool = False, warn: Callable[[str], None]) -> list[str]:
        """Takes all tokens to the vault `kind`, "keyring" or "file", and gives their names.

        Each is copied and read back; only then does the index point there, and only then are the old copies
        deleted; where that fails, `warn` is told. With `dry_run`, nothing is done. Raises VaultError where one
        cannot be taken along; then all are where they were.
        """
        target = self._keyrings.to_move_to(kind)
        index = self.index()
        source = self._keyrings.called(index.backend or self._keyrings.chosen())
        names = sorted(index.tokens) if source.backend != target.backend else []
        if dry_run or not names:
            return names
        # Whoever is to be asked for a passphrase is asked before others have to wait for it.
        self._expect_movable(index, source, target)
        target.expect_open()
        with self._writing() as index:
            tokens = self._expect_movable(index, source, target)
            index.left |= {name: Copy(target.backend, token.fingerprint) for name, token in tokens.items()}
            self._store.write(index)
            for name, token in tokens.items():
                target.set(name, token)
            index.backend = target.backend
            index.left |= {name: Copy(source.backend, token.fingerprint) for name, token in tokens.items()}
            self._store.write(index)
            try:
                self._clear(index)
            except VaultError as error:
                warn(f"not all was deleted where it was: {error.message}; the next change tries again")
            return list(tokens)

    def _expect_movable(self, index: Index, source: Keyring, target: Keyring) -> dict[str, Token]:
        """All tokens by their names. Raises VaultError where one is not there, or not free to go to `target`."""
        tokens: dict[str, Token] = {}
        _expect_there(index, source)
        for name, entry in sorted(index.tokens.items()):
            token = source.get(name)
            if token is None or token.fingerprint != entry.fingerprint:
                raise _strayed(name, token)
            if target.is_there and target.get(name) not in (None, token):
                raise VaultError(
                    f"where {name} is to go, there is already another token under this name",
                    f"`tokenguard rename {name} OTHER`, and try again",
                )
            tokens[name] = token
        return tokens

    def _have_it_open(self, index: Index) -> None:
        """Has a person asked, if need be, before others have to wait for what is asked."""
        keyring = self._keyrings.of(index)
        if keyring.is_there:
            keyring.expect_open()

    def _clear(self, index: Index) -> None:
        """Deletes the copies that a move has left behind; who is killed before leaves it to the next writer."""
        for name, (backend, fingerprint) in list(index.left.items()):
            keyring = self._keyrings.called(backend)
            if backend != index.backend or name not in index.tokens:
                if keyring.is_locked:
                    continue  # nothing depends on it, and nobody is asked for a passphrase because of it
                held = keyring.get(name)
                if held is not None and held.fingerprint == fingerprint:
                    keyring.delete(name)
            del index.left[name]
        self._store.write(index)

    def known(self) -> Index:
        """The index as it is, with what was begun and not finished."""
        return self._store.read()

    def strays(self) -> Strays:
        """Where index and keyring differ. Nobody is asked for a password, and nothing is changed.

        Raises KeyringError where the keyring would have to be unlocked for that.
        """
        from tokenguard.vault.strays import find_strays

        return find_strays(self._store, self._keyrings)

    def reconcile(self) -> list[str]:
        """Brings the index in line with the keyring as far as nothing is lost by it; says what was done.

        Finishes what was begun, deletes the copies that a move has left, takes in what the vault file has and the
        index does not know, and forgets names that the vault file does not have; of a keyring's nobody can say
        whether it is the same one as ever.
        """
        before = self._store.read()
        self._have_it_open(before)
        with self._writing() as index:
            keyring = self._keyrings.of(index)
            done = [f"finished the change of {name}" for name in sorted(before.intents)]
            done += [f"deleted the old copy of {name}" for name in sorted(before.left) if name not in index.left]
            names = keyring.names()
            if names is None or not keyring.is_there:
                return done
            for name in sorted(index.tokens):
                if name not in names and keyring.get(name) is None:
                    index.forget(name)
                    done.append(f"forgot {name}")
            for name in sorted(names):
                token = keyring.get(name)
                if token is not None and index.alike(name) is None and is_name(name):
                    index.tokens[name] = entry_of(token)
                    done.append(f"took in {name}")
            self._store.write(index)
            return done

    def backend(self) -> tuple[str, bool | None, str | None]:
        """The name of the backend that tokens are kept in, or would be, whether it is locked, and what is wrong.

        Whether it is locked is None where that cannot be told without asking for a password.
        """
        index = self.index()
        keyring = self._keyrings.of(index)
        try:
            _expect_there(index, keyring)
            return keyring.backend, keyring.is_locked, None
        except VaultError as error:
            return keyring.backend, None, error.message

    def change(self, change: Callable[[Index], None], patience: float = PATIENCE) -> None:
        """Has `change` alter what is known, under the lock, for which `patience` seconds are waited."""
        with self._writing(mend=False, patience=patience) as index:
            change(index)
            self._store.write(index)

    def _read(self, index: Index, name: str) -> Token | None:
        keyring = self._keyrings.of(index)
        if not keyring.is_exclusive:
            return keyring.get(name)
        lock = self._store.lock()
        try:
            return keyring.get(name)
        finally:
            lock.release()

    def _journal(self, index: Index) -> Journal:
        return Journal(self._store, index, self._keyrings.of(index))

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
            if index.left and mend:
                with contextlib.suppress(TokenguardError):  # it may be out of reach, and nothing depends on it
                    self._clear(index)
            yield index
        finally:
            lock.release()


def _expect_there(index: Index, keyring: Keyring) -> None:
    if index.tokens and not keyring.is_there:
        raise VaultError(
            "the vault file is gone, and with it the tokens that were in it",
            "put a backup in its place; or `tokenguard remove` them all, and begin anew",
        )


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
