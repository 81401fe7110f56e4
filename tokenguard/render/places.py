"""What lies in the clear, and what an import makes of it, for people."""

from __future__ import annotations

from tokenguard.core.places.plaintext import DEAD, FOREIGN, HELD, NEW, UNKNOWN
from tokenguard.core.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.places.plaintext import Candidate, Plaintext


def candidate_lines(candidate: Candidate, *, delete: bool, dead: bool) -> Iterator[str]:
    """What a token is and becomes, then a line for each place where it lies.

    `delete` and `dead` say whether it goes from there, if all goes well.
    """
    entry = candidate.entry
    identity = entry.identity
    whose = [part for part in (identity.account, identity.role) if part]
    about = f" ({printable(', '.join(whose))})" if whose else ""
    what = {
        NEW: f"to be kept as {candidate.name}",
        HELD: f"in the vault already, as {candidate.name}",
        DEAD: "the Hub does not know it: revoked, deleted or expired",
        UNKNOWN: f"stays where it is: {candidate.error.message if candidate.error else ''}",
        FOREIGN: f"stays where it is: {candidate.reason}",
    }[candidate.state]
    yield f"{entry.masked}{about}: {printable(what)}"
    goes = delete and (candidate.state in (NEW, HELD) or (dead and candidate.state == DEAD))
    for place in candidate.places:
        yield f"  {'- ' if goes else ''}{place_of(place)}"


def place_of(place: Plaintext) -> str:
    """`place path:line (what it is called there)`."""
    line = f":{place.line}" if place.line is not None else ""
    name = f" ({printable(place.name)})" if place.name else ""
    return f"{place.place} {printable(place.path)}{line}{name}"
