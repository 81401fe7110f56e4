"""How long the vault file is open, what locks it, another passphrase, and others while somebody types."""

from __future__ import annotations

import base64
import errno
import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.unit.vault.contract import SERVICE
from tests.unit.vault.file.hands import AGAIN, ASKED, NEW, answers, get, opened, types
from tokenguard.errors import VaultError
from tokenguard.vault import unlock
from tokenguard.vault.sealed import WrongSecretError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.vault.cache import Kernel

pytestmark = pytest.mark.usefixtures("cache")


def test_whether_it_is_locked(path: Path, cache: Kernel, asked: list[str]) -> None:
    assert opened(path.parent, {}).is_locked
    assert not opened(path.parent).is_locked
    opened(path.parent).unlock(60)
    assert not opened(path.parent, {}).is_locked
    opened(path.parent, {}).lock()
    assert opened(path.parent, {}).is_locked
    assert asked == []


@pytest.mark.parametrize("seconds", [1, 60, 7 * 24 * 3600])
def test_how_long_it_is_open(path: Path, cache: Kernel, seconds: int) -> None:
    opened(path.parent).unlock(seconds)
    assert [limit for _, limit in cache.keys.values()] == [seconds]
    assert get(path.parent, {}) == "umbrella"
    assert [limit for _, limit in cache.keys.values()] == [seconds]


def test_locking_forgets_and_no_more(kept: Path, cache: Kernel) -> None:
    cache.keys["tokenguard:another"] = b"", 1
    before = kept.read_bytes()
    opened(kept.parent, {}).lock()
    assert list(cache.keys) == ["tokenguard:another"]
    assert kept.read_bytes() == before


def test_one_that_was_locked_stays_so_when_a_key_has_opened_it(kept: Path, cache: Kernel) -> None:
    opened(kept.parent).lock()
    assert get(kept.parent) == "umbrella"
    opened(kept.parent).set_password(SERVICE, "work", "stand")
    assert (cache.keys, opened(kept.parent, {}).is_locked) == ({}, True)


def test_one_that_was_locked_does_not_open_again_by_itself(kept: Path) -> None:
    file = opened(kept.parent, {})
    assert file.get_password(SERVICE, "work") == "umbrella"
    file.lock()
    assert file.is_locked
    with pytest.raises(VaultError, match="no terminal"):
        file.get_password(SERVICE, "work")


def test_there_is_none_yet(folder: Path, asked: list[str]) -> None:
    file = opened(folder)
    attempts: list[Callable[[], object]] = [lambda: file.unlock(60), file.lock, file.change_passphrase]
    attempts.append(lambda: file.add_key(str(folder.parent / "key")))
    for use in attempts:
        with pytest.raises(VaultError, match="no vault file yet"):
            use()
    assert (asked, os.listdir(folder.parent)) == ([], [])


def test_the_passphrase_is_changed(kept: Path, monkeypatch: pytest.MonkeyPatch, cache: Kernel) -> None:
    prompts = types(monkeypatch, b"new horse", b"new horse")
    opened(kept.parent).change_passphrase()
    assert (get(kept.parent, {}), prompts) == ("umbrella", [NEW, AGAIN])
    cache.keys.clear()
    with pytest.raises(WrongSecretError):
        get(kept.parent)
    assert get(kept.parent, {"TOKENGUARD_PASSPHRASE": "new horse"}) == "umbrella"
    assert json.loads(kept.read_text())["sequence"] == 2


def test_a_passphrase_that_was_changed_to_a_key_opens_nothing_any_more(
    path: Path, monkeypatch: pytest.MonkeyPatch, cache: Kernel
) -> None:
    """Who types what `openssl rand -base64 32` has written wants the old passphrase to be of no use as well."""
    key = base64.b64encode(bytes(range(32))).decode()
    types(monkeypatch, key.encode(), key.encode())
    opened(path.parent).change_passphrase()
    cache.keys.clear()
    assert get(path.parent, {"TOKENGUARD_PASSPHRASE": key}) == "umbrella"
    cache.keys.clear()
    with pytest.raises(WrongSecretError):
        get(path.parent)


def test_a_changed_passphrase_leaves_the_key_file_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cache: Kernel, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(base64.b64encode(bytes(32)))
    by_key = {"TOKENGUARD_KEY_FILE": str(tmp_path / "key")}
    opened(folder, by_key).set_password(SERVICE, "work", "umbrella")
    types(monkeypatch, b"new horse", b"new horse")
    opened(folder, by_key).change_passphrase()
    for environment in (by_key, {"TOKENGUARD_PASSPHRASE": "new horse"}):
        cache.keys.clear()
        assert get(folder, environment) == "umbrella"


@pytest.mark.parametrize("typed", [(b"new", b"other"), ()])
def test_a_passphrase_that_is_not_changed(
    path: Path, monkeypatch: pytest.MonkeyPatch, cache: Kernel, typed: tuple[bytes, ...]
) -> None:
    before = path.read_bytes()
    if typed:
        types(monkeypatch, *typed)
    with pytest.raises(Exception, match=r"differ|no terminal"):
        opened(path.parent).change_passphrase()
    cache.keys.clear()
    assert (get(path.parent), path.read_bytes()) == ("umbrella", before)
    opened(path.parent).set_password(SERVICE, "work", "stand")  # nobody holds the lock


# While somebody types


@pytest.mark.parametrize("error", [None, errno.EPERM])
@pytest.mark.parametrize("typed", [b"correct horse", b"another horse"])
def test_a_new_one_can_be_made_by_another_while_somebody_types(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cache: Kernel, typed: bytes, error: int | None
) -> None:
    """That of the other stays, and nobody has to type once more the passphrase that it has as well."""
    cache.error = error

    def answer(prompt: str) -> bytes:
        opened(folder).set_password(SERVICE, "home", "teapot")
        return b"correct horse" if prompt == ASKED else typed

    prompts = answers(monkeypatch, answer)
    opened(folder, {}).set_password(SERVICE, "work", "umbrella")
    assert prompts == ([NEW, AGAIN] if typed == b"correct horse" else [NEW, AGAIN, ASKED])
    assert (get(folder), opened(folder).get_password(SERVICE, "home")) == ("umbrella", "teapot")


@pytest.mark.parametrize("variable", ["TOKENGUARD_PASSPHRASE_FILE", "TOKENGUARD_KEY_FILE"])
def test_a_new_one_can_be_made_by_another_while_a_pipe_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str], tmp_path: Path, variable: str
) -> None:
    """Which gives what is in it once."""
    secret = base64.b64encode(bytes(32))
    (tmp_path / "secret").write_bytes(secret)
    environment = {variable: str(tmp_path / "secret")}
    read = unlock._read
    reads: list[str] = []

    def read_once(path: str, called: str) -> bytes:
        value = read(path, called)
        if not reads:
            reads.append(called)
            opened(folder, {variable: str(tmp_path / "other")}).set_password(SERVICE, "home", "teapot")
            (tmp_path / "secret").write_bytes(b"")
        return value

    (tmp_path / "other").write_bytes(secret)
    monkeypatch.setattr(unlock, "_read", read_once)
    opened(folder, environment).set_password(SERVICE, "work", "umbrella")
    file = opened(folder, {variable: str(tmp_path / "other")})
    assert [file.get_password(SERVICE, name) for name in ("work", "home")] == ["umbrella", "teapot"]
    assert asked == []


@pytest.mark.parametrize("change", ["change_passphrase", "add_key"])
def test_what_another_keeps_while_somebody_types_is_not_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch, cache: Kernel, change: str, tmp_path: Path
) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> bytes:
        opened(path.parent).set_password(SERVICE, f"name {len(asked)}", prompt)
        asked.append(prompt)
        return b"correct horse"

    answers(monkeypatch, answer)
    file = opened(path.parent, {})
    file.change_passphrase() if change == "change_passphrase" else file.add_key(str(tmp_path / "key"))
    assert len(asked) == (3 if change == "change_passphrase" else 1)
    cache.keys.clear()
    file = opened(path.parent)
    kept = [file.get_password(SERVICE, f"name {number}") for number in range(len(asked))]
    assert (kept, file.get_password(SERVICE, "work")) == (asked, "umbrella")
