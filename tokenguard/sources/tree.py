"""Which files lie below a folder: in a git work tree those that git tracks or does not ignore, else all."""

from __future__ import annotations

import os

from tokenguard.core.blob import Origin, Unreadable
from tokenguard.sources.git import Git, GitError


class Listing:
    """The files found so far, and what came up on the way.

    `files` are paths as the user would name them. `tracked` are those of them that git tracks: one that is not
    there has been deleted in the work tree, and that is no failure. `notes` are for the user to read.
    """

    def __init__(self) -> None:
        self.files: list[str] = []
        self.tracked: set[str] = set()
        self.unreadable: list[Unreadable] = []
        self.notes: list[str] = []

    def add_folder(self, folder: str, *, ignored: bool) -> None:
        """Adds the files below `folder`; `ignored` adds those that git ignores, too."""
        folders = [folder]
        while folders:
            top = folders.pop()
            if ignored or not self._add_work_tree(top, folders):
                self._walk(top, folders, ignored=ignored)

    def _add_work_tree(self, top: str, nested: list[str]) -> bool:
        """Adds what git lists below `top`; the repositories in it go to `nested`. False where git lists nothing."""
        git = Git(top)
        try:
            # A letter, a space and the path from `top`, each ended by NUL (git-ls-files(1), "-t")
            output = git("ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard")
            if not os.path.lexists(os.path.join(top, ".git")) and _is_ignored(git):
                return False
        except GitError as error:
            if not _is_no_work_tree(error.message):
                self.notes.append(f"every file in {top} is read, since git does not list them: {error.message}")
            return False
        links = _Links(top)
        for entry in dict.fromkeys(os.fsdecode(output).split("\0")[:-1]):
            path = _join(top, entry[2:])
            if entry[0] == "?":
                if path.endswith("/"):
                    nested.append(path[:-1])
                    continue
            elif links.lead_to(entry[2:]):
                continue
            else:
                self.tracked.add(path)
            self.files.append(path)
        return True

    def _walk(self, top: str, nested: list[str], *, ignored: bool) -> None:
        """Adds every regular file below `top` but git's own, and to `nested` the repositories in it."""
        folders = [top]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as entries:
                    found = list(entries)
            except OSError as error:
                self.unreadable.append(Unreadable(Origin(folder), error.strerror or str(error)))
                continue
            if not ignored and folder != top and any(entry.name == ".git" for entry in found):
                nested.append(folder)
                continue
            for entry in found:
                path = _join(folder, entry.name)
                if entry.is_symlink() or entry.name == ".git":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif entry.is_file(follow_symlinks=False):
                    self.files.append(path)


class _Links:
    """Which folders of a work tree have been replaced by a symbolic link, which git does not follow either."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._known = {"": False}

    def lead_to(self, path: str) -> bool:
        folder = path.rpartition("/")[0]
        known = self._known.get(folder)
        if known is None:
            known = self.lead_to(folder) or os.path.islink(_join(self._top, folder))
            self._known[folder] = known
        return known


def _is_ignored(git: Git) -> bool:
    try:
        git("check-ignore", "--quiet", ".")
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
            "not found on PATH",
        )
    )


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder.rstrip('/')}/{name}"
