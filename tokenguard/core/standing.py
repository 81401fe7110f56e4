"""Which token holds where somebody works, and how it stands with what guards it: values, and nothing secret."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.blob import Unreadable
    from tokenguard.core.entry import Row
    from tokenguard.core.resolution import Resolution
    from tokenguard.errors import TokenguardError


class Choice(NamedTuple):
    """A name, and why it holds: `by` is `TOKENGUARD_TOKEN`, `binding`, of `folder`, or `default`."""

    name: str
    by: str
    folder: str | None = None


class VaultState(NamedTuple):
    """`kind` is "keyring" or "file"; `path` that of the file; `locked` is None where it cannot be told.

    `problem` is what keeps it from being used; `kind` and `backend` are None where it keeps them from being known.
    """

    kind: str | None
    backend: str | None
    path: str | None
    locked: bool | None
    tokens: int
    problem: str | None


class HookState(NamedTuple):
    """How it stands with one stage in a folder of hooks.

    `state` is `installed`, `dead` (ours, but the program it calls is gone), `other` (a hook that is not ours) or
    `missing`.
    """

    stage: str
    path: str
    state: str


class Hooks(NamedTuple):
    """The hooks that git would call here (`folder` None: this is no repository), and those for all repositories.

    `framework` says whether .pre-commit-config.yaml names tokenguard.
    """

    folder: str | None
    here: tuple[HookState, ...]
    everywhere: tuple[HookState, ...]
    framework: bool


class CredentialHelpers(NamedTuple):
    """Whom git asks for the Hub's password: our `program`, if it is among them and `is_alive`, and `others`."""

    program: str | None = None
    is_alive: bool = False
    others: tuple[str, ...] = ()


class Standing(NamedTuple):
    """`resolution` is what the libraries do, `choice` what tokenguard does, of which `row` is the token.

    `choice` is None where there is none, for the reason `no_choice`. `refusals` are the names of tokens that the
    Hub has refused to git, and when (ISO 8601, UTC). `unreadable` is what could not be looked at.
    """

    resolution: Resolution
    choice: Choice | None
    row: Row | None
    no_choice: TokenguardError | None
    vault: VaultState
    hooks: Hooks
    helpers: CredentialHelpers
    refusals: tuple[tuple[str, str], ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
