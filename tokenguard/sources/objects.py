"""Objects of a repository: which there are, and finding the few that hold something, on all cores.

Each is read once, by content and in the order of the packs, so that git unpacks every delta next to its base.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tokenguard import workers
from tokenguard.core.detect import detect
from tokenguard.core.scan import spans_of
from tokenguard.sources.git import GitError
from tokenguard.sources.prefilter import prefilter
from tokenguard.sources.stream import windows_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokenguard.sources.git import Delivery, Git
    from tokenguard.sources.prefilter import MayHold

    # Objects and bytes read, and by index: what holds something, and what could not be read with the reason.
    _Answer = tuple[int, int, list[int], list[tuple[int, str]]]

# Bytes read at a time. Larger objects go through windows of their own.
_BUFFER = 512 * 1024
# A git takes some milliseconds to start, and begins without the bases that the one before had unpacked.
_FEWEST_OBJECTS = 400
_TASKS_PER_JOB = 6
# As often as a git is started anew after one of the objects ended it; then the rest of the task is given up.
_MOST_FAILURES = 50

_DIED = "the process that was to read it died"
CORRUPT = "the object is corrupt"
_GIVEN_UP = "not read, since too many others are corrupt"
_MISSING = "the object is missing from the repository"


class Listing(NamedTuple):
    """The names of all objects that hold text, in the order of the packs.

    `corrupt` are those whose kind git cannot read, `complaints` what it said.
    """

    blobs: list[bytes]
    commits: list[bytes]
    tags: list[bytes]
    corrupt: list[str]
    complaints: list[str]


class Sifted(NamedTuple):
    """`suspects` hold something, `failures` (name and reason) could not be read; `read` objects were."""

    suspects: list[str]
    failures: list[tuple[str, str]]
    read: int
    bytes: int


def list_objects(git: Git) -> Listing:
    """Every object of the repository and of those that it borrows from, reachable or not. Raises GitError."""
    running = git.start(
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectname) %(objecttype)",
        "--unordered",
        "--buffer",
    )
    lines = running.output().split(b"\n")
    return Listing(
        blobs=[line[:-5] for line in lines if line.endswith(b" blob")],
        commits=[line[:-7] for line in lines if line.endswith(b" commit")],
        tags=[line[:-4] for line in lines if line.endswith(b" tag")],
        corrupt=[line[:-8].decode() for line in lines if line.endswith(b" missing")],
        complaints=running.complaints,
    )


def resolve(git: Git, revisions: Sequence[str]) -> list[str]:
    """The names of the objects that `revisions` stand for. Raises GitError where one is not there."""
    question = "".join(f"{revision}\n" for revision in revisions).encode("utf-8", "surrogateescape")
    answers = git.ask(question, "cat-file", "--batch-check=%(objectname)").split(b"\n")[:-1]
    for revision, answer in zip(revisions, answers, strict=False):
        if b" " in answer:
            raise GitError(f"there is no object {short(revision)} here")
    return [answer.decode() for answer in answers]


def short(revision: str) -> str:
    """The revision as people are told of it: the name of an object is random enough to pass for a token."""
    return revision[:12] if len(revision) >= 40 and revision.isalnum() else revision


def sift_objects(
    git: Git, names: Sequence[bytes], *, jobs: int, progress: Callable[[int, int], None] | None = None
) -> Sifted:
    """Reads every object of `names`, in up to `jobs` processes. Trees are passed over.

    `progress` is told how many have been taken up, and how many bytes this process has read.
    """
    size = max(_FEWEST_OBJECTS, -(-len(names) // (jobs * _TASKS_PER_JOB)), -(-len(names) // workers.MOST_TASKS))
    tasks = [range(first, min(first + size, len(names))) for first in range(0, len(names), size)]
    here = os.getpid()
    bytes_here = 0

    def work(task: range) -> _Answer:
        nonlocal bytes_here
        if progress is not None and os.getpid() == here:
            progress(task.start, bytes_here)
        answer = _sift_task(git, names, task)
        bytes_here += answer[1]
        return answer

    read = total = 0
    suspects: list[str] = []
    failures: list[tuple[str, str]] = []
    for task, answer in zip(tasks, workers.share(tasks, work, jobs), strict=True):
        if answer is None:
            failures += [(names[index].decode(), _DIED) for index in task]
            continue
        read += answer[0]
        total += answer[1]
        suspects += [names[index].decode() for index in answer[2]]
        failures += [(names[index].decode(), reason) for index, reason in answer[3]]
    if progress is not None:
        progress(len(names), bytes_here)
    return Sifted(suspects, failures, read, total)


def _sift_task(git: Git, names: Sequence[bytes], task: range) -> _Answer:
    read = total = 0
    suspects: list[int] = []
    failures: list[tuple[int, str]] = []
    ended = 0
    first = task.start
    may_hold = prefilter(len(names))
    while first < task.stop:
        with git.deliver(names[first : task.stop]) as delivery:
            stretch = _Stretch(delivery, first, may_hold)
            stretch.sift()
        read += stretch.read
        total += stretch.bytes
        suspects += stretch.suspects
        failures += [(index, _MISSING) for index in stretch.missing]
        first = stretch.next
        if first < task.stop:  # git ended at this one
            failures.append((first, CORRUPT))
            first += 1
            ended += 1
        if ended >= _MOST_FAILURES:
            failures += [(index, _GIVEN_UP) for index in range(first, task.stop)]
            break
    return read, total, suspects, failures


class _Stretch:
    """What one git delivers, from the object with the index `first` on: as it arrives, many objects at a time."""

    def __init__(self, delivery: Delivery, first: int, may_hold: MayHold) -> None:
        self.read = 0
        self.bytes = 0
        self.suspects: list[int] = []
        self.missing: list[int] = []
        self.next = first
        self._delivery = delivery
        self._may_hold = may_hold
        self._buffer = bytearray(_BUFFER)
        self._filled = 0

    def sift(self) -> None:
        """Reads until git has no more; `next` is the object that it did not deliver, if it did not deliver all."""
        is_ended = False
        while not is_ended:
            is_ended = self._fill()
            done = self._sift_whole_ones()
            if not done and self._filled == _BUFFER:
                self._sift_large_one()
            else:
                self._buffer[: self._filled - done] = self._buffer[done : self._filled]
                self._filled -= done

    def _fill(self) -> bool:
        with memoryview(self._buffer) as view:
            while self._filled < _BUFFER:
                count = self._delivery.readinto(view[self._filled :])
                if not count:
                    return True
                self._filled += count
        return False

    def _sift_whole_ones(self) -> int:
        """Sifts what has arrived as a whole; gives the offset of what has not."""
        position = 0
        buffer, filled = self._buffer, self._filled
        while (line_end := buffer.find(b"\n", position, filled)) >= 0:
            fields = buffer[position:line_end].split()
            start = line_end + 1
            if len(fields) < 3:
                self.missing.append(self.next)
                end = start
            else:
                size = int(fields[2])
                end = start + size + 1
                if end > filled:
                    break
                if fields[1] != b"tree":
                    self.read += 1
                    self.bytes += size
                    if self._may_hold(buffer, start, end) and detect(bytes(buffer[start : end - 1])):
                        self.suspects.append(self.next)
            self.next += 1
            position = end
        return position

    def _sift_large_one(self) -> None:
        line_end = self._buffer.index(b"\n")
        _, kind, length = self._buffer[:line_end].split()
        size = int(length)
        begun = bytes(self._buffer[line_end + 1 :])
        left = size - len(begun)

        def read(most: int) -> bytes:
            nonlocal begun, left
            if begun:
                part, begun = begun[:most], begun[most:]
                return part
            part = self._delivery.read(min(most, left))
            left -= len(part)
            return part

        found = sum(len(spans_of(window)) for window in windows_from(read))  # all are to be read
        self._filled = 0
        if left == 0 and self._delivery.read(1):
            if found and kind != b"tree":
                self.suspects.append(self.next)
            self.next += 1
            if kind != b"tree":
                self.read += 1
                self.bytes += size
