"""What our commands have in common as processes: their streams, their exit status, and how they fail."""

from __future__ import annotations

import os
import sys

from tokenguard.errors import ExitCode, TokenguardError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn


def run(command: Callable[[], int]) -> int:
    """The exit status of `command()`, whatever becomes of it; what went wrong is said on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console that cannot show a character must not end a scan
            stream.reconfigure(errors="backslashreplace")
    try:
        status = command()
        sys.stdout.flush()
    except TokenguardError as error:
        say(f"tokenguard: {error.message}")
        if error.hint:
            say(f"  {error.hint}")
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except OSError as error:
        # Files that fail are accounted for where they are read; what is left is a stream or a process.
        _abandon_output()
        say(f"tokenguard: not all could be done: {error}")
        return ExitCode.INCOMPLETE
    except Exception as error:  # noqa: BLE001 -- the boundary: anything else that comes here is ours
        say(redact(_traceback(error)))
        say("tokenguard: this is a bug in tokenguard; every token in the lines above is redacted")
        return ExitCode.BUG
    return status


def end(status: int) -> NoReturn:
    """Ends the process at once. The interpreter's own way to tidy up takes as long as the scan of a commit."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


def say(text: str) -> None:
    """Writes a line of talk, which goes to standard error."""
    sys.stderr.write(f"{text}\n")


def redact(text: str) -> str:
    """`text` with every credential in it replaced by its masked form."""
    from tokenguard.core.detect import detect
    from tokenguard.core.token import Token

    data = text.encode("utf-8", "surrogateescape")
    for start, end, kind in reversed(detect(data)):
        masked = Token(data[start:end].decode()).masked(kind.prefix)
        data = data[:start] + masked.encode() + data[end:]
    return data.decode("utf-8", "surrogateescape")


def holds_credential(argument: str) -> bool:
    """Whether something given on a command line is, or has in it, a credential."""
    from tokenguard.core.detect import detect

    return bool(detect(os.fsencode(argument)))


def _traceback(error: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(error)).rstrip()


def _abandon_output() -> None:
    # What is still buffered would fail again, with a traceback, when the interpreter ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
