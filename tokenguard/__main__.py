"""The command `tokenguard`, and `python -m tokenguard`."""

from __future__ import annotations

import sys

from tokenguard import process
from tokenguard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Runs what the command line names, and ends the process with its exit status."""
    process.end(process.run(lambda: _run(sys.argv[1:])))


def _run(arguments: list[str]) -> int:
    if process.holds_credential("\0".join(arguments)):
        raise UsageError(
            "a token was given on the command line, where the shell history and other users can see it",
            "rotate it and revoke it now: https://huggingface.co/settings/tokens; commands take tokens from stdin",
        )
    if arguments[:1] == ["scan"] and not any(one.startswith("-") or "://" in one for one in arguments):
        return _scan(arguments[1:])
    if arguments[:1] == ["git-credential"] and len(arguments) == 2 and _is_of_git(arguments[1]):
        return _credential(arguments[1])
    if arguments[:1] == ["shell-hook"] and arguments[1:2] and arguments[2:] == ["--change"]:
        return _follow(arguments[1])
    from tokenguard.cli import run

    return run(arguments)


def _follow(shell: str) -> int:
    # What a shell runs in each folder that somebody goes to, and so without click as well.
    from tokenguard import following, tokens

    return following.say_and_write(shell, tokens.here())


def _scan(paths: list[str]) -> int:
    # The scan of files without options, which most are, and without click, which takes longer to load than a work
    # tree to read. `tokenguard.cli.scan` has the options and says the same.
    from tokenguard import scanning

    report = scanning.scan_paths(paths or ["."])

    from tokenguard import reporting

    reporting.show(report)
    reporting.talk(report)
    return report.exit_code


def _is_of_git(operation: str) -> bool:
    return operation not in ("install", "uninstall") and not operation.startswith("-")


def _credential(operation: str) -> int:
    # What git calls for every request, and git-lfs for every batch. gitcredentials(7): an operation that a helper
    # does not know is ignored; later ones of git must not fail because of it.
    from tokenguard import gitcredential

    return gitcredential.perform(operation)


if __name__ == "__main__":
    main()
