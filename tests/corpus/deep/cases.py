"""What a file of the corpus is made of: its bytes, and what a scanner has to say of it."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, NamedTuple

from tests.support import credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Recipe = Callable[[str], "File"]
    Recipes = Mapping[str, Recipe]

USER = "user-access-token"


class Place(NamedTuple):
    """Where a credential stands in a file.

    `line` is that in which it, or its encoded text, begins, in the innermost member; None where that has no lines.
    `decoded` names the encodings and `inside` the members, the outermost first. `cell` and `output` count from 1.
    `secret` says which of the file's secrets it is, where that is not a new one.
    """

    line: int | None
    decoded: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    cell: int | None = None
    output: int | None = None
    kind: str = USER
    secret: int | None = None


class Expected(NamedTuple):
    """A finding that a scan of the file at `path` has to make."""

    path: str
    kind: str
    secret: str
    line: int | None
    inside: tuple[str, ...]
    decoded: tuple[str, ...]
    cell: int | None
    output: int | None

    @property
    def fingerprint(self) -> str:
        return "sha256:" + hashlib.sha256(self.secret.encode()).hexdigest()


class File(NamedTuple):
    """`unreadable`: some of it cannot be read, which has to be said."""

    path: str
    content: bytes
    expected: tuple[Expected, ...] = ()
    unreadable: bool = False


def leaking(make: Callable[..., str | bytes], *places: Place, unreadable: bool = False) -> Recipe:
    """A file that `make` puts together from fresh secrets, one for each of `places` that has its own."""

    def recipe(path: str) -> File:
        own = [place for place in places if place.secret is None]
        secrets = [secret_of(place.kind, path, number) for number, place in enumerate(own)]
        left = iter(secrets)
        found = [next(left) if place.secret is None else secrets[place.secret] for place in places]
        expected = tuple(
            Expected(path, place.kind, secret.split()[0], *place[:1], place.inside, place.decoded, *place[3:5])
            for place, secret in zip(places, found, strict=True)
        )
        return File(path, as_bytes(make(*secrets)), expected, unreadable)

    return recipe


def once(line: int | None, make: Callable[[str], str | bytes], *decoded: str) -> Recipe:
    """A text with one secret in it, in this chain of encodings."""
    return leaking(make, Place(line, decoded))


def within(*inside: str, line: int | None = None) -> Place:
    """Where a secret stands in a member as it is."""
    return Place(line, inside=inside)


def silent(make: Callable[[], str | bytes], *, unreadable: bool = False) -> Recipe:
    """A file without a secret."""
    return lambda path: File(path, as_bytes(make()), unreadable=unreadable)


def secret_of(kind: str, path: str, number: int = 0) -> str:
    """The secret that the file at `path` has for its own; of an access key the id and the secret."""
    seed = zlib.crc32(f"{path} {number}".encode())
    return credentials.user_token(seed) if kind == USER else credentials.every_kind(seed)[kind]


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
