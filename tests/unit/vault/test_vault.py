"""The Vault around the changes: which one there is, what it hands over, and when it mends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import user_token
from tests.unit.vault.faults import LIBSECRET, Scene, put
from tokenguard import locks
from tokenguard.core.entry import entry_of
from tokenguard.core.token import Token
from tokenguard.errors import UsageError, VaultError
from tokenguard.vault.index import DamagedIndexError, Index, Store
from tokenguard.vault.keyring import BACKENDS, SERVICE, Keyring
from tokenguard.vault.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from filelock import BaseFileLock

WORK, NEW, FOREIGN = (Token(user_token(seed)) for seed in range(3))
MACOS = BACKENDS[1]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    scene = Scene(tmp_path / "home", monkeypatch)
    put(scene.vault(), "work", WORK, default=True)
    return scene


def intend(scene: Scene, name: str, token: Token | None) -> None:
    """Leaves an intent behind, as one does who dies."""

    def change(index: Index) -> None:
        index.intents[name] = None if token is None else entry_of(token)

    scene.vault().change(change)


def intents(scene: Scene) -> list[str]:
    return list(json.loads(scene.index.read_text())["intents"])


@pytest.mark.parametrize("kind", ["fiel", "KEYRING", " "])
def test_a_vault_that_there_is_not(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UsageError, match="TOKENGUARD_VAULT is") as caught:
        Vault(str(tmp_path), {"TOKENGUARD_VAULT": kind})
    assert "auto, keyring, file" in caught.value.hint


@pytest.mark.parametrize("kind", ["", "auto", "keyring", "file"])
def test_a_vault_that_there_is(tmp_path: Path, kind: str) -> None:
    assert Vault(str(tmp_path), {"TOKENGUARD_VAULT": kind}).index().tokens == {}


# Handing over.


@pytest.mark.parametrize(
    ("held", "said", "advice"),
    [(None, "no longer has work", "remove work"), (FOREIGN, "is not the token that was added", "keyring get")],
    ids=["gone", "another"],
)
def test_what_has_strayed_is_not_handed_over(scene: Scene, held: Token | None, said: str, advice: str) -> None:
    scene.backend.entries = {} if held is None else {(SERVICE, "work"): held.reveal()}
    vault = scene.vault()
    for command in (lambda: vault.get("work"), lambda: vault.rename("work", "acme")):
        with pytest.raises(VaultError, match=said) as caught:
            command()
        assert advice in caught.value.hint
    assert list(scene.vault().index().tokens) == ["work"]


def test_what_is_replaced_while_it_is_read_is_handed_over(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index was read before, the keyring is read after."""
    read = Vault.index
    stale: list[Index] = [scene.vault().index()]
    put(scene.vault(), "work", NEW, replace=True)
    monkeypatch.setattr(Vault, "index", lambda vault: stale.pop() if stale else read(vault))
    assert scene.vault().get("work") == NEW


def test_what_is_about_to_be_replaced_is_handed_over(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever replaces it holds the lock."""
    intend(scene, "work", NEW)
    monkeypatch.setattr(Keyring, "is_locked", True)
    for token in (WORK, NEW):
        scene.backend.entries[SERVICE, "work"] = token.reveal()
        assert scene.vault().get("work") == token


@pytest.mark.parametrize(("backend", "locks"), [(LIBSECRET, 0), (MACOS, 1)])
def test_a_keyring_that_refuses_two_readers_is_read_by_one_at_a_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, backend: str, locks: int
) -> None:
    scene.vault().change(lambda index: setattr(index, "backend", backend))
    taken: list[BaseFileLock] = []
    genuine = Store.lock

    def lock(store: Store, patience: float = 0) -> BaseFileLock:
        taken.append(genuine(store, patience))
        return taken[-1]

    monkeypatch.setattr(Store, "lock", lock)
    assert scene.vault().get("work") == WORK
    scene.backend.entries = {}
    with pytest.raises(VaultError, match="no longer has work"):
        scene.vault().get("work")
    assert len(taken) == 4 * locks
    assert not any(one.is_locked for one in taken)


# Keeping.


@pytest.mark.parametrize("ask", [lambda vault: put(vault, "work", NEW), lambda vault: _expect_free(vault, "work")])
def test_a_name_in_use_is_not_taken(scene: Scene, ask: Callable[[Vault], object]) -> None:
    with pytest.raises(VaultError, match="already a token called work"):
        ask(scene.vault())
    scene.vault().expect_free("work", replace=True)
    _expect_free(scene.vault(), "other")
    assert scene.state().tokens == {"work": WORK}


def _expect_free(vault: Vault, name: str) -> None:
    vault.expect_free(name, replace=False)


def test_what_the_keyring_has_from_elsewhere_is_not_overwritten(scene: Scene) -> None:
    scene.backend.entries[SERVICE, "new"] = FOREIGN.reveal()
    vault = scene.vault()
    for change in (lambda: put(vault, "new", NEW), lambda: vault.rename("work", "new")):
        with pytest.raises(VaultError, match="which tokenguard does not know of"):
            change()
        assert scene.backend.entries[SERVICE, "new"] == FOREIGN.reveal()
    put(scene.vault(), "new", FOREIGN)  # it may be taken in
    assert scene.state().tokens == {"work": WORK, "new": FOREIGN}
    scene.backend.entries[SERVICE, "other"] = FOREIGN.reveal()
    put(scene.vault(), "other", NEW, replace=True)
    assert scene.state().tokens == {"work": WORK, "new": FOREIGN, "other": NEW}


def test_nothing_is_removed_where_a_name_is_unknown(scene: Scene) -> None:
    with pytest.raises(VaultError, match="no token called nobody"):
        scene.vault().remove(["work", "nobody"])
    assert scene.state().tokens == {"work": WORK}


# A damaged index.


def test_a_damaged_index_is_kept_aside_by_the_next_addition_alone(scene: Scene) -> None:
    scene.index.write_text("junk")
    vault = scene.vault()
    for command in (vault.index, lambda: vault.get("work"), lambda: vault.remove(["work"])):
        with pytest.raises(DamagedIndexError):
            command()
    vault.expect_open()
    vault.expect_free("work", replace=False)
    with pytest.raises(VaultError, match="does not know of"):
        put(vault, "work", NEW)
    assert scene.index.read_text() == "junk"
    (warning,) = put(vault, "work", WORK)
    (aside,) = scene.folder.glob("index.json.damaged-*")
    assert str(aside) in warning
    assert aside.read_text() == "junk"
    assert scene.state().tokens == {"work": WORK}


def test_a_keyring_that_fails_is_told_before_a_token_is_asked_for(scene: Scene) -> None:
    for content in (scene.index.read_text(), "junk"):
        scene.index.write_text(content)
        scene.trouble(1)
        with pytest.raises(VaultError, match="cannot be reached"):
            scene.vault().expect_open()
        scene.trouble()
        scene.vault().expect_open()


# Mending.


def test_a_reader_mends_what_another_left(scene: Scene) -> None:
    intend(scene, "new", NEW)
    scene.backend.entries[SERVICE, "new"] = NEW.reveal()
    assert sorted(scene.vault().index().tokens) == ["new", "work"]
    assert intents(scene) == []
    intend(scene, "new", None)
    assert scene.state().tokens == {"work": WORK}


@pytest.mark.parametrize("reason", ["locked", "failing", "changing"])
def test_a_reader_that_cannot_mend_says_what_is_known(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """Nobody is asked for a password or waited for, and what fails is tried once."""
    intend(scene, "work", None)
    vault = scene.vault()
    trouble = scene.trouble(1 if reason == "failing" else 0, lasts=True)
    monkeypatch.setattr(Keyring, "is_locked", reason == "locked")
    lock = Store(str(scene.folder)).lock() if reason == "changing" else None
    for _ in range(2):
        assert list(vault.index().tokens) == ["work"]
    assert len(trouble.calls) == (reason == "failing")
    scene.trouble()
    if lock:
        lock.release()
    assert intents(scene) == ["work"]
    monkeypatch.setattr(Keyring, "is_locked", False)
    assert scene.state().tokens == {}


def test_what_is_known_is_changed_without_a_keyring(scene: Scene) -> None:
    intend(scene, "work", None)
    trouble = scene.trouble(1, lasts=True)
    with pytest.raises(VaultError, match="cannot be reached"):
        put(scene.vault(), "new", NEW)
    assert trouble.calls == ["get"]
    trouble = scene.trouble()
    scene.vault().change(lambda index: index.bindings.update({"/here": "work"}))
    assert trouble.calls == ["write"]
    assert intents(scene) == ["work"]


def test_whoever_waits_for_another_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(locks, "_SILENCE", 0.01)
    lock = Store(str(scene.folder)).lock()
    with pytest.raises(VaultError, match="does not come to an end"):
        scene.vault().change(lambda _: None, patience=0.01)
    assert capsys.readouterr().err == ""
    with pytest.raises(VaultError, match="does not come to an end"):
        scene.vault().change(lambda _: None, patience=0.05)
    assert "waiting for another tokenguard" in capsys.readouterr().err
    lock.release()
    scene.vault().change(lambda _: None, patience=0)
