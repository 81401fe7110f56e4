"""`[tool.tokenguard]` of pyproject.toml, or .tokenguard.toml, as one frozen Config.

The file belongs to whoever wrote the repository. It can name what is allowed and what is left out, and both are
counted in the report; it cannot switch a detector off, name a Hub or choose a token.
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from tokenguard.errors import UsageError
from tokenguard.files import open_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pathspec import GitIgnoreSpec

_FILES = (".tokenguard.toml", "pyproject.toml")
_KEYS = ("allow", "baseline", "exclude")
_LARGEST = 1024 * 1024


class Config(NamedTuple):
    """What a repository says of its own scanning.

    `folder` is where it says so, `fingerprints` what is allowed and where that is written, `exclude` the paths
    below `folder` that are left out, `baseline` the path of a detect-secrets baseline, or nothing.
    """

    folder: str = ""
    fingerprints: Mapping[str, str] = {}
    exclude: GitIgnoreSpec | None = None
    baseline: str = ""

    def excludes(self, path: str) -> bool:
        """Whether the file at `path` is left out."""
        if self.exclude is None:
            return False
        # No pattern can name a byte that is not UTF-8, and not every engine of pathspec can be asked for one.
        return self.exclude.match_file(os.fsencode(os.path.relpath(path, self.folder)).decode("utf-8", "replace"))


def load(start: str) -> Config:
    """The Config that holds for the file or folder `start`: the nearest, up to the top of its git work tree.

    Outside a work tree only the folder itself is looked at, since anybody may own the ones above it. Raises
    UsageError where the configuration is wrong.
    """
    folder = os.path.abspath(start)
    if not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return next(filter(None, map(_in, _up_to_the_top(folder))), Config())


def load_from(folder: str) -> Config:
    """The Config that lies in `folder` itself. Raises UsageError where it is wrong."""
    return _in(folder) or Config()


def _in(folder: str) -> Config | None:
    for name in _FILES:
        path = os.path.join(folder, name)
        if (text := _read(path)) is not None and (table := _table(name, path, text)) is not None:
            return _config(folder, name, path, table)
    return None


def work_tree_top(folder: str) -> str | None:
    """The nearest folder, `folder` itself or above it, that has a `.git`."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _up_to_the_top(folder: str) -> list[str]:
    folders = [folder]
    top = work_tree_top(folder) or folder
    while folders[-1] != top:
        folders.append(os.path.dirname(folders[-1]))
    return folders


def _read(path: str) -> bytes | None:
    try:
        # A link is followed here: nothing of what it leads to is shown.
        descriptor, size = open_regular(os.path.realpath(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        if size > _LARGEST:
            raise UsageError(f"{path} is larger than {_LARGEST} bytes")
        return os.read(descriptor, _LARGEST)
    finally:
        os.close(descriptor)


def _table(name: str, path: str, text: bytes) -> dict[str, object] | None:
    if name == "pyproject.toml" and b"tokenguard" not in text:
        return None  # almost all of them; parsing costs more than the scan of a commit
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # tomllib's own error, and that of a file that is not UTF-8
        raise UsageError(f"{path} is not valid TOML: {error}") from None
    if name != "pyproject.toml":
        return document
    tool = document.get("tool", {})
    table = tool.get("tokenguard") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{path}: tool.tokenguard is not a table")
    return table


def _config(folder: str, name: str, path: str, table: dict[str, object]) -> Config:
    for key in table:
        if key not in _KEYS:
            raise UsageError(
                f"{path}: unknown key {key!r}", f"the keys are {', '.join(_KEYS[:-1])} and {_KEYS[-1]}"
            )
    for fingerprint in _strings(path, table, "allow"):
        if not _is_fingerprint(fingerprint):
            raise UsageError(
                f"{path}: allow has an entry that is not a fingerprint",
                'a fingerprint is "sha256:" and 64 hexadecimal digits, as `tokenguard scan` prints it',
            )
    return Config(
        folder,
        dict.fromkeys(_strings(path, table, "allow"), name),
        _spec(path, _strings(path, table, "exclude")),
        _inside(path, folder, table.get("baseline", "")),
    )


def _inside(path: str, folder: str, value: object) -> str:
    """The path of the file below `folder` that a key names."""
    if not isinstance(value, str):
        raise UsageError(f"{path}: baseline is not a string")
    if not value:
        return ""
    place = os.path.realpath(os.path.join(folder, value))
    if os.path.isabs(value) or not place.startswith(os.path.join(os.path.realpath(folder), "")):
        raise UsageError(
            f"{path}: baseline names a file outside its folder", "name one that lies in the repository"
        )
    return os.path.join(folder, value)


def _strings(path: str, table: dict[str, object], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{path}: {key} is not a list of strings")
    return value


def _is_fingerprint(text: str) -> bool:
    algorithm, _, digest = text.partition(":")
    return algorithm == "sha256" and len(digest) == 64 and not digest.strip("0123456789abcdef")


def _spec(path: str, patterns: list[str]) -> GitIgnoreSpec | None:
    if not patterns:
        return None
    import re

    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines(patterns)
    except (ValueError, re.error) as error:
        raise UsageError(f"{path}: exclude has a malformed pattern: {error}") from None
    # A configuration can leave things out, but not switch the scanner off.
    if all(spec.match_file(anything) for anything in ("q7", "q7.x9", "x9/q7", "x9/q7/.q7.x9")):
        raise UsageError(f"{path}: exclude leaves everything out", "name the files that are to be left out")
    return spec
