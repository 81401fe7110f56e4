"""What is wrong on this workstation, and in the repository that somebody is in."""

from __future__ import annotations

import os

from tokenguard.checks import Workstation, git, lying, tokens, variables, vaults
from tokenguard.core.ailment import Ailment, Checkup
from tokenguard.errors import VaultError
from tokenguard.mending import mend
from tokenguard.plaintext import plaintext
from tokenguard.standing import standing
from tokenguard.vault.index import Index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tokenguard.core.blob import Unreadable
    from tokenguard.vault.vault import Vault

    Check = Callable[[Workstation], Iterator[Ailment | Unreadable]]

_CHECKS: tuple[Check, ...] = (
    lying.in_the_clear,
    lying.modes,
    variables.shadowing,
    variables.misspelt,
    vaults.state,
    vaults.orphans,
    git.hooks,
    git.helpers,
    git.tracked,
    tokens.tokens,
)


def examine(
    vault: Vault, environment: Mapping[str, str], folder: str | None, home: str, *, fix: bool = False
) -> Checkup:
    """Runs all checks. With `fix`, does what is safe first, and says what; neither Hub nor person is asked."""
    found = _examine(vault, environment, folder, home)
    cures = [ailment.cure for ailment in found.ailments if ailment.cure is not None]
    if not fix or not cures:
        return found
    mended = tuple(mend(vault, cures))
    return _examine(vault, environment, folder, home)._replace(mended=mended)


def _examine(vault: Vault, environment: Mapping[str, str], folder: str | None, home: str) -> Checkup:
    unreadable: list[Unreadable] = []
    try:
        index = vault.known()
    except VaultError:
        index = Index()  # `standing` says why
    state = standing(vault, environment, folder, home)
    unreadable += state.unreadable
    in_the_clear = tuple(plaintext(environment, folder or os.path.expanduser("~")))
    workstation = Workstation(environment, folder, home, vault, index, state, in_the_clear)
    ailments = []
    for check in _CHECKS:
        for found in check(workstation):
            if isinstance(found, Ailment):
                ailments.append(found)
            elif found.origin.path not in [there.origin.path for there in unreadable]:
                unreadable.append(found)
    return Checkup(tuple(ailments), tuple(unreadable))
