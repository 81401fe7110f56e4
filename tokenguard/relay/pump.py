"""What goes on while the program runs: its output, keys, signals, and how it ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal

from tokenguard.relay.channels import copy_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tokenguard.relay.channels import Stream
    from tokenguard.relay.monitor import Job
    from tokenguard.relay.terminal import Terminal

_AT_ONCE = 64 * 1024
# Somebody who means the program sends them to this process.
_PASSED_ON = ("TERM", "HUP", "INT", "QUIT", "USR1", "USR2", "TSTP")
# The terminal sends them to the program as well, where both are in its foreground.
_OF_KEYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)


class Pump:
    """Passes on what the streams of a program have, and keys where it has a `terminal`."""

    def __init__(self, streams: Sequence[Stream], job: Job, terminal: Terminal | None) -> None:
        self._streams = list(streams)
        self._job = job
        self._terminal = terminal
        self._screen = streams[0] if terminal else None
        self._keys = b""  # those that the program has not taken yet
        self._wakes, wake = os.pipe()
        for descriptor in (self._wakes, wake):
            os.set_blocking(descriptor, False)
        # The signals that are ignored stay so, as nohup(1) has it.
        handled = [signal.Signals[f"SIG{name}"] for name in _PASSED_ON]
        for number in handled:
            if signal.getsignal(number) is not signal.SIG_IGN and (terminal or number != signal.SIGTSTP):
                signal.signal(number, _take_note)
        for number in (signal.SIGWINCH, signal.SIGCONT):
            signal.signal(number, _take_note)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def run(self) -> int:
        """The wait status of the program, once all that it has written was passed on."""
        if self._terminal:
            self._terminal.take()
        try:
            status = self._until_it_ends()
            for stream in list(self._streams):
                while stream in self._streams and self._pass_on(stream):
                    pass
        finally:
            if self._terminal:
                self._terminal.give_back()
        if self._streams and os.fork() == 0:
            # Somebody that the program has left behind goes on writing there.
            self._until_nobody_writes()
        return status

    def _until_it_ends(self) -> int:
        while True:
            readable, writable = self._wait()
            if self._wakes in readable:
                self._answer(os.read(self._wakes, _AT_ONCE))
            if 0 in readable and self._screen:
                self._keys = _read(0) or b""
                if not self._keys:  # the terminal has gone: so does the other
                    self._close(self._screen)
            elif writable:
                self._type()
            for stream in list(self._streams):
                if stream.source in readable and stream in self._streams:
                    self._pass_on(stream)
            if self._job.told in readable:
                status = self._job.news()
                if status is None:  # the monitor was killed
                    return signal.SIGKILL
                if not os.WIFSTOPPED(status):
                    os.waitpid(self._job.monitor, 0)
                    return status
                if self._terminal and self._screen:
                    self._terminal.stop()
                    self._send(signal.SIGCONT)

    def _wait(self) -> tuple[list[int], list[int]]:
        readable = [*(stream.source for stream in self._streams), self._wakes, self._job.told]
        writable = []
        if self._screen and self._keys:
            writable.append(self._screen.source)
        elif self._screen and self._terminal and self._terminal.has_keys:
            readable.append(0)
        return select.select(readable, writable, [])[:2]

    def _pass_on(self, stream: Stream) -> bool:
        """Passes on what a stream has. False where that is nothing now."""
        data = _read(stream.source)
        if data is None:
            return False
        try:
            _write(stream.target, stream.masker.feed(data) if data else stream.masker.end())
        except OSError:  # nobody reads it any more, which the program is to notice
            data = b""
        if not data:
            self._close(stream)
        return True

    def _close(self, stream: Stream) -> None:
        self._streams.remove(stream)
        os.close(stream.source)
        if stream is self._screen and self._terminal:
            self._screen = None
            self._terminal.give_back()

    def _type(self) -> None:
        """Passes on keys, as many as the program has room for."""
        with contextlib.suppress(OSError):
            if self._screen:
                self._keys = self._keys[os.write(self._screen.source, self._keys) :]

    def _answer(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if number == signal.SIGWINCH:
                self._resize()
            elif number == signal.SIGCONT:
                if self._terminal and self._screen:
                    self._terminal.take()
            elif self._terminal or number not in _OF_KEYS or not _is_of_the_foreground():
                self._send(number)

    def _resize(self) -> None:
        if self._terminal:
            if self._screen:
                self._terminal.resize()
            return
        for stream in self._streams:
            if stream.is_terminal:
                copy_size(stream.target, stream.source)
        self._send(signal.SIGWINCH)

    def _send(self, number: int) -> None:
        with contextlib.suppress(OSError):  # it has just ended
            if self._terminal and number == signal.SIGCONT:
                os.killpg(self._job.program, number)
            else:
                os.kill(self._job.program, number)

    def _until_nobody_writes(self) -> None:
        try:
            while self._streams:
                for source in select.select([stream.source for stream in self._streams], [], [])[0]:
                    self._pass_on(next(stream for stream in self._streams if stream.source == source))
        finally:
            os._exit(0)


def _take_note(number: int, frame: object) -> None:
    """Nothing to do: what is written to the descriptor that signals wake is read in its turn."""


def _read(descriptor: int) -> bytes | None:
    """What is there to read, nothing at its end; None where there is nothing now."""
    try:
        return os.read(descriptor, _AT_ONCE)
    except BlockingIOError:
        return None
    except OSError:  # EIO: nobody has the other end of a pseudo-terminal, or the terminal has gone
        return b""


def _write(descriptor: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:  # noqa: PERF203 -- somebody else has made it so
            select.select([], [descriptor], [])


def _is_of_the_foreground() -> bool:
    """Whether the keys of a terminal send their signals to this process."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
