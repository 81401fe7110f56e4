"""A key file beside the passphrase."""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.unit.vault.contract import SERVICE
from tests.unit.vault.file.hands import RIGHT, WRONG, get, opened
from tokenguard.errors import VaultError
from tokenguard.vault.sealed import WrongSecretError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.vault.cache import Kernel

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "keys.d" / "key"


@pytest.fixture
def by_key(key: Path) -> dict[str, str]:
    key.parent.mkdir()
    return {"TOKENGUARD_KEY_FILE": str(key)}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_key_file_is_made_and_opens_it_too(
    path: Path, key: Path, by_key: dict[str, str], cache: Kernel, asked: list[str], umask: int
) -> None:
    before = os.umask(umask)
    try:
        opened(path.parent).add_key(str(key))
    finally:
        os.umask(before)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for environment in (by_key, RIGHT, by_key | WRONG):
        cache.keys.clear()
        assert get(path.parent, environment) == "umbrella"
    assert (asked, json.loads(path.read_text())["sequence"]) == ([], 2)
    assert key.read_text().strip() not in path.read_text()


def test_a_key_file_that_is_there_is_used_as_it_is(
    path: Path, key: Path, by_key: dict[str, str], cache: Kernel
) -> None:
    content = base64.b64encode(bytes(range(40))) + b"\r\n"
    key.write_bytes(content)
    opened(path.parent).add_key(str(key))
    cache.keys.clear()
    assert (get(path.parent, by_key), key.read_bytes()) == ("umbrella", content)


def test_a_key_file_takes_the_place_of_another(
    path: Path, key: Path, by_key: dict[str, str], cache: Kernel, tmp_path: Path
) -> None:
    opened(path.parent).add_key(str(key))
    cache.keys.clear()
    opened(path.parent, by_key).add_key(str(tmp_path / "second"))
    cache.keys.clear()
    with pytest.raises(WrongSecretError, match="the key from"):
        get(path.parent, by_key)
    for environment in ({"TOKENGUARD_KEY_FILE": str(tmp_path / "second")}, RIGHT):
        cache.keys.clear()
        assert get(path.parent, environment) == "umbrella"
    assert sorted(slot["kind"] for slot in json.loads(path.read_text())["slots"]) == ["key", "passphrase"]


def in_a_file(key: Path) -> None:
    key.parent.rmdir()
    key.parent.touch()


UNFIT: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (lambda key: key.parent.rmdir(), "cannot be written"),
    "a file for a folder": (in_a_file, "cannot be written"),
    "a folder": (lambda key: key.mkdir(), "cannot be read"),
    "a link to nothing": (lambda key: key.symlink_to("gone"), "cannot be read"),
    "empty": (lambda key: key.touch(), "is empty"),
    "no key": (lambda key: key.write_bytes(b"a passphrase"), "there is no key in"),
    "a short key": (lambda key: key.write_bytes(base64.b64encode(bytes(31))), "there is no key in"),
    "too large": (lambda key: key.write_bytes(base64.b64encode(bytes(100_000))), "is larger than 65536 bytes"),
}


@pytest.mark.usefixtures("by_key")
@pytest.mark.parametrize("why", UNFIT)
def test_what_can_be_no_key_file_changes_nothing(path: Path, key: Path, why: str) -> None:
    before = path.read_bytes()
    UNFIT[why][0](key)
    with pytest.raises(VaultError, match=UNFIT[why][1]) as raised:
        opened(path.parent).add_key(str(key))
    assert str(key) in raised.value.message
    assert path.read_bytes() == before
    opened(path.parent).set_password(SERVICE, "work", "stand")  # nobody holds the lock


@pytest.mark.usefixtures("by_key")
def test_a_full_disk_leaves_no_half_a_key_file(path: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(VaultError, match=f"{key} cannot be written: No space left"):
            opened(path.parent).add_key(str(key))
    assert (key.exists(), path.read_bytes()) == (False, before)


@pytest.mark.usefixtures("by_key")
@pytest.mark.parametrize("change", ["change_passphrase", "add_key"])
def test_what_opens_it_is_asked_for_though_the_kernel_keeps_it_open(
    kept: Path, key: Path, cache: Kernel, asked: list[str], change: str
) -> None:
    """Whoever finds the terminal of somebody who has gone for lunch does not come to stay."""
    before = kept.read_bytes()
    for environment, error in (({}, "locked: there is no terminal"), (WRONG, "not opened by")):
        for is_open_here in (False, True):
            file = opened(kept.parent, environment)
            if is_open_here:
                assert file.get_password(SERVICE, "work") == "umbrella"
            with pytest.raises(VaultError, match=error):
                file.change_passphrase() if change == "change_passphrase" else file.add_key(str(key))
    assert len(asked) == 2
    assert (key.exists(), kept.read_bytes(), len(cache.keys)) == (False, before, 1)
