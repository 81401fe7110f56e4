"""A program whose output passes through Maskers on its way, while a terminal stays a terminal. POSIX alone."""

from __future__ import annotations

import os
from typing import NoReturn

from tokenguard.relay.channels import channels
from tokenguard.relay.monitor import start
from tokenguard.relay.pump import Pump
from tokenguard.relay.terminal import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenguard.core.mask import Masker


def relay(become: Callable[[], NoReturn], masker: Callable[[], Masker]) -> int:
    """The wait status (wait(2)) of the program that a child of this process becomes, by `become`.

    What it writes comes out of a Masker for each of its streams: standard output and error where they lead to
    different places, else one for both, so that they stay in order. Where they are terminals, the program has
    pseudo-terminals instead. Where a person types at it (standard input is the terminal, and its job in the
    foreground), the terminal is taken over: the program has a session of its own on the pseudo-terminal, which
    gets the keys as they are, the size and its changes; a stop (Ctrl-Z) stops this process as well.
    Raises what `become` raises.
    """
    is_taken = Terminal.can_be_taken()
    wires = channels(masker, is_taken=is_taken)
    ours = [stream.source for stream in wires.streams]
    job = start(become, wires.theirs, ours, is_leader=is_taken)
    for descriptor in set(wires.theirs.values()):
        os.close(descriptor)
    terminal = Terminal(wires.streams[0].source) if is_taken else None
    return Pump(wires.streams, job, terminal).run()
