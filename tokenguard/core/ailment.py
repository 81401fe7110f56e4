"""What is wrong with a workstation, and what mends it. Never a secret."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.blob import Unreadable
    from tokenguard.core.entry import Entry

PLAINTEXT = "plaintext"
MODE = "mode"
VARIABLE = "variable"
VAULT = "vault"
ORPHAN = "orphan"
HOOK = "hook"
GIT = "git"
TOKEN = "token"  # noqa: S105 -- the name of a check

CHECKS = (PLAINTEXT, MODE, VARIABLE, VAULT, ORPHAN, HOOK, GIT, TOKEN)
"""What an Ailment can be found by, in the order in which they are told."""


class Chmod(NamedTuple):
    """A file or folder that is to have this mode."""

    path: str
    mode: int


class Reconcile(NamedTuple):
    """The index that is to agree with the vault."""

    what: str = "index"


class Revive(NamedTuple):
    """A hook that is to call a program that is there."""

    path: str


Cure = Chmod | Reconcile | Revive
"""What `doctor --fix` does by itself: nothing is lost by it, and it can be done twice."""


class Ailment(NamedTuple):
    """Something that is wrong: `what` it is, `why` that matters, and the `command` that mends it.

    `check` is one of CHECKS. It has a `cure` where that is safe, and is `is_advice` where nothing is wrong yet.
    `entry` is that of the token in question, `known_as` its name in the vault; `line` counts from 1.
    """

    check: str
    what: str
    why: str
    command: str
    cure: Cure | None = None
    path: str | None = None
    line: int | None = None
    entry: Entry | None = None
    known_as: str | None = None
    is_advice: bool = False


class Mended(NamedTuple):
    """What a cure has done; or what it was to do, and the `problem` that kept it from it."""

    what: str
    problem: str | None = None


class Checkup(NamedTuple):
    """All that was found, what could not be looked at, and what was mended before."""

    ailments: tuple[Ailment, ...]
    unreadable: tuple[Unreadable, ...]
    mended: tuple[Mended, ...] = ()

    @property
    def wrong(self) -> list[Ailment]:
        """What is more than advice."""
        return [ailment for ailment in self.ailments if not ailment.is_advice]
