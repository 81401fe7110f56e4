"""What is known about a token without its secret, as it is kept and as it is shown."""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core import moment
from tokenguard.core.identity import Identity
from tokenguard.errors import HubError, RejectedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.core.permissions import Permission, Verdict
    from tokenguard.core.token import Token
    from tokenguard.errors import TokenguardError


class Entry(NamedTuple):
    """What is known about one Token.

    `kind` is the name of its kind. `status` is `valid`, `invalid` or `unchecked`: what the Hub at `endpoint` said
    at `validated_at` (ISO 8601, UTC).
    """

    fingerprint: str
    masked: str
    kind: str | None = None
    status: str = "unchecked"
    validated_at: str | None = None
    endpoint: str | None = None
    identity: Identity = Identity()


class Row(NamedTuple):
    """A token as it is shown.

    `entry.status` is `unknown` here where the Hub was asked and did not say. `bound` are the folders that it is
    bound to, `error` says what is wrong with it, `verdicts` answers the permissions that were asked for.
    """

    name: str | None
    entry: Entry
    is_default: bool = False
    bound: tuple[str, ...] = ()
    error: TokenguardError | None = None
    verdicts: tuple[tuple[Permission, Verdict], ...] = ()


def entry_of(token: Token, identity: Identity | None = None, endpoint: str | None = None) -> Entry:
    """What there is to know about `token`: `identity` is what the Hub at `endpoint` has just said."""
    kind = token.kind
    known = Entry(token.fingerprint, token.masked(kind.prefix if kind else ""), kind and kind.name)
    if identity is None:
        return known._replace(identity=Identity(expires_at=token.expires_at))
    if identity.expires_at is None:
        identity = identity._replace(expires_at=token.expires_at)
    return known._replace(status="valid", validated_at=moment.now(), endpoint=endpoint, identity=identity)


def with_verdicts(row: Row, wanted: Sequence[Permission]) -> Row:
    """`row` with an answer to each permission `wanted`, and an error where one is not a yes.

    It is a RejectedError where one is lacking, a HubError where nobody can say. A row in error stays as it is.
    """
    if row.error or not wanted:
        return row
    from tokenguard.core.permissions import decide

    verdicts = tuple((permission, decide(row.entry.identity, permission)) for permission in wanted)
    missing = [f"{permission} ({verdict.reason})" for permission, verdict in verdicts if verdict.allowed is False]
    unknown = [f"{permission} ({verdict.reason})" for permission, verdict in verdicts if verdict.allowed is None]
    error: TokenguardError | None = None
    if missing:
        error = RejectedError(f"it lacks {', '.join(missing)}")
    elif unknown:
        error = HubError(f"nobody can say whether it has {', '.join(unknown)}")
    return row._replace(verdicts=verdicts, error=error)
