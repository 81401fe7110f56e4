"""The vault file as a backend of the keyring library."""

from __future__ import annotations

import contextlib

from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, PasswordDeleteError

from tokenguard.errors import TokenguardError
from tokenguard.vault.file import VaultFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class EncryptedFile(VaultFile, KeyringBackend):
    """What `PYTHON_KEYRING_BACKEND=tokenguard.vault.encrypted_file.EncryptedFile` has `keyring get` read.

    tokenguard itself goes to VaultFile: importing the library takes longer than opening the file. No entry point
    names this class, since one more backend makes other programs use several at once.
    """

    # Below 1, so that the keyring library never picks it by itself.
    priority = 0.5

    def get_password(self, service: str, username: str) -> str | None:
        """The secret of a user of a service, None where there is none. Raises KeyringError."""
        with _in_its_terms():
            return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keeps a secret. Raises KeyringError."""
        with _in_its_terms():
            super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        """Takes a secret out. Raises PasswordDeleteError where there is none, KeyringError."""
        if self.get_password(service, username) is None:
            raise PasswordDeleteError("there is no such entry")
        with _in_its_terms():
            super().delete_password(service, username)


@contextlib.contextmanager
def _in_its_terms() -> Iterator[None]:
    try:
        yield
    except TokenguardError as error:
        raise KeyringError(f"{error.message}: {error.hint}" if error.hint else error.message) from None
