"""The other cores: one function over many tasks, in forked copies of this process.

A pool of the standard library costs as long to start as a work tree takes to scan, and a thread gains nothing
where the interpreter's lock is held throughout. A fork costs a millisecond. Only Linux forks a process
safely whatever libraries it has loaded; elsewhere the tasks run one after another.
"""

from __future__ import annotations

import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    Task = TypeVar("Task")
    Result = TypeVar("Result")

_INDEX = 4  # bytes
# All indices must fit into a pipe at once, since nobody reads while they are written. Linux gives 64 KiB, but a
# page to a user who has very many (pipe(7), "pipe-user-pages-soft").
MOST_TASKS = 1024


def available_cores() -> int:
    """How many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share(tasks: Sequence[Task], work: Callable[[Task], Result], jobs: int) -> list[Result | None]:
    """`work(task)` for every task, in the order of `tasks`, by up to `jobs` processes.

    A result must be made of what `marshal` writes: numbers, strings, tuples and lists. It is None where the
    process that had taken the task died. At most MOST_TASKS tasks.
    """
    jobs = min(jobs, len(tasks)) if sys.platform == "linux" else 1
    if jobs < 2:
        return [work(task) for task in tasks]
    queue, feed = os.pipe()
    os.write(feed, b"".join(index.to_bytes(_INDEX, "little") for index in range(len(tasks))))
    os.close(feed)
    children: list[tuple[int, int]] = []
    try:
        for _ in range(jobs - 1):
            children.append(_fork(queue, tasks, work, [pipe for _, pipe in children]))
        done = dict(_take(queue, tasks, work, os.getppid()))
        for _, pipe in children:
            done.update(_collect(pipe))
    except BaseException:
        for child, _ in children:
            os.kill(child, 9)
        raise
    finally:
        os.close(queue)
        for child, pipe in children:
            os.close(pipe)
            os.waitpid(child, 0)
    return [done.get(index) for index in range(len(tasks))]


def _fork(
    queue: int, tasks: Sequence[Task], work: Callable[[Task], Result], others: Sequence[int]
) -> tuple[int, int]:
    pipe, answer = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child:  # the parent
        os.close(answer)
        return child, pipe
    status = 1
    try:
        for inherited in (pipe, *others):  # as long as somebody can read them, a write would wait for that
            os.close(inherited)
        results = marshal.dumps(_take(queue, tasks, work, parent))
        with os.fdopen(answer, "wb") as stream:
            stream.write(results)
        status = 0
    finally:
        # Neither the parent's buffered output nor its exit handlers are the child's business.
        os._exit(status)


def _take(
    queue: int, tasks: Sequence[Task], work: Callable[[Task], Result], parent: int
) -> list[tuple[int, Result]]:
    results = []
    # Reads of a pipe are atomic, so that each index goes to one process. Work that nobody waits for is left.
    while os.getppid() == parent and (index := os.read(queue, _INDEX)):
        task = int.from_bytes(index, "little")
        results.append((task, work(tasks[task])))
    return results


def _collect(pipe: int) -> list[tuple[int, Result]]:
    parts = []
    while part := os.read(pipe, 1 << 20):
        parts.append(part)
    try:
        results: list[tuple[int, Result]] = marshal.loads(b"".join(parts))  # noqa: S302 -- our own child wrote it
    except (EOFError, ValueError, TypeError):
        return []  # the child died; its tasks stay without a result
    return results
