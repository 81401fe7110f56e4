"""Which of many files hold what detect-secrets' detectors find, on all cores.

What passes between the processes are numbers, kinds and reasons, as in `sources/sift.py`; no secret does.
"""

from __future__ import annotations

from typing import NamedTuple

from tokenguard import workers
from tokenguard.errors import IncompleteError
from tokenguard.files import read_small

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.bridge.detectors import Detectors

    # By index: the lines with something on them, how many lines are too long, and the reason of a failure.
    _Answer = list[tuple[int, list[int], int, str]]

_FEW = 8
_DIED = "the process that was to search it died"


class Hits(NamedTuple):
    """The numbers of the `lines` of each file that have something on them, `failures` (path and reason).

    `large` files and `long_lines` were not searched.
    """

    lines: dict[str, list[int]]
    failures: list[tuple[str, str]]
    large: int
    long_lines: int


def search_files(detectors: Detectors, paths: Sequence[str], *, jobs: int, max_size: int | None) -> Hits:
    """Searches every file of `paths`, in up to `jobs` processes. What cannot be read is passed over."""
    chunk = max(_FEW, -(-len(paths) // workers.MOST_TASKS))
    tasks = [range(first, min(first + chunk, len(paths))) for first in range(0, len(paths), chunk)]
    answers = workers.share(tasks, lambda task: _search(detectors, paths, task, max_size), jobs)
    hits = Hits({}, [], 0, 0)
    for task, answer in zip(tasks, answers, strict=True):
        if answer is None:
            hits.failures.extend((paths[index], _DIED) for index in task)
            continue
        for index, lines, long_lines, reason in answer:
            hits = hits._replace(
                large=hits.large + (long_lines < 0), long_lines=hits.long_lines + max(0, long_lines)
            )
            if lines:
                hits.lines[paths[index]] = lines
            if reason:
                hits.failures.append((paths[index], reason))
    return hits


def _search(detectors: Detectors, paths: Sequence[str], task: range, max_size: int | None) -> _Answer:
    answer: _Answer = []
    for index in task:
        try:
            data = read_small(paths[index], max_size)
        except OSError:
            continue  # which was reported when it was read for credentials of ours
        if data is None:
            answer.append((index, [], -1, ""))
            continue
        try:
            searched = detectors.search(paths[index], data)
        except IncompleteError as error:
            answer.append((index, [], 0, error.message))
            continue
        lines = sorted({match.line for match in searched.matches})
        if lines or searched.long_lines:
            answer.append((index, lines, searched.long_lines, ""))
    return answer
