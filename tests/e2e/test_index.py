"""The index: for its owner alone, and no damage to it is written over."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.agreement import ADD, expect_agreement
from tests.support.hub import ok, whoami_user

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.desk import Desk


# What is damaged.


# What else is damage is in tests/unit/vault/test_index.py.
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "no JSON": lambda data: b"<html>\xff",
    "an intent is empty": lambda data: json.dumps(json.loads(data) | {"intents": {"work": {}}}).encode(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_left_as_it_is_and_kept_by_the_next_addition(desk: Desk, damage: str) -> None:
    work, other = desk.token(1), desk.token(2)
    desk.prepare("add", "work", *ADD, stdin=work)
    before = DAMAGES[damage](desk.index.read_bytes())
    desk.index.write_bytes(before)
    for command in [("list",), ("token", "work"), ("remove", "work")]:
        result = desk.tokenguard(*command)
        assert (result.status, result.stdout) == (4, b""), command
        assert str(desk.index) in result.talk
        assert "Traceback" not in result.talk
        assert desk.index.read_bytes() == before
    result = desk.tokenguard("add", "other", *ADD, stdin=other)
    assert result.status == 0, result.talk
    assert str(desk.index) in result.talk
    assert list(desk.listed()) == ["other"]
    (aside,) = [path for path in desk.index.parent.iterdir() if path.name.startswith("index.json.")]
    assert str(aside) in result.talk
    assert aside.read_bytes() == before
    # The keyring still has the other one, which can be taken in.
    assert desk.kept() == {"work": work, "other": other}
    desk.prepare("add", "work", *ADD, stdin=work)
    assert expect_agreement(desk) == {"work": work, "other": other}


def test_an_addition_that_fails_leaves_the_damaged_index_where_it_is(desk: Desk) -> None:
    desk.prepare("add", "work", *ADD, stdin=desk.token(1))
    desk.index.write_text("junk")
    # It is there in the keyring, with another value.
    assert desk.tokenguard("add", "work", *ADD, stdin=desk.token(2)).status == 4
    assert desk.index.read_text() == "junk"


def test_a_token_is_validated_without_an_index_that_can_be_read(desk: Desk) -> None:
    token = desk.add("work")
    desk.index.write_text("junk")
    desk.hub.answer(token, ok(whoami_user()))
    assert desk.tokenguard("validate", "--stdin", stdin=token).status == 0
    assert desk.index.read_text() == "junk"


def test_an_index_of_a_newer_version_is_left_alone(desk: Desk, document: dict[str, Any]) -> None:
    desk.index.write_text(json.dumps({"schema": 2, "secrets": document}))
    before = desk.index.read_bytes()
    for command in [("list",), ("token", "work"), ("add", "b", *ADD), ("add", "work", "--replace", *ADD)]:
        result = desk.tokenguard(*command, stdin=desk.token(2))
        assert (result.status, result.stdout) == (4, b""), command
        assert "newer tokenguard" in result.talk
    assert desk.index.read_bytes() == before
    assert os.listdir(desk.index.parent).count("index.json") == 1
    assert desk.kept() == {"work": desk.token(1)}


# Where it lies.


def test_it_is_for_its_owner_alone(desk: Desk) -> None:
    desk.tokenguard("add", "work", *ADD, stdin=desk.token())
    assert stat.S_IMODE(desk.index.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(desk.index.stat().st_mode) == 0o600
    desk.index.chmod(0o644)
    desk.tokenguard("use", "work")
    assert stat.S_IMODE(desk.index.stat().st_mode) == 0o600
    assert {stat.S_IMODE(path.stat().st_mode) for path in desk.index.parent.iterdir()} <= {0o600}


def test_where_nothing_can_be_written_a_token_can_be_validated_and_none_added(desk: Desk) -> None:
    token = desk.token()
    desk.hub.answer(token, ok(whoami_user()))
    desk.index.parent.write_text("no folder")
    result = desk.tokenguard("validate", "--stdin", stdin=token)
    assert (result.status, result.talk) == (0, "")
    result = desk.tokenguard("add", "work", *ADD, stdin=token)
    assert (result.status, result.stdout) == (4, b"")
    assert str(desk.index.parent) in result.talk
    assert desk.kept() == {}


def test_where_nothing_can_be_written_any_more_tokens_are_still_handed_over(desk: Desk) -> None:
    token = desk.add("work")
    lock = desk.index.parent / "index.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    before = desk.index.read_bytes()
    assert desk.hand_over("tokenguard", "token", "work").out == f"{token}\n"
    assert desk.tokenguard("validate", "work").status == 0
    for command in [("add", "b", *ADD), ("remove", "work"), ("rename", "work", "b"), ("use", "work")]:
        result = desk.tokenguard(*command, stdin=desk.token(2))
        assert result.status == 4, command
        assert str(desk.index.parent) in result.talk
    assert desk.index.read_bytes() == before
    assert desk.kept() == {"work": token}


def test_a_link_in_its_place_is_not_followed(desk: Desk) -> None:
    token = desk.add("work")
    elsewhere = desk.folder / "elsewhere.json"
    desk.index.rename(elsewhere)
    desk.index.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    for command in [("list",), ("token", "work"), ("add", "b", *ADD), ("remove", "work")]:
        result = desk.tokenguard(*command, stdin=desk.token(2))
        assert (result.status, result.stdout) == (4, b""), command
        assert str(desk.index) in result.talk
    assert desk.index.is_symlink()
    assert elsewhere.read_bytes() == before
    assert desk.kept() == {"work": token}


def test_it_lies_where_the_variable_says_or_with_the_persons_data(desk: Desk, tmp_path: Path) -> None:
    desk.environment["TOKENGUARD_HOME"] = str(tmp_path / "a" / "b")
    desk.prepare("add", "work", *ADD, stdin=desk.token())
    assert (tmp_path / "a" / "b" / "index.json").is_file()
    del desk.environment["TOKENGUARD_HOME"]
    assert desk.listed() == {}
    desk.prepare("add", "other", *ADD, stdin=desk.token(2))
    assert (desk.home / ".local" / "share" / "tokenguard" / "index.json").is_file()
