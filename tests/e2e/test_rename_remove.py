"""`tokenguard rename` and `remove`: the keyring, the index and whatever points to a name go together."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.desk import Desk


@pytest.fixture
def work(desk: Desk) -> str:
    """The token called work: the default, and bound to the machine's folder."""
    token = desk.add("work", None, None, "--default", "--no-validate")
    desk.prepare("use", "work", "--here")
    return token


def test_rename_takes_along_what_points_to_the_token(desk: Desk, work: str) -> None:
    before = desk.listed()["work"]
    result = desk.tokenguard("rename", "work", "acme")
    assert (result.status, result.stdout) == (0, b"")
    assert desk.service.items() == {("tokenguard", "acme"): work}
    assert desk.listed() == {"acme": before | {"name": "acme"}}
    assert before["default"]
    assert before["bound"]
    assert desk.hand_over("tokenguard", "token").out == f"{work}\n"
    assert json.loads(desk.index.read_text())["intents"] == {}


def test_rename_leaves_the_others_alone(desk: Desk, work: str) -> None:
    other = desk.add("other", None, None, "--no-validate")
    desk.tokenguard("use", "other")
    assert desk.tokenguard("rename", "work", "acme").status == 0
    assert desk.kept() == {"acme": work, "other": other}
    rows = desk.listed()
    assert {name: (row["default"], len(row["bound"])) for name, row in rows.items()} == {
        "acme": (False, 1),
        "other": (True, 0),
    }


def test_a_rename_that_cannot_be_changes_nothing(desk: Desk, work: str) -> None:
    other = desk.add("other", None, None, "--no-validate")
    foreign = desk.token(9)
    command = (sys.executable, "-m", "keyring", "set", "tokenguard", "foreign")
    assert desk.run(*command, stdin=foreign.encode()).status == 0
    before = desk.index.read_bytes()
    for arguments, status, said in [
        (("work", "other"), 4, "already a token called other"),
        (("work", "work"), 4, "already a token called work"),
        (("nobody", "somebody"), 4, "no token called nobody"),
        (("work", "foreign"), 4, "does not know of"),
        (("work", "a b"), 2, "cannot be the name"),
        (("work", "../x"), 2, "cannot be the name"),
    ]:
        result = desk.tokenguard("rename", *arguments)
        assert (result.status, result.stdout) == (status, b""), arguments
        assert said in result.talk
    assert desk.index.read_bytes() == before
    assert desk.kept() == {"work": work, "other": other, "foreign": foreign}


def test_remove_takes_a_token_out_and_whatever_points_to_it(desk: Desk, work: str) -> None:
    other = desk.add("other", None, None, "--no-validate")
    result = desk.tokenguard("remove", "work")
    assert (result.status, result.stdout) == (0, b"")
    assert "/settings/tokens" in result.talk
    assert desk.service.items() == {("tokenguard", "other"): other}
    document = json.loads(desk.index.read_text())
    assert (list(document["tokens"]), document["default"], document["bindings"]) == (["other"], None, {})
    # Nothing is left of it: neither its account, nor that it was there.
    assert os.listdir(desk.index.parent).count("index.json") == 1
    for command in [("token", "work"), ("show", "work"), ("validate", "work"), ("remove", "work")]:
        assert desk.tokenguard(*command).status == 4
    desk.prepare("add", "work", "--stdin", "--no-validate", stdin=work)
    assert not desk.listed()["work"]["default"]


def test_several_are_removed_at_once_or_where_one_is_unknown_none(desk: Desk, work: str) -> None:
    other = desk.add("other", None, None, "--no-validate")
    result = desk.tokenguard("remove", "work", "nobody", "other")
    assert result.status == 4
    assert "no token called nobody" in result.talk
    assert desk.kept() == {"work": work, "other": other}
    assert list(desk.listed()) == ["other", "work"]
    assert desk.tokenguard("remove").status == 2
    assert desk.tokenguard("remove", "work", "other", "work").status == 0
    assert desk.service.items() == {}
    assert desk.listed() == {}


def test_what_somebody_took_out_of_the_keyring_is_said_and_can_be_removed(desk: Desk, work: str) -> None:
    assert desk.run(sys.executable, "-m", "keyring", "del", "tokenguard", "work").status == 0
    result = desk.tokenguard("token", "work")
    assert (result.status, result.stdout) == (4, b"")
    assert "tokenguard remove work" in result.talk
    assert desk.tokenguard("rename", "work", "acme").status == 4
    assert list(desk.listed()) == ["work"]
    assert desk.tokenguard("remove", "work").status == 0
    assert desk.listed() == {}


def test_what_somebody_put_into_the_keyring_is_not_handed_over(desk: Desk, work: str) -> None:
    other = desk.token(9)
    command = (sys.executable, "-m", "keyring", "set", "tokenguard", "work")
    assert desk.run(*command, stdin=other.encode()).status == 0
    for arguments in [
        ("token", "work"),
        ("validate", "work"),
        ("run", "work", "--", "env"),
        ("rename", "work", "x"),
    ]:
        result = desk.tokenguard(*arguments)
        assert result.status == 4, arguments
        assert "is not the token that was added" in result.out + result.talk
    assert desk.kept() == {"work": other}
    # The advice it gives works.
    assert desk.tokenguard("add", "work", "--replace", "--stdin", "--no-validate", stdin=other).status == 0
    assert desk.hand_over("tokenguard", "token", "work").out == f"{other}\n"
