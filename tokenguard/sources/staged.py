"""What the next commit would contain, read from the index: blobs, never diffs."""

from __future__ import annotations

import os
from typing import NamedTuple

from tokenguard.core.blob import Blob, Origin, Unreadable, in_memory
from tokenguard.core.windows import Once, windows_from
from tokenguard.files import WINDOW
from tokenguard.sources.git import Git, GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.sources.git import Content

_SUBMODULE = "160000"


class Entry(NamedTuple):
    """One path of the index, from the top of the work tree, and the name of its blob."""

    path: str
    blob: str
    unmerged: bool


class Index:
    """What the index of a repository has that the last commit has not; with `unchanged`, all that it has.

    git looks into it from when this is made, and works while the caller does something else. It ends with the
    `with` block that this is used in. `folder` None: the repository that the caller is in. Raises GitError where
    git cannot be started.
    """

    def __init__(self, folder: str | None = None, *, unchanged: bool = False) -> None:
        self.folder = folder
        self._git = Git(folder)
        self._objects = self._git.objects()
        # A rename is an entry of its own, and no attribute or setting of the repository can hide one.
        self._changes = None if unchanged else self._git.start(
            "diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=none",
            "HEAD", "--",
        )  # fmt: skip

    def __enter__(self) -> Index:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        self._objects.__enter__()
        return self

    def __exit__(self, error: object, *rest: object) -> None:
        if self._changes is not None:
            self._changes.kill()
        self._objects.__exit__(error, *rest)

    def entries(self) -> list[Entry]:
        """Its entries; all of them where there is no commit yet. Raises GitError."""
        if self._changes is None:
            return all_entries(self._git)
        try:
            return _changed(self._changes.output())
        except GitError:
            return all_entries(self._git)

    def read(self, entries: Sequence[Entry], max_size: int | None) -> Iterator[Blob | Unreadable]:
        """The blobs of `entries`; one of more than `max_size` bytes is left unread."""
        readable = []
        for entry in entries:
            if entry.unmerged:
                yield Unreadable(Origin(entry.path), "unmerged: resolve the conflict and stage the result")
            else:
                readable.append(entry)
        unread = readable[::-1]
        try:
            for content in self._objects.read([entry.blob for entry in readable]):
                item = _item(Origin(unread[-1].path), content, max_size)
                unread.pop()
                yield item
        except GitError as error:
            yield from (Unreadable(Origin(entry.path), error.message) for entry in reversed(unread))


def _changed(raw: bytes) -> list[Entry]:
    # `:oldmode newmode oldname newname status` NUL `path` NUL (git-diff-index(1), "Raw output format")
    fields = os.fsdecode(raw).split("\0")
    entries = []
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, status = meta.split(" ")
        if status != "D" and mode != _SUBMODULE:
            entries.append(Entry(path, blob, unmerged=status == "U"))
    return entries


def all_entries(git: Git) -> list[Entry]:
    """Every entry of the index."""
    return [entry for mode, entry in _listed(git) if mode != _SUBMODULE]


def submodules_in_index(git: Git) -> list[str]:
    """The paths of the submodules in the index."""
    return [entry.path for mode, entry in _listed(git) if mode == _SUBMODULE]


def _listed(git: Git) -> Iterator[tuple[str, Entry]]:
    # `mode name stage` TAB `path` NUL (git-ls-files(1))
    for line in os.fsdecode(git("ls-files", "--stage", "-z", "--full-name", "--", ":/")).split("\0")[:-1]:
        meta, _, path = line.partition("\t")
        mode, blob, stage = meta.split(" ")
        yield mode, Entry(path, blob, unmerged=stage != "0")


def _item(origin: Origin, content: Content | None, max_size: int | None) -> Blob | Unreadable:
    if content is None:
        return Unreadable(origin, "its blob is missing from the repository")
    if max_size is not None and content.size > max_size:
        return Unreadable(origin, f"larger than {max_size} bytes")
    if content.size > WINDOW:
        file = Once(content.read)
        return Blob(origin, windows_from(file.read), lambda: file)
    return in_memory(origin, content.read(content.size))
