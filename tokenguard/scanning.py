"""What is scanned, from the Source to the Report. Plain functions with explicit arguments."""

from __future__ import annotations

import os
import stat
import time

from tokenguard import config as configuration
from tokenguard.core.blob import Blob, Origin, Unreadable, Window, whole
from tokenguard.core.report import Report, Tally
from tokenguard.core.scan import scan_blob
from tokenguard.errors import IncompleteError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tokenguard.config import Config
    from tokenguard.core.detect import Span
    from tokenguard.core.finding import Allowed, Finding
    from tokenguard.sources.tree import Tree


_MOST_LISTED_AT_ONCE = 8
_SCISSORS = b" ------------------------ >8 ------------------------"
_DIFFS = (b"diff --git ", b"diff --cc ", b"diff --combined ")


class _Account:
    """What a scan has come upon so far."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.findings: list[Finding] = []
        self.allowed: list[Allowed] = []
        self.unreadable: list[Unreadable] = []
        self.notes: list[str] = []
        self.files = 0
        self.bytes = 0
        self.excluded = 0

    def examine(self, blob: Blob, config: Config, known: Sequence[Span] | None = None) -> bool:
        """Books what is found in `blob`, or is known to be there. False where it could not be read to its end."""
        try:
            for item in scan_blob(blob, config.fingerprints, known):
                self._book(item)
        except OSError as error:
            self.unreadable.append(Unreadable(blob.origin, error.strerror or str(error)))
        except IncompleteError as error:
            self.unreadable.append(Unreadable(blob.origin, error.message))
        else:
            return True
        return False

    def _book(self, item: Finding | Allowed) -> None:
        from tokenguard.core.finding import Allowed

        if isinstance(item, Allowed):
            self.allowed.append(item)
        else:
            self.findings.append(item)

    def read(self, blob: Blob, config: Config) -> None:
        """Books what is found in `blob`, and the blob itself as read."""
        counted = Blob(blob.origin, self._counted(blob.windows))
        if self.examine(counted, config):
            self.files += 1

    def read_all(self, items: Iterable[Blob | Unreadable], config: Config) -> None:
        """Books all that a Source yields."""
        for item in items:
            if isinstance(item, Blob):
                self.read(item, config)
            else:
                self.unreadable.append(item)

    def _counted(self, windows: Iterable[Window]) -> Iterator[Window]:
        for window in windows:
            self.bytes += window.last - window.first
            yield window

    def report(self) -> Report:
        """What there is to say, in the order of path, line and column."""
        return Report(
            findings=tuple(sorted(self.findings, key=_position)),
            allowed=tuple(sorted(self.allowed, key=lambda allowed: _position(allowed.finding))),
            unreadable=tuple(sorted(self.unreadable)),
            tally=Tally(files=self.files, blobs=self.files, bytes=self.bytes, excluded=self.excluded),
            notes=tuple(self.notes),
            seconds=time.monotonic() - self._began,
        )


def _position(finding: Finding) -> tuple[str, int, int]:
    return finding.origin.path, finding.line, finding.column


def scan_paths(
    paths: Sequence[str],
    *,
    use_config: bool = True,
    ignored: bool = False,
    max_size: int | None = None,
    jobs: int | None = None,
) -> Report:
    """Scans files and folders.

    `ignored` adds the files that git ignores, `max_size` (bytes) leaves larger ones unread, `jobs` is the number
    of processes (as many as there are cores). Raises UsageError where a configuration is wrong.
    """
    account = _Account()
    selection = _Selection(account, use_config=use_config, ignored=ignored)
    for path in paths:
        selection.add(path)

    from tokenguard import workers  # git is listing by now
    from tokenguard.files import read_windows
    from tokenguard.sources.sift import sift

    jobs = jobs or workers.available_cores()
    while files := selection.take():
        sifted = sift(files, jobs=jobs, max_size=max_size)
        account.files += sifted.read
        account.bytes += sifted.bytes
        for path, spans in sifted.suspects:
            account.examine(Blob(Origin(path), read_windows(path)), selection.config(path), spans)
        for path, reason in sifted.failures:
            selection.reconsider(path, reason)
    return account.report()


class _Selection:
    """The files to read, and the Config that holds for each."""

    def __init__(self, account: _Account, *, use_config: bool, ignored: bool) -> None:
        self._account = account
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
        self._account.unreadable.append(Unreadable(Origin(path), reason))

    def _load(self, path: str) -> Config:
        return configuration.load(path) if self._use_config else configuration.Config()

    def _add_file(self, path: str, config: Config) -> None:
        if path not in self._configs:
            self._configs[path] = config
            self._waiting.append(path)

    def _add_folder(self, folder: str, config: Config) -> None:
        from tokenguard.sources.tree import Tree

        if len(self._trees) >= _MOST_LISTED_AT_ONCE:
            self._list_files()
        self._trees.append((Tree(folder, ignored=self._ignored), config))

    def _list_files(self) -> None:
        for tree, config in self._trees:
            tree.list_files()
            self._tracked |= tree.tracked
            self._account.unreadable += tree.unreadable
            self._account.notes += tree.notes
            for path in tree.files:
                if config.excludes(path):
                    self._account.excluded += 1
                else:
                    self._add_file(path, config)
        self._trees = []


def scan_staged(
    folder: str | None = None,
    *,
    use_config: bool = True,
    max_size: int | None = None,
    unchanged: bool = False,
) -> Report:
    """Scans what the next commit of the repository at `folder` (None: where the caller is) would contain.

    `unchanged` adds what the last commit contains already. Raises UsageError where there is no repository
    or a configuration is wrong, and IncompleteError where git cannot read the index.
    """
    from tokenguard.sources.git import Git, GitError
    from tokenguard.sources.staged import all_entries, changed_entries, read_entries

    account = _Account()
    git = Git(folder)
    objects = git.objects()  # opens the repository while it is asked what has changed
    try:
        entries = all_entries(git) if unchanged else changed_entries(git)
    except GitError as error:
        if "not a git repository" in error.message:
            raise UsageError(
                "this is no git repository", "name its folder, or scan files: tokenguard scan PATH"
            ) from None
        raise
    here = os.path.abspath(folder or ".")
    top = configuration.work_tree_top(here) or here
    config = configuration.load(top) if use_config else configuration.Config()
    chosen = [entry for entry in entries if not config.excludes(os.path.join(top, entry.path))]
    account.excluded = len(entries) - len(chosen)
    account.read_all(read_entries(objects, chosen, max_size), config)
    return account.report()


def scan_range(included: Sequence[str], excluded: Sequence[str]) -> Report:
    """Scans what the revisions `included` bring in that the revisions `excluded` do not have.

    Raises IncompleteError where git cannot tell.
    """
    from tokenguard.sources.git import Git
    from tokenguard.sources.range import read_range

    account = _Account()
    top = configuration.work_tree_top(os.path.abspath(".")) or "."
    config = configuration.load(top)
    for item in read_range(Git(), included, excluded):
        if config.excludes(os.path.join(top, item.origin.path)):
            account.excluded += 1
        else:
            account.read_all([item], config)
    return account.report()


def scan_blob_alone(blob: Blob, *, use_config: bool = True) -> Report:
    """Scans one Blob under the Config of the current folder."""
    account = _Account()
    account.read(blob, configuration.load(".") if use_config else configuration.Config())
    return account.report()


def scan_message(path: str) -> Report:
    """Scans the commit message in the file at `path`, without what git cuts off it. Raises IncompleteError."""
    from tokenguard.files import read_windows

    try:
        message = b"".join(
            window.data[window.first - window.start : window.last - window.start] for window in read_windows(path)
        )
    except OSError as error:
        raise IncompleteError(f"{path} cannot be read: {error.strerror or error}") from None
    return scan_blob_alone(Blob(Origin("commit message"), whole(_without_diff(message))))


def _without_diff(message: bytes) -> bytes:
    # `git commit --verbose` puts scissors and the diff below the message, and cuts both off (git-commit(1),
    # "--cleanup"). A commit that takes a token out has it there. Without --verbose git keeps what stands below
    # a line like that, so that nothing but a diff is left out here.
    lines = message.splitlines(keepends=True)
    drawn = next((at for at, line in enumerate(lines) if line.rstrip().endswith(_SCISSORS)), len(lines))
    cut = next((at for at in range(drawn, len(lines)) if lines[at].startswith(_DIFFS)), len(lines))
    return b"".join(lines[:cut])


def scan_stdin(name: str, *, use_config: bool = True) -> Report:
    """Scans standard input, to be called `name` in the Report. Raises IncompleteError where there is none."""
    from tokenguard.process import standard_input
    from tokenguard.sources.stream import windows_from

    return scan_blob_alone(Blob(Origin(name), windows_from(standard_input().read)), use_config=use_config)
