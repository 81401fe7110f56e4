"""Which repositories an account has on the Hub."""

from __future__ import annotations

from urllib.parse import quote

from tokenguard.core.entity import parse, same
from tokenguard.core.hubanswer import read_repo
from tokenguard.errors import UsageError
from tokenguard.sources.hubreader import RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.entity import Entity
    from tokenguard.sources.hubreader import HubReader

_MOST = 200_000
"""Repositories of one kind: some ten times what the largest account has."""


def repositories(reader: HubReader, namespace: str, kind: str) -> Iterator[Entity]:
    """The repositories of `kind` that `namespace` has and the token of `reader` may see, each once.

    Raises RemoteError where the Hub does not answer, or lies.
    """
    path = f"/api/buckets/{namespace}" if kind == "bucket" else f"/api/{kind}s?author={quote(namespace)}"
    seen: set[str] = set()
    for item in reader.pages(path):
        try:
            name = read_repo(item)
            repo = parse(name)._replace(type=kind)
        except (ValueError, UsageError):
            raise RemoteError("the Hub does not answer as the Hub does") from None
        if repo.repo is None or not same(repo.namespace, namespace):
            raise RemoteError("the Hub lists what is not of this account")
        if name in seen:
            continue
        if len(seen) >= _MOST:
            raise RemoteError("the Hub lists it without end")
        seen.add(name)
        yield repo
