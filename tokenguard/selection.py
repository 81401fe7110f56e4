"""Which files the user's PATHs mean, and which Config holds for each of them."""

from __future__ import annotations

import os
import stat

from tokenguard import config as configuration
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.sources.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.config import Config

_MOST_LISTED_AT_ONCE = 8


class Selection:
    """The files to read, and the Config that holds for each.

    `unreadable`, `notes` and `excluded` (a number of files) are what came up on the way.
    """

    def __init__(self, *, use_config: bool, ignored: bool) -> None:
        self.unreadable: list[Unreadable] = []
        self.notes: list[str] = []
        self.excluded = 0
        self._use_config = use_config
        self._ignored = ignored
        self._configs: dict[str, Config] = {}
        self._tracked: set[str] = set()
        self._named: set[str] = set()
        self._waiting: list[str] = []
        self._trees: list[tuple[Tree, Config]] = []

    def add(self, path: str) -> None:
        """Adds a file, or what lies below a folder, that the user has named."""
        if os.path.isdir(path):
            self._add_folder(path, self._load(path))
            return
        if os.path.islink(path):
            path = os.path.realpath(path)
        self._named.add(path)
        self._add_file(path, self._load(path))

    def take(self) -> list[str]:
        """The files to read next."""
        self._list_files()
        files, self._waiting = self._waiting, []
        return files

    def config(self, path: str) -> Config:
        """The Config that holds for a file that was taken."""
        return self._configs[path]

    def reconsider(self, path: str, reason: str) -> None:
        """Decides what it means that `path` could not be read: a submodule, no file at all, or a failure."""
        try:
            mode = os.lstat(path).st_mode
        except OSError as error:
            is_gone = isinstance(error, FileNotFoundError | NotADirectoryError)
            if not (is_gone and path in self._tracked):
                self._fail(path, reason)
            return
        if stat.S_ISDIR(mode):
            self._add_folder(path, self._configs[path])
        elif stat.S_ISREG(mode) or path in self._named:
            self._fail(path, reason)

    def _fail(self, path: str, reason: str) -> None:
        self.unreadable.append(Unreadable(Origin(path), reason))

    def _load(self, path: str) -> Config:
        return configuration.load(path) if self._use_config else configuration.Config()

    def _add_file(self, path: str, config: Config) -> None:
        if path not in self._configs:
            self._configs[path] = config
            self._waiting.append(path)

    def _add_folder(self, folder: str, config: Config) -> None:
        if len(self._trees) >= _MOST_LISTED_AT_ONCE:
            self._list_files()
        self._trees.append((Tree(folder, ignored=self._ignored), config))

    def _list_files(self) -> None:
        for tree, config in self._trees:
            tree.list_files()
            self._tracked |= tree.tracked
            self.unreadable += tree.unreadable
            self.notes += tree.notes
            for path in tree.files:
                if config.excludes(path):
                    self.excluded += 1
                else:
                    self._add_file(path, config)
        self._trees = []
