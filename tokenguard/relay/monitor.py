"""The process between this one and the program: it tells what becomes of the program.

A program that is to be stopped by Ctrl-Z needs somebody in its session but in another process group, or else its
group is an orphaned one, which the kernel does not let stop (POSIX, XBD 3.261).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import termios
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import NoReturn

# What a terminal sends, and what is passed on to the program: nothing of it is for the monitor.
_IGNORED = ("INT", "QUIT", "TSTP", "TTIN", "TTOU", "HUP", "TERM", "USR1", "USR2", "WINCH")
_WORD = struct.Struct("i")


class Job(NamedTuple):
    """The processes of the monitor and the program, and where the monitor tells what happens."""

    monitor: int
    program: int
    told: int

    def news(self) -> int | None:
        """The next wait status of the program, None where nobody tells any more; waits for it."""
        return _read(self.told)


def start(
    become: Callable[[], NoReturn], theirs: Mapping[int, int], ours: Collection[int], *, is_leader: bool
) -> Job:
    """Starts a program, which a process becomes by `become`, with `theirs` for its descriptors.

    `ours` are the other ends of those. `is_leader`: it has a session of its own, on the terminal `theirs[0]`.
    Raises the OSError that `become` raises.
    """
    told, tell = os.pipe()
    failed, fail = os.pipe()
    given = {name: signal.getsignal(name) for name in _signals()}
    monitor = os.fork()
    if monitor == 0:
        with _ending():
            for name in given:
                signal.signal(name, signal.SIG_IGN)
            if is_leader:
                os.setsid()
                fcntl.ioctl(theirs[0], termios.TIOCSCTTY, 0)
            program = os.fork()
            if program == 0:
                with _ending():
                    if is_leader:
                        os.setpgid(0, 0)
                        os.tcsetpgrp(theirs[0], os.getpid())
                    for number, descriptor in theirs.items():
                        os.dup2(descriptor, number)
                    for name, disposition in given.items():
                        signal.signal(name, disposition)
                    try:
                        become()
                    except OSError as error:
                        os.write(fail, _WORD.pack(error.errno or 0))
            for descriptor in {told, failed, fail, *ours, *theirs.values()}:
                os.close(descriptor)
            _let_go()
            os.write(tell, _WORD.pack(program))
            _watch(program, tell)
    os.close(tell)
    os.close(fail)
    reason = _read(failed)
    os.close(failed)
    program = _read(told) or 0
    if reason is not None:
        os.close(told)
        os.waitpid(monitor, 0)
        raise OSError(reason, os.strerror(reason))
    return Job(monitor, program, told)


def _watch(program: int, tell: int) -> None:
    while True:
        _, status = os.waitpid(program, os.WUNTRACED)
        os.write(tell, _WORD.pack(status))
        if not os.WIFSTOPPED(status):
            return


def _let_go() -> None:
    """Leaves the standard streams to others: whoever reads them waits until nobody has them any more."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)


def _signals() -> Iterator[signal.Signals]:
    return (signal.Signals[f"SIG{name}"] for name in _IGNORED)


def _read(descriptor: int) -> int | None:
    data = os.read(descriptor, _WORD.size)
    return int(_WORD.unpack(data)[0]) if data else None


@contextlib.contextmanager
def _ending() -> Iterator[None]:
    """Has the process end here, whatever happens: it is a copy of one that goes on elsewhere."""
    try:
        yield
    finally:
        os._exit(os.EX_OSERR)
