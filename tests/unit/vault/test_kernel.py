"""The kernel's own keyring where it lets us, and what is said where it does not."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import select
import sys
from typing import TYPE_CHECKING

import pytest

from tokenguard.vault import kernel
from tokenguard.vault.kernel import KernelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = bytes(range(32))  # NUL first: it is no C string


@pytest.fixture
def description() -> Iterator[str]:
    """One that nobody else has; what is left under it is forgotten."""
    description = f"tokenguard:test:{os.urandom(8).hex()}"
    yield description
    try:
        kernel.drop(description)
    except KernelError:
        assert not kernel_keeps()


def kernel_keeps() -> bool:
    """Whether this machine has keyrings for us, asked without our own code."""
    numbers = kernel._CALLS.get(platform.machine())
    if sys.platform != "linux" or numbers is None:
        return False
    library = ctypes.CDLL(None, use_errno=True)
    # KEYCTL_GET_KEYRING_ID of the user's keyring, made if need be.
    arguments = [ctypes.c_long(number) for number in (numbers[1], 0, -4, 1)]
    return int(library.syscall(*arguments)) > 0


KEEPS = kernel_keeps()


def calls_of(description: str, secret: bytes = SECRET, seconds: int = 60) -> dict[str, Callable[[], object]]:
    return {
        "store": lambda: kernel.store(description, secret, seconds),
        "fetch": lambda: kernel.fetch(description),
        "drop": lambda: kernel.drop(description),
    }


def kept(description: str, secret: bytes = SECRET, seconds: int = 60) -> bool:
    """Whether `secret` could be stored; where the machine denies it, that is said as it should be."""
    if KEEPS:
        kernel.store(description, secret, seconds)
        return True
    for call in calls_of(description, secret, seconds).values():
        with pytest.raises(KernelError):
            call()
    return False


def test_what_is_kept_is_fetched_until_it_is_dropped(description: str) -> None:
    if kept(description):
        assert kernel.fetch(description) == SECRET
        kernel.drop(description)
        assert kernel.fetch(description) is None
        kernel.drop(description)


def test_what_is_kept_anew_takes_the_place_of_the_old(description: str) -> None:
    if kept(description, b"old") and kept(description, b"new"):
        assert kernel.fetch(description) == b"new"
        kernel.drop(description)
        assert kernel.fetch(description) is None


def test_one_name_is_not_another(description: str) -> None:
    if kept(description):
        assert kernel.fetch(f"{description}x") is None
        assert kernel.fetch(description[:-1]) is None


def test_another_process_of_the_same_user_has_it(description: str) -> None:
    """That is what it is for: the session, and the keyring of the session, may be another one."""
    if kept(description):
        reader, writer = os.pipe()
        child = os.fork()
        if not child:  # pragma: no cover -- another process
            os.write(writer, kernel.fetch(description) or b"nothing")
            os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        with os.fdopen(reader, "rb") as file:
            assert file.read() == SECRET


def test_it_is_gone_when_its_time_is_over(description: str) -> None:
    if kept(description):
        assert kernel.fetch(description) == SECRET
        kernel.store(description, SECRET, 1)
        for _ in range(200):  # up to ten seconds on a machine that is busy
            if kernel.fetch(description) is None:
                break
            select.select([], [], [], 0.05)
        assert kernel.fetch(description) is None
        kernel.drop(description)


def test_the_latest_limit_holds(description: str) -> None:
    if kept(description, seconds=1) and kept(description, seconds=3600):
        assert 3000 < limit_of(description) <= 3600


@pytest.mark.parametrize("seconds", [0, -1, -(1 << 40), 1 << 32, 1 << 63, (1 << 32) + 60])
def test_a_limit_that_is_none_keeps_nothing(description: str, seconds: int) -> None:
    """0 is for ever, and what is cut to 32 bits may be 0."""
    with pytest.raises(ValueError, match=str(seconds)):
        kernel.store(description, SECRET, seconds)
    if KEEPS:
        assert kernel.fetch(description) is None


def test_the_longest_limit_is_one(description: str) -> None:
    if kept(description, seconds=(1 << 32) - 1):
        assert limit_of(description) > 40 * 365 * 86400


@pytest.mark.parametrize("failing", [kernel._SET_TIMEOUT, kernel._SETPERM, kernel._LINK])
def test_what_is_kept_without_a_limit_ends_with_this_process(
    description: str, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Whether it is killed there or told that it may not: no keyring that others see ever has it."""
    rings: list[int] = []
    call = kernel._call

    def denied(which: int, *arguments: int | bytes) -> int:
        if which == 0:
            rings.append(int(arguments[-1]))
        if which == 1 and arguments[0] == failing:
            raise KernelError(errno.EACCES, "denied")
        return call(which, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(kernel, "_call", denied)
        with pytest.raises(KernelError):
            kernel.store(description, SECRET, 60)
    assert rings == [-2]
    if KEEPS:
        assert kernel.fetch(description) is None
        with pytest.raises(KernelError):  # nor has ours it any more
            kernel._keyctl(kernel._SEARCH, -2, b"user", description.encode(), 0)


def limit_of(description: str) -> int:
    """The seconds that are left, from what the kernel shows of the keys that we may see."""
    # One that was replaced is also listed, until the kernel has collected it.
    serial = f"{kernel._find(description):08x} "
    with open("/proc/keys") as file:
        (line,) = [line for line in file if line.startswith(serial)]
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    left = line.split()[3]
    return int(left[:-1]) * units[left[-1]]  # rounded down


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM, errno.EACCES, errno.EDQUOT])
@pytest.mark.parametrize("action", ["store", "fetch", "drop"])
def test_a_kernel_that_denies_it(monkeypatch: pytest.MonkeyPatch, number: int, action: str) -> None:
    """As seccomp(2) does in a container: the call returns -1."""

    class Library:
        class syscall:  # noqa: N801 -- it is called so
            restype: object = None

            def __new__(cls, *_: object) -> int:  # type: ignore[misc]  # a function with an attribute
                ctypes.set_errno(number)
                return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Library())
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(KernelError) as raised:
        calls_of("x")[action]()
    assert raised.value.errno == number
    assert os.strerror(number) in str(raised.value)


@pytest.mark.parametrize(("system", "machine"), [("darwin", "arm64"), ("win32", "AMD64"), ("linux", "m68k")])
def test_a_machine_without_one(monkeypatch: pytest.MonkeyPatch, system: str, machine: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    for call in calls_of("x").values():
        with pytest.raises(KernelError, match="no kernel keyring here"):
            call()
