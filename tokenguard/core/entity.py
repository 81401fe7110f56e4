"""What a permission is about: a namespace, or a repository in it."""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.errors import UsageError

_TYPES = ("model", "dataset", "space", "bucket", "collection", "kernel")


class Entity(NamedTuple):
    """All of a namespace, or one `repo` in it, of one `type` or (None) of any."""

    type: str | None
    namespace: str
    repo: str | None = None

    def __str__(self) -> str:
        folder = f"{self.type}s" if self.repo and self.type not in (None, "model") else None
        return "/".join(filter(None, (folder, self.namespace, self.repo)))

    def covers(self, other: Entity) -> bool:
        """Whether `other` is this, or lies in it."""
        if not same(self.namespace, other.namespace):
            return False
        if self.repo is None:
            return True
        return same(self.repo, other.repo) and (None in (self.type, other.type) or self.type == other.type)


def parse(text: str) -> Entity:
    """The Entity that `acme`, `acme/model`, `datasets/acme/x` and their like mean.

    Raises UsageError where it is neither a namespace nor a repository; `datasets/acme` is not.
    """
    import re

    types = "|".join(_TYPES)
    name = r"\w(?:[\w.-]*\w)?"  # as in huggingface_hub.utils.validate_repo_id
    path = rf"(?:({types})s?/(?=.*/))?(?!(?:{types})s(?:/|$))({name})(?:/({name}))?"
    if match := re.fullmatch(path, text, re.ASCII):
        return Entity(*match.groups())
    raise UsageError(
        f"{text!r} is no namespace and no repository", "write it like acme, acme/x or datasets/acme/x"
    )


def same(name: str | None, other: str | None) -> bool:
    """Whether both are one name to the Hub, which does not tell upper from lower case."""
    return name is not None and other is not None and name.lower() == other.lower()
