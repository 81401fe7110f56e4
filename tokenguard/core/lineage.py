"""Where an object of a git repository comes from."""

from __future__ import annotations

from typing import NamedTuple


class Lineage(NamedTuple):
    """The commit that first brought an object in, and what has become of it since.

    `commit`, `author` (name and address) and `date` (ISO 8601) are None where no commit has it. `paths` are all
    that it has had, the first one first. `reachable` is whether a ref, a HEAD or an index still leads to it,
    `pushed` whether a remote-tracking branch does; both are None where that cannot be told.
    """

    commit: str | None = None
    author: str | None = None
    date: str | None = None
    paths: tuple[str, ...] = ()
    reachable: bool | None = None
    pushed: bool | None = None
