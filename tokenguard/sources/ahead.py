"""Reading elsewhere while what has come is looked through: answers take far longer than they are worked on."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from typing import TypeVar

    T = TypeVar("T")
    R = TypeVar("R")

AT_ONCE = 8
"""As many questions as are put at the same time."""


def ahead(call: Callable[[T], R], items: Iterable[T], calls: int = AT_ONCE) -> Iterator[tuple[T, R]]:
    """Each of `items` with what `call` gives of it, in order, `calls` ahead of whoever reads them."""
    from collections import deque
    from concurrent.futures import ThreadPoolExecutor

    executor = ThreadPoolExecutor(calls)
    waiting: deque[tuple[T, Future[R]]] = deque()
    try:
        for item in items:
            waiting.append((item, executor.submit(call, item)))
            if len(waiting) >= calls:
                first, answer = waiting.popleft()
                yield first, answer.result()
        while waiting:
            first, answer = waiting.popleft()
            yield first, answer.result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
