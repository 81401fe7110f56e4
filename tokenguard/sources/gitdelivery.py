"""Very many objects, as git delivers them while it is still being told their names."""

from __future__ import annotations

import contextlib
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.sources.gitprocess import Process


class Delivery:
    """The objects of a repository as git delivers them, one after the other, within a `with` block.

    Each is `<name> <type> <size>`, a newline, the content and a newline, or `<name> missing` and a newline
    (git-cat-file(1), "Batch output"). git ends at the first that it cannot unpack.
    """

    def __init__(self, process: Process, names: Sequence[bytes]) -> None:
        self._process = process
        self._names = names
        self._feeder = threading.Thread(target=self._feed, daemon=True)

    def __enter__(self) -> Delivery:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        self._feeder.start()
        return self

    def __exit__(self, error: object, *_: object) -> None:
        assert self._process.stdout is not None  # noqa: S101 -- for the type checker: both are pipes
        if error is not None:
            self._process.kill()
        self._process.stdout.close()  # at which git ends, if it has not
        self._process.wait()
        self._feeder.join()

    def readinto(self, view: memoryview) -> int:
        """Puts what has arrived into `view`; gives the number of bytes, 0 at the end."""
        assert self._process.stdout is not None  # noqa: S101 -- as above
        return self._process.stdout.readinto(view)  # type: ignore[attr-defined,no-any-return]  # it is unbuffered

    def read(self, most: int) -> bytes:
        """The next bytes, nothing at the end."""
        assert self._process.stdout is not None  # noqa: S101 -- as above
        return self._process.stdout.read(most)

    def _feed(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 -- as above
        unsent = memoryview(b"".join(name + b"\n" for name in self._names))
        with contextlib.suppress(OSError):  # git has ended
            while unsent:
                unsent = unsent[self._process.stdin.write(unsent) :]
        with contextlib.suppress(OSError):
            self._process.stdin.close()
