"""What a scan has to say of one leaked credential. Never the secret."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.blob import Origin


class Finding(NamedTuple):
    """A leaked credential: what kind (its name), where, and how to recognise it without showing it.

    `line` and `column` count from 1, `end_column` is the first column after it. `known_as` is the name of this
    very token in the vault of whoever scans.
    """

    kind: str
    origin: Origin
    line: int
    column: int
    end_column: int
    fingerprint: str
    masked: str
    known_as: str | None = None


class Allowance(NamedTuple):
    """Why a Finding is not reported: `reason` names it, `where` says in which file (and line) it is written."""

    reason: str
    where: str


class Allowed(NamedTuple):
    """A Finding together with the Allowance that covers it."""

    finding: Finding
    allowance: Allowance
