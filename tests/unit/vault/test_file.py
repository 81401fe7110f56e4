"""The vault file on the disk: who may read it, what opens it, and what happens where it cannot be written."""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
import threading
from typing import TYPE_CHECKING, Any

import filelock
import pytest

from tests.unit.vault.contract import SERVICE
from tests.unit.vault.test_index import Locks
from tokenguard import files
from tokenguard.errors import ExitCode, VaultError
from tokenguard.vault import file as ours
from tokenguard.vault import unlock
from tokenguard.vault.file import TTL, VaultFile
from tokenguard.vault.sealed import DamagedFileError, WrongSecretError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.vault.cache import Kernel

pytestmark = pytest.mark.usefixtures("cache")

RIGHT = {"TOKENGUARD_PASSPHRASE": "correct horse"}
WRONG = {"TOKENGUARD_PASSPHRASE": "wrong horse"}
ASKED = "Passphrase of the vault file (not shown): "
NEW, AGAIN = "New passphrase for the vault file (not shown): ", "Again: "


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An item for each time that somebody was to be asked; there is nobody, unless one `types`."""
    asked: list[str] = []

    def has_terminal() -> bool:
        asked.append("there is no terminal")
        return False

    monkeypatch.setattr(unlock, "_has_terminal", has_terminal)
    return asked


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def path(folder: Path) -> Path:
    """One with an entry, and nothing in the cache."""
    VaultFile(str(folder), RIGHT).set_password(SERVICE, "work", "umbrella")
    return folder / "vault.json"


@pytest.fixture
def kept(path: Path) -> Path:
    """One that the kernel keeps open."""
    opened(path.parent).unlock(TTL)
    return path


def opened(folder: Path, environment: dict[str, str] = RIGHT) -> VaultFile:
    """What another process has."""
    return VaultFile(str(folder), environment)


def get(folder: Path, environment: dict[str, str] = RIGHT) -> str | None:
    return opened(folder, environment).get_password(SERVICE, "work")


# On the disk


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_may_read_it(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        opened(folder).set_password(SERVICE, "work", "umbrella")
        opened(folder).set_password(SERVICE, "home", "teapot")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert {stat.S_IMODE(it.stat().st_mode) & 0o177 for it in folder.iterdir()} == {0}
    assert get(folder) == "umbrella"


def test_what_is_there_after_it_was_written(path: Path) -> None:
    assert sorted(os.listdir(path.parent)) == ["vault.json", "vault.json.lock"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    text = path.read_text()
    for hidden in ("umbrella", "horse", base64.b64encode(b"umbrella").decode()[:8]):
        assert hidden not in text


def test_who_only_reads_leaves_nothing_behind(folder: Path, asked: list[str]) -> None:
    assert get(folder, {}) is None
    assert (opened(folder).exists, opened(folder).is_locked) == (False, False)
    opened(folder).delete_password(SERVICE, "work")
    assert (folder.exists(), asked) == (False, [])


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666, 0o777])
def test_one_that_others_can_read_or_write_is_refused(path: Path, mode: int) -> None:
    before = path.read_bytes()
    path.chmod(mode)
    for use in uses(path.parent):
        with pytest.raises(VaultError, match="can be read or written by others") as raised:
            use()
        assert f"chmod 600 {path}" in raised.value.hint
    assert path.read_bytes() == before
    path.chmod(0o600)
    assert get(path.parent) == "umbrella"


def test_a_folder_that_others_can_write_to_is_refused(path: Path) -> None:
    """Who can write there can put an older vault into the place of this one."""
    path.parent.chmod(0o777)
    with pytest.raises(VaultError, match="others"):
        get(path.parent)


def test_one_of_somebody_elses_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    for use in uses(path.parent):
        with pytest.raises(VaultError, match="belongs to somebody else"):
            use()


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


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "pipe"])
def test_what_is_no_file_is_refused(path: Path, kind: str) -> None:
    if kind == "link":
        path.rename(path.with_name("elsewhere"))
        path.symlink_to("elsewhere")
    else:
        path.unlink()
        make: dict[str, Callable[[], object]] = {
            "dangling link": lambda: path.symlink_to("gone"),
            "folder": path.mkdir,
            "pipe": lambda: os.mkfifo(path),
        }
        make[kind]()
    before = os.lstat(path)
    for use in uses(path.parent):
        with pytest.raises(VaultError, match="cannot be read"):
            use()
    assert os.lstat(path).st_ino == before.st_ino
    assert opened(path.parent).exists


def test_one_that_is_damaged_is_left_as_it_is(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    for use in uses(path.parent):
        with pytest.raises(DamagedFileError):
            use()
    assert path.read_bytes() == data[:-100]


def test_an_entry_that_was_put_back_is_noticed(path: Path) -> None:
    old = json.loads(path.read_text())["entries"]
    opened(path.parent).set_password(SERVICE, "work", "stand")
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "entries": old}))
    for use in uses(path.parent)[:4]:
        with pytest.raises(DamagedFileError):
            use()


# What opens it


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


# status, unlock, lock, change-passphrase


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


# A key file beside the passphrase


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


# Where it cannot be written


def fails(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "replace", fail)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_a_full_disk_leaves_the_old(path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    before = path.read_bytes()
    file = opened(path.parent)
    changes: list[Callable[[], object]] = [
        lambda: file.set_password(SERVICE, "work", "stand"),
        lambda: file.set_password(SERVICE, "home", "teapot"),
        lambda: file.delete_password(SERVICE, "work"),
        file.change_passphrase,
        lambda: file.add_key(str(path.parent.parent / "key")),
    ]
    with monkeypatch.context() as patch:
        fails(patch, number)
        types(patch, b"new", b"new")
        for change in changes:
            with pytest.raises(VaultError, match="cannot be written") as raised:
                change()
            assert os.strerror(number) in raised.value.message
            assert file.get_password(SERVICE, "work") == "umbrella"
    assert path.read_bytes() == before
    file.set_password(SERVICE, "work", "stand")
    assert get(path.parent) == "stand"


def test_a_disk_that_is_full_from_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = opened(folder)
    with monkeypatch.context() as patch:
        fails(patch, errno.ENOSPC)
        with pytest.raises(VaultError, match="cannot be written"):
            file.set_password(SERVICE, "work", "umbrella")
    assert not file.exists
    opened(folder).set_password(SERVICE, "work", "other")
    assert file.get_password(SERVICE, "work") == "other"


def test_a_disk_that_is_full_leaves_no_half_a_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(os.listdir(path.parent)), path.read_bytes()

    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(VaultError, match="cannot be written"):
            opened(path.parent).set_password(SERVICE, "work", "stand")
    assert (sorted(os.listdir(path.parent)), path.read_bytes()) == before


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VaultError, match="cannot be looked at: Not a directory"):
        opened(tmp_path / "file" / "home").set_password(SERVICE, "work", "umbrella")


@pytest.mark.parametrize("number", [errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG, errno.ESTALE])
def test_a_home_that_cannot_be_looked_at(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It is not taken for one without a vault, nor for one that is guarded."""
    stat_of = os.stat

    def fail(it: str, *arguments: Any, **options: Any) -> os.stat_result:
        if it == str(folder):
            raise OSError(number, os.strerror(number))
        return stat_of(it, *arguments, **options)

    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", fail)
        for use in uses(folder):
            with pytest.raises(VaultError, match="cannot be looked at") as raised:
                use()
            assert os.strerror(number) in raised.value.message
            assert raised.value.exit_code == ExitCode.VAULT
    assert path.read_bytes() == before


def test_a_folder_beside_it_is_nothing_that_a_writer_has_left(path: Path) -> None:
    """Nor can it be removed as a file, and no change fails because of it."""
    folder, left = path.with_name(".vault.json.d"), path.with_name(".vault.json.x1y2z3")
    folder.mkdir()
    left.touch()
    opened(path.parent).set_password(SERVICE, "work", "stand")
    assert (get(path.parent), folder.is_dir(), left.exists()) == ("stand", True, False)


# Whether it is one that is in use


def test_whether_there_is_something_in_it(folder: Path) -> None:
    assert not opened(folder).holds_something
    opened(folder).ensure()
    assert not opened(folder).holds_something
    opened(folder).set_password(SERVICE, "work", "umbrella")
    assert opened(folder, {}).holds_something
    opened(folder).delete_password(SERVICE, "work")
    assert not opened(folder).holds_something


@pytest.mark.parametrize("content", [b"", b"garbage", b"[]"])
def test_one_that_cannot_be_read_may_have_something_in_it(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert opened(path.parent).holds_something


def test_reading_needs_no_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filelock, "FileLock", Locks)
    monkeypatch.setattr(Locks, "error", errno.EROFS)
    assert get(path.parent) == "umbrella"
    with pytest.raises(VaultError, match="cannot be written"):
        opened(path.parent).set_password(SERVICE, "work", "stand")


def test_what_is_not_there_is_not_deleted(path: Path) -> None:
    before = path.read_bytes()
    for service, name in ((SERVICE, "home"), ("other", "work"), (SERVICE, "Work")):
        opened(path.parent).delete_password(service, name)
    assert path.read_bytes() == before


# Several at once


@pytest.mark.parametrize("error", [None, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])
def test_no_change_of_several_is_lost(path: Path, monkeypatch: pytest.MonkeyPatch, error: int | None) -> None:
    if error is not None:
        monkeypatch.setattr(filelock, "FileLock", Locks)
        monkeypatch.setattr(Locks, "error", error)
    names = [f"name {number}" for number in range(8)]

    def keep(name: str) -> None:
        opened(path.parent).set_password(SERVICE, name, f"secret of {name}")

    threads = [threading.Thread(target=keep, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file = opened(path.parent)
    assert [file.get_password(SERVICE, name) for name in names] == [f"secret of {name}" for name in names]
    assert file.get_password(SERVICE, "work") == "umbrella"
    assert json.loads(path.read_text())["sequence"] == 9
    assert not path.with_name("vault.json.lock.held").exists()


@pytest.mark.parametrize("error", [None, errno.ENOLCK])
def test_one_who_does_not_come_to_an_end(path: Path, monkeypatch: pytest.MonkeyPatch, error: int | None) -> None:
    if error is not None:
        monkeypatch.setattr(filelock, "FileLock", Locks)
        monkeypatch.setattr(Locks, "error", error)
    monkeypatch.setattr(ours, "_PATIENCE", 0.05)
    lock = opened(path.parent)._lock()
    try:
        with pytest.raises(VaultError, match="does not come to an end") as raised:
            opened(path.parent).set_password(SERVICE, "work", "stand")
        assert str(path.parent) in raised.value.hint
        assert get(path.parent) == "umbrella"
    finally:
        lock.release()
    opened(path.parent).set_password(SERVICE, "work", "stand")
    assert get(path.parent) == "stand"


def test_a_writer_takes_what_was_written_before_it_had_the_lock(path: Path) -> None:
    slow, fast = opened(path.parent), opened(path.parent)
    assert slow.get_password(SERVICE, "work") == "umbrella"
    fast.set_password(SERVICE, "home", "teapot")
    slow.set_password(SERVICE, "work", "stand")
    assert get(path.parent) == "stand"
    assert fast.get_password(SERVICE, "home") == "teapot"


# What is said of it


def test_it_shows_no_secret(path: Path) -> None:
    file = opened(path.parent)
    assert file.get_password(SERVICE, "work") == "umbrella"
    assert "horse" not in f"{file!r}{file}"
