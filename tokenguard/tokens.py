"""What is done with named tokens: adding, choosing, checking and replacing them."""

from __future__ import annotations

import contextlib
import os

from tokenguard.core.entry import Row, entry_of, with_verdicts
from tokenguard.core.identity import Identity
from tokenguard.core.name import check_name
from tokenguard.errors import HubError, RejectedError, TokenguardError, UsageError, VaultError
from tokenguard.vault.keyring import KeyringError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tokenguard.core.permissions import Permission
    from tokenguard.core.token import Token
    from tokenguard.hub import Hub
    from tokenguard.vault.index import Index
    from tokenguard.vault.vault import Vault


def chosen(index: Index, environment: Mapping[str, str], folder: str | None) -> str:
    """The name that holds in `folder`, None where there is no such folder any more, where no name is given.

    It is that in `TOKENGUARD_TOKEN`, else that bound to the nearest folder, else the default. Raises VaultError
    where there is none, UsageError where `TOKENGUARD_TOKEN` holds no name.
    """
    if named := environment.get("TOKENGUARD_TOKEN"):
        try:
            return check_name(named)
        except UsageError:
            # It is not repeated: somebody may have put the token itself there.
            raise UsageError("TOKENGUARD_TOKEN does not hold a name", "it takes the name of a token") from None
    if name := (folder and bound(index, folder)) or index.default:
        return name
    hint = "`tokenguard use NAME` chooses one" if index.tokens else "`tokenguard add NAME` puts one there"
    raise VaultError("no token is chosen, and there is no default", hint)


def secret(vault: Vault, name: str | None, environment: Mapping[str, str], folder: str | None) -> Token:
    """The Token called `name`, or the one that is `chosen` in `folder`. Raises as `chosen` and `Vault.get` do."""
    return vault.get(chosen(vault.index(), environment, folder) if name is None else check_name(name))


def held(vault: Vault, names: Iterable[str]) -> Iterator[tuple[str, Token | TokenguardError]]:
    """Each of `names` with its Token, or why there is none. A keyring that cannot be used is not asked again."""
    unusable: KeyringError | None = None
    for name in names:
        token = unusable or _held(vault, name)
        if isinstance(token, KeyringError):
            unusable = token
        yield name, token


def _held(vault: Vault, name: str) -> Token | TokenguardError:
    try:
        return vault.get(name)
    except TokenguardError as error:
        return error


def here() -> str | None:
    """The folder that this process is in, None where somebody has removed it."""
    try:
        return os.getcwd()
    except OSError:
        return None


def accounts(vault: Vault) -> set[str]:
    """The accounts that tokens in the vault belong to."""
    return {identity.account for identity in _identities(vault) if identity.account}


def permission_names(vault: Vault) -> set[str]:
    """The permissions that tokens in the vault have: the Hub may have more than are known here."""
    granted = [scope.permissions for identity in _identities(vault) for scope in identity.permissions]
    return {name for names in granted for name in names}


def _identities(vault: Vault) -> list[Identity]:
    with contextlib.suppress(VaultError):
        return [entry.identity for entry in vault.index().tokens.values()]
    return []


def bound(index: Index, folder: str) -> str | None:
    """The name that is bound to `folder`, or to the nearest one above it."""
    folder = _normal(folder)
    while True:
        if folder in index.bindings:
            return index.bindings[folder]
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _normal(folder: str) -> str:
    return os.path.normcase(os.path.realpath(folder))


def expect_free(vault: Vault, name: str, *, replace: bool) -> None:
    """Raises UsageError where `name` cannot be a name, VaultError where it is in use or the vault cannot be used.

    That is asked before the token is, so that nobody pastes one in vain.
    """
    check_name(name)
    vault.expect_free(name, replace=replace)
    vault.expect_open()


def add(
    vault: Vault,
    hub: Hub | None,
    name: str,
    token: Token,
    *,
    replace: bool = False,
    default: bool = False,
    warn: Callable[[str], None],
) -> Row:
    """Keeps `token` under `name`, after `hub` has said whose it is, and gives it as it is shown.

    Raises RejectedError where the Hub does not know it, HubError where it does not say, VaultError where it cannot
    be kept; nothing is kept then.
    """
    expect_free(vault, name, replace=replace)
    entry = entry_of(token) if hub is None else entry_of(token, hub.whoami(token), hub.endpoint.url)
    vault.put(name, token, entry, replace=replace, default=default, warn=warn)
    return vault.index().row(name)


def use(vault: Vault, name: str | None, *, folder: str | None = None) -> None:
    """Makes `name` the default, or the choice in `folder` and below it. None takes the choice back."""

    def change(index: Index) -> None:
        if name is not None:
            index.entry(name)
        if folder is None:
            index.default = name
        elif name is None:
            index.bindings.pop(_normal(folder), None)
        else:
            index.bindings[_normal(folder)] = name

    vault.change(change)


def rotate(vault: Vault, hub: Hub, name: str, old: Token, new: Token, *, warn: Callable[[str], None]) -> bool:
    """Puts `new` in the place of `old`, which is called `name`. True where `old` is still valid.

    Raises RejectedError where the Hub does not know the new one, it is another account's, or it cannot do all that
    the old one could; UsageError where it is the old one.
    """
    from tokenguard.core.grants import lacking

    if new == old:
        raise UsageError("that is the old token", "make a new value on the page, and give that")
    before, after = hub.whoami_all([old, new])
    if isinstance(after, TokenguardError):
        raise after
    # The page invalidates the old value at once; then what was known of it has to do.
    known = before if isinstance(before, Identity) else vault.index().entry(name).identity
    if known.account is None:
        warn(f"nothing is known of the old token to compare it with; the new one belongs to {after.account}")
    elif after.account != known.account:
        raise RejectedError(
            f"the new token belongs to {after.account}, the old one to {known.account}",
            f"`tokenguard add NAME` keeps it under a name of its own; {name} is as it was",
        )
    elif lost := lacking(known, after):
        raise RejectedError(
            f"the new token cannot do all that the old one could: {', '.join(lost)}",
            f"give it these permissions, or `tokenguard add {name} --replace` if it is meant to have less",
        )
    vault.put(name, new, entry_of(new, after, hub.endpoint.url), replace=True, warn=warn)
    if isinstance(before, HubError):
        warn(f"whether the old token is still valid is not known: {before.message}")
    return isinstance(before, Identity)


def take_new(
    vault: Vault, hub: Hub, name: str, token: Token, wanted: Sequence[Permission], *, warn: Callable[[str], None]
) -> Row:
    """Keeps a token that was made for `wanted`, if it has just these permissions.

    Raises RejectedError where it lacks one or has another.
    """
    from tokenguard.core.grants import exceeding

    identity = hub.whoami(token)
    made = with_verdicts(Row(name, entry_of(token, identity, hub.endpoint.url)), wanted)
    if made.error:
        raise type(made.error)(made.error.message, "it was not kept; edit it on the page, and add it then")
    if more := exceeding(identity, wanted):
        raise RejectedError(
            f"it can do more than was asked for: {', '.join(more)}",
            f"it was not kept; edit it on the page, or `tokenguard add {name}` to keep it as it is",
        )
    vault.put(name, token, made.entry, warn=warn)
    return vault.index().row(name)
