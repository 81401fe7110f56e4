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

    from tokenguard.sources.git import Content, Objects

_SUBMODULE = "160000"


class Entry(NamedTuple):
    """One path of the index, from the top of the work tree, and the name of its blob."""

    path: str
    blob: str
    unmerged: bool


def changed_entries(git: Git) -> list[Entry]:
    """The entries in which the index differs from HEAD, or all of them where there is no commit yet.

    A rename is an entry of its own, and no attribute or setting of the repository can hide one.
    """
    try:
        raw = git(
            "diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=none",
            "HEAD", "--",
        )  # fmt: skip
    except GitError:
        return all_entries(git)
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


def read_entries(objects: Objects, entries: Sequence[Entry], max_size: int | None) -> Iterator[Blob | Unreadable]:
    """The blobs of `entries`; one of more than `max_size` bytes is left unread."""
    readable = []
    for entry in entries:
        if entry.unmerged:
            yield Unreadable(Origin(entry.path), "unmerged: resolve the conflict and stage the result")
        else:
            readable.append(entry)
    unread = readable[::-1]
    try:
        for content in objects.read([entry.blob for entry in readable]):
            item = _item(Origin(unread[-1].path), content, max_size)
            unread.pop()
            yield item
    except GitError as error:
        yield from (Unreadable(Origin(entry.path), error.message) for entry in reversed(unread))


def _item(origin: Origin, content: Content | None, max_size: int | None) -> Blob | Unreadable:
    if content is None:
        return Unreadable(origin, "its blob is missing from the repository")
    if max_size is not None and content.size > max_size:
        return Unreadable(origin, f"larger than {max_size} bytes")
    if content.size > WINDOW:
        file = Once(content.read)
        return Blob(origin, windows_from(file.read), lambda: file)
    return in_memory(origin, content.read(content.size))
