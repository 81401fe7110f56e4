"""One writer at a time, on file systems with locks and on those without."""

from __future__ import annotations

import errno

from tokenguard.process import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filelock import BaseFileLock

# As long as that is waited without a word, in seconds.
_SILENCE = 1.0

# What clusters' file systems answer to flock(2) where they are mounted without locks.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})


class BusyError(Exception):
    """Somebody else holds the lock, and does not let go. `path` is what says so."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def hold(path: str, patience: float) -> BaseFileLock:
    """The lock at `path`, held until it is released; at most `patience` seconds are waited for others.

    Raises BusyError, and OSError where nothing can be written there.
    """
    from filelock import FileLock, SoftFileLock

    try:
        return _acquired(FileLock(path, mode=0o600), path, patience)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    path += ".held"
    return _acquired(SoftFileLock(path, mode=0o600), path, patience)


def _acquired(lock: BaseFileLock, path: str, patience: float) -> BaseFileLock:
    from filelock import Timeout

    try:
        try:
            lock.acquire(timeout=min(patience, _SILENCE))
        except Timeout:
            if patience <= _SILENCE:
                raise
            say("tokenguard: waiting for another tokenguard, which is changing the vault")
            lock.acquire(timeout=patience - _SILENCE)
    except Timeout:
        raise BusyError(path) from None
    return lock
