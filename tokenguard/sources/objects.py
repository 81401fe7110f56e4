"""Objects of a repository: which there are, and finding the few that hold something, on all cores.

Each is read once, by content and in the order of the packs, so that git unpacks every delta next to its base.
"""

from __future__ import annotations

import mmap
import os
from io import BytesIO
from typing import NamedTuple

from tokenguard import workers
from tokenguard.core.clean import Clean
from tokenguard.core.detect import anchors_in, detect
from tokenguard.core.hidden import is_encoded_in, is_packed_in
from tokenguard.core.scan import spans_of
from tokenguard.core.unpack import HEAD, TAIL, is_container, looks_packed
from tokenguard.core.windows import Once, windows_from
from tokenguard.sources.git import GitError
from tokenguard.sources.prefilter import prefilter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokenguard.sources.git import Git
    from tokenguard.sources.gitdelivery import Delivery
    from tokenguard.sources.prefilter import MayHold

    # Objects and bytes read, and by index: what holds something, and what could not be read with the reason.
    _Answer = tuple[int, int, list[int], list[tuple[int, str]]]

# Bytes read at a time. Larger objects go through windows of their own.
_BUFFER = 512 * 1024
# A git takes some milliseconds to start, and begins without the bases that the one before had unpacked.
_FEWEST_OBJECTS = 400
_TASKS_PER_JOB = 10
# For fewer, a file in memory takes longer to set up than it saves.
_FEW_OBJECTS = 100
# The most that a task may take of memory, in bytes; what it has beyond goes through a pipe.
_SCRATCH = 64 * 1024 * 1024
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
    git: Git,
    names: Sequence[bytes],
    *,
    jobs: int,
    deep: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Sifted:
    """Reads every object of `names`, in up to `jobs` processes. Trees are passed over.

    `deep`: what is encoded or packed is looked into. `progress` is told how many have been taken up, and how many
    bytes this process has read.
    """
    size = max(_FEWEST_OBJECTS, -(-len(names) // (jobs * _TASKS_PER_JOB)), -(-len(names) // workers.MOST_TASKS))
    tasks = [range(first, min(first + size, len(names))) for first in range(0, len(names), size)]
    here = os.getpid()
    may_hold = prefilter(len(names), deep=deep)  # before there are other processes, which take it over
    scratch = _Scratch()  # each process makes its own of it
    bytes_here = 0

    def work(task: range) -> _Answer:
        nonlocal bytes_here
        if progress is not None and os.getpid() == here:
            progress(task.start, bytes_here)
        answer = _sift_task(git, names, task, scratch, may_hold, deep=deep)
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


def _sift_task(
    git: Git, names: Sequence[bytes], task: range, scratch: _Scratch, may_hold: MayHold, *, deep: bool
) -> _Answer:
    stretch = _Stretch(task.start, may_hold, deep=deep)
    scratch.sift(git, names[task.start : task.stop], stretch)
    # What that has left is too large for it, or git has ended; through a pipe it is told which of the two.
    corrupt: list[int] = []
    while stretch.next < task.stop and len(corrupt) < _MOST_FAILURES:
        with git.deliver(names[stretch.next : task.stop]) as delivery:
            stretch.sift(delivery)
        if stretch.next < task.stop:
            corrupt.append(stretch.next)
            stretch.next += 1
    failures = [(index, _MISSING) for index in stretch.missing]
    failures += [(index, CORRUPT) for index in corrupt]
    failures += [(index, _GIVEN_UP) for index in range(stretch.next, task.stop)]
    return stretch.read, stretch.bytes, stretch.suspects, sorted(failures)


class _Scratch:
    """A file in memory into which one git after the other unpacks objects: no copy of them passes a pipe.

    Its pages are used again, which is half of what it saves. Linux alone; elsewhere it takes nothing.
    """

    def __init__(self) -> None:
        self._file: int | None = None
        self._view: mmap.mmap | None = None

    def sift(self, git: Git, names: Sequence[bytes], stretch: _Stretch) -> None:
        """Has `stretch` sift as many objects of `names` as there is room for."""
        if not hasattr(os, "memfd_create") or len(names) < _FEW_OBJECTS:
            return
        try:
            if self._file is None:
                self._file = os.memfd_create("objects")
            filled = git.unpack(names, self._file, _SCRATCH)
            if self._view is None or len(self._view) < filled:
                self._view = mmap.mmap(self._file, filled, prot=mmap.PROT_READ) if filled else None
        except OSError:  # no memory is left, or a sandbox does not permit it
            return
        if self._view is not None:
            stretch.sift_whole_ones(self._view, filled)


class _Stretch:
    """What was read of objects, from the one with the index `first` on; `next` is the one that comes next."""

    def __init__(self, first: int, may_hold: MayHold, *, deep: bool = True) -> None:
        self.read = 0
        self.bytes = 0
        self.suspects: list[int] = []
        self.missing: list[int] = []
        self.next = first
        self._may_hold = may_hold
        self._clean = Clean()
        self._deep = deep

    def sift(self, delivery: Delivery) -> None:
        """Reads until git has no more; `next` is the object that it did not deliver, if it did not deliver all."""
        buffer = bytearray(_BUFFER)
        filled = 0
        is_ended = False
        while not is_ended:
            with memoryview(buffer) as view:
                while filled < _BUFFER and not is_ended:
                    count = delivery.readinto(view[filled:])
                    filled += count
                    is_ended = not count
            done = self.sift_whole_ones(buffer, filled)
            if not done and filled == _BUFFER:
                self._sift_large_one(buffer, delivery)
                filled = 0
            else:
                buffer[: filled - done] = buffer[done:filled]
                filled -= done

    def sift_whole_ones(self, buffer: bytearray | mmap.mmap, filled: int) -> int:
        """Sifts what is there as a whole; gives the offset of what is not."""
        position = 0
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
                    if self._holds(buffer, start, end - 1):
                        self.suspects.append(self.next)
            self.next += 1
            position = end
        return position

    def _holds(self, buffer: bytearray | mmap.mmap, start: int, end: int) -> bool:
        if self._may_hold(buffer, start, end):
            data = bytes(buffer[start:end])
            anchors = anchors_in(data)
            if detect(data, anchors) or (self._deep and is_encoded_in(data, anchors)):
                return True
        if not self._deep or not looks_packed(buffer, start, end):
            return False
        head, tail = bytes(buffer[start : min(start + HEAD, end)]), bytes(buffer[max(start, end - TAIL) : end])
        if not is_container(head, end - start, tail):  # most that look like one, of which no copy is made then
            return False
        return is_packed_in(BytesIO(buffer[start:end]), self._may_hold, self._clean)

    def _sift_large_one(self, buffer: bytearray, delivery: Delivery) -> None:
        line_end = buffer.index(b"\n")
        _, kind, length = buffer[:line_end].split()
        size = int(length)
        begun = bytes(buffer[line_end + 1 :])
        left = size - len(begun)

        def read(most: int) -> bytes:
            nonlocal begun, left
            if begun:
                part, begun = begun[:most], begun[most:]
                return part
            part = delivery.read(min(most, left))
            left -= len(part)
            return part

        found = self._holds_large_one(Once(read))
        while left and read(_BUFFER):  # all is to be read
            pass
        if left == 0 and delivery.read(1):
            if found and kind != b"tree":
                self.suspects.append(self.next)
            self.next += 1
            if kind != b"tree":
                self.read += 1
                self.bytes += size

    def _holds_large_one(self, file: Once) -> bool:
        if self._deep and is_container(file.peek(HEAD)[:HEAD], -1):
            return is_packed_in(file, self._may_hold, self._clean)
        for window in windows_from(file.read):
            anchors = anchors_in(window.data)
            if spans_of(window, anchors) or (self._deep and is_encoded_in(window.data, anchors)):
                return True
        return False
