"""Telling the few files that need a closer look from the many that do not, on all cores.

What passes between the processes are numbers and reasons; no byte of a file does.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tokenguard import workers
from tokenguard.core.scan import spans_of
from tokenguard.files import WINDOW, open_regular, read_window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    # Bytes read, the files with a Span, those of several windows with their sizes, and those that failed with
    # the reason. A file is its index in the list.
    _Answer = tuple[int, list[int], list[tuple[int, int]], list[tuple[int, str]]]

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
    large: list[tuple[int, int]] = []
    for task, answer in zip(tasks, answers, strict=True):
        if answer is None:
            failures += [(index, _DIED) for index in task]
            continue
        total += answer[0]
        suspects += answer[1]
        large += answer[2]
        failures += answer[3]
    for index, size in large:
        total += size
        hit, reason = _sift_large(paths[index], size, jobs)
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
            descriptor, size = open_regular(paths[index])
        except OSError as error:
            failures.append((index, _reason(error)))
            continue
        try:
            if max_size is not None and size > max_size:
                failures.append((index, f"larger than {max_size} bytes"))
                continue
            window = read_window(descriptor, size, 0, WINDOW)
            if not window.is_last:
                large.append((index, size))
                continue
            total += len(window.data)
            if spans_of(window):
                suspects.append(index)
        except OSError as error:
            failures.append((index, _reason(error)))
        finally:
            os.close(descriptor)
    return total, suspects, large, failures


def _sift_large(path: str, size: int, jobs: int) -> tuple[bool, str]:
    """Whether a file of several windows has a Span, and the reason where it could not be read."""
    tasks = list(_stretches(size))
    answers = workers.share(tasks, lambda task: _sift_stretch(path, size, task), jobs)
    hit = False
    for answer in answers:
        if answer is None:
            return False, _DIED
        if answer[1]:
            return False, answer[1]
        hit = hit or answer[0]
    return hit, ""


def _stretches(size: int) -> Iterator[tuple[int, int]]:
    """The offsets of the windows of a file of `size` bytes, several at a time where there are very many."""
    windows = -(-size // WINDOW)
    step = WINDOW * -(-windows // workers.MOST_TASKS)
    return ((first, min(first + step, size)) for first in range(0, size, step))


def _sift_stretch(path: str, size: int, task: tuple[int, int]) -> tuple[bool, str]:
    first, last = task
    try:
        descriptor, _ = open_regular(path)
        try:
            # At least one window, though the file may have shrunk; beyond its size nothing is looked for.
            for begin in range(first, last, WINDOW):
                if spans_of(read_window(descriptor, size, begin, begin + WINDOW)):
                    return True, ""
        finally:
            os.close(descriptor)
    except OSError as error:
        return False, _reason(error)
    return False, ""


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
