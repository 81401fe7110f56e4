"""A git repository whose objects are scanned: where it is, what its Config is, and what of it is not there."""

from __future__ import annotations

import contextlib
import os

from tokenguard import config as configuration
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.errors import TokenguardError, UsageError
from tokenguard.sources.git import Git, GitError
from tokenguard.sources.staged import all_entries, submodules_in_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tokenguard.config import Config
    from tokenguard.core.lineage import Lineage

_MOST_NAMED = 3


class Repository:
    """The repository at `folder`, a work tree or what git calls a git directory; None: where the caller is.

    With `receiving`, and of a git directory, the Config is the one that lies in there: a work tree has what
    somebody has pushed. Raises UsageError where there is none, or its configuration is wrong; GitError where git
    refuses it.
    """

    def __init__(self, folder: str | None, *, use_config: bool, receiving: bool = False) -> None:
        is_bare = folder is not None and _is_git_folder(folder)
        self.git = Git(folder, bare=is_bare)
        try:
            self.git_folder = os.path.join(folder or ".", self.git.text("rev-parse", "--git-common-dir"))
        except GitError as error:
            if "not a git repository" not in error.message:
                raise
            raise UsageError("this is no git repository", "name its folder") from None
        here = os.path.abspath(self.git_folder if receiving or is_bare else folder or ".")
        self._top = (None if receiving or is_bare else configuration.work_tree_top(here)) or here
        self._prefix = ""
        self.config: Config = configuration.load_from(self._top) if use_config else configuration.Config()

    def submodules(self) -> Iterator[Repository | Unreadable]:
        """Those that were ever checked out in one of its work trees, and their own (gitsubmodules(7))."""
        for name, place in self._inner_folders():
            try:
                inner = Repository(place, use_config=False)
            except TokenguardError as error:
                yield Unreadable(self.origin(name), error.message)
                continue
            inner.config, inner._top, inner._prefix = self.config, self._top, f"{self._prefix}{name}/"
            yield inner
            yield from inner.submodules()

    def staged(self) -> dict[str, list[str]]:
        """The paths that objects have in the indexes of all work trees."""
        paths: dict[str, list[str]] = {}
        for git in (self.git, *(Git(folder, bare=True) for folder in self._work_trees())):
            with contextlib.suppress(GitError):
                for entry in all_entries(git):
                    paths.setdefault(entry.blob, []).append(entry.path)
        return paths

    def _work_trees(self) -> list[str]:
        folder = os.path.join(self.git_folder, "worktrees")
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))] if os.path.isdir(folder) else []

    def _inner_folders(self) -> Iterator[tuple[str, str]]:
        for folder in (self.git_folder, *self._work_trees()):
            yield from _git_folders(os.path.join(folder, "modules"), "")
        with contextlib.suppress(GitError):  # a submodule may have its git folder where others have a file
            for path in submodules_in_index(self.git):
                place = os.path.join(self._top, path, ".git")
                if os.path.isdir(place) and not os.path.islink(place):
                    yield path, place

    def origin(self, path: str, lineage: Lineage | None = None) -> Origin:
        """The Origin of what has this path in it, or is called so."""
        return Origin(self._prefix + path, lineage)

    def excludes(self, lineage: Lineage) -> bool:
        """Whether the Config leaves out every path that an object has had."""
        paths = [os.path.join(self._top, self._prefix, path) for path in lineage.paths]
        return bool(paths) and all(map(self.config.excludes, paths))

    def revision(self, text: str) -> str | None:
        """The name of the commit, or of the tag of one, that `text` stands for; None where it is not there."""
        verify = ("rev-parse", "--quiet", "--verify", "--end-of-options")
        try:
            name = self.git.text(*verify, text)
            self.git(*verify, f"{name}^{{commit}}")
        except GitError:
            return None
        return name

    def edge(self) -> set[bytes]:
        """The commits at which a shallow clone is cut off: it lacks their parents (gitrepository-layout(5))."""
        try:
            with open(os.path.join(self.git_folder, "shallow"), "rb") as file:
                return set(file.read().split())
        except OSError:
            return set()  # as git does

    def cut_off(self) -> Unreadable:
        """What there is to say where that matters."""
        reason = "it is cut off, this clone is shallow: `git fetch --unshallow`, or fetch-depth: 0 in a workflow"
        return Unreadable(self.origin("history"), reason)

    def tips(self) -> frozenset[bytes]:
        """What the refs point to."""
        return frozenset(self.git("rev-parse", "--all").split())

    def present(self, names: frozenset[bytes]) -> frozenset[bytes]:
        """Those of the objects that are there."""
        if not names:
            return names
        question = b"".join(name + b"\n" for name in names)
        return names & frozenset(self.git.ask(question, "cat-file", "--batch-check=%(objectname)").split(b"\n"))

    @contextlib.contextmanager
    def walk(self, known: frozenset[bytes]) -> Iterator[Callable[[], list[Unreadable]]]:
        """Sets out to see whether all is there that the refs, HEADs and indexes lead to; what `known` leads to is.

        To be called within the `with` block for what is missing, once other work is done.
        """
        running = self.git.start(
            "rev-list", "--objects", "--quiet", "--missing=print", "--stdin", "--all", "--indexed-objects",
            is_asked=True,
        )  # fmt: skip
        try:
            running.tell(b"".join(b"^" + tip + b"\n" for tip in known))
            yield lambda: list(self.gaps(os.fsdecode(running.finish()).splitlines() + running.complaints))
        finally:
            running.kill()

    def gaps(self, lines: Sequence[str]) -> Iterator[Unreadable]:
        """What a walk over the history has found missing (`?` and a name), and why it came to an end."""
        missing = [line[1:] for line in lines if line.startswith("?")]
        if missing:
            some = ", ".join(missing[:_MOST_NAMED]) + (", …" if len(missing) > _MOST_NAMED else "")
            number = "1 object is" if len(missing) == 1 else f"{len(missing)} objects are"
            reason = f"{number} not here ({some}); perhaps a partial clone has not fetched all"
            yield Unreadable(self.origin("history"), reason)
        for line in dict.fromkeys(lines):
            if line.startswith(("fatal: ", "error: ")):
                yield Unreadable(self.origin("history"), line)


def _is_git_folder(folder: str) -> bool:
    # git looks for `.git` first: what else lies in a work tree can be anything.
    if os.path.lexists(os.path.join(folder, ".git")):
        return False
    return all(os.path.exists(os.path.join(folder, name)) for name in ("HEAD", "objects", "refs"))


def _git_folders(folder: str, name: str) -> Iterator[tuple[str, str]]:
    if not os.path.isdir(folder) or os.path.islink(folder):
        return
    for entry in sorted(os.listdir(folder)):
        place = os.path.join(folder, entry)
        if _is_git_folder(place) and not os.path.islink(place):
            yield name + entry, place
        else:
            yield from _git_folders(place, f"{name}{entry}/")  # names of submodules may have slashes
