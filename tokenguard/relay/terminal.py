"""The terminal of this process, while a program has another one in its place."""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import tty

from tokenguard.relay.channels import copy_size


class Terminal:
    """Standard input, and standard output with it; `other` is our end of the pseudo-terminal."""

    def __init__(self, other: int) -> None:
        self._other = other
        self._attributes = termios.tcgetattr(0)
        self._is_raw = False

    @staticmethod
    def can_be_taken() -> bool:
        """Whether standard input and output are one terminal, and what is typed there is for this process."""
        return os.isatty(0) and os.isatty(1) and os.ttyname(0) == os.ttyname(1) and _is_in_foreground()

    @property
    def has_keys(self) -> bool:
        """Whether what is typed is to be passed on."""
        return self._is_raw

    def take(self) -> None:
        """Has keys come one by one and as they are, if this process is in the foreground; and tells the size."""
        if _is_in_foreground():
            with contextlib.suppress(termios.error):
                tty.setraw(0, termios.TCSADRAIN)
                self._is_raw = True
        self.resize()

    def give_back(self) -> None:
        """Makes it what it was."""
        if self._is_raw:
            self._is_raw = False
            with contextlib.suppress(termios.error):  # it has gone
                termios.tcsetattr(0, termios.TCSADRAIN, self._attributes)

    def resize(self) -> None:
        """Tells the program the size; the kernel sends it SIGWINCH where that has changed."""
        with contextlib.suppress(termios.error, OSError):
            copy_size(1, self._other)

    def stop(self) -> None:
        """Stops this process, and its job with it, as Ctrl-Z does; comes back when it goes on."""
        self.give_back()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self.take()


def _is_in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:  # it is not the one that this process belongs to
        return False
