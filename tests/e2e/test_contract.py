"""The Secret Service keeps what the vault file keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from keyring.backends.SecretService import Keyring

from tests.support.secret_service import SecretService
from tests.unit.vault.contract import Contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.programs


class TestSecretService(Contract):
    @pytest.fixture
    def opens(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Keyring]]:
        with SecretService() as service:
            for name, value in service.environment.items():
                monkeypatch.setenv(name, value)
            yield Keyring
