"""click's ways to end, as exit statuses of ours: by itself it exits 1 for several of them, which means FOUND."""

from __future__ import annotations

import io

import click

from tokenguard.core.redact import redact_suspects
from tokenguard.errors import ExitCode
from tokenguard.process import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def status_of(command: Callable[[], object]) -> int:
    """The exit status of a click command that was called with `standalone_mode=False`."""
    try:
        status = command()
    except click.ClickException as error:
        message = io.StringIO()
        error.show(message)
        say(redact_suspects(message.getvalue().rstrip()))
        return ExitCode.USAGE
    except click.Abort:
        raise KeyboardInterrupt from None
    except SystemExit as error:
        # click's answer to a shell that completes, and to a reader that has gone; see its Command.main.
        return ExitCode.INCOMPLETE if error.code else ExitCode.CLEAN
    return status if isinstance(status, int) else ExitCode.CLEAN
