"""Which keyring is chosen, and what is expected of it; the keyrings themselves are in memory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import keyring.backend
import pytest
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError

from tests.support.credentials import user_token
from tokenguard.core.token import Token
from tokenguard.errors import VaultError
from tokenguard.vault import keyring as ours
from tokenguard.vault.keyring import BACKENDS, SERVICE, Keyring, choose

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOWS, MACOS, SECRET_SERVICE, LIBSECRET, KWALLET, _ = BACKENDS
TOKEN = Token(user_token())


class Memory(keyring.backend.KeyringBackend):
    """Keeps what it is given; `entries` has every copy of it."""

    priority = 5

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, str]] = []
        self.calls: list[str] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.calls.append("get")
        return next((value for *key, value in self.entries if key == [service, username]), None)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.calls.append("set")
        self.entries = [entry for entry in self.entries if entry[:2] != (service, username)]
        self.entries.append((service, username, password))

    def delete_password(self, service: str, username: str) -> None:
        self.calls.append("delete")
        for entry in self.entries:
            if entry[:2] == (service, username):
                self.entries.remove(entry)
                return
        raise PasswordDeleteError("there is none")


class Better(Memory):
    priority = 9


class Gone(Memory):
    def __init__(self) -> None:
        raise RuntimeError("it is not\ninstalled")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """What every name of a keyring leads to."""
    memory = Memory()
    monkeypatch.setattr(ours, "_load", lambda name: memory)
    return memory


def install(monkeypatch: pytest.MonkeyPatch, platform: str, backends: Mapping[str, type[Memory]]) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ours, "_load", lambda name: backends.get(name, Gone)())


# choose


@pytest.mark.parametrize(
    ("platform", "backend"),
    [("win32", WINDOWS), ("darwin", MACOS), ("linux", SECRET_SERVICE), ("freebsd14", KWALLET)],
)
def test_each_platform_has_its_own(monkeypatch: pytest.MonkeyPatch, platform: str, backend: str) -> None:
    install(monkeypatch, platform, {backend: Memory})
    assert choose({}) == backend


def test_of_several_the_one_with_the_highest_priority_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "linux", {SECRET_SERVICE: Memory, KWALLET: Better, LIBSECRET: Memory})
    assert choose({}) == KWALLET


def test_the_variable_names_one_that_can_be_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "linux", {SECRET_SERVICE: Memory, KWALLET: Better})
    assert choose({"PYTHON_KEYRING_BACKEND": SECRET_SERVICE}) == SECRET_SERVICE
    with pytest.raises(VaultError):
        choose({"PYTHON_KEYRING_BACKEND": LIBSECRET})


@pytest.mark.parametrize(
    "backend",
    [
        *(
            "keyring.backends.null.Keyring",
            "keyring.backends.fail.Keyring",
            "keyring.backends.chainer.ChainerBackend",
        ),
        *("keyrings.alt.file.PlaintextKeyring", "keyrings.alt.file.EncryptedKeyring", "os.path", ""),
    ],
)
def test_the_variable_names_one_that_cannot(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    install(monkeypatch, "linux", {SECRET_SERVICE: Memory, backend: Better})
    assert choose({"PYTHON_KEYRING_BACKEND": backend}) == SECRET_SERVICE
    install(monkeypatch, "linux", {backend: Better})
    with pytest.raises(VaultError, match=r"SecretService: it is not; .*kwallet: it is not"):
        choose({"PYTHON_KEYRING_BACKEND": backend})
    with pytest.raises(VaultError):
        Keyring(backend, {})


def test_none_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for platform in ("win32", "darwin", "linux"):
        install(monkeypatch, platform, {})
        with pytest.raises(VaultError, match="no keyring here") as raised:
            choose({})
        assert raised.value.hint


# Keyring


def test_a_token_is_an_entry_of_its_own(memory: Memory) -> None:
    keyring = Keyring(SECRET_SERVICE, {})
    assert keyring.get("work") is None
    keyring.set("work", TOKEN)
    assert memory.entries == [(SERVICE, "work", TOKEN.reveal())]
    assert keyring.get("work") == TOKEN
    keyring.delete("work")
    assert memory.entries == []
    keyring.delete("work")
    assert "delete" not in memory.calls[memory.calls.index("delete") + 1 :]


def test_every_copy_is_deleted_and_nothing_else(memory: Memory) -> None:
    others = [(SERVICE, "other", "x"), ("service", "work", "x")]
    memory.entries = [*[(SERVICE, "work", str(number)) for number in range(4)], *others]
    Keyring(SECRET_SERVICE, {}).delete("work")
    assert memory.entries == others


def test_a_keyring_that_deletes_nothing(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.entries = [(SERVICE, "work", "x")]
    monkeypatch.setattr(Memory, "delete_password", lambda *_: None)
    with pytest.raises(VaultError, match="does not let go of work"):
        Keyring(SECRET_SERVICE, {}).delete("work")


@pytest.mark.parametrize("read", [None, "another"])
def test_a_keyring_that_does_not_give_back_what_it_took(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, read: str | None
) -> None:
    monkeypatch.setattr(Memory, "get_password", lambda *_: read)
    with pytest.raises(VaultError, match="does not give it back"):
        Keyring(SECRET_SERVICE, {}).set("work", TOKEN)


def test_what_is_too_long_for_windows_is_refused_before_it_is_cut(memory: Memory) -> None:
    longest, too_long = Token("hf_" + "x" * 1277), Token("hf_" + "x" * 1278)
    keyring = Keyring(WINDOWS, {})
    with pytest.raises(VaultError, match="too long for the Windows Credential Manager"):
        keyring.set("work", too_long)
    assert memory.calls == []
    keyring.set("work", longest)
    assert keyring.get("work") == longest
    Keyring(SECRET_SERVICE, {}).set("work", too_long)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyringLocked("nope"), "the keyring is locked"),
        (RuntimeError("Prompt dismissed.."), "the keyring is locked"),
        (InitError("no bus\nmore"), "cannot be reached: no bus"),
        (OSError("Could not connect"), "cannot be reached: Could not connect"),
        (KeyError("x"), "the keyring failed: 'x'"),
        (RuntimeError(), "the keyring failed: RuntimeError"),
    ],
)
def test_what_a_keyring_raises_is_explained(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Memory, "get_password", fail)
    with pytest.raises(VaultError) as raised:
        Keyring(SECRET_SERVICE, {}).get("work")
    assert said in raised.value.message
    assert "\n" not in raised.value.message
    assert raised.value.hint


def test_one_that_hangs_is_left(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    release = threading.Event()
    monkeypatch.setattr(Memory, "get_password", lambda *_: release.wait() and None)
    monkeypatch.setattr(ours, "_UNATTENDED", 0.05)
    try:
        with pytest.raises(VaultError, match=r"no answer within 0\.05 seconds"):
            Keyring(SECRET_SERVICE, {}).get("work")
    finally:
        release.set()


@pytest.mark.parametrize(
    ("backend", "environment", "seconds"),
    [
        (SECRET_SERVICE, {}, 5),
        (SECRET_SERVICE, {"DISPLAY": ":0"}, 60),
        (KWALLET, {"WAYLAND_DISPLAY": "wayland-0"}, 60),
        (SECRET_SERVICE, {"DISPLAY": ":0", "SSH_CONNECTION": "x"}, 5),
        (MACOS, {}, 60),
        (MACOS, {"SSH_TTY": "/dev/pts/0"}, 5),
        (WINDOWS, {"DISPLAY": ":0"}, 5),
    ],
)
def test_how_long_somebody_has_to_answer(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, backend: str, environment: Mapping[str, str], seconds: float
) -> None:
    waited = []

    def within(limit: float, call: object) -> None:
        waited.append(limit)

    monkeypatch.setattr(ours, "within", within)
    Keyring(backend, environment).get("work")
    assert waited == [seconds]


def test_which_refuses_two_readers_at_once() -> None:
    assert [backend for backend in BACKENDS if Keyring(backend, {}).is_exclusive] == [MACOS]
