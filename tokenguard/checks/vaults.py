"""The vault, and where it and the index do not agree."""

from __future__ import annotations

from tokenguard.checks.lying import is_loose
from tokenguard.core.ailment import ORPHAN, VAULT, Ailment, Reconcile
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.errors import VaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.checks import Workstation

_FIX = "tokenguard doctor --fix"


def state(workstation: Workstation) -> Iterator[Ailment]:
    """What keeps the vault from being used."""
    vault = workstation.standing.vault
    if vault.kind is not None and vault.problem and not is_loose(workstation.home):
        why = "no token in it can be handed to a program"
        yield Ailment(VAULT, vault.problem, why, "tokenguard vault status", path=vault.path)


def orphans(workstation: Workstation) -> Iterator[Ailment | Unreadable]:
    """Names without a secret, secrets without a name, and changes that were not finished."""
    vault = workstation.standing.vault
    if vault.kind is None or vault.problem:
        return  # told already
    try:
        strays = workstation.vault.strays()
    except VaultError as error:
        yield Unreadable(Origin(f"the {vault.kind}"), error.message)
        return
    for name in strays.begun:
        why = "tokenguard or the machine was stopped in the middle of it"
        yield _orphan(name, f"a change of {name} was begun and not finished", why, is_safe=True)
    for name in strays.left:
        why = "it is still a token, and nothing of tokenguard's looks there any more"
        yield _orphan(name, f"a move has left a copy of {name} behind", why, is_safe=True)
    for name in strays.lost:
        why = "whatever asks for it gets an error"
        is_safe = vault.kind == "file"
        yield _orphan(name, f"the vault no longer has {name}", why, f"tokenguard remove {name}", is_safe=is_safe)
    for name in strays.other:
        why = "whatever asks for it is refused, since it may be anybody's"
        yield _orphan(
            name, f"what the vault has as {name} is another token", why, f"tokenguard add {name} --replace"
        )
    for name in strays.nameless:
        why = "it is kept, and no command shows it"
        yield _orphan(name, f"the vault file has {name}, and the index does not", why, is_safe=True)


def _orphan(name: str, what: str, why: str, command: str = _FIX, *, is_safe: bool = False) -> Ailment:
    return Ailment(ORPHAN, what, why, command, Reconcile() if is_safe else None, known_as=name)
