"""A token that lies in the clear, and what an import makes of it."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.entry import Entry
    from tokenguard.core.token import Token
    from tokenguard.errors import TokenguardError

NEW = "new"
HELD = "in the vault already"
DEAD = "dead"
UNKNOWN = "unknown"
FOREIGN = "not for the vault"

STATES = (NEW, HELD, DEAD, UNKNOWN, FOREIGN)
"""What a Candidate can be. What is DEAD the Hub has rejected, on what is UNKNOWN it did not answer."""


class Plaintext(NamedTuple):
    """A Token that lies in a file in the clear.

    `place` is one of `core.places.PLACES`. `name` is what it is called there: the display name in stored_tokens,
    the variable, the host. `line` counts from 1; `mode` has the permission bits of the file. `path` may be a
    symbolic link of the user's; `real_path` is where the file itself is.
    """

    place: str
    path: str
    line: int | None
    name: str | None
    token: Token
    mode: int
    real_path: str


class Candidate(NamedTuple):
    """One Token, all `places` where it lies, and which of STATES it is in.

    `name` is what it is called in the vault, or would be. `entry` is what is known of it; `reason` says why it is
    not for the vault, `error` what the Hub said, where that was no yes.
    """

    token: Token
    places: tuple[Plaintext, ...]
    state: str
    entry: Entry
    name: str | None = None
    reason: str = ""
    error: TokenguardError | None = None
