"""Names for tokens that nobody has named yet."""

from __future__ import annotations

import re

from tokenguard.core.name import check_name
from tokenguard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 64
# What has nothing in it that a name could have.
_NAMELESS = "imported"


def name_for(account: str | None, label: str | None, taken: Iterable[str]) -> str:
    """A name made of the `account` that a token belongs to and what it is called, `label`, both the Hub's words.

    It is none of `taken`, whatever their capitals: to some keyrings these are one.
    """
    folded = {name.casefold() for name in taken}
    words = [word for word in (_fitting(account), _fitting(label)) if word]
    if len(words) > 1 and words[0].casefold() == words[1].casefold():
        del words[1]
    base = _valid("-".join(words)[:_LONGEST]) or _valid(words[0][:_LONGEST] if words else "") or _NAMELESS
    name, number = base, 1
    while name.casefold() in folded:
        number += 1
        end = f"-{number}"
        name = base[: _LONGEST - len(end)] + end
    return name


def _fitting(text: str | None) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", text or "").strip("-._")


def _valid(name: str) -> str | None:
    """`name` without what an end should not have; None where it cannot be one, as a token cannot."""
    try:
        return check_name(name.rstrip("-._"))
    except UsageError:
        return None
