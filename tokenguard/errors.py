"""What can go wrong, and the exit status each answer has."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit status of every command; `docs/exit-codes.md` says the same in prose."""

    CLEAN = 0
    FOUND = 1
    USAGE = 2
    INCOMPLETE = 3
    VAULT = 4
    HUB = 5
    BUG = 70
    INTERRUPTED = 130


class TokenguardError(Exception):
    """A failure that the user can act on.

    `message` says what is wrong, `hint` what to do about it. Neither may hold a secret.
    """

    exit_code: int = ExitCode.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TokenguardError):
    """The command line or the configuration is wrong."""

    exit_code = ExitCode.USAGE


class IncompleteError(TokenguardError):
    """Something could not be read or written, so the answer is not known."""

    exit_code = ExitCode.INCOMPLETE


class VaultError(TokenguardError):
    """There is no vault, it is locked or refuses, or it has no such name."""

    exit_code = ExitCode.VAULT


class HubError(TokenguardError):
    """The Hub could not be asked, or would not answer: nothing is known about the token."""

    exit_code = ExitCode.HUB


class RejectedError(TokenguardError):
    """The Hub knows no such token, or the token lacks what was asked of it."""

    exit_code = ExitCode.FOUND
