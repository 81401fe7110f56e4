"""What was looked through, and has nothing in it."""

from __future__ import annotations

_LARGEST = 1024 * 1024
_MOST = 16 * 1024 * 1024
_BESIDE = 128  # bytes of memory that each takes beside its own


class Clean:
    """Bytes in which nothing was found, to be passed over where they come again.

    Archives that lie side by side, or are versions of each other, have many members in common. They are compared
    byte by byte, so that nothing is taken for what it only resembles; up to 16 MiB are kept for that, the latest.
    """

    def __init__(self) -> None:
        self._kept: set[bytes] = set()
        self._size = 0

    def __contains__(self, data: bytes) -> bool:
        return len(data) <= _LARGEST and data in self._kept

    def add(self, data: bytes) -> None:
        """Keeps `data`, unless it is large."""
        if len(data) > _LARGEST:
            return
        if self._size > _MOST:
            self._kept.clear()
            self._size = 0
        self._kept.add(data)
        self._size += len(data) + _BESIDE
