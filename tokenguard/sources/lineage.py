"""Which commits brought objects in: one walk over the history, for as many objects as there are."""

from __future__ import annotations

import os

from tokenguard.core.lineage import Lineage
from tokenguard.sources.git import Git, GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    # Its name, its author and the date; and with that, the paths of what it brought in.
    _Commit = tuple[str, str, str]
    _Brought = tuple[_Commit, list[str]]

_EVERYTHING = ("--all", "--indexed-objects")
_PUSHED = ("--remotes",)
_COMPARE = (
    *("diff-tree", "--stdin", "--always", "-r", "--root", "-c", "--raw", "-z", "--no-abbrev", "--no-renames"),
    *("--no-ext-diff", "--no-textconv", "--no-notes", "--encoding=UTF-8"),
    "--format=tformat:commit %H%n%an <%ae>%n%aI",
)
# As often as git is started anew after a commit that it cannot compare.
_MOST_FAILURES = 50


def trace(
    git: Git,
    names: Sequence[str],
    commits: Sequence[bytes],
    staged: Mapping[str, Sequence[str]],
    *,
    reachable: bool | None = None,
) -> tuple[dict[str, Lineage], bool]:
    """The Lineage of each object of `names`, and whether all its paths are known.

    `commits`, the oldest first, are those that may have brought them in, `staged` the paths that they have in
    indexes. `reachable` is the answer where it is known beforehand. Where git cannot walk the history, less is
    known.
    """
    wanted = frozenset(names)
    reached = _reached(git, wanted, *_EVERYTHING) if reachable is None else wanted if reachable else frozenset()
    pushed = _reached(git, wanted, *_PUSHED)
    brought, is_whole = _brought_in(git, wanted, commits)
    lineages = {}
    for name in names:
        (commit, author, date), paths = brought.get(name, ((None, None, None), []))
        lineages[name] = Lineage(
            commit=commit,
            author=author,
            date=date,
            paths=tuple(dict.fromkeys([*paths, *staged.get(name, ())])),
            reachable=None if reached is None else name in reached,
            pushed=None if pushed is None else name in pushed,
        )
    return lineages, is_whole


def oldest_first(git: Git, commits: Sequence[bytes]) -> list[bytes]:
    """The same commits, each after its parents."""
    question = b"".join(name + b"\n" for name in commits)
    try:
        return git.ask(question, "rev-list", "--stdin", "--date-order", "--reverse").split()
    except GitError:  # a parent is missing, or a commit is corrupt: then in the order of their dates
        ordered = git.start("rev-list", "--stdin", "--no-walk=sorted", "--reverse", is_asked=True)
        return ordered.finish(question).split() or list(commits)


def _reached(git: Git, wanted: frozenset[str], *tips: str) -> frozenset[str] | None:
    """Those of `wanted` that `tips`, or a stash, lead to. None where git cannot tell."""
    stashes = b"" if tips == _PUSHED else git.start("rev-list", "--walk-reflogs", "refs/stash").finish()
    try:
        listing = git.ask(
            stashes, "rev-list", "--objects", "--no-object-names", "--missing=print", "--stdin", *tips
        )
    except GitError:
        return None
    return wanted.intersection(listing.decode("ascii").split("\n"))


def _brought_in(git: Git, wanted: frozenset[str], commits: Sequence[bytes]) -> tuple[dict[str, _Brought], bool]:
    """By object: the commit that first brought it in, and all the paths that it has had.

    The second is whether all commits could be compared with their parents.
    """
    brought: dict[str, _Brought] = {}
    is_whole = True
    left = list(commits)
    for _ in range(_MOST_FAILURES):
        running = git.start(*_COMPARE, is_asked=True)
        output = running.finish(b"".join(name + b"\n" for name in left))
        compared = 0
        for commit, additions in _parsed(output):
            compared += 1
            for name, path in additions:
                if name in wanted:
                    _, paths = brought.setdefault(name, (commit, []))
                    paths.append(path)
        if not running.has_failed:
            break
        # git ends at the first commit whose tree, or whose parent's, it cannot read.
        is_whole = False
        left = left[compared + 1 :]
    return brought, is_whole


def _parsed(output: bytes) -> Iterator[tuple[_Commit, list[tuple[str, str]]]]:
    """Each commit with the blobs that none of its parents has at that path."""
    commit: _Commit | None = None
    additions: list[tuple[str, str]] = []
    fields = iter(output.split(b"\0"))
    for field in fields:
        # `:` for each parent, modes, names and a status (git-diff-index(1), "Raw output format"); then the path.
        line = field.lstrip(b"\n")
        if line.startswith(b":"):
            additions.append((line.split(b" ")[-2].decode(), os.fsdecode(next(fields, b""))))
        elif line.startswith(b"commit "):
            if commit:
                yield commit, additions
            name, author, date = os.fsdecode(line[7:]).split("\n")[:3]
            commit, additions = (name, author, date), []
    if commit:
        yield commit, additions
