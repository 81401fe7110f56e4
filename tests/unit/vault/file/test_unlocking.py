"""What opens the vault file, in which order, and what is said where nothing does."""

from __future__ import annotations

import base64
import errno
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.vault.contract import SERVICE
from tests.unit.vault.file.hands import AGAIN, ASKED, NEW, RIGHT, WRONG, get, opened, types
from tokenguard.errors import ExitCode, VaultError
from tokenguard.vault import unlock
from tokenguard.vault.file import TTL
from tokenguard.vault.sealed import WrongSecretError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.vault.cache import Kernel

pytestmark = pytest.mark.usefixtures("cache")


@pytest.mark.parametrize("error", [errno.EPERM, errno.ENOSYS, errno.EACCES, errno.EDQUOT])
def test_without_the_kernels_keyring_each_opens_it_anew(
    folder: Path, cache: Kernel, asked: list[str], error: int
) -> None:
    cache.error = error
    opened(folder).set_password(SERVICE, "work", "umbrella")
    assert get(folder) == "umbrella"
    assert not opened(folder).is_locked
    with pytest.raises(VaultError, match="kernel's keyring cannot keep it") as raised:
        opened(folder).unlock(60)
    assert "TOKENGUARD_PASSPHRASE_FILE" in raised.value.hint
    assert opened(folder, {}).is_locked
    assert asked == []
    with pytest.raises(VaultError, match="no terminal"):
        get(folder, {})
    assert cache.keys == {}


@pytest.mark.parametrize("error", [errno.EPERM, errno.ENOSYS, errno.EDQUOT, 0])
def test_where_the_kernel_keeps_nothing_there_is_nothing_to_forget(path: Path, cache: Kernel, error: int) -> None:
    cache.error = error
    opened(path.parent, {}).lock()


def test_a_kernel_that_does_not_let_go_of_the_key_is_told(kept: Path, cache: Kernel) -> None:
    cache.error = errno.EACCES
    with pytest.raises(VaultError, match="the kernel does not let go of the key") as raised:
        opened(kept.parent, {}).lock()
    assert raised.value.exit_code == ExitCode.VAULT


def test_whoever_types_does_so_once_a_session(path: Path, monkeypatch: pytest.MonkeyPatch, cache: Kernel) -> None:
    prompts = types(monkeypatch, b"correct horse")
    assert get(path.parent, {}) == "umbrella"
    identifier = json.loads(path.read_text())["id"]
    assert {name: seconds for name, (_, seconds) in cache.keys.items()} == {f"tokenguard:{identifier}": TTL}
    assert get(path.parent, {}) == "umbrella"
    opened(path.parent, {}).set_password(SERVICE, "work", "stand")
    assert (get(path.parent, {}), prompts) == ("stand", [ASKED])


@pytest.mark.parametrize("change", ["change_passphrase", "add_key"])
def test_whoever_types_to_change_what_opens_it_need_not_type_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, cache: Kernel, change: str, tmp_path: Path
) -> None:
    types(monkeypatch, b"correct horse", b"new horse", b"new horse")
    file = opened(path.parent, {})
    file.change_passphrase() if change == "change_passphrase" else file.add_key(str(tmp_path / "key"))
    assert [seconds for _, seconds in cache.keys.values()] == [TTL]
    assert get(path.parent, {}) == "umbrella"


def test_a_passphrase_that_was_typed_wrong_leaves_it_locked(
    path: Path, monkeypatch: pytest.MonkeyPatch, cache: Kernel
) -> None:
    types(monkeypatch, b"wrong horse")
    with pytest.raises(WrongSecretError):
        get(path.parent, {})
    assert cache.keys == {}


HANDED = {
    "TOKENGUARD_KEY_FILE": "key",
    "TOKENGUARD_PASSPHRASE_FILE": "named",
    "TOKENGUARD_PASSPHRASE": "",
    "CREDENTIALS_DIRECTORY": "",
}


@pytest.mark.parametrize("variable", HANDED)
def test_what_lies_in_a_file_or_a_variable_does_not_have_the_kernel_keep_it_open(
    folder: Path, cache: Kernel, tmp_path: Path, variable: str
) -> None:
    """A program that `run` has started, with one token, could take them all from there."""
    (tmp_path / "key").write_bytes(base64.b64encode(bytes(32)))
    for name in ("named", "tokenguard"):
        (tmp_path / name).write_bytes(b"correct horse")
    value = "correct horse" if variable == "TOKENGUARD_PASSPHRASE" else str(tmp_path / HANDED[variable])
    environment = {variable: value}
    opened(folder, environment).set_password(SERVICE, "work", "umbrella")
    assert get(folder, environment) == "umbrella"
    opened(folder, environment).set_password(SERVICE, "home", "teapot")
    opened(folder, environment).delete_password(SERVICE, "home")
    opened(folder, environment).add_key(str(tmp_path / "key"))
    opened(folder, environment).ensure()
    assert not opened(folder, environment).is_locked
    assert (cache.keys, opened(folder, {}).is_locked) == ({}, True)


def test_a_key_in_the_cache_that_no_longer_fits(kept: Path, cache: Kernel) -> None:
    """Any process of the same user can put one there. It opens nothing; and the passphrase does, as ever."""
    (name,) = cache.keys
    for wrong in (bytes(32), b"", b"short"):
        cache.keys[name] = wrong, TTL
        assert get(kept.parent) == "umbrella"
        assert opened(kept.parent, {}).is_locked


def test_a_key_of_another_file_is_not_taken(kept: Path, folder: Path) -> None:
    kept.unlink()
    opened(folder, WRONG).set_password(SERVICE, "work", "other")
    assert opened(folder, {}).is_locked
    with pytest.raises(VaultError, match="no terminal"):
        get(folder, {})
    assert get(folder, WRONG) == "other"


def test_one_who_has_it_open_follows_to_a_new_file(path: Path, folder: Path, cache: Kernel) -> None:
    """A long-running program: the vault was removed meanwhile, and begun anew."""
    file = opened(folder)
    assert file.get_password(SERVICE, "work") == "umbrella"
    path.unlink()
    assert file.get_password(SERVICE, "work") is None
    opened(folder).set_password(SERVICE, "work", "other")
    assert file.get_password(SERVICE, "work") == "other"


def test_a_wrong_passphrase_says_where_it_is_from(path: Path, cache: Kernel) -> None:
    before = path.read_bytes()
    attempts: list[Callable[[], object]] = [
        lambda: get(path.parent, WRONG),
        lambda: opened(path.parent, WRONG).unlock(60),
        lambda: opened(path.parent, WRONG).set_password(SERVICE, "work", "x"),
    ]
    for use in attempts:
        with pytest.raises(
            WrongSecretError, match="not opened by the passphrase from TOKENGUARD_PASSPHRASE"
        ) as raised:
            use()
        assert "horse" not in f"{raised.value!r}{raised.value.hint}"
    assert (cache.keys, path.read_bytes()) == ({}, before)


def test_each_that_is_there_is_tried_in_turn(path: Path, cache: Kernel, asked: list[str], tmp_path: Path) -> None:
    named = tmp_path / "named"
    environment = RIGHT | {"TOKENGUARD_PASSPHRASE_FILE": str(named)}
    for first in (b"wrong horse", b"correct horse"):
        named.write_bytes(first)
        cache.keys.clear()
        assert get(path.parent, environment) == "umbrella"
    # One that opens it is enough.
    cache.keys.clear()
    assert get(path.parent, environment | WRONG) == "umbrella"
    assert asked == []


def test_a_key_that_does_not_fit_leaves_it_to_the_passphrase(
    path: Path, cache: Kernel, asked: list[str], tmp_path: Path
) -> None:
    opened(path.parent).add_key(str(tmp_path / "right"))
    (tmp_path / "wrong").write_bytes(base64.b64encode(bytes(32)))
    cache.keys.clear()
    assert get(path.parent, RIGHT | {"TOKENGUARD_KEY_FILE": str(tmp_path / "wrong")}) == "umbrella"
    cache.keys.clear()
    assert get(path.parent, WRONG | {"TOKENGUARD_KEY_FILE": str(tmp_path / "right")}) == "umbrella"
    assert asked == []


def test_where_none_opens_it_all_are_named_and_nobody_is_asked(
    path: Path, cache: Kernel, asked: list[str], tmp_path: Path
) -> None:
    opened(path.parent).add_key(str(tmp_path / "right"))
    cache.keys.clear()
    wrong = base64.b64encode(bytes(range(32)))
    (tmp_path / "key").write_bytes(wrong)
    (tmp_path / "named").write_bytes(b"wrong horse")
    (tmp_path / "tokenguard").write_bytes(b"wrong horse")
    environment = WRONG | {
        "TOKENGUARD_KEY_FILE": str(tmp_path / "key"),
        "TOKENGUARD_PASSPHRASE_FILE": str(tmp_path / "named"),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    before = path.read_bytes()
    for use in uses_of_a_secret(path.parent, environment):
        with pytest.raises(WrongSecretError) as raised:
            use()
        named = ["the key from TOKENGUARD_KEY_FILE", f"the passphrase from {tmp_path / 'tokenguard'}"]
        named += [f"the passphrase from TOKENGUARD_PASSPHRASE{end}" for end in ("_FILE", "")]
        assert raised.value.message == f"the vault file is not opened by {', nor by '.join(named)}"
        for hidden in ("horse", wrong.decode()):
            assert hidden not in f"{raised.value!r}{raised.value.hint}"
    assert (asked, cache.keys, path.read_bytes()) == ([], {}, before)


def uses_of_a_secret(folder: Path, environment: dict[str, str]) -> list[Callable[[], object]]:
    """What asks for a passphrase or a key even while the kernel keeps the file open, and what reads and writes."""
    return [
        lambda: opened(folder, environment).unlock(60),
        opened(folder, environment).change_passphrase,
        lambda: opened(folder, environment).add_key(str(folder.parent / "another")),
        lambda: get(folder, environment),
        lambda: opened(folder, environment).set_password(SERVICE, "work", "stand"),
    ]


def test_a_key_is_of_no_account_to_a_file_without_a_slot_for_one(
    path: Path, cache: Kernel, asked: list[str], tmp_path: Path
) -> None:
    """It is not even read: the file named there may be away."""
    environment = {"TOKENGUARD_KEY_FILE": str(tmp_path / "gone")}
    assert get(path.parent, RIGHT | environment) == "umbrella"
    cache.keys.clear()
    assert opened(path.parent, environment).is_locked
    with pytest.raises(VaultError, match="no terminal"):
        get(path.parent, environment)
    assert len(asked) == 1


def test_no_passphrase_is_asked_for_where_only_a_key_opens_it(
    folder: Path, cache: Kernel, asked: list[str], tmp_path: Path
) -> None:
    by_key = {"TOKENGUARD_KEY_FILE": str(tmp_path / "key")}
    unlock.key_at(str(tmp_path / "key"))
    opened(folder, by_key).set_password(SERVICE, "work", "umbrella")
    cache.keys.clear()
    for environment in ({}, RIGHT):
        assert opened(folder, environment).is_locked
        for use in uses_of_a_secret(folder, environment):
            with pytest.raises(VaultError, match="a key opens the vault file") as raised:
                use()
            assert "TOKENGUARD_KEY_FILE" in raised.value.hint
    assert asked == []
    assert get(folder, RIGHT | by_key) == "umbrella"


def test_a_named_file_that_is_no_use_is_an_error_though_another_would_do(path: Path, tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="cannot be read"):
        get(path.parent, RIGHT | {"TOKENGUARD_PASSPHRASE_FILE": str(tmp_path / "gone")})


def test_each_that_is_tried_costs_what_the_right_one_does(
    path: Path, cache: Kernel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A wrong passphrase takes as long as the right one: told by how often the KDF runs, not by a stopwatch."""
    from cryptography.hazmat.primitives.kdf import argon2

    runs: list[dict[str, object]] = []
    genuine = argon2.Argon2id

    def counted(**options: Any) -> argon2.Argon2id:
        runs.append({name: value for name, value in options.items() if name != "salt"})
        return genuine(**options)

    monkeypatch.setattr(argon2, "Argon2id", counted)
    assert get(path.parent) == "umbrella"
    (right,) = runs
    for tried, expected in [(WRONG, 1), (WRONG | {"TOKENGUARD_PASSPHRASE_FILE": str(tmp_path / "named")}, 2)]:
        (tmp_path / "named").write_bytes(b"x" * 1000)
        runs.clear()
        cache.keys.clear()
        with pytest.raises(WrongSecretError):
            get(path.parent, tried)
        assert runs == [right] * expected


def test_a_machine_without_the_memory_for_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.hazmat.primitives.kdf import argon2

    def derive(**_: object) -> None:
        raise MemoryError

    before = path.read_bytes()
    monkeypatch.setattr(argon2, "Argon2id", derive)
    for use in uses_of_a_secret(path.parent, RIGHT):
        with pytest.raises(VaultError, match="takes 19 MiB of memory") as raised:
            use()
        assert "tokenguard vault add-key" in raised.value.hint
    assert path.read_bytes() == before


def test_nobody_is_there_to_be_asked(path: Path, asked: list[str]) -> None:
    with pytest.raises(VaultError, match="no terminal"):
        get(path.parent, {})
    assert len(asked) == 1


def test_a_new_one_asks_for_a_new_passphrase(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = types(monkeypatch, b"correct horse", b"correct horse")
    opened(folder, {}).set_password(SERVICE, "work", "umbrella")
    assert (get(folder), prompts) == ("umbrella", [NEW, AGAIN])


def test_a_new_one_that_nobody_can_open_is_not_made(folder: Path) -> None:
    with pytest.raises(VaultError, match="no terminal to choose a passphrase"):
        opened(folder, {}).set_password(SERVICE, "work", "umbrella")
    assert not opened(folder).exists
    opened(folder).set_password(SERVICE, "work", "umbrella")  # nobody holds the lock
