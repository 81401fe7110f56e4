"""Which of the tokens at hand a repository's owner has in mind, by what the Hub last said of them."""

from __future__ import annotations

from tokenguard.core import moment
from tokenguard.core.entity import same
from tokenguard.core.permissions import SHORT, Permission, decide, rank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.core.entity import Entity
    from tokenguard.core.entry import Entry
    from tokenguard.core.identity import Identity


def owners_token(
    tokens: Mapping[str, Entry], repository: Entity, *, bound: str | None, default: str | None
) -> str | None:
    """The name of the token for `repository`: one of its owner's account, else of a member of that organization.

    The one that is `bound` here comes first, if it is such a token: somebody has said so. Then those that may
    write, then the default, then the first in the alphabet. None where no token belongs to the owner, or none that
    does can so much as read there.
    """
    standing = {name: place for name, entry in tokens.items() if (place := _standing(entry, repository))}
    return min(
        standing,
        key=lambda name: (name != bound, [-each for each in standing[name]], name != default, name),
        default=None,
    )


def _standing(entry: Entry, repository: Entity) -> tuple[int, ...]:
    """How well a token suits, the larger the better, by what counts most first; nothing where it does not."""
    identity = entry.identity
    is_own = same(identity.account, repository.namespace)
    is_member = any(same(org.name, repository.namespace) for org in identity.orgs)
    write, read = (rank(decide(identity, Permission(SHORT[deed], repository))) for deed in ("write", "read"))
    if not (is_own or is_member) or not (write or read) or entry.status == "invalid" or _has_expired(identity):
        return ()
    return is_own, write, read


def _has_expired(identity: Identity) -> bool:
    return identity.expires_at is not None and 0 < moment.age(identity.expires_at) < float("inf")
