"""What a scan has to say of one leaked credential. Never the secret."""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core.identity import Identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.blob import Origin
    from tokenguard.core.token import Token

    Held = dict[str, Token]
    """The Tokens that Findings are about, by fingerprint: a Finding itself has no secret."""

STATUSES = ("live", "dead", "unknown", "unchecked")
"""What a Verification may say: the Hub knows it, does not know it, did not say, or was not asked."""


class Claims(NamedTuple):
    """What a signed token says of itself, in its own words; nobody has checked its signature.

    `app` is the OAuth app that it was made for, `resource` the repository or the like that it is good for. Times
    are ISO 8601 in UTC; `expired` is None where no end is named.
    """

    issuer: str | None = None
    subject: str | None = None
    app: str | None = None
    resource: str | None = None
    scopes: tuple[str, ...] = ()
    issued_at: str | None = None
    expires_at: str | None = None
    expired: bool | None = None


class Verification(NamedTuple):
    """What the Hub said of a credential: one of STATUSES, when (ISO 8601, UTC), and whose it is where it is live.

    `reason` says why it is not.
    """

    status: str = "unchecked"
    checked_at: str | None = None
    identity: Identity = Identity()
    reason: str = ""


class Finding(NamedTuple):
    """A leaked credential: what kind (its name), where, and how to recognise it without showing it.

    `line` and `column` count from 1, `end_column` is the first column after it, all of the encoded text where the
    credential is `decoded`: by which encodings, the outermost first. They are None where it stands in no lines.
    `cell` and `output` are those of a notebook, from 1. `known_as` is the name of this very token in the vault of
    whoever scans. `claims` are there for a signed token.
    """

    kind: str
    origin: Origin
    line: int | None
    column: int | None
    end_column: int | None
    fingerprint: str
    masked: str
    known_as: str | None = None
    claims: Claims | None = None
    verification: Verification = Verification()
    decoded: tuple[str, ...] = ()
    cell: int | None = None
    output: int | None = None

    @property
    def position(self) -> tuple[str, tuple[str, ...], int, int]:
        """By which Findings are sorted."""
        return self.origin.path, self.origin.inside, self.line or 0, self.column or 0


class Allowance(NamedTuple):
    """Why a Finding is not reported: `reason` names it, `where` says in which file (and line) it is written."""

    reason: str
    where: str


class Allowed(NamedTuple):
    """A Finding together with the Allowance that covers it."""

    finding: Finding
    allowance: Allowance
