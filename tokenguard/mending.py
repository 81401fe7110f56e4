"""What `doctor --fix` does: what is safe, and may be done again."""

from __future__ import annotations

import os
import stat

from tokenguard import files, githooks
from tokenguard.core.ailment import Chmod, Mended, Revive
from tokenguard.errors import TokenguardError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenguard.core.ailment import Cure
    from tokenguard.vault.vault import Vault


def mend(vault: Vault, cures: Iterable[Cure]) -> Iterator[Mended]:
    """Does each of `cures` once, and tells what came of it. One that fails does not keep the others from it."""
    for cure in dict.fromkeys(cures):
        yield from _tried(vault, cure)


def _tried(vault: Vault, cure: Cure) -> list[Mended]:
    try:
        return [Mended(done) for done in _mend(vault, cure)]
    except TokenguardError as error:
        return [Mended(_aim(cure), f"{error.message}; {error.hint}" if error.hint else error.message)]
    except OSError as error:
        return [Mended(_aim(cure), error.strerror or str(error))]


def _mend(vault: Vault, cure: Cure) -> list[str]:
    if isinstance(cure, Chmod):
        _chmod(cure)
    elif isinstance(cure, Revive):
        githooks.revive(cure.path)
    else:
        return vault.reconcile()
    return [_aim(cure)]


def _aim(cure: Cure) -> str:
    if isinstance(cure, Chmod):
        return f"chmod {cure.mode:o} {cure.path}"
    return f"{cure.path} calls tokenguard-hook" if isinstance(cure, Revive) else "the index agrees with the vault"


def _chmod(cure: Chmod) -> None:
    """Takes the rights of others away; never gives any, and to nothing but what was looked at."""
    if os.path.isdir(cure.path) and not os.path.islink(cure.path):
        os.chmod(cure.path, cure.mode)
        return
    descriptor, _ = files.open_regular(cure.path)
    try:
        os.fchmod(descriptor, stat.S_IMODE(os.fstat(descriptor).st_mode) & cure.mode)
    finally:
        os.close(descriptor)
