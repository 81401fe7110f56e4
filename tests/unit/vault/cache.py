"""The kernel's keyring, in memory: no key of a test's comes into that of who runs it."""

from __future__ import annotations

import os

from tokenguard.vault.kernel import KernelError


class Kernel:
    """Keeps keys, or denies every call with `error`; 0 is a machine without."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[bytes, int]] = {}
        self.error: int | None = None

    def store(self, description: str, secret: bytes, seconds: int) -> None:
        self._permit()
        self.keys[description] = secret, seconds

    def fetch(self, description: str) -> bytes | None:
        self._permit()
        return self.keys.get(description, (None, 0))[0]

    def drop(self, description: str) -> None:
        self._permit()
        self.keys.pop(description, None)

    def _permit(self) -> None:
        if self.error is not None:
            raise KernelError(*([self.error, os.strerror(self.error)] if self.error else ["there is none here"]))
