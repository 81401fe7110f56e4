"""The kernel's keyring as a cache of data keys, with a time limit (keyrings(7)). Linux has one, not everywhere.

Its trust is that of ssh-agent: every process of the same user can read it until the time is over.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys

# https://github.com/torvalds/linux/blob/master/include/uapi/linux/keyctl.h
_PROCESS = -2
_USER = -4
_SET_TIMEOUT = 15
_SETPERM = 5
_LINK = 8
_UNLINK = 9
_SEARCH = 10
_READ = 11
_INVALIDATE = 21
# All for the possessor and the user, but for setting attributes.
_PERMISSIONS = 0x3F0B0000

# System calls by machine: add_key, keyctl. https://github.com/torvalds/linux/blob/master/scripts/syscall.tbl
_CALLS = {"x86_64": (248, 250), "aarch64": (217, 219), "riscv64": (217, 219)}

_LARGEST = 1024


class KernelError(OSError):
    """The kernel has no keyrings for us: another system, another machine, or seccomp(2) denies them."""


def store(description: str, secret: bytes, seconds: int) -> None:
    """Keeps `secret` for `seconds`. Raises KernelError."""
    if not 0 < seconds < 1 << 32:  # to the kernel, 0 is no limit at all
        raise ValueError(seconds)
    # Linked to the user's keyring only after the limit is set: there, setting it is not permitted. Until then it
    # is in a keyring that ends with this process.
    key = _add_key(description, secret)
    try:
        _keyctl(_SET_TIMEOUT, key, seconds)
        _keyctl(_SETPERM, key, _PERMISSIONS)
        _keyctl(_LINK, key, _USER)
    finally:
        _keyctl(_UNLINK, key, _PROCESS)


def fetch(description: str) -> bytes | None:
    """What was kept, None where nothing is, or not any more. Raises KernelError."""
    import ctypes

    try:
        key = _find(description)
    except FileNotFoundError:
        return None
    buffer = ctypes.create_string_buffer(_LARGEST)
    length = _keyctl(_READ, key, ctypes.addressof(buffer), _LARGEST)
    return buffer.raw[:length]


def drop(description: str) -> None:
    """Forgets what was kept. Raises KernelError."""
    with contextlib.suppress(FileNotFoundError):
        _keyctl(_INVALIDATE, _find(description))


def _find(description: str) -> int:
    import errno

    try:
        return _keyctl(_SEARCH, _USER, b"user", description.encode(), 0)
    except KernelError as error:
        if error.errno in (errno.ENOKEY, errno.EKEYEXPIRED, errno.EKEYREVOKED):
            raise FileNotFoundError from None
        raise


def _add_key(description: str, secret: bytes) -> int:
    return _call(0, b"user", description.encode(), secret, len(secret), _PROCESS)


def _keyctl(operation: int, *arguments: int | bytes) -> int:
    return _call(1, operation, *arguments)


def _call(which: int, *arguments: int | bytes) -> int:
    numbers = _CALLS.get(platform.machine())
    if sys.platform != "linux" or numbers is None:
        raise KernelError("there is no kernel keyring here")
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    passed = [ctypes.c_long(item) if isinstance(item, int) else ctypes.c_char_p(item) for item in arguments]
    result = int(library.syscall(ctypes.c_long(numbers[which]), *passed))
    if result < 0:
        number = ctypes.get_errno()
        raise KernelError(number, os.strerror(number))
    return result
