"""Which files lie below a folder: in a git work tree those that git tracks or does not ignore, else all."""

from __future__ import annotations

import os

from tokenguard.core.blob import Origin, Unreadable
from tokenguard.sources.git import Git, GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.sources.git import Running


class Tree:
    """The files below a folder, and what came up while they were listed.

    `files` are paths as the user would name them. `tracked` are those of them that git tracks: one that is not
    there has been deleted in the work tree, and that is no failure. `notes` are for the user to read.

    git starts listing when the Tree is made, and works while the caller does something else; `ignored` asks for
    the files that git ignores, too, so that git is not asked at all.
    """

    def __init__(self, folder: str, *, ignored: bool = False) -> None:
        self.files: list[str] = []
        self.tracked: set[str] = set()
        self.unreadable: list[Unreadable] = []
        self.notes: list[str] = []
        self._ignored = ignored
        self._folders: list[tuple[str, Running | None]] = [(folder, self._start(folder))]

    def list_files(self) -> None:
        """Fills in all that the Tree has to say."""
        while self._folders:
            top, listing = self._folders.pop()
            if listing is None or not self._add_work_tree(top, listing):
                self._walk(top)

    def _start(self, top: str) -> Running | None:
        if self._ignored:
            return None
        try:
            # A letter, a space and the path from `top`, each ended by NUL (git-ls-files(1), "-t")
            # core.worktree may name any other folder; the one that holds .git is the one that was asked for.
            here = ["--work-tree=."] if os.path.lexists(os.path.join(top, ".git")) else []
            return Git(top).start(*here, "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard")
        except GitError as error:
            self._explain(top, error)
            return None

    def _add_work_tree(self, top: str, listing: Running) -> bool:
        """Adds what git lists below `top`; repositories in it join `_folders`. False where git lists nothing."""
        try:
            output = listing.output()
        except GitError as error:
            self._explain(top, error)
            return False
        if not os.path.lexists(os.path.join(top, ".git")) and _is_ignored(top):
            return False
        for complaint in listing.complaints:
            if complaint.startswith("warning: unable to access "):  # a file of patterns, which hides nothing now
                self.notes.append(complaint)
            else:
                self.unreadable.append(_unopened(top, complaint))
        entries = list(dict.fromkeys(os.fsdecode(output).split("\0")[:-1]))
        tracked = [entry[2:] for entry in entries if entry[0] != "?"]
        if "./" in tracked:  # a submodule that is not checked out, of which only the repository around it knows
            return False
        linked = _linked(top, {path.rpartition("/")[0] for path in tracked})
        prefix = _join(top, "")
        paths = [prefix + path for path in tracked if path.rpartition("/")[0] not in linked]
        self.tracked.update(paths)
        self.files += paths
        for path in (prefix + entry[2:] for entry in entries if entry[0] == "?"):
            if path.endswith("/"):
                self._folders.append((path[:-1], self._start(path)))
            else:
                self.files.append(path)
        return True

    def _explain(self, top: str, error: GitError) -> None:
        if not _is_no_work_tree(error.message):
            self.notes.append(f"every file in {top} is read, since git does not list them: {error.message}")

    def _walk(self, top: str) -> None:
        """Adds every regular file below `top` but git's own, and to `_folders` the repositories in it."""
        folders = [top]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as entries:
                    found = list(entries)
            except OSError as error:
                self.unreadable.append(Unreadable(Origin(folder), error.strerror or str(error)))
                continue
            if not self._ignored and folder != top and any(entry.name == ".git" for entry in found):
                self._folders.append((folder, self._start(folder)))
                continue
            for entry in found:
                path = _join(folder, entry.name)
                if entry.is_symlink() or entry.name == ".git":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif entry.is_file(follow_symlinks=False):
                    self.files.append(path)


def _linked(top: str, folders: set[str]) -> set[str]:
    """Those of `folders` to which a symbolic link below `top` leads; git does not follow it either."""
    known = {"": False}

    def is_linked(folder: str) -> bool:
        if folder not in known:
            known[folder] = is_linked(folder.rpartition("/")[0]) or os.path.islink(_join(top, folder))
        return known[folder]

    return {folder for folder in folders if is_linked(folder)}


def _unopened(top: str, complaint: str) -> Unreadable:
    """What git says, with status 0, of a folder that it could not look into."""
    text, _, reason = complaint.removeprefix("warning: could not open directory '").rpartition("': ")
    return Unreadable(Origin(_join(top, text.rstrip("/"))), reason) if text else Unreadable(Origin(top), complaint)


def _is_ignored(folder: str) -> bool:
    try:
        Git(folder)("check-ignore", "--quiet", ".")
    except GitError:
        return False
    return True


def _is_no_work_tree(complaint: str) -> bool:
    return any(
        words in complaint
        for words in (
            "not a git repository",
            "must be run in a work tree",
            "cannot use bare repository",
        )
    )


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder.rstrip('/')}/{name}"
