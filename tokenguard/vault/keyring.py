"""The one door to the OS keyring: a single backend, chosen from a list, called directly and with a deadline.

The keyring library's own choice is not used: it takes plaintext where that is all there is, null where it is told
to, and several keyrings at once where two are viable, so that a removal can leave a copy
(https://keyring.readthedocs.io/en/latest/, `keyring.backends.chainer`).
"""

from __future__ import annotations

import contextlib
import functools
import sys

from tokenguard.core.token import Token
from tokenguard.deadline import DeadlineError, within
from tokenguard.errors import VaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from keyring.backend import KeyringBackend

    from tokenguard.vault.file import VaultFile

    T = TypeVar("T")

SERVICE = "tokenguard"

_WINDOWS = "keyring.backends.Windows.WinVaultKeyring"
_MACOS = "keyring.backends.macOS.Keyring"
_SECRET_SERVICE = "keyring.backends.SecretService.Keyring"  # noqa: S105 -- the name of a class
_DESKTOPS = (
    _SECRET_SERVICE,
    "keyring.backends.libsecret.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
)
ENCRYPTED_FILE = "tokenguard.vault.encrypted_file.EncryptedFile"
BACKENDS = (_WINDOWS, _MACOS, *_DESKTOPS, ENCRYPTED_FILE)

# CredWriteW takes 2560 bytes of UTF-16 (https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw).
_LONGEST_ON_WINDOWS = 1280

_HINT = "is the desktop that it belongs to logged in, and its session bus (D-Bus) the one of this process?"

# Seconds. A keyring answers in milliseconds, or waits for its owner: with nobody to ask, that is for ever.
_UNATTENDED = 5.0
_ATTENDED = 60.0


class KeyringError(VaultError):
    """The keyring as a whole cannot be used now: whatever is asked of it next would fail the same way."""


def choose(environment: Mapping[str, str]) -> str:
    """The name of the OS keyring to keep tokens in on this machine.

    `PYTHON_KEYRING_BACKEND` is followed where it names one that can be trusted with them. Raises VaultError where
    there is none.
    """
    wanted = environment.get("PYTHON_KEYRING_BACKEND", "")
    candidates = [wanted] if wanted in BACKENDS and wanted != ENCRYPTED_FILE else _of_this_platform()
    found: list[tuple[float, str]] = []
    reasons = []
    for name in candidates:
        try:
            found.append((within(_UNATTENDED, functools.partial(_priority, name)), name))
        except Exception as error:  # noqa: BLE001, PERF203 -- each says in its own way that it is not there
            reasons.append(f"{name.split('.')[-2]}: {str(error).partition(chr(10))[0]}")
    if not found:
        raise VaultError(
            f"there is no keyring here that could keep a token ({'; '.join(reasons)})",
            "on a desktop, log in to it; without one, TOKENGUARD_VAULT=file keeps tokens in an encrypted file",
        )
    return max(found)[1]


class Keyring:
    """One backend. Its entries have the service `tokenguard` and the name of the token as user.

    Every method raises KeyringError where the keyring is gone, locked or does not answer.
    """

    def __init__(self, backend: str, environment: Mapping[str, str]) -> None:
        if backend not in BACKENDS:
            raise VaultError(f"{backend} is not a keyring that tokens are kept in")
        self.backend = backend
        self._patience = _patience(backend, environment)
        # Opened once, since that takes its time.
        self._file = _vault_file() if backend == ENCRYPTED_FILE else None

    @property
    def is_locked(self) -> bool:
        """Whether its owner would be asked for a password. Only the Secret Service can tell without asking."""
        if self._file is not None:
            return self._file.is_locked
        if self.backend != _SECRET_SERVICE:
            return False

        def ask(_: object) -> bool:
            import secretstorage

            with contextlib.closing(secretstorage.dbus_init()) as bus:
                return bool(secretstorage.Collection(bus).is_locked())

        return self._call(ask)

    @property
    def is_there(self) -> bool:
        """Whether there is a vault file, where that is what it is."""
        return self._file is None or self._file.exists

    @property
    def is_in_use(self) -> bool:
        """Whether this is a vault file with something in it."""
        return self._file is not None and self._file.holds_something

    def names(self) -> list[str] | None:
        """The names that Tokens are kept under, None where that cannot be told: keyrings list nothing."""
        return None if self._file is None else self._file.users(SERVICE)

    @property
    def is_exclusive(self) -> bool:
        """Whether it refuses one reader while there is another."""
        return self.backend == _MACOS

    def expect_open(self) -> None:
        """Has its owner asked for a password, if need be, and the file made, where that is what it is."""
        if self._file is not None:
            self._file.ensure()
        else:
            self.get("-")  # no token can be called that

    def get(self, name: str) -> Token | None:
        """The Token kept under `name`, None where there is none."""
        value = self._call(lambda backend: backend.get_password(SERVICE, name))
        return None if value is None else Token(value)

    def set(self, name: str, token: Token) -> None:
        """Keeps `token` under `name`, and reads it back."""
        if self.backend == _WINDOWS and len(token.reveal()) > _LONGEST_ON_WINDOWS:
            raise VaultError(
                f"the token is too long for the Windows Credential Manager ({_LONGEST_ON_WINDOWS} characters)",
                "short-lived tokens of this length are best fetched when they are needed",
            )
        self._call(lambda backend: backend.set_password(SERVICE, name, token.reveal()))
        if self.get(name) != token:
            raise VaultError("the keyring took the token and does not give it back", "it was not kept")

    def delete(self, name: str) -> None:
        """Takes out what is kept under `name`, every copy of it."""
        for _ in range(8):  # the Secret Service may have several with the same user, and deletes one
            if self.get(name) is None:
                return
            self._call(lambda backend: backend.delete_password(SERVICE, name))
        raise VaultError(f"the keyring does not let go of {name}")

    def _call(self, action: Callable[[KeyringBackend | VaultFile], T]) -> T:
        if self._file is not None:
            return action(self._file)  # it waits for nobody but a person who types, which a thread must not do
        try:
            return within(self._patience, lambda: action(_load(self.backend)))
        except DeadlineError as error:
            raise KeyringError(
                f"the keyring gives {error}: it is probably locked, with nobody to ask for its password",
                "unlock it on the desktop it belongs to, or log in there; over SSH there is no one to ask",
            ) from None
        except Exception as error:  # noqa: BLE001 -- backends let errors of every library below them through
            raise _explained(error) from None


def _of_this_platform() -> tuple[str, ...]:
    return {"win32": (_WINDOWS,), "darwin": (_MACOS,)}.get(sys.platform, _DESKTOPS)


def _priority(name: str) -> float:
    # The property raises where the backend cannot work here.
    return float(type(_load(name)).priority)


def _vault_file() -> VaultFile:
    from tokenguard.vault.file import VaultFile

    return VaultFile()


def _load(name: str) -> KeyringBackend:
    import importlib

    module, _, attribute = name.rpartition(".")
    backend: KeyringBackend = getattr(importlib.import_module(module), attribute)()
    return backend


def _patience(backend: str, environment: Mapping[str, str]) -> float:
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return _UNATTENDED
    on_screen = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return _ATTENDED if backend == _MACOS or (backend in _DESKTOPS and on_screen) else _UNATTENDED


def _explained(error: Exception) -> KeyringError:
    from keyring.errors import InitError, KeyringLocked

    said = str(error).partition("\n")[0] or type(error).__name__
    if isinstance(error, KeyringLocked) or "dismissed" in said.lower():
        return KeyringError("the keyring is locked", "unlock it on the desktop that it belongs to, and try again")
    if isinstance(
        error, (InitError, OSError, ValueError)
    ):  # the last is jeepney's answer to a bad address of a bus
        return KeyringError(f"the keyring cannot be reached: {said}", _HINT)
    return KeyringError(f"the keyring failed: {said}", _HINT)
