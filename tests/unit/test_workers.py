"""Many tasks over several processes: every result in its place, none lost in silence, no child left behind."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tokenguard.workers import MOST_TASKS, available_cores, share

JOBS = [1, 2, 3, 16]


@pytest.fixture(autouse=True)
def no_child_and_no_descriptor_is_left() -> Iterator[None]:
    before = os.listdir("/proc/self/fd")
    yield
    assert len(os.listdir("/proc/self/fd")) == len(before)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("count", [0, 1, 2, 5, 100])
def test_results_come_in_the_order_of_the_tasks(jobs: int, count: int) -> None:
    assert share(range(count), lambda task: task * task, jobs) == [task * task for task in range(count)]


def test_as_many_tasks_as_allowed_fit() -> None:
    assert share(range(MOST_TASKS), lambda task: task, 2) == list(range(MOST_TASKS))


def test_results_keep_their_types() -> None:
    results = [(1, "é\udcff", [b"\xff", None, True, 2.5]), (2**70, "", [])]
    assert share([0, 1], lambda task: results[task], 2) == results


def test_results_larger_than_a_pipe_come_whole() -> None:
    assert share(range(8), lambda task: bytes([task]) * 1_000_000, 3) == [
        bytes([task]) * 1_000_000 for task in range(8)
    ]


def test_there_is_a_core() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


class Meeting:
    """Lets the parent wait until a child has taken a task, so that it is known who took one."""

    def __init__(self) -> None:
        self.parent = os.getpid()
        self._waiting, self._ringing = os.pipe()
        self._met = False

    def work(self, task: int, in_child: Callable[[], object]) -> int:
        if os.getpid() != self.parent:
            os.write(self._ringing, b".")
            in_child()
        elif not self._met:
            os.read(self._waiting, 1)
            self._met = True
        return task

    def close(self) -> None:
        os.close(self._waiting)
        os.close(self._ringing)


@pytest.fixture
def meeting() -> Iterator[Meeting]:
    meeting = Meeting()
    yield meeting
    meeting.close()


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _exits() -> None:
    os._exit(0)


def _raises() -> None:
    raise ValueError("not for the parent")


def _recurses() -> None:
    _recurses()


@pytest.mark.parametrize("death", [_killed, _exits, _raises, _recurses])
def test_the_task_of_a_process_that_died_has_no_result(meeting: Meeting, death: Callable[[], object]) -> None:
    results = share(range(6), lambda task: meeting.work(task, death), 2)
    assert results.count(None) == 1
    assert [result for result in results if result is not None] == [
        task for task in range(6) if results[task] is not None
    ]


def test_a_result_that_cannot_be_sent_is_none(meeting: Meeting) -> None:
    def work(task: int) -> int | object:
        meeting.work(task, int)
        return task if os.getpid() == meeting.parent else object()

    results = share(range(6), work, 2)
    assert None in results
    assert all(result in {task, None} for task, result in enumerate(results))


def test_an_exception_in_this_process_is_raised(meeting: Meeting) -> None:
    def work(task: int) -> int:
        meeting.work(task, signal.pause)  # the child would wait for ever
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        share(range(6), work, 3)


def test_an_interruption_ends_the_children_too(meeting: Meeting) -> None:
    def work(task: int) -> int:
        meeting.work(task, signal.pause)  # the child would wait for ever
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        share(range(6), work, 3)


def test_a_child_does_not_flush_what_this_process_has_buffered(capfd: pytest.CaptureFixture[str]) -> None:
    print("once", end="")  # noqa: T201 -- what is buffered at the time of the fork
    share(range(6), lambda task: task, 3)
    assert capfd.readouterr().out == "once"
