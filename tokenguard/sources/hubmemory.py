"""Which contents of a repository on the Hub were clean, so that the next scan reads only what is new.

It lies in the user's own folder, a file for each repository, and is believed as that of git's objects is.
"""

from __future__ import annotations

import hashlib
import os
import time

from tokenguard.core.hubname import hub_name
from tokenguard.home import home
from tokenguard.sources.memory import Known, Memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from tokenguard.core.endpoint import Endpoint
    from tokenguard.core.entity import Entity

_FOLDER = "hub"
# Seconds of work that are lost where a scan is ended.
_EVERY = 30.0


class HubMemory:
    """What is known of `repo` at `endpoint`; with `afresh`, nothing is at first.

    A content has the name that the Hub gives it; a commit is clean where every content of its tree is.
    """

    def __init__(self, endpoint: Endpoint, repo: Entity, *, afresh: bool = False) -> None:
        # Not the name itself: file systems that know no capitals would give two repositories one file.
        key = hashlib.sha256(f"{endpoint.url} {hub_name(repo)}".encode()).hexdigest()[:32]
        folder = os.path.join(home(), _FOLDER, key)
        self._memory = Memory(folder)
        self._folder = folder
        known = Known() if afresh else self._memory.recall()
        self._recalled = known.clean
        self._clean = set(known.clean)
        self._commits = set(known.tips)
        self._met: set[bytes] | None = None
        self._known = known
        self._kept_at = time.monotonic()

    def expect(self, commits: Collection[str]) -> None:
        """Says which commits there are now. Where one has gone, what has gone with it is not known."""
        if not self._commits <= {commit.encode() for commit in commits}:
            self._commits = set()
            self._met = set()

    def is_clean(self, content: str) -> bool:
        """Whether there is nothing in `content`, as far as it is read."""
        name = _name(content)
        if self._met is not None:
            self._met.add(name)
        return name in self._clean

    def is_clean_commit(self, commit: str) -> bool:
        """Whether there is nothing in any file of `commit`."""
        return commit.encode() in self._commits

    def learn(self, content: str) -> None:
        """Remembers that `content` is clean."""
        self._clean.add(_name(content))
        if time.monotonic() - self._kept_at > _EVERY:
            self.keep()

    def learn_commit(self, commit: str) -> None:
        """Remembers that all in `commit` is clean."""
        self._commits.add(commit.encode())

    @property
    def unread(self) -> int:
        """How many contents were not read, since they are clean from before."""
        return len(self._recalled if self._met is None else self._recalled & self._met)

    def keep(self) -> None:
        """Remembers what was learnt for the next scan, if that can be written."""
        self._kept_at = time.monotonic()
        known = Known(frozenset(self._clean), tips=frozenset(self._commits))
        if known == self._known:
            return
        self._known = known
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
        except OSError:
            return  # a home that is only read from
        self._memory.keep(known)


def _name(content: str) -> bytes:
    """Of one length, whatever the Hub calls it by."""
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest().encode("ascii")
