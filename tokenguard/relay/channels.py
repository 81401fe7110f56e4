"""What a program writes to instead of standard output and standard error."""

from __future__ import annotations

import os
import termios
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenguard.core.mask import Masker

_OUTPUT = 1  # index of the flags of output in what tcgetattr(3) gives


class Stream(NamedTuple):
    """What is read from `source` goes through the Masker to `target`; `is_terminal` where both are terminals."""

    source: int
    target: int
    masker: Masker
    is_terminal: bool


class Channels(NamedTuple):
    """The Streams, that of standard output first, and what the program is given for its descriptors."""

    streams: list[Stream]
    theirs: dict[int, int]


def channels(masker: Callable[[], Masker], *, is_taken: bool) -> Channels:
    """Those for the descriptors 1 and 2, and for 0 as well where the terminal `is_taken` over."""
    streams: list[Stream] = []
    theirs: dict[int, int] = {}
    for target in (1, 2):
        if target == 2 and _is_same(1, 2):
            theirs[2] = theirs[1]
            continue
        is_terminal = os.isatty(target)
        ours, theirs[target] = os.openpty() if is_terminal else os.pipe()
        if is_terminal:
            _make_alike(target, theirs[target], is_taken=is_taken)
        os.set_blocking(ours, False)
        streams.append(Stream(ours, target, masker(), is_terminal))
    if is_taken:
        theirs[0] = theirs[1]
    return Channels(streams, theirs)


def copy_size(terminal: int, other: int) -> None:
    """Gives a terminal the size of another one."""
    try:
        termios.tcsetwinsize(other, termios.tcgetwinsize(terminal))
    except AttributeError:  # before Python 3.11
        import fcntl

        fcntl.ioctl(other, termios.TIOCSWINSZ, fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8)))


def _make_alike(terminal: int, other: int, *, is_taken: bool) -> None:
    attributes = termios.tcgetattr(terminal)
    if not is_taken:  # the terminal itself goes on to make two characters of a newline
        attributes[_OUTPUT] &= ~termios.OPOST
    termios.tcsetattr(other, termios.TCSANOW, attributes)
    copy_size(terminal, other)


def _is_same(one: int, other: int) -> bool:
    first, second = os.fstat(one), os.fstat(other)
    return (first.st_dev, first.st_ino, first.st_rdev) == (second.st_dev, second.st_ino, second.st_rdev)
