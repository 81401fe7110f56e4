"""What there is to say of the vault itself."""

from __future__ import annotations

from tokenguard.core.standing import VaultState
from tokenguard.vault.keyring import ENCRYPTED_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.vault.vault import Vault


def status(vault: Vault) -> VaultState:
    """Which vault is in use, and whether it is open. Nobody is asked for a password."""
    backend, locked, problem = vault.backend()
    path = None
    if backend == ENCRYPTED_FILE:
        from tokenguard.vault.file import VaultFile

        path = VaultFile().path
    return VaultState("file" if path else "keyring", backend, path, locked, len(vault.index().tokens), problem)
