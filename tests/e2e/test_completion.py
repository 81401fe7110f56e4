"""The shells themselves complete commands, options and the names of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.screen import Screen
from tests.e2e.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests: none of them changes it."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.use_key()
    for seed, name in enumerate(("work-laptop", "home.1", "work-ci")):
        server.add(name, seed)
    # From here on nothing could be opened: names are completed without it.
    del server.environment["TOKENGUARD_KEY_FILE"]
    yield server
    server.forget()


def by_protocol(server: Server, *words: str, **environment: str) -> list[str]:
    """What is answered to a shell in which these words have been typed."""
    asked = {"_TOKENGUARD_COMPLETE": "bash_complete", "COMP_WORDS": "\n".join(("tokenguard", *words))}
    asked["COMP_CWORD"] = str(len(words))
    result = server.tokenguard(environment=asked | environment)
    assert (result.status, result.stderr) == (0, b"")
    return [line.removeprefix("plain,") for line in result.out.splitlines() if line]


NAMED = ("show", "validate", "use", "export", "run", "token", "rename", "remove", "rotate", "revoke")


@pytest.mark.parametrize("command", NAMED)
def test_names_of_tokens_are_completed(server: Server, command: str) -> None:
    assert by_protocol(server, command, "") == ["home.1", "work-ci", "work-laptop"]
    assert by_protocol(server, command, "work") == ["work-ci", "work-laptop"]
    assert by_protocol(server, command, "x") == []


def test_a_name_is_completed_once(server: Server) -> None:
    assert by_protocol(server, "remove", "work-ci", "") == ["home.1", "work-laptop"]


def test_commands_and_options_and_choices_are_completed(server: Server) -> None:
    assert by_protocol(server, "comp") == ["completion"]
    assert by_protocol(server, "completion", "") == ["bash", "zsh", "fish", "powershell"]
    assert by_protocol(server, "run", "--ma") == ["--mask"]
    assert by_protocol(server, "run", "work-ci", "--via", "") == ["env", "file"]


def test_behind_the_dashes_it_is_the_commands_turn(server: Server) -> None:
    assert by_protocol(server, "run", "--", "wor") == ["file,wor"]
    assert by_protocol(server, "run", "work-ci", "--mask", "--", "ls", "") == ["file,"]


@pytest.mark.parametrize("state", ["nothing there", "damaged", "not a path"])
def test_where_names_cannot_be_read_nothing_is_said(server: Server, state: str) -> None:
    folder = server.folder / "other"
    folder.mkdir(exist_ok=True)
    (folder / "index.json").write_text("{" if state == "damaged" else "")
    if state == "nothing there":
        (folder / "index.json").unlink()
    home = "relative" if state == "not a path" else str(folder)
    assert by_protocol(server, "show", "", TOKENGUARD_HOME=home) == []


def test_powershell_is_answered_word_and_meaning(server: Server) -> None:
    """Not tried in PowerShell, which is not to be had everywhere: its script is looked at, and the answer."""
    script = server.tokenguard("completion", "powershell")
    assert script.status == 0
    for part in ("Register-ArgumentCompleter -Native -CommandName tokenguard", "$Env:_TOKENGUARD_COMPLETE = "):
        assert part in script.out
    asked = {
        "_TOKENGUARD_COMPLETE": "powershell_complete",
        "COMP_WORDS": "tokenguard\nshow\nwork",
        "COMP_CWORD": "work",
    }
    result = server.tokenguard(environment=asked)
    masked = [f"hf_…{server.token(seed)[-4:]}" for seed in (2, 0)]
    assert result.out == f"work-ci\t{masked[0]}\nwork-laptop\t{masked[1]}\n"
    paths = server.tokenguard(environment=asked | {"COMP_WORDS": "tokenguard\nrun\n--\n", "COMP_CWORD": ""})
    assert (paths.status, paths.out.strip()) == (0, "")


def test_bash_completes(server: Server) -> None:
    with Screen(server, "bash", "--noprofile", "--norc", "-i") as screen:
        screen.expect("$ ")
        screen.type('set -u; eval "$(tokenguard completion bash)"; echo "do"ne\r')
        screen.expect("done\r\n")
        screen.type("tokenguard comp\tba\t >/dev/null && echo st$?\r")
        screen.expect("tokenguard completion bash ")
        screen.expect("st0")
        screen.type("tokenguard show ho\t--json >shown; echo st$?\r")
        screen.expect("tokenguard show home.1 --json")
        screen.expect("st0")
        screen.type("exit\r")
        screen.end()


@pytest.mark.programs
def test_zsh_completes(server: Server) -> None:
    with Screen(server, "zsh", "-f", "-i") as screen:
        screen.expect("$ ")
        screen.type('autoload -Uz compinit; compinit -u; eval "$(tokenguard completion zsh)"; echo "do"ne\r')
        screen.expect("done\r\n")
        screen.expect("$ ")
        screen.type("tokenguard show ho\t--json >shown; echo st$?\r")
        screen.expect("home.1 ")
        screen.expect("st0\r\n")
        screen.type("exit\r")
        screen.end()


@pytest.mark.programs
def test_fish_completes(server: Server) -> None:
    script = (
        "tokenguard completion fish | source; complete -C 'tokenguard show work'; complete -C 'tokenguard comp'"
    )
    result = server.run("fish", "--no-config", "-c", script)
    assert [line.split("\t")[0] for line in result.out.splitlines()] == ["work-ci", "work-laptop", "completion"]
