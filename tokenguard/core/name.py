"""The names that people give to their tokens, and those of environment variables."""

from __future__ import annotations

from tokenguard.core.detect import detect
from tokenguard.core.kinds import KINDS
from tokenguard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

HF_TOKEN = "HF_TOKEN"  # noqa: S105 -- the name of a variable
"""What all of Hugging Face's libraries read."""

OLD_HF_TOKEN = "HUGGING_FACE_HUB_TOKEN"  # noqa: S105 -- the same
"""What huggingface_hub reads where HF_TOKEN is not set, and its old versions in any case."""

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset("0123456789")
_LONGEST = 64
# Shorter than any is, since it may have been copied badly.
_AS_LONG_AS_A_TOKEN = 24


def check_name(name: str) -> str:
    """`name`, if it can be one: a letter or digit, then at most 63 of letters, digits, `.`, `_` and `-`.

    Raises UsageError where it cannot, or is itself a token; the message does not repeat that.
    """
    looks_alike = name.startswith(tuple(kind.prefix for kind in KINDS)) and len(name) >= _AS_LONG_AS_A_TOKEN
    if looks_alike or detect(name.encode("utf-8", "surrogatepass")):
        raise UsageError("a token was given in place of its name", "the name is what `tokenguard list` says")
    if not name or len(name) > _LONGEST or not _fits(name, _LETTERS | _DIGITS, "._-"):
        raise UsageError(
            f"{name!r} cannot be the name of a token",
            "a name is a letter or digit, then up to 63 letters, digits, dots, underscores and hyphens",
        )
    return name


def is_name(name: str) -> bool:
    """Whether it can be one."""
    try:
        return bool(check_name(name))
    except UsageError:
        return False


def check_variables(names: Sequence[str]) -> list[str]:
    """`names`, each of them once: letters, digits and underscores, no digit first, as every consumer takes them.

    https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap03.html. Raises UsageError where one is none.
    """
    for name in names:
        if not name or not _fits(name, _LETTERS | {"_"}, "_"):
            raise UsageError(
                f"{name!r} cannot be the name of a variable",
                "a name is letters, digits and underscores, and does not begin with a digit",
            )
    return list(dict.fromkeys(names))


def _fits(name: str, first: frozenset[str], others: str) -> bool:
    return name[0] in first and (_LETTERS | _DIGITS).union(others).issuperset(name)
