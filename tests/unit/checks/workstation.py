"""A workstation in memory, on which everything is in order unless a test says otherwise."""

from __future__ import annotations

from typing import Any

from tokenguard.checks import Workstation
from tokenguard.core.resolution import TokenFile, resolve
from tokenguard.core.standing import CredentialHelpers, Hooks, Standing, VaultState
from tokenguard.standing import known
from tokenguard.vault.index import Index
from tokenguard.vault.strays import Strays


class FakeVault:
    """Says of its secrets what a test has it say: the real one is examined in tests/e2e/test_doctor.py."""

    def __init__(self, answer: Strays | Exception) -> None:
        self._answer = answer

    def strays(self) -> Strays:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def workstation(
    environment: dict[str, str] | None = None,
    index: Index | None = None,
    *,
    strays: Strays | Exception | None = None,
    file: str | None = None,
    home: str = "/nowhere",
    **standing: Any,
) -> Workstation:
    """`file` is what huggingface_hub's token file holds; `standing` is what differs from one in order."""
    environment, index = environment or {}, index or Index()
    resolution = resolve(environment, TokenFile("/home/token", file), lambda token: known(token, index))
    vault = VaultState("file", "backend", "/home/vault.json", False, len(index.tokens), None)
    state = Standing(
        resolution, None, None, None, vault, Hooks(None, (), (), False), CredentialHelpers()
    )._replace(**standing)
    fake: Any = FakeVault(strays or Strays())
    return Workstation(environment, None, home, fake, index, state, ())
