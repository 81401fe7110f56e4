"""What some commits bring in that others do not have: every blob, and what commits and tags say."""

from __future__ import annotations

import os

from tokenguard.core.blob import Blob, Origin, Unreadable, whole
from tokenguard.files import WINDOW
from tokenguard.sources.git import Git, GitError
from tokenguard.sources.stream import windows_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.sources.git import Content


def read_range(git: Git, included: Sequence[str], excluded: Sequence[str]) -> Iterator[Blob | Unreadable]:
    """The blobs and messages that can be reached from `included` and not from `excluded`.

    Both are revisions, or options of git-rev-list(1) such as `--remotes`; a revision in `excluded` that this
    repository does not have excludes nothing. Raises GitError where one in `included` is unknown.
    """
    for revision in included:
        git("rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{object}}")
    listing = git("rev-list", "--objects", "--ignore-missing", *included, "--not", *excluded, "--")
    names = []
    paths = []
    for line in os.fsdecode(listing).split("\n")[:-1]:
        name, _, path = line.partition(" ")
        names.append(name)
        paths.append(path)
    unread = list(zip(names, paths, strict=True))[::-1]
    try:
        with git.objects() as objects:
            for content in objects.read(names):
                name, path = unread[-1]
                item = _item(name, path, content)
                unread.pop()
                if item is not None:
                    yield item
    except GitError as error:
        yield from (Unreadable(Origin(path or name), error.message) for name, path in reversed(unread))


def _item(name: str, path: str, content: Content | None) -> Blob | Unreadable | None:
    if content is None:
        return Unreadable(Origin(path or name), "the object is missing from the repository")
    if content.kind == "tree":
        return None
    if content.kind == "blob":
        origin = Origin(path or name)
        if content.size > WINDOW:
            return Blob(origin, windows_from(content.read))
        return Blob(origin, whole(content.read(content.size)))
    # Headers, an empty line, the message (gitformat-commit, git-mktag(1)).
    message = content.read(content.size).partition(b"\n\n")[2]
    return Blob(Origin(f"message of {content.kind} {name[:12]}"), whole(message))
