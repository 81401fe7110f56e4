"""A terminal that a person sits at, one key after the other."""

from __future__ import annotations

import os
import pty
import subprocess
import termios
import time
from typing import TYPE_CHECKING

from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from tests.e2e.machine import Machine

ROWS, COLUMNS = 33, 77


class Screen:
    """A terminal whose session `command` leads; its streams lead there, but for `stderr` where that is given."""

    def __init__(self, machine: Machine, *command: str, stderr: int | None = None) -> None:
        self._machine = machine
        self.shown = b""
        self._at = 0
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
        try:
            self.process = subprocess.Popen(
                ("setsid", "--ctty", *command),
                cwd=machine.folder,
                env=machine.environment | {"PS1": "$ ", "TERM": "dumb"},
                stdin=theirs,
                stdout=theirs,
                stderr=theirs if stderr is None else stderr,
            )
        finally:
            os.close(theirs)

    def expect(self, text: str) -> str:
        """Waits until `text` is shown, behind what was waited for before; gives what came up to its end."""
        deadline = time.monotonic() + TIMEOUT
        while (at := self.shown.find(text.encode(), self._at)) < 0:
            assert time.monotonic() < deadline, self.shown
            assert self._read(), (text, self.shown)
        before, self._at = self._at, at + len(text.encode())
        return self.shown[before : self._at].decode("utf-8", "replace")

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def resize(self, rows: int, columns: int) -> None:
        termios.tcsetwinsize(self._ours, (rows, columns))

    def end(self) -> int:
        """The exit status, once nobody shows anything more."""
        while self._read():
            pass
        self._machine.expect_hidden(self.shown)
        return self.process.wait(TIMEOUT)

    def hang_up(self) -> None:
        os.close(self._ours)
        self._ours = -1

    def __enter__(self) -> Screen:  # noqa: PYI034 -- Self is not in Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        if self._ours >= 0:
            os.close(self._ours)
        self.process.kill()
        self.process.wait()

    def _read(self) -> bytes:
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError:  # EIO: nobody has it any more
            data = b""
        self.shown += data
        return data
