"""The tokens in the vault: rejected, expired, old, or good for much."""

from __future__ import annotations

from tokenguard.core import moment
from tokenguard.core.abilities import abilities
from tokenguard.core.ailment import TOKEN, Ailment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.checks import Workstation
    from tokenguard.core.entry import Row

# Seconds.
_OLD = 365 * 24 * 3600.0


def tokens(workstation: Workstation) -> Iterator[Ailment]:
    """Each token of which something is to be said, as the Hub last said."""
    for row in workstation.remembered.rows():
        yield from _of_token(row)
    for name, at in workstation.standing.refusals:
        why = "it may have been revoked, or that repository is not there for it"
        what = f"{name} was refused by the Hub when git used it ({at})"
        yield Ailment(TOKEN, what, why, f"tokenguard validate {name} --fresh", known_as=name, is_advice=True)


def _of_token(row: Row) -> Iterator[Ailment]:
    name, identity = str(row.name), row.entry.identity
    account = f" ({identity.account})" if identity.account else ""

    def ailment(what: str, why: str, command: str, *, is_advice: bool = False) -> Ailment:
        return Ailment(
            TOKEN, f"{name}{account} {what}", why, command, entry=row.entry, known_as=name, is_advice=is_advice
        )

    if row.entry.status == "invalid":
        yield ailment(
            "is rejected by the Hub", "it was revoked or deleted, and opens nothing", f"tokenguard rotate {name}"
        )
        return
    if moment.read(identity.expires_at) is not None and moment.age(identity.expires_at) >= 0:
        yield ailment("has expired", "it opens nothing any more", f"tokenguard rotate {name}")
        return
    if row.entry.status == "unchecked":
        why = "nobody has asked the Hub whose it is, nor whether it lives"
        yield ailment("was never validated", why, f"tokenguard validate {name}", is_advice=True)
    if moment.read(identity.created_at) is not None and moment.age(identity.created_at) > _OLD:
        years = int(moment.age(identity.created_at) // _OLD)
        why = "the longer a token lives, the more places it has been in"
        what = f"is {years} {'year' if years == 1 else 'years'} old"
        yield ailment(what, why, f"tokenguard rotate {name}", is_advice=True)
    if identity.role in ("write", "god"):
        can = next(abilities(identity), "can change all that the account can")
        why = "one that only reads, or reaches one repository, is enough for most programs"
        what = f"is a {identity.role} token, and {can}"
        yield ailment(what, why, "tokenguard new NAME --can read", is_advice=True)
