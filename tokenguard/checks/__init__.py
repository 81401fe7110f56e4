"""What a workstation is examined for: a small function for each check, which yields what it finds."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.core.blob import Unreadable
    from tokenguard.core.entry import Entry
    from tokenguard.core.places.plaintext import Plaintext
    from tokenguard.core.standing import Standing
    from tokenguard.vault.index import Index
    from tokenguard.vault.vault import Vault


class Workstation(NamedTuple):
    """What the checks look at.

    `home` is tokenguard's own folder, `remembered` what it knows of tokens, `lying` those that lie in the clear.
    """

    environment: Mapping[str, str]
    folder: str | None
    home: str
    vault: Vault
    remembered: Index
    standing: Standing
    lying: tuple[Plaintext | Unreadable, ...]


def whose(entry: Entry, name: str | None) -> str:
    """Whom a token belongs to and where it is kept, in parentheses, as far as that is known."""
    facts = [entry.identity.account, f"in your vault as {name}" if name else None]
    said = ", ".join(fact for fact in facts if fact)
    return f" ({said})" if said else ""
