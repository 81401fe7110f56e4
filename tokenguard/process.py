"""What our commands have in common as processes: their streams, their exit status, and how they fail."""

from __future__ import annotations

import os
import sys

from tokenguard.core.detect import detect
from tokenguard.core.printable import printable
from tokenguard.core.redact import redact, redact_suspects
from tokenguard.errors import ExitCode, IncompleteError, TokenguardError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO, NoReturn


def run(command: Callable[[], int]) -> int:
    """The exit status of `command()`, whatever becomes of it; what went wrong is said on standard error."""
    _open_closed_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console that cannot show a character must not end a scan
            stream.reconfigure(errors="backslashreplace")
    try:
        status = command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except TokenguardError as error:
        say(f"tokenguard: {printable(redact_suspects(error.message))}")
        if error.hint:
            say(f"  {printable(error.hint)}")
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except OSError as error:
        # Files that fail are accounted for where they are read; what is left is a stream or a process.
        say(f"tokenguard: not all could be done: {printable(redact_suspects(str(error)))}")
        return ExitCode.INCOMPLETE
    except Exception as error:  # noqa: BLE001 -- the boundary: anything else that comes here is ours
        say(redact_suspects(_traceback(error)))
        say("tokenguard: this is a bug in tokenguard; every token in the lines above is redacted")
        return ExitCode.BUG
    return status


def end(status: int) -> NoReturn:
    """Ends the process at once. The interpreter's own way to tidy up takes as long as the scan of a commit."""
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 -- contextlib is not loaded for this
            stream.flush()
        except (AttributeError, OSError):  # noqa: PERF203 -- twice; closed, and what had to arrive has arrived
            pass
    os._exit(status)


def write(text: str) -> None:
    """Writes data to standard output. Raises IncompleteError where it does not arrive."""
    if not text:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (AttributeError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is closed"
        raise IncompleteError(f"standard output cannot be written: {reason}") from None


def say(text: str) -> None:
    """Writes talk to standard error, every credential in it masked. Where nobody listens, the answer stands."""
    try:  # noqa: SIM105 -- contextlib is not loaded for this
        sys.stderr.write(f"{redact(text)}\n")
    except (AttributeError, OSError):
        pass


def forbid_dumps() -> None:
    """Has the kernel write no memory of this process to disk, now that there will be a secret in it.

    It holds until the process becomes another program (prctl(2), PR_SET_DUMPABLE); on Linux alone.
    """
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)


def installed(command: str) -> str:
    """The whole path of one of our own commands, with slashes: that of this installation, else the one on PATH.

    Raises UsageError where there is none.
    """
    import shutil

    program = shutil.which(os.path.join(os.path.dirname(sys.executable), command)) or shutil.which(command)
    if program is None:
        raise UsageError(f"the program {command} was not found", "install hf-tokenguard again")
    return os.path.abspath(program).replace(os.sep, "/")


def standard_input() -> BinaryIO:
    """Standard input. Raises IncompleteError where there is none."""
    if sys.stdin is None:
        raise IncompleteError("standard input is closed")
    return sys.stdin.buffer


def holds_credential(arguments: str) -> bool:
    """Whether what was given on a command line, its arguments apart by NUL, has a credential in it."""
    return bool(detect(os.fsencode(arguments)))


def _traceback(error: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(error)).rstrip()


def _open_closed_descriptors() -> None:
    # Where a standard stream was closed, the next file to be opened would take its number, and with it whatever
    # a child writes there.
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # noqa: PERF203 -- three times
            os.open(os.devnull, os.O_RDWR)
