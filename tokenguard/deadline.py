"""A call that must come back: what hangs in a library is left behind."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn, TypeVar

    T = TypeVar("T")


class DeadlineError(Exception):
    """The call did not come back in time."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call()` returns or raises. Raises DeadlineError where it does neither within `seconds`.

    The call goes on in a thread that the end of the process does not wait for: nothing in Python can stop a thread
    that waits for an answer from outside.
    """
    outcome: list[Callable[[], T]] = []

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 -- it is raised again where the result is asked for
            caught = error
            outcome.append(lambda: _raise(caught))
        else:
            outcome.append(lambda: result)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise DeadlineError(f"no answer within {seconds:g} seconds")
    return outcome[0]()


def _raise(error: BaseException) -> NoReturn:
    raise error
