"""Finding the few files that hold something among the many that do not, on all cores.

What passes between the processes are numbers, names of kinds and reasons; no byte of a file does.
"""

from __future__ import annotations

import os
import sys
from io import BytesIO
from typing import NamedTuple

from tokenguard import workers
from tokenguard.core.clean import Clean
from tokenguard.core.detect import Span, anchors_in, detect
from tokenguard.core.hidden import is_encoded_in, is_packed_in
from tokenguard.core.scan import spans_of
from tokenguard.core.unpack import looks_packed
from tokenguard.files import WINDOW, open_file, open_regular, read_small, read_window
from tokenguard.sources.prefilter import by_hyperscan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.sources.prefilter import MayHold

    # Start, end, and the name of the kind: what `marshal` can write of a Span.
    _Spot = tuple[int, int, str]
    # None where more than that is hidden.
    _Spots = list[_Spot] | None
    # Bytes read, the files with Spans, those of several windows, and those that failed with the reason. A file is
    # its index in the list.
    _Answer = tuple[int, list[tuple[int, _Spots]], list[int], list[tuple[int, str]]]

# Below this a second process costs more than it saves.
_FEW = 48
# Bytes; as many as most files have.
_ORDINARY = 8 * 1024
_DIED = "the process that was to read it died"
# In the place of a stretch: all of the file, as a container.
_PACKED = (-1, -1)


class Suspect(NamedTuple):
    """A file, and the Spans in it in offsets of the whole; None where more is hidden, which takes another look."""

    path: str
    spans: list[Span] | None


class Sifted(NamedTuple):
    """`suspects` hold something, `failures` (path and reason) could not be read, `read` files were."""

    suspects: list[Suspect]
    failures: list[tuple[str, str]]
    read: int
    bytes: int


def sift(paths: Sequence[str], *, jobs: int, max_size: int | None, deep: bool = True) -> Sifted:
    """Reads every file of `paths`, in up to `jobs` processes. A file over `max_size` bytes is a failure.

    `deep`: what is encoded or packed is looked into.
    """
    chunk = max(_FEW // 2, -(-len(paths) // workers.MOST_TASKS))
    tasks = [range(first, min(first + chunk, len(paths))) for first in range(0, len(paths), chunk)]
    may_hold = by_hyperscan(len(paths), deep=deep)  # before there are other processes, which take it over
    clean = Clean()  # of which each process has its own, once there are several
    answers = workers.share(
        tasks, lambda task: _sift_files(paths, task, max_size, may_hold, clean, deep=deep), jobs
    )
    total = 0
    spots: dict[int, _Spots] = {}
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
        size, found, reason = _sift_large(paths[index], jobs, deep=deep)
        total += size
        if reason:
            failures[index] = reason
        elif found is None or found:
            spots[index] = found
    return Sifted(
        suspects=[Suspect(paths[index], _spans(spots[index])) for index in sorted(spots)],
        failures=[(paths[index], failures[index]) for index in sorted(failures)],
        read=len(paths) - len(failures),
        bytes=total,
    )


def _sift_files(
    paths: Sequence[str], task: range, max_size: int | None, may_hold: MayHold | None, clean: Clean, *, deep: bool
) -> _Answer:
    total = 0
    suspects: list[tuple[int, _Spots]] = []
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
        spots = _sift_small(data, may_hold, clean, deep=deep)
        if spots is None or spots:
            suspects.append((index, spots))
    return total, suspects, large, failures


def _sift_small(data: bytes, may_hold: MayHold | None, clean: Clean, *, deep: bool) -> _Spots:
    """What is in all of a file; `may_hold`, if there is one, tells quickly of most that there is nothing.

    `clean` as for `is_packed_in`.
    """
    spots: _Spots = []
    if may_hold is None or may_hold(data, 0, len(data)):
        anchors = anchors_in(data)
        if deep and is_encoded_in(data, anchors):
            return None
        spots = _spots(detect(data, anchors), 0)
    if deep and looks_packed(data, 0, len(data)) and is_packed_in(BytesIO(data), may_hold, clean):
        return None
    return spots


def _sift_large(path: str, jobs: int, *, deep: bool) -> tuple[int, _Spots, str]:
    """The size of a file of several windows, what is in it, and the reason where it could not be read."""
    try:
        descriptor, size = open_regular(path)
    except OSError as error:
        return 0, [], _reason(error)
    may_hold = by_hyperscan(size // _ORDINARY, deep=deep)
    try:
        tasks = list(_stretches(size))
        # What is packed in it takes longest, and so comes first.
        tasks = [_PACKED, *tasks] if deep else tasks
        answers = workers.share(tasks, lambda task: _sift_stretch(path, task, may_hold, deep=deep), jobs)
    finally:
        os.close(descriptor)
    reasons = [_DIED if answer is None else answer[1] for answer in answers]
    reason = next(filter(None, reasons), "")
    if any(answer and answer[0] is None for answer in answers):
        return size, None, reason
    # The last window may take what a further one would have had, too.
    return size, sorted({spot for answer in answers if answer for spot in answer[0] or ()}), reason


def _stretches(size: int) -> Iterator[tuple[int, int]]:
    """The offsets of the windows of a file of `size` bytes, several at a time where there are very many.

    The last goes on to wherever the file ends: it may have grown, and files of the kernel say that they are empty.
    """
    windows = max(1, -(-size // WINDOW))
    step = WINDOW * -(-windows // workers.MOST_TASKS)
    firsts = range(0, max(1, size), step)
    return ((first, sys.maxsize if first == firsts[-1] else first + step) for first in firsts)


def _sift_stretch(path: str, task: tuple[int, int], may_hold: MayHold | None, *, deep: bool) -> tuple[_Spots, str]:
    spots: list[_Spot] = []
    try:
        if task == _PACKED:
            with open_file(path) as file:
                return None if is_packed_in(file, may_hold) else [], ""
        # Opened anew: processes that share a descriptor share its position.
        descriptor, _ = open_regular(path)
        try:
            for first in range(*task, WINDOW):
                window = read_window(descriptor, first, first + WINDOW)
                if may_hold is None or may_hold(window.data, 0, len(window.data)):
                    anchors = anchors_in(window.data)
                    spots += _spots(spans_of(window, anchors), window.start)
                    if deep and is_encoded_in(window.data, anchors):
                        return None, ""
                if window.is_last:
                    break
        finally:
            os.close(descriptor)
    except OSError as error:
        return [], _reason(error)
    return spots, ""


def _spots(spans: list[Span], start: int) -> list[_Spot]:
    return [(start + span.start, start + span.end, span.kind.name) for span in spans]


def _spans(spots: _Spots) -> list[Span] | None:
    if spots is None:
        return None
    from tokenguard.core.kinds import KINDS

    kinds = {kind.name: kind for kind in KINDS}
    return [Span(start, end, kinds[name]) for start, end, name in spots]


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
