"""Telling the few files that need a closer look from the many that do not, on all cores.

What passes between the processes are numbers and reasons; no byte of a file does.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tokenguard import workers
from tokenguard.core.detect import detect
from tokenguard.core.scan import spans_of
from tokenguard.files import WINDOW, open_regular, read_small, read_window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    # Bytes read, the files with a Span, those of several windows, and those that failed with the reason. A file
    # is its index in the list.
    _Answer = tuple[int, list[int], list[int], list[tuple[int, str]]]

# Below this a second process costs more than it saves.
_FEW = 48
_DIED = "the process that was to read it died"


class Sifted(NamedTuple):
    """`suspects` need a closer look, `failures` (path and reason) could not be read, `read` files were."""

    suspects: list[str]
    failures: list[tuple[str, str]]
    read: int
    bytes: int


def sift(paths: Sequence[str], *, jobs: int, max_size: int | None) -> Sifted:
    """Reads every file of `paths`, in up to `jobs` processes. A file over `max_size` bytes is a failure."""
    chunk = max(_FEW // 2, -(-len(paths) // workers.MOST_TASKS))
    tasks = [range(first, min(first + chunk, len(paths))) for first in range(0, len(paths), chunk)]
    answers = workers.share(tasks, lambda task: _sift_files(paths, task, max_size), jobs)
    suspects, failures, total = [], [], 0
    large: list[int] = []
    for task, answer in zip(tasks, answers, strict=True):
        if answer is None:
            failures += [(index, _DIED) for index in task]
            continue
        total += answer[0]
        suspects += answer[1]
        large += answer[2]
        failures += answer[3]
    for index in large:
        size, hit, reason = _sift_large(paths[index], jobs)
        total += size
        if reason:
            failures.append((index, reason))
        elif hit:
            suspects.append(index)
    return Sifted(
        suspects=[paths[index] for index in sorted(suspects)],
        failures=[(paths[index], reason) for index, reason in sorted(failures)],
        read=len(paths) - len(failures),
        bytes=total,
    )


def _sift_files(paths: Sequence[str], task: range, max_size: int | None) -> _Answer:
    total, suspects, large, failures = 0, [], [], []
    for index in task:
        try:
            data = read_small(paths[index], max_size)
        except OSError as error:
            failures.append((index, _reason(error)))
            continue
        if data is None:
            large.append(index)
            continue
        total += len(data)
        if detect(data):
            suspects.append(index)
    return total, suspects, large, failures


def _sift_large(path: str, jobs: int) -> tuple[int, bool, str]:
    """The size of a file of several windows, whether it has a Span, and the reason where it could not be read."""
    try:
        descriptor, size = open_regular(path)
    except OSError as error:
        return 0, False, _reason(error)
    try:
        tasks = list(_stretches(size))
        answers = workers.share(tasks, lambda task: _sift_stretch(path, task), jobs)
    finally:
        os.close(descriptor)
    reasons = [_DIED if answer is None else answer[1] for answer in answers]
    return size, any(answer and answer[0] for answer in answers), next(filter(None, reasons), "")


def _stretches(size: int) -> Iterator[tuple[int, int]]:
    """The offsets of the windows of a file of `size` bytes, several at a time where there are very many."""
    windows = -(-size // WINDOW)
    step = WINDOW * -(-windows // workers.MOST_TASKS)
    return ((first, first + step) for first in range(0, size, step))


def _sift_stretch(path: str, task: tuple[int, int]) -> tuple[bool, str]:
    try:
        # Opened anew: processes that share a descriptor share its position.
        descriptor, _ = open_regular(path)
        try:
            return any(spans_of(read_window(descriptor, at, at + WINDOW)) for at in range(*task, WINDOW)), ""
        finally:
            os.close(descriptor)
    except OSError as error:
        return False, _reason(error)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
