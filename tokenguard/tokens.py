"""What is done with named tokens: adding, choosing, checking and replacing them."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime, timezone

from tokenguard.core.entry import Entry, Row
from tokenguard.core.identity import Identity
from tokenguard.core.name import check_name
from tokenguard.errors import HubError, RejectedError, TokenguardError, UsageError, VaultError
from tokenguard.vault.index import DamagedIndexError, Index
from tokenguard.vault.keyring import KeyringError
from tokenguard.vault.vault import taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tokenguard.core.permissions import Permission
    from tokenguard.core.token import Token
    from tokenguard.hub import Hub
    from tokenguard.vault.vault import Vault

# Seconds for which `validate` need not ask again. whoami-v2 has a strict rate limit, and a loop asks the same.
_FRESH = 60.0


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
    if name := (folder and _bound(index, folder)) or index.default:
        return name
    hint = "`tokenguard use NAME` chooses one" if index.tokens else "`tokenguard add NAME` puts one there"
    raise VaultError("no token is chosen, and there is no default", hint)


def secret(vault: Vault, name: str | None, environment: Mapping[str, str], folder: str | None) -> Token:
    """The Token called `name`, or the one that is `chosen` in `folder`. Raises as `chosen` and `Vault.get` do."""
    return vault.get(name or chosen(vault.index(), environment, folder))


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
    with contextlib.suppress(VaultError):
        return {entry.identity.account for entry in vault.index().tokens.values() if entry.identity.account}
    return set()


def _bound(index: Index, folder: str) -> str | None:
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


def rows(index: Index) -> list[Row]:
    """All tokens, in the order of their names."""
    return [row(index, name) for name in sorted(index.tokens)]


def row(index: Index, name: str) -> Row:
    """The token called `name`. Raises VaultError where there is none."""
    bound = tuple(folder for folder, bound in sorted(index.bindings.items()) if bound == name)
    return Row(name, index.entry(name), index.default == name, bound)


def expect_free(vault: Vault, name: str, *, replace: bool) -> None:
    """Raises UsageError where `name` cannot be a name, VaultError where it is in use or the vault cannot be used.

    That is asked before the token is, so that nobody pastes one in vain.
    """
    check_name(name)
    with contextlib.suppress(DamagedIndexError):  # the token will be put into a new one
        if name in vault.index().tokens and not replace:
            raise taken(name)
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
    return row(vault.index(), name)


def entry_of(token: Token, identity: Identity | None = None, endpoint: str | None = None) -> Entry:
    """What there is to know about `token`: `identity` is what the Hub at `endpoint` has just said."""
    kind = token.kind
    known = Entry(token.fingerprint, token.masked(kind.prefix if kind else ""), kind and kind.name)
    if identity is None:
        return known._replace(identity=Identity(expires_at=token.expires_at))
    if identity.expires_at is None:
        identity = identity._replace(expires_at=token.expires_at)
    return known._replace(status="valid", validated_at=_now(), endpoint=endpoint, identity=identity)


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


def validate(
    vault: Vault,
    hub: Hub,
    targets: Sequence[tuple[str | None, Token | TokenguardError]],
    wanted: Sequence[Permission] = (),
    *,
    fresh: bool = False,
) -> list[Row]:
    """Asks the Hub about each target, a token and its name in the vault if it has one, and gives them as shown.

    An answer of the last minute is used again unless `fresh`. A row has an `error` where the Hub did not say, said
    no, or the token lacks something `wanted`; also where the target is itself an error.
    """
    index = Index()
    with contextlib.suppress(VaultError):  # a token from elsewhere can be asked about without a vault
        index = vault.index()
    asked: dict[str, Token] = {}
    for _, token in targets:
        if not isinstance(token, TokenguardError) and (
            fresh or not _is_fresh(index.answers.get(token.fingerprint), hub)
        ):
            asked[token.fingerprint] = token
    answers = dict(zip(asked, hub.whoami_all(list(asked.values())), strict=True))
    found: dict[str, Entry] = {}
    shown = []
    for name, token in targets:
        if isinstance(token, TokenguardError):
            entry = index.tokens.get(name or "", Entry("", ""))
            shown.append(_row(index, name, entry._replace(status="unknown"), token))
            continue
        answer = answers.get(token.fingerprint)
        entry, error = _judged(index, token, answer, hub)
        if answer is not None and entry.status != "unknown":
            found[token.fingerprint] = entry
        shown.append(_with_verdicts(_row(index, name, entry, error), wanted))
    if found:
        with contextlib.suppress(VaultError):  # a home that cannot be written takes nothing from the answer
            vault.change(lambda index: _note(index, found))
    return shown


def _judged(
    index: Index, token: Token, answer: Identity | TokenguardError | None, hub: Hub
) -> tuple[Entry, TokenguardError | None]:
    if answer is None:
        return index.answers[token.fingerprint], None
    if isinstance(answer, Identity):
        return entry_of(token, answer, hub.endpoint.url), None
    name = index.name_of(token.fingerprint)
    known = index.tokens[name] if name else entry_of(token)
    if isinstance(answer, RejectedError):
        return known._replace(status="invalid", validated_at=_now(), endpoint=hub.endpoint.url), answer
    return known._replace(status="unknown"), answer


def _row(index: Index, name: str | None, entry: Entry, error: TokenguardError | None) -> Row:
    name = name or index.name_of(entry.fingerprint)
    if name not in index.tokens:
        return Row(name, entry, error=error)
    return row(index, name)._replace(entry=entry, error=error)


def _with_verdicts(shown: Row, wanted: Sequence[Permission]) -> Row:
    if shown.error or not wanted:
        return shown
    from tokenguard.core.permissions import decide

    verdicts = tuple((permission, decide(shown.entry.identity, permission)) for permission in wanted)
    missing = [f"{permission} ({verdict.reason})" for permission, verdict in verdicts if verdict.allowed is False]
    unknown = [f"{permission} ({verdict.reason})" for permission, verdict in verdicts if verdict.allowed is None]
    error: TokenguardError | None = None
    if missing:
        error = RejectedError(f"it lacks {', '.join(missing)}")
    elif unknown:
        error = HubError(f"nobody can say whether it has {', '.join(unknown)}")
    return shown._replace(verdicts=verdicts, error=error)


def _note(index: Index, found: Mapping[str, Entry]) -> None:
    for name, entry in index.tokens.items():
        index.tokens[name] = found.get(entry.fingerprint, entry)
    index.answers = {
        fingerprint: entry
        for fingerprint, entry in {**index.answers, **found}.items()
        if entry.status == "valid" and _age(entry.validated_at) < _FRESH
    }


def _is_fresh(answer: Entry | None, hub: Hub) -> bool:
    return answer is not None and answer.endpoint == hub.endpoint.url and 0 <= _age(answer.validated_at) < _FRESH


def rotate(vault: Vault, hub: Hub, name: str, token: Token, *, warn: Callable[[str], None]) -> bool:
    """Puts `token` in the place of the one called `name`. True where the old one is still valid.

    Raises RejectedError where the Hub does not know the new one, it is another account's, or it cannot do all that
    the old one could; UsageError where it is the old one.
    """
    from tokenguard.core.grants import lacking

    entry = vault.index().entry(name)
    old = vault.get(name)
    if token == old:
        raise UsageError("that is the old token", "make a new value on the page, and give that")
    before, after = hub.whoami_all([old, token])
    if isinstance(after, TokenguardError):
        raise after
    # The page invalidates the old value at once; then what was known of it has to do.
    is_alive = isinstance(before, Identity)
    known = before if isinstance(before, Identity) else entry.identity
    if known.account is not None and after.account != known.account:
        raise RejectedError(
            f"the new token belongs to {after.account}, the old one to {known.account}",
            f"`tokenguard add NAME` keeps it under a name of its own; {name} is as it was",
        )
    if lost := lacking(known, after):
        raise RejectedError(
            f"the new token cannot do all that the old one could: {', '.join(lost)}",
            f"give it these permissions, or `tokenguard add {name} --replace` if it is meant to have less",
        )
    vault.put(name, token, entry_of(token, after, hub.endpoint.url), replace=True, warn=warn)
    if isinstance(before, HubError):
        warn(f"whether the old token is still valid is not known: {before.message}")
    return is_alive


def take_new(
    vault: Vault, hub: Hub, name: str, token: Token, wanted: Sequence[Permission], *, warn: Callable[[str], None]
) -> Row:
    """Keeps a token that was made for `wanted`, if it has just these permissions.

    Raises RejectedError where it lacks one or has another.
    """
    from tokenguard.core.grants import exceeding

    identity = hub.whoami(token)
    fresh = _with_verdicts(Row(name, entry_of(token, identity, hub.endpoint.url)), wanted)
    if fresh.error:
        raise type(fresh.error)(fresh.error.message, "it was not kept; edit it on the page, and add it then")
    if more := exceeding(identity, wanted):
        raise RejectedError(
            f"it can do more than was asked for: {', '.join(more)}",
            f"it was not kept; edit it on the page, or `tokenguard add {name}` to keep it as it is",
        )
    vault.put(name, token, fresh.entry, warn=warn)
    return row(vault.index(), name)


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _age(moment: str | None) -> float:
    """Seconds since `moment`; infinite where it is none."""
    try:
        then = datetime.fromisoformat((moment or "").replace("Z", "+00:00"))
        return (datetime.now(timezone.utc) - then).total_seconds()
    except (ValueError, TypeError):  # TypeError: somebody wrote a time without a zone
        return float("inf")
