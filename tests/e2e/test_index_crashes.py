"""What a crash has left of index and keyring, written by hand, is brought to an end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from keyring.backends.SecretService import Keyring

from tests.e2e.agreement import entries, expect_agreement
from tests.e2e.desk import SERVICE
from tests.support.credentials import fingerprint

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from tests.e2e.desk import Desk


def put(desk: Desk, name: str, token: str | None) -> None:
    """Has the keyring library keep `token` under `name`, or nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in desk.service.environment.items():
            patch.setenv(variable, value)
        library: KeyringBackend = Keyring()  # type: ignore[no-untyped-call] # the library's
        if token is None:
            library.delete_password(SERVICE, name)
        else:
            library.set_password(SERVICE, name, token)


def entry(document: dict[str, Any], token: str) -> dict[str, Any]:
    """The entry of another token."""
    known: dict[str, Any] = document["tokens"]["work"]
    return known | {"fingerprint": fingerprint(token), "masked": f"hf_…{token[-4:]}"}


@pytest.mark.parametrize("command", [("list",), ("token", "work")])
@pytest.mark.parametrize("is_held", [True, False])
def test_an_addition_that_was_begun(
    desk: Desk, document: dict[str, Any], command: tuple[str, ...], is_held: bool
) -> None:
    token = desk.token(2)
    document["intents"] = {"new": entry(document, token)}
    desk.index.write_text(json.dumps(document))
    if is_held:
        put(desk, "new", token)
    assert desk.hand_over("tokenguard", *command).status == 0
    expected = {"work": desk.token(1)} | ({"new": token} if is_held else {})
    assert expect_agreement(desk) == expected
    assert desk.listed()["work"]["default"]


@pytest.mark.parametrize("held", ["old", "new", "neither", "foreign"])
def test_a_replacement_that_was_begun(desk: Desk, document: dict[str, Any], held: str) -> None:
    old, new, foreign = (desk.token(number) for number in (1, 2, 3))
    document["intents"] = {"work": entry(document, new)}
    desk.index.write_text(json.dumps(document))
    if held == "neither":
        put(desk, "work", None)
    elif held != "old":
        put(desk, "work", new if held == "new" else foreign)
    result = desk.hand_over("tokenguard", "token", "work")
    assert json.loads(desk.index.read_bytes())["intents"] == {}
    if held in ("old", "new"):
        token = old if held == "old" else new
        assert result.out == f"{token}\n"
        assert expect_agreement(desk) == {"work": token}
        assert desk.listed()["work"]["default"]
    else:
        assert (result.status, result.out) == (4, "")
        # What is the default and bound is not forgotten: the token may be put back.
        assert entries(desk) == {"work": fingerprint(old)}


@pytest.mark.parametrize("is_held", [True, False])
def test_a_removal_that_was_begun_is_done(desk: Desk, document: dict[str, Any], is_held: bool) -> None:
    document["intents"] = {"work": None}
    desk.index.write_text(json.dumps(document))
    if not is_held:
        put(desk, "work", None)
    assert desk.listed() == {}
    assert expect_agreement(desk) == {}
    mended = json.loads(desk.index.read_bytes())
    assert (mended["default"], mended["bindings"]) == (None, {})


@pytest.mark.parametrize("done", ["nothing", "written", "written down", "removed"])
def test_a_renaming_that_was_begun(desk: Desk, document: dict[str, Any], done: str) -> None:
    token = desk.token(1)
    if done in ("nothing", "written"):
        document["intents"] = {"acme": document["tokens"]["work"]}
    else:
        document["tokens"]["acme"] = document["tokens"]["work"]
        document["bindings"] = dict.fromkeys(document["bindings"], "acme")
        document["default"] = "acme"
        document["intents"] = {"work": None}
    desk.index.write_text(json.dumps(document))
    if done != "nothing":
        put(desk, "acme", token)
    if done == "removed":
        put(desk, "work", None)
    assert desk.hand_over("tokenguard", "token").out == f"{token}\n"
    kept = expect_agreement(desk)
    chosen = "work" if done in ("nothing", "written") else "acme"
    assert kept == dict.fromkeys({"nothing": ["work"], "written": ["acme", "work"]}.get(done, ["acme"]), token)
    row = desk.listed()[chosen]
    assert (row["default"], row["bound"]) == (True, [str(desk.folder.resolve())])


def test_what_was_begun_waits_for_a_keyring_that_is_locked(desk: Desk, document: dict[str, Any]) -> None:
    document["intents"] = {"gone": None}
    desk.index.write_text(json.dumps(document))
    before = desk.index.read_bytes()
    desk.service.lock()
    assert list(desk.listed()) == ["work"]
    assert desk.index.read_bytes() == before
    assert desk.tokenguard("use", "--clear").status == 0
    assert json.loads(desk.index.read_bytes())["intents"] == {"gone": None}
