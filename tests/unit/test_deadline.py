"""A call comes back with what it has, or is left behind."""

import threading

import pytest

from tokenguard.deadline import DeadlineError, within

LONG = 60.0
SHORT = 0.01


def test_the_result_is_handed_on() -> None:
    assert within(LONG, lambda: "result") == "result"
    assert within(LONG, lambda: None) is None


@pytest.mark.parametrize("error", [ValueError("m"), SystemExit(7), KeyboardInterrupt()], ids=repr)
def test_what_is_raised_is_raised_here(error: BaseException) -> None:
    def call() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        within(LONG, call)
    assert caught.value is error


def test_a_call_that_hangs_is_left_behind() -> None:
    release, seen = threading.Event(), threading.Event()

    def call() -> None:
        release.wait(LONG)
        seen.set()

    with pytest.raises(DeadlineError, match=r"^no answer within 0\.01 seconds$"):
        within(SHORT, call)
    assert not seen.is_set()
    release.set()
    assert seen.wait(LONG)


def test_what_is_left_behind_holds_up_no_end_of_the_process() -> None:
    release = threading.Event()
    threads: list[threading.Thread] = []

    def call() -> None:
        threads.append(threading.current_thread())
        release.wait(LONG)

    with pytest.raises(DeadlineError):
        within(SHORT, call)
    assert [thread.daemon for thread in threads] == [True]
    release.set()
    threads[0].join(LONG)


def test_what_fails_too_late_is_not_heard_of() -> None:
    """A thread that ends with an error would be talked about on standard error, in words of its own."""
    release = threading.Event()
    threads: list[threading.Thread] = []

    def call() -> None:
        threads.append(threading.current_thread())
        release.wait(LONG)
        raise ValueError("late")

    with pytest.raises(DeadlineError):
        within(SHORT, call)
    release.set()
    threads[0].join(LONG)  # pytest fails a test with an exception in a thread
    assert not threads[0].is_alive()
