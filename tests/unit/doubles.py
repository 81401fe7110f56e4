"""A Hub and a Vault that say what a test has them say, and note what they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenguard.core.endpoint import read_endpoint
from tokenguard.errors import RejectedError, VaultError
from tokenguard.hub import Hub
from tokenguard.vault.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokenguard.core.identity import Identity
    from tokenguard.core.token import Token
    from tokenguard.errors import TokenguardError
    from tokenguard.vault.index import Index

ENDPOINT = "https://hub.example.com"


class Oracle(Hub):
    """Says of each token what it is told to, and notes what it is asked."""

    def __init__(
        self, answers: Mapping[Token, Identity | TokenguardError] | None = None, url: str = ENDPOINT
    ) -> None:
        super().__init__(read_endpoint(url))
        self.answers = answers or {}
        self.asked: list[Token] = []

    def whoami_all(self, tokens: Sequence[Token]) -> list[Identity | TokenguardError]:
        self.asked += tokens
        return [self.answers.get(token, RejectedError("unknown")) for token in tokens]


class Shelf(Vault):
    """A Vault of one index, which may be damaged, or busy. `patience` is what each change was made with."""

    def __init__(self, index: Index | VaultError, *, is_busy: bool = False) -> None:
        self._index = index
        self._is_busy = is_busy
        self.patience: list[float] = []

    def index(self) -> Index:
        if isinstance(self._index, VaultError):
            raise self._index
        return self._index

    def change(self, change: Callable[[Index], None], patience: float = 120.0) -> None:
        self.patience.append(patience)
        if self._is_busy:
            raise VaultError("another tokenguard is changing the vault")
        change(self.index())
