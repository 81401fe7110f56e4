"""The command `tokenguard`, and `python -m tokenguard`."""

from __future__ import annotations

import sys

from tokenguard import process
from tokenguard.errors import UsageError


def main() -> int:
    """The exit status of the command that the command line names."""
    return process.run(_run)


def _run() -> int:
    for argument in sys.argv[1:]:
        if process.holds_credential(argument):
            raise UsageError(
                "a token was given on the command line, where the shell history and other users can see it",
                "revoke it now: https://huggingface.co/settings/tokens; commands take tokens from standard input",
            )
    from tokenguard.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
