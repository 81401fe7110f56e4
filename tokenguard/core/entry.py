"""What is known about a token without its secret, as it is kept and as it is shown."""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core.identity import Identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.permissions import Permission, Verdict
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
