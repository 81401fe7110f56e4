"""A terminal with somebody who types at it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from typing import TYPE_CHECKING

from tests.e2e.machine import Result
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.e2e.machine import Machine

_INTERRUPT = "\x03"
_SECOND = 1.0


def at_terminal(
    machine: Machine, *command: str, typed: Sequence[tuple[str, str | Callable[[], str]]] = ()
) -> Result:
    """Runs a command with its three streams on a terminal; all that is shown there is the result's `stdout`.

    `typed` are the prompts that are waited for, and what is typed then, or what is called and gives it; a
    surrogate is a byte that is not UTF-8.
    """
    ours, theirs = pty.openpty()
    try:
        try:
            # --ctty: a password is asked for at the terminal that the process belongs to.
            process = subprocess.Popen(
                ("setsid", "--ctty", *command),
                cwd=machine.folder,
                env=machine.environment,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
            )
        finally:
            os.close(theirs)
        shown, text = b"", ""
        try:
            deadline = time.monotonic() + TIMEOUT
            for prompt, line in typed:
                before = len(shown)
                while prompt.encode() not in shown[before:]:
                    shown += _read(ours, deadline)
                text = line if isinstance(line, str) else line()
                os.write(ours, text.encode("utf-8", "surrogateescape"))
            # Python overlooks a signal right before it begins to read. Whoever sees nothing types again.
            while piece := _read(ours, deadline, again=text if text == _INTERRUPT else ""):
                shown += piece
            status = process.wait(TIMEOUT)
        except BaseException:
            process.kill()
            process.wait()
            raise
    finally:
        os.close(ours)
    machine.expect_hidden(shown)
    return Result(status, shown, b"")


def _read(terminal: int, deadline: float, again: str = "") -> bytes:
    """What is shown next; nothing where nobody shows anything any more. `again` is typed each second."""
    while (left := deadline - time.monotonic()) > 0:
        if select.select([terminal], [], [], min(left, _SECOND) if again else left)[0]:
            break
        os.write(terminal, again.encode())
    else:
        raise TimeoutError("nothing is shown at the terminal")
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # EIO: the last process there has gone
        return b""
