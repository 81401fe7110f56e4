"""Finding the few files that hold something among the many that do not, on all cores.

What passes between the processes are numbers, names of kinds and reasons; no byte of a file does.
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from tokenguard import workers
from tokenguard.core.detect import Span, detect
from tokenguard.core.scan import spans_of
from tokenguard.files import WINDOW, open_regular, read_small, read_window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    # Start, end, and the name of the kind: what `marshal` can write of a Span.
    _Spot = tuple[int, int, str]
    # Bytes read, the files with Spans, those of several windows, and those that failed with the reason. A file is
    # its index in the list.
    _Answer = tuple[int, list[tuple[int, list[_Spot]]], list[int], list[tuple[int, str]]]

# Below this a second process costs more than it saves.
_FEW = 48
_DIED = "the process that was to read it died"


class Suspect(NamedTuple):
    """A file, and the Spans in it in offsets of the whole."""

    path: str
    spans: list[Span]


class Sifted(NamedTuple):
    """`suspects` hold something, `failures` (path and reason) could not be read, `read` files were."""

    suspects: list[Suspect]
    failures: list[tuple[str, str]]
    read: int
    bytes: int


def sift(paths: Sequence[str], *, jobs: int, max_size: int | None) -> Sifted:
    """Reads every file of `paths`, in up to `jobs` processes. A file over `max_size` bytes is a failure."""
    chunk = max(_FEW // 2, -(-len(paths) // workers.MOST_TASKS))
    tasks = [range(first, min(first + chunk, len(paths))) for first in range(0, len(paths), chunk)]
    answers = workers.share(tasks, lambda task: _sift_files(paths, task, max_size), jobs)
    total = 0
    spots: dict[int, list[_Spot]] = {}
    large: list[int] = []
    failures: dict[int, str] = {}
    for task, answer in zip(tasks, answers, strict=True):
        if answer is None:
            failures |= dict.fromkeys(task, _DIED)
            continue
        total += answer[0]
        spots |= dict(answer[1])
        large += answer[2]
        failures |= dict(answer[3])
    for index in large:
        size, found, reason = _sift_large(paths[index], jobs)
        total += size
        if reason:
            failures[index] = reason
        elif found:
            spots[index] = found
    return Sifted(
        suspects=[Suspect(paths[index], _spans(spots[index])) for index in sorted(spots)],
        failures=[(paths[index], failures[index]) for index in sorted(failures)],
        read=len(paths) - len(failures),
        bytes=total,
    )


def _sift_files(paths: Sequence[str], task: range, max_size: int | None) -> _Answer:
    total = 0
    suspects: list[tuple[int, list[_Spot]]] = []
    large = []
    failures = []
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
        if spans := detect(data):
            suspects.append((index, _spots(spans, 0)))
    return total, suspects, large, failures


def _sift_large(path: str, jobs: int) -> tuple[int, list[_Spot], str]:
    """The size of a file of several windows, what is in it, and the reason where it could not be read."""
    try:
        descriptor, size = open_regular(path)
    except OSError as error:
        return 0, [], _reason(error)
    try:
        tasks = list(_stretches(size))
        answers = workers.share(tasks, lambda task: _sift_stretch(path, task), jobs)
    finally:
        os.close(descriptor)
    reasons = [_DIED if answer is None else answer[1] for answer in answers]
    # The last window may take what a further one would have had, too.
    spots = sorted({spot for answer in answers if answer for spot in answer[0]})
    return size, spots, next(filter(None, reasons), "")


def _stretches(size: int) -> Iterator[tuple[int, int]]:
    """The offsets of the windows of a file of `size` bytes, several at a time where there are very many.

    The last goes on to wherever the file ends: it may have grown, and files of the kernel say that they are empty.
    """
    windows = max(1, -(-size // WINDOW))
    step = WINDOW * -(-windows // workers.MOST_TASKS)
    firsts = range(0, max(1, size), step)
    return ((first, sys.maxsize if first == firsts[-1] else first + step) for first in firsts)


def _sift_stretch(path: str, task: tuple[int, int]) -> tuple[list[_Spot], str]:
    spots: list[_Spot] = []
    try:
        # Opened anew: processes that share a descriptor share its position.
        descriptor, _ = open_regular(path)
        try:
            for first in range(*task, WINDOW):
                window = read_window(descriptor, first, first + WINDOW)
                spots += _spots(spans_of(window), window.start)
                if window.is_last:
                    break
        finally:
            os.close(descriptor)
    except OSError as error:
        return [], _reason(error)
    return spots, ""


def _spots(spans: list[Span], start: int) -> list[_Spot]:
    return [(start + span.start, start + span.end, span.kind.name) for span in spans]


def _spans(spots: list[_Spot]) -> list[Span]:
    from tokenguard.core.kinds import KINDS

    kinds = {kind.name: kind for kind in KINDS}
    return [Span(start, end, kinds[name]) for start, end, name in spots]


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
