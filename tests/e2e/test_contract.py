"""The Secret Service keeps what the vault file keeps."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
import secretstorage
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
            with contextlib.closing(secretstorage.dbus_init()) as connection, monkeypatch.context() as patch:
                # The library connects anew for each call, under which gnome-keyring ends now and then.
                patch.setattr(connection, "close", lambda: None)
                patch.setattr(secretstorage, "dbus_init", lambda: connection)
                yield Keyring
