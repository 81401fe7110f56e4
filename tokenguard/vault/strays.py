"""Tokens about which index and keyring do not agree."""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.vault.keyring import KeyringError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.vault.index import Store
    from tokenguard.vault.keyrings import Keyrings


class Strays(NamedTuple):
    """Their names.

    `begun` are changes that were not finished, `left` copies that a move has not deleted. The index has `lost`,
    whose secrets are gone, and `other`, whose secrets are others by now; the vault file has `nameless`, of which
    the index does not know.
    """

    begun: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()


def find_strays(store: Store, keyrings: Keyrings) -> Strays:
    """Where index and keyring differ. Nobody is asked for a password, and nothing is changed.

    Raises KeyringError where the keyring would have to be unlocked for that.
    """
    index = store.read()
    pending = Strays(begun=tuple(sorted(index.intents)), left=tuple(sorted(index.left)))
    keyring = keyrings.of(index)
    names = keyring.names()
    expected = sorted(name for name in index.tokens if name not in index.intents)
    if not keyring.is_there or not (expected or names):
        return pending
    lost = [] if names is None else [name for name in expected if name not in names]
    other = []
    if not keyring.is_locked:
        for name in expected:
            token = keyring.get(name)
            if token is None:
                lost = sorted({*lost, name})
            elif token.fingerprint != index.tokens[name].fingerprint:
                other.append(name)
    elif names is None:
        raise KeyringError("the keyring is locked: whether it has every token is not known", "unlock it")
    # Somebody may have changed both meanwhile.
    now = store.read()
    return pending._replace(
        lost=tuple(name for name in lost if now.tokens.get(name) == index.tokens[name]),
        other=tuple(name for name in other if now.tokens.get(name) == index.tokens[name]),
        nameless=tuple(name for name in sorted(names or ()) if name not in {**now.tokens, **now.intents}),
    )
