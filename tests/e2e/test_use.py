"""`tokenguard use`: which token is meant where no name is given."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.desk import Desk


@pytest.fixture
def names(desk: Desk) -> list[str]:
    """Tokens a, b and c."""
    for seed, name in enumerate("abc"):
        desk.prepare("add", name, "--stdin", "--no-validate", stdin=desk.token(seed))
    return list("abc")


def chosen(desk: Desk, cwd: Path | None = None, **environment: str) -> str:
    """The name of the token that is meant in `cwd`."""
    result = desk.tokenguard("show", cwd=cwd, environment=environment)
    assert result.status == 0, result.talk
    return result.out.splitlines()[0].split()[1]


@pytest.mark.usefixtures("names")
def test_the_variable_outranks_the_nearest_folder_which_outranks_the_default(desk: Desk) -> None:
    top, inner = desk.folder / "project", desk.folder / "project" / "inner"
    deep = inner / "x" / "y"
    deep.mkdir(parents=True)
    desk.tokenguard("use", "a")
    desk.tokenguard("use", "b", "--here", cwd=top)
    desk.tokenguard("use", "c", "--here", cwd=inner)
    assert chosen(desk) == "a"
    assert chosen(desk, top) == "b"
    assert chosen(desk, deep) == "c"
    assert chosen(desk, deep, TOKENGUARD_TOKEN="a") == "a"
    assert chosen(desk, deep, TOKENGUARD_TOKEN="") == "c"
    link = desk.folder / "link"
    link.symlink_to(inner)
    assert chosen(desk, link / "x", PWD=str(link / "x")) == "c"
    # No folder is nearer than one that merely begins like it.
    (desk.folder / "project2").mkdir()
    assert chosen(desk, desk.folder / "project2") == "a"
    assert desk.listed()["b"]["bound"] == [os.path.realpath(top)]
    assert sorted(path.name for path in desk.folder.rglob("*")) == [
        "inner",
        "link",
        "project",
        "project2",
        "x",
        "y",
    ]


@pytest.mark.usefixtures("names")
def test_choices_are_taken_back(desk: Desk) -> None:
    desk.tokenguard("use", "a")
    desk.tokenguard("use", "b", "--here")
    assert chosen(desk) == "b"
    assert desk.tokenguard("use", "--here", "--clear").status == 0
    assert chosen(desk) == "a"
    assert desk.tokenguard("use", "--clear").status == 0
    result = desk.tokenguard("show")
    assert result.status == 4
    assert "tokenguard use NAME" in result.talk
    # What is not there can be taken back, too.
    assert desk.tokenguard("use", "--here", "--clear").status == 0


@pytest.mark.usefixtures("names")
def test_a_binding_is_replaced_by_the_next(desk: Desk) -> None:
    desk.tokenguard("use", "a", "--here")
    desk.tokenguard("use", "b", "--here")
    assert {name: len(row["bound"]) for name, row in desk.listed().items()} == {"a": 0, "b": 1, "c": 0}


@pytest.mark.usefixtures("names")
def test_only_a_token_that_there_is_can_be_chosen(desk: Desk) -> None:
    before = desk.index.read_bytes()
    for arguments in [("nobody",), ("nobody", "--here")]:
        result = desk.tokenguard("use", *arguments)
        assert result.status == 4
        assert "no token called nobody" in result.talk
    for arguments in [(), ("a", "--clear")]:
        assert desk.tokenguard("use", *arguments).status == 2
    assert desk.index.read_bytes() == before
    result = desk.tokenguard("show", environment={"TOKENGUARD_TOKEN": "nobody"})
    assert result.status == 4
    assert "no token called nobody" in result.talk


@pytest.mark.usefixtures("names")
def test_a_token_in_place_of_its_name_is_refused_and_not_repeated(desk: Desk) -> None:
    environment = {"TOKENGUARD_TOKEN": desk.token(9)}
    for command in [("show",), ("validate",), ("token",), ("export",), ("run", "--", "env")]:
        result = desk.tokenguard(*command, environment=environment)
        assert (result.status, result.stdout) == (2, b""), command
        assert "TOKENGUARD_TOKEN does not hold a name" in result.talk
    # A name given outright needs no variable.
    assert desk.tokenguard("show", "a", environment=environment).status == 0


@pytest.mark.usefixtures("names")
def test_a_secret_without_a_shape_in_place_of_the_name_is_not_repeated_either(desk: Desk) -> None:
    result = desk.tokenguard("show", environment={"TOKENGUARD_TOKEN": "correct horse battery"})
    assert result.status == 2
    assert "horse" not in result.talk


@pytest.mark.usefixtures("names")
def test_a_folder_that_is_gone_needs_no_name_to_be_looked_up(desk: Desk) -> None:
    """What is named outright does not depend on where one is."""
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    command = ("sh", "-c", script, "sh", "tokenguard")
    assert desk.run(*command, "show", "a").status == 0
    assert desk.hand_over(*command, "token", "a").status == 0


GET = "import sys, tokenguard; tokenguard.get_token(sys.argv[1])"
# What takes a name, and puts it where the braces are.
NAMED = [
    *(("token", "{}"), ("show", "{}"), ("export", "{}"), ("run", "{}", "--", "env")),
    *(("add", "{}", "--stdin"), ("new", "{}"), ("rename", "a", "{}"), ("rename", "{}", "x"), ("rotate", "{}")),
    *(("use", "{}"), ("use", "{}", "--here"), ("remove", "{}"), ("remove", "a", "{}")),
    ("validate", "{}"),
]


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("name", ["empty", "like a token"])
def test_what_is_no_name_is_never_the_default_and_never_repeated(desk: Desk, name: str) -> None:
    desk.tokenguard("use", "a")
    before = desk.index.read_bytes()
    # As it is where a token was copied badly.
    given = "" if name == "empty" else desk.secret(desk.token(8)[:-4])
    for command in NAMED:
        arguments = [argument.format(given) for argument in command]
        result = desk.tokenguard(*arguments, stdin=desk.token(9))
        assert result.status in (2, 4), command
        assert given not in result.out or not given, command
        assert "Traceback" not in result.talk
    result = desk.run(sys.executable, "-c", GET, given)
    assert result.status == 1
    assert "UsageError" in result.talk
    assert desk.index.read_bytes() == before
    assert desk.kept() == {name: desk.token(seed) for seed, name in enumerate("abc")}
    assert desk.hub.requests == []
