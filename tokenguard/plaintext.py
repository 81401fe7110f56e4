"""Which tokens lie in the clear on this workstation, and where."""

from __future__ import annotations

import os
import stat

from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.places import find
from tokenguard.core.places.plaintext import Plaintext as Plaintext
from tokenguard.files import TooLargeError, open_regular
from tokenguard.whereabouts import File, files_of_the_repository, files_of_the_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LARGEST = 64 * 1024 * 1024


def plaintext(environment: Mapping[str, str], folder: str) -> Iterator[Plaintext | Unreadable]:
    """Every token in the clear in this user's home, and in the repository that `folder` is in.

    What is there and cannot be read is Unreadable; what is not there is nothing. Nothing is asked of anybody.
    """
    seen: set[str] = set()
    for listed in (files_of_the_user(environment), files_of_the_repository(environment, folder)):
        for file in listed:
            if isinstance(file, Unreadable):
                yield file
                continue
            path = os.path.realpath(file.path)
            if path not in seen:
                seen.add(path)
                yield from _in_file(file, path)


def read(path: str) -> tuple[bytes, int]:
    """The content of the regular file at `path`, and its mode. Raises OSError."""
    try:
        descriptor, _ = open_regular(path, _LARGEST)
    except TooLargeError:
        raise TooLargeError(f"is larger than {_LARGEST} bytes") from None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(), stat.S_IMODE(os.fstat(file.fileno()).st_mode)


def _in_file(file: File, path: str) -> Iterator[Plaintext | Unreadable]:
    if os.path.isdir(path) or not os.path.lexists(path):
        return  # where a repository has a virtual environment called .env, or a link to nothing
    if file.top is not None and not _is_below(path, os.path.realpath(file.top)):
        yield Unreadable(Origin(file.path), "is a symbolic link out of the repository")
        return
    try:
        data, mode = read(path)
    except OSError as error:
        yield Unreadable(Origin(file.path), error.strerror or str(error))
        return
    line, counted = 1, 0
    for spot in find(file.place, os.path.basename(file.path), data):
        line += data.count(b"\n", counted, spot.start)
        counted = spot.start
        yield Plaintext(file.place, file.path, line, spot.name, spot.token, mode, path)


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))
