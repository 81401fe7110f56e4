"""What opens a vault file that is on the disk, and somebody who types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.vault.contract import SERVICE
from tokenguard.vault import unlock
from tokenguard.vault.file import VaultFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


RIGHT = {"TOKENGUARD_PASSPHRASE": "correct horse"}
WRONG = {"TOKENGUARD_PASSPHRASE": "wrong horse"}
ASKED = "Passphrase of the vault file (not shown): "
NEW, AGAIN = "New passphrase for the vault file (not shown): ", "Again: "


def types(monkeypatch: pytest.MonkeyPatch, *typed: bytes) -> list[str]:
    """Has somebody type these, one after the other; gives what they will have been asked for."""
    left = list(typed)
    return answers(monkeypatch, lambda _: left.pop(0))


def answers(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], bytes]) -> list[str]:
    """Has somebody type what `answer` makes of what is asked; gives what they will have been asked for."""
    prompts: list[str] = []

    def typed(prompt: str) -> bytes:
        prompts.append(prompt)
        return answer(prompt)

    monkeypatch.setattr(unlock, "_has_terminal", lambda: True)
    monkeypatch.setattr(unlock, "_typed", typed)
    return prompts


def opened(folder: Path, environment: dict[str, str] = RIGHT) -> VaultFile:
    """What another process has."""
    return VaultFile(str(folder), environment)


def get(folder: Path, environment: dict[str, str] = RIGHT) -> str | None:
    return opened(folder, environment).get_password(SERVICE, "work")


def uses(folder: Path) -> list[Callable[[], object]]:
    file = opened(folder)
    return [
        lambda: file.get_password(SERVICE, "work"),
        lambda: file.set_password(SERVICE, "work", "other"),
        lambda: file.delete_password(SERVICE, "work"),
        lambda: file.unlock(60),
        file.lock,
        file.change_passphrase,
        lambda: file.add_key(str(folder / "key")),
        lambda: file.is_locked,
    ]
