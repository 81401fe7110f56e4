"""The vault file: where secrets are kept on machines that have no keyring."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat

from tokenguard import files
from tokenguard.errors import VaultError
from tokenguard.home import home
from tokenguard.locks import BusyError, hold
from tokenguard.vault import kernel, sealed, unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from filelock import BaseFileLock

    from tokenguard.vault.sealed import Sealed
    from tokenguard.vault.unlock import Way

# Seconds that a data key stays in the kernel's keyring: a working day.
TTL = 8 * 3600
_FILE = "vault.json"
_LARGEST = 64 * 1024 * 1024
_PATIENCE = 120.0


class VaultFile:
    """One file below `TOKENGUARD_HOME`; docs/vault-file.md has its format.

    Its first three methods are those of a backend of the keyring library. All raise VaultError where the file
    cannot be read, opened or written.
    """

    def __init__(self, folder: str | None = None, environment: Mapping[str, str] | None = None) -> None:
        super().__init__()  # the library's, where this is a backend of it
        self.folder = folder or home()
        self.path = os.path.join(self.folder, _FILE)
        self._environment = os.environ if environment is None else environment
        self._known: Sealed | None = None

    def get_password(self, service: str, username: str) -> str | None:
        """The secret of a user of a service, None where there is none."""
        document = self._read()
        return None if document is None else sealed.get(self._open(document), _name(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keeps a secret."""
        self._change(_name(service, username), password)

    def delete_password(self, service: str, username: str) -> None:
        """Takes a secret out, where there is one."""
        if self.get_password(service, username) is not None:
            self._change(_name(service, username), None)

    @property
    def exists(self) -> bool:
        """Whether there is a vault file."""
        return os.path.lexists(self.path)

    @property
    def holds_something(self) -> bool:
        """Whether there is a vault file, and be it one that cannot be read, unless it has no entries."""
        if not self.exists:
            return False
        try:
            document = self._read()
        except VaultError:
            return True
        return document is not None and bool(document["entries"])

    def users(self, service: str) -> list[str]:
        """Who has a secret of a service; the file need not be open for that."""
        document = self._read()
        names = [json.loads(name) for name in document["entries"]] if document else []
        return [user for kept_for, user in names if kept_for == service]

    @property
    def is_locked(self) -> bool:
        """Whether somebody would have to be asked for the passphrase."""
        document = self._read()
        if document is None or self._is_known(document):
            return False
        return self._cached(document) is None and not self._ways(document)

    def ensure(self) -> None:
        """Opens the file, and makes one where there is none."""
        document = self._read()
        if document is None:
            kind, secret, is_typed = self._for_new()  # nobody waits for the lock while somebody types
            with self._hold():
                document = self._read()
                if document is None:
                    opened = sealed.create(kind, secret)
                    self._write(opened)
                    self._known, document = opened, opened.document
            if self._known is None:
                # Somebody else was faster, perhaps with the same.
                with contextlib.suppress(sealed.WrongSecretError):
                    self._known = sealed.unlock(document, kind, secret)
            if self._known is not None and is_typed:
                self._spare(self._known)
        self._open(document)

    def unlock(self, seconds: int) -> None:
        """Opens the file and keeps its key in the kernel's keyring. Raises VaultError where there is none."""
        document = self._existing()
        opened, _ = self._open_with_secret(document)
        try:
            kernel.store(_description(document), opened.data_key, seconds)
        except OSError as error:
            raise VaultError(
                f"the kernel's keyring cannot keep it: {error.strerror or error}",
                f"in a container, name a file in {unlock.PASSPHRASE_FILE} or {unlock.KEY_FILE}",
            ) from None

    def lock(self) -> None:
        """Forgets the key that `unlock` has kept."""
        document = self._existing()
        self._known = None
        try:
            kernel.drop(_description(document))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise VaultError(f"the kernel does not let go of the key: {error.strerror}") from None
            # Without the kernel's keyring, nothing was kept there.

    def change_passphrase(self) -> None:
        """Asks for a new passphrase, which opens the file from then on; the kernel's keyring is not asked."""
        self._open_anew(self._existing())
        secret = unlock.ask_for_new()
        with self._hold():
            self._write(sealed.with_slot(self._open(self._existing()), sealed.PASSPHRASE, secret))

    def add_key(self, path: str) -> None:
        """Has the key in the file at `path`, which is made if it is not there, open the vault file as well.

        It takes the place of another key. The kernel's keyring is not asked.
        """
        self._open_anew(self._existing())
        with self._hold():  # another may be making this file
            self._write(sealed.with_slot(self._open(self._existing()), sealed.KEY, unlock.key_at(path)))

    def _change(self, name: str, value: str | None) -> None:
        self.ensure()
        with self._hold():
            self._write(sealed.put(self._open(self._existing()), name, value))

    def _existing(self) -> dict[str, Any]:
        document = self._read()
        if document is None:
            raise VaultError("there is no vault file yet", "the first `tokenguard add` makes one")
        return document

    def _for_new(self) -> tuple[str, bytes, bool]:
        """What is to open a new file: its kind, itself, and whether somebody has typed it."""
        for way in unlock.ways(self._environment):
            return way.kind, way.take(), False
        return sealed.PASSPHRASE, unlock.ask_for_new(), True

    def _is_known(self, document: dict[str, Any]) -> bool:
        return self._known is not None and self._known.document["id"] == document["id"]

    def _open(self, document: dict[str, Any]) -> Sealed:
        if self._known is not None and self._is_known(document):
            return sealed.opened(document, self._known.data_key)
        cached = self._cached(document)
        if cached is not None:
            self._known = cached
            return cached
        return self._open_anew(document)

    def _open_anew(self, document: dict[str, Any]) -> Sealed:
        self._known, is_typed = self._open_with_secret(document)
        if is_typed:
            self._spare(self._known)
        return self._known

    def _open_with_secret(self, document: dict[str, Any]) -> tuple[Sealed, bool]:
        """The document opened, and whether somebody has typed what opens it."""
        tried = []
        for way in self._ways(document):
            tried.append(f"the {way.kind} from {way.source}")
            with contextlib.suppress(sealed.WrongSecretError):
                return sealed.unlock(document, way.kind, way.take()), False
        if tried:
            raise sealed.WrongSecretError(
                f"the vault file is not opened by {', nor by '.join(tried)}", "nothing was changed"
            )
        if sealed.PASSPHRASE not in sealed.kinds(document):
            raise VaultError("a key opens the vault file", f"name the file that has it in {unlock.KEY_FILE}")
        typed = unlock.ask("Passphrase of the vault file (not shown): ")
        return sealed.unlock(document, sealed.PASSPHRASE, typed), True

    def _ways(self, document: dict[str, Any]) -> list[Way]:
        return [way for way in unlock.ways(self._environment) if way.kind in sealed.kinds(document)]

    def _cached(self, document: dict[str, Any]) -> Sealed | None:
        # Where the key no longer fits, it is the secret that tells whether the file is damaged.
        with contextlib.suppress(OSError, sealed.DamagedFileError):
            data_key = kernel.fetch(_description(document))
            return None if data_key is None else sealed.opened(document, data_key)
        return None

    def _spare(self, opened: Sealed) -> None:
        """Spares whoever has typed from typing again. What lies in a file or a variable is there the next time."""
        with contextlib.suppress(OSError):  # as in a container
            kernel.store(_description(opened.document), opened.data_key, TTL)

    def _read(self) -> dict[str, Any] | None:
        _expect_guarded(self.folder)
        try:
            descriptor, _ = files.open_regular(self.path, _LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            reason = "is a symbolic link" if os.path.islink(self.path) else error.strerror or str(error)
            raise VaultError(f"{self.path} cannot be read: {reason}", "put it right") from None
        with os.fdopen(descriptor, "rb") as file:
            _expect_own(os.fstat(descriptor), self.path)
            return sealed.read(file.read())

    def _write(self, opened: Sealed) -> None:
        try:
            files.tidy(self.path)
            files.replace(self.path, sealed.written(opened))
        except OSError as error:
            raise VaultError(f"{self.path} cannot be written: {error.strerror or error}") from None

    @contextlib.contextmanager
    def _hold(self) -> Iterator[None]:
        lock = self._lock()
        try:
            yield
        finally:
            lock.release()

    def _lock(self) -> BaseFileLock:
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            return hold(f"{self.path}.lock", _PATIENCE)
        except BusyError as error:
            raise VaultError(
                "another tokenguard is changing the vault file, and does not come to an end",
                f"look for its process; if there is none, remove {error.path}",
            ) from None
        except OSError as error:
            raise VaultError(f"{self.folder} cannot be written: {error.strerror or error}") from None


def _name(service: str, username: str) -> str:
    return json.dumps([service, username])


def _description(document: Mapping[str, object]) -> str:
    return f"tokenguard:{document['id']}"


def _expect_guarded(folder: str) -> None:
    try:
        mode = os.stat(folder).st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise VaultError(f"{folder} cannot be looked at: {error.strerror or error}") from None
    if os.name != "nt" and mode & 0o022:
        raise VaultError(f"{folder} can be written to by others", f"chmod 700 {folder}")


def _expect_own(status: os.stat_result, path: str) -> None:
    if os.name == "nt":
        return  # who may read it is said by the folder, which is the user's own
    if status.st_uid != os.geteuid():
        raise VaultError(f"{path} belongs to somebody else", "it has to be yours")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise VaultError(f"{path} can be read or written by others", f"chmod 600 {path}")
