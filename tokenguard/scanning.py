"""What is scanned, from the Source to the Report. Plain functions with explicit arguments."""

from __future__ import annotations

import os
from functools import partial

from tokenguard import config as configuration
from tokenguard.account import Account, Search
from tokenguard.core.blob import Blob, Origin, Unreadable, in_memory
from tokenguard.errors import IncompleteError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.bridge.detectors import Detectors
    from tokenguard.core.report import Report
    from tokenguard.sources.staged import Index

_SCISSORS = b" ------------------------ >8 ------------------------"
_DIFFS = (b"diff --git ", b"diff --cc ", b"diff --combined ")


def scan_paths(
    paths: Sequence[str],
    *,
    use_config: bool = True,
    ignored: bool = False,
    max_size: int | None = None,
    jobs: int | None = None,
    search: Search = Search(),
    seen: set[str] | None = None,
) -> Report:
    """Scans files and folders.

    `ignored` adds the files that git ignores, `max_size` (bytes) leaves larger ones unread, `jobs` is the number
    of processes (as many as there are cores); `seen` takes the paths of the files.
    Raises UsageError where a configuration is wrong.
    """
    from tokenguard.selection import Selection

    account = Account(search)
    selection = Selection(use_config=use_config, ignored=ignored)
    for path in paths:
        selection.add(path)

    from tokenguard import workers  # git is listing by now
    from tokenguard.files import open_file, read_windows
    from tokenguard.sources.sift import sift

    jobs = jobs or workers.available_cores()
    while files := selection.take():
        sifted = sift(files, jobs=jobs, max_size=max_size, deep=search.deep)
        account.files += sifted.read
        account.bytes += sifted.bytes
        if seen is not None:
            seen.update(files)
        hits = _search(account, search.detectors, files, jobs, max_size) if search.detectors else {}
        spans = dict(sifted.suspects)
        for path in spans if not hits else sorted(spans.keys() | hits.keys()):
            blob = Blob(Origin(path), read_windows(path), partial(open_file, path))
            account.examine(blob, selection.config(path), spans.get(path, []), hits.get(path, []))
        for path, reason in sifted.failures:
            selection.reconsider(path, reason)
    account.unreadable += selection.unreadable
    account.notes += selection.notes
    account.excluded += selection.excluded
    return account.report()


def _search(
    account: Account, detectors: Detectors, files: Sequence[str], jobs: int, max_size: int | None
) -> dict[str, list[int]]:
    """By file: the lines on which detect-secrets' detectors find something."""
    from tokenguard.bridge.search import search_files

    hits = search_files(detectors, files, jobs=jobs, max_size=max_size)
    account.unsearched += hits.large
    account.long_lines += hits.long_lines
    account.unreadable += [Unreadable(Origin(path), reason) for path, reason in hits.failures]
    return hits.lines


def scan_staged(
    index: Index,
    *,
    use_config: bool = True,
    max_size: int | None = None,
    search: Search = Search(),
    seen: set[str] | None = None,
) -> Report:
    """Scans what the next commit would contain, and closes `index`.

    The rest is as in `scan_paths`. Raises UsageError where there is no repository or a configuration is wrong, and
    IncompleteError where git cannot read the index.
    """
    from tokenguard.sources.git import GitError

    account = Account(search)
    with index:
        try:
            entries = index.entries()
        except GitError as error:
            if "not a git repository" not in error.message:
                raise
            hint = "name its folder, or scan files: tokenguard scan PATH"
            raise UsageError("this is no git repository", hint) from None
        top, config = _of_work_tree(index.folder, use_config=use_config)
        chosen = [entry for entry in entries if not config.excludes(os.path.join(top, entry.path))]
        account.excluded = len(entries) - len(chosen)
        if seen is not None:
            seen.update(entry.path for entry in chosen)
        account.read_all(index.read(chosen, max_size), config)
    return account.report()


def scan_blob_alone(blob: Blob, *, use_config: bool = True, search: Search = Search()) -> Report:
    """Scans one Blob under the Config of the current folder."""
    account = Account(search)
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
    return scan_blob_alone(in_memory(Origin("commit message"), _without_diff(message)))


def _without_diff(message: bytes) -> bytes:
    # `git commit --verbose` puts scissors and the diff below the message, and cuts both off (git-commit(1),
    # "--cleanup"). A commit that takes a token out has it there. Without --verbose git keeps what stands below
    # a line like that, so that nothing but a diff is left out here.
    lines = message.splitlines(keepends=True)
    drawn = next((at for at, line in enumerate(lines) if line.rstrip().endswith(_SCISSORS)), len(lines))
    cut = next((at for at in range(drawn, len(lines)) if lines[at].startswith(_DIFFS)), len(lines))
    return b"".join(lines[:cut])


def scan_stdin(name: str, *, use_config: bool = True, search: Search = Search()) -> Report:
    """Scans standard input, to be called `name` in the Report. Raises IncompleteError where there is none."""
    from tokenguard.core.windows import Once, windows_from
    from tokenguard.process import standard_input

    file = Once(standard_input().read)
    blob = Blob(Origin(name), windows_from(file.read), lambda: file)
    return scan_blob_alone(blob, use_config=use_config, search=search)


def _of_work_tree(folder: str | None, *, use_config: bool) -> tuple[str, configuration.Config]:
    """The top of the work tree that `folder` is in, and its Config."""
    here = os.path.abspath(folder or ".")
    top = configuration.work_tree_top(here) or here
    return top, configuration.load(top) if use_config else configuration.Config()
