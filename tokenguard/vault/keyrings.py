"""Which keyring tokens are kept in: the one that the first of them went to, or what the user has said."""

from __future__ import annotations

from tokenguard.errors import UsageError, VaultError
from tokenguard.process import say
from tokenguard.vault.keyring import ENCRYPTED_FILE, Keyring, choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.vault.index import Index

KINDS = ("auto", "keyring", "file")
"""What `TOKENGUARD_VAULT` may say."""


class Keyrings:
    """The keyrings of this machine, each opened once, as the `environment` of the process has them.

    Raises UsageError where that names no kind. Methods raise VaultError where there is none to use.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._kind = environment.get("TOKENGUARD_VAULT") or "auto"
        if self._kind not in KINDS:
            raise UsageError(f"TOKENGUARD_VAULT is {self._kind!r}", f"it can be {', '.join(KINDS)}")
        self._environment = environment
        self._opened: dict[str, Keyring] = {}
        self._chosen: str | None = None

    def of(self, index: Index) -> Keyring:
        """The one that has the tokens of `index`, or is to have them; it is noted there."""
        if index.backend is None:
            index.backend = self.chosen()
        is_file = index.backend == ENCRYPTED_FILE
        if (is_file and self._kind == "keyring") or (not is_file and self._kind == "file"):
            there = "the encrypted file" if is_file else "the OS keyring"
            raise VaultError(
                f"your tokens are in {there}, and TOKENGUARD_VAULT is {self._kind}",
                f"`tokenguard vault move --to {self._kind}` takes them there; without the variable they are found",
            )
        return self.called(index.backend)

    def called(self, backend: str) -> Keyring:
        """The one with this backend."""
        if backend not in self._opened:
            self._opened[backend] = Keyring(backend, self._environment)
        return self._opened[backend]

    def chosen(self) -> str:
        """The backend that a first token goes to."""
        if self._chosen is None:
            is_file = self._kind == "file" or (self._kind == "auto" and self._is_file())
            self._chosen = ENCRYPTED_FILE if is_file else self._choose_keyring()
        return self._chosen

    def to_move_to(self, kind: str) -> Keyring:
        """The one that a vault is taken to, by its `kind`: "keyring" or "file"."""
        return self.called(ENCRYPTED_FILE if kind == "file" else choose(self._environment))

    def _is_file(self) -> bool:
        """Whether it is the vault file that was used until now, though the index does not say so, or is to be."""
        if self._environment.get("PYTHON_KEYRING_BACKEND") == ENCRYPTED_FILE:
            return True
        if not self.called(ENCRYPTED_FILE).is_in_use:
            return False
        say("tokenguard: there is a vault file here, and tokens are kept in it")
        return True

    def _choose_keyring(self) -> str:
        try:
            return choose(self._environment)
        except VaultError:
            if self._kind == "keyring":
                raise
            say("tokenguard: no OS keyring answers here: tokens are kept in an encrypted file")
            return ENCRYPTED_FILE
