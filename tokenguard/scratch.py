"""Folders for what is not kept. One whose maker was killed goes away when the next one is made."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Other folders may have such a name, too.
_MARK = ".tokenguard-scratch"


@contextlib.contextmanager
def scratch(prefix: str) -> Iterator[str]:
    """A new, empty folder among the temporary files, for this user alone, its name beginning with `prefix`.

    Those with that `prefix` that nobody holds any more are taken away first. Raises OSError where none can be
    made.
    """
    _sweep_out(prefix)
    folder, lock = _made(prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _let_go(lock)


def _made(prefix: str) -> tuple[str, int | None]:
    while True:
        # What may lie there belongs to whoever runs this alone.
        folder = tempfile.mkdtemp(prefix=prefix)
        with contextlib.suppress(OSError), open(os.path.join(folder, _MARK), "xb"):
            pass
        try:
            lock = _hold(folder)
        except OSError:  # nothing can be held there: then nobody takes anything away, either
            return folder, None
        if lock is None or os.path.exists(folder):
            return folder, lock
        _let_go(lock)  # somebody has taken it for one that was left behind, before it was held


def _sweep_out(prefix: str) -> None:
    top = tempfile.gettempdir()
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = os.listdir(top)
    for name in names:
        folder = os.path.join(top, name)
        if not name.startswith(prefix) or not os.path.lexists(os.path.join(folder, _MARK)) or not _is_ours(folder):
            continue
        with contextlib.suppress(OSError):
            lock = _hold(folder)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                _let_go(lock)


def _is_ours(folder: str) -> bool:
    if not hasattr(os, "getuid"):
        return False
    with contextlib.suppress(OSError):
        return os.lstat(folder).st_uid == os.getuid()
    return False


def _hold(folder: str) -> int | None:
    """A lock on `folder`, which goes with this process; None where there is no such lock. Raises OSError.

    It is one of the kernel's (flock(2)): another container that shares the folder is held off as well, where
    the number of a process would mean another.
    """
    try:
        import fcntl
    except ImportError:
        return None
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock


def _let_go(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
