"""A machine is put in order step by step, by somebody at a terminal or by a script, and can be again."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import Server
from tests.e2e.terminal import at_terminal
from tests.support.hub import Hub, ok, whoami_user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEPS = ["vault", "import", "default", "commits", "git", "shell"]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


@pytest.fixture
def machine(tmp_path: Path, hub: Hub) -> Server:
    """Two tokens lie in the clear, one of them twice."""
    machine = Server(tmp_path)
    machine.use_key()
    machine.environment["SHELL"] = "/bin/bash"
    machine.environment["HF_ENDPOINT"] = hub.endpoint
    machine.environment["HF_HOME"] = str(machine.home / "hf")
    first, second = machine.token(1), machine.token(2)
    hub.answer(first, ok(whoami_user(name="alice", label="one")))
    hub.answer(second, ok(whoami_user(name="bob", label="two")))
    folder = machine.home / "hf"
    folder.mkdir()
    (folder / "token").write_text(first)
    (folder / "stored_tokens").write_text(f"[one]\nhf_token = {first}\n\n[two]\nhf_token = {second}\n")
    return machine


def words(output: str) -> dict[str, str]:
    """How each step has ended, by its name."""
    lines = [line.split(None, 1) for line in output.splitlines()]
    return {line[0]: line[1] for line in lines if len(line) == 2 and line[0] in STEPS}


def names(machine: Server) -> list[str]:
    listed = json.loads(machine.tokenguard("list", "--json").out)
    return [token["name"] for token in listed["tokens"]]


def git_config(machine: Server, key: str) -> list[str]:
    command = ["git", "config", "--global", "--get-all", key]
    result = subprocess.run(command, env=machine.environment, capture_output=True, text=True, check=False)
    return result.stdout.splitlines()


def test_a_script_does_all_of_it_at_once(machine: Server, hub: Hub) -> None:
    result = machine.tokenguard("setup", "--yes")
    assert result.status == 0, result.talk
    assert list(words(result.out)) == STEPS
    assert len(names(machine)) == 2
    assert not (machine.home / "hf" / "token").exists()
    assert "hf_" + "token" not in (machine.home / "hf" / "stored_tokens").read_text()
    assert git_config(machine, "core.hooksPath")
    assert git_config(machine, f"credential.{hub.endpoint}.helper")[0] == ""
    assert "alice-one is the default" in words(result.out)["default"]  # as it was for the libraries
    assert "programs that read the token file find none now" in result.talk


def test_the_second_time_all_is_in_order(machine: Server) -> None:
    machine.tokenguard("setup", "--yes")
    before = sorted(path for path in machine.home.rglob("*") if path.name != "index.json")
    result = machine.tokenguard("setup", "--yes")
    assert result.status == 0
    assert {word.split("  ")[0] for word in words(result.out).values()} == {"in order"}
    assert sorted(path for path in machine.home.rglob("*") if path.name != "index.json") == before


@pytest.mark.parametrize("step", STEPS)
def test_a_step_can_be_left_out(machine: Server, step: str) -> None:
    result = machine.tokenguard("setup", "--yes", "--skip", step)
    assert result.status == 0, result.talk
    assert words(result.out)[step].startswith("left out")
    assert (machine.home / "hf" / "token").exists() == (step == "import")
    assert bool(git_config(machine, "core.hooksPath")) == (step != "commits")


def test_somebody_answers_each_question(machine: Server) -> None:
    typed = [
        ("Make it?", "y\n"),
        ("out of 2 files?", "y\n"),
        ("Make alice-one the default?", "\n"),
        ("Install them for all repositories?", "n\n"),
        ("Have git ask tokenguard?", "\n"),
        ("Add it to ", "y\n"),
    ]
    result = at_terminal(machine, "tokenguard", "setup", typed=typed)
    assert result.status == 0, result.stdout
    listed = json.loads(machine.tokenguard("list", "--json").out)["tokens"]
    assert {token["name"]: token["default"] for token in listed} == {"alice-one": True, "bob-two": False}
    assert git_config(machine, "core.hooksPath") == []
    assert "credential" in (machine.home / ".gitconfig").read_text()


def test_a_start_file_keeps_what_it_has_and_the_shell_follows(machine: Server) -> None:
    start = machine.home / ".bashrc"
    start.write_bytes(b"alias l=ls")
    start.chmod(0o640)
    assert machine.tokenguard("setup", "--yes").status == 0
    first, line, rest = start.read_text().split("\n")
    assert (first, rest, start.stat().st_mode & 0o777) == ("alias l=ls", "", 0o640)
    assert "shell-hook bash" in line
    machine.prepare("use", "alice-one", "--here")
    shell = machine.run("bash", "-i", stdin=b'echo "${#HF_TOKEN}"; cd /; :\necho "${HF_TOKEN-gone}"\n')
    assert shell.out.splitlines() == [str(len(machine.token(1))), "gone"], shell.talk


def test_what_stays_in_the_clear_is_not_called_in_order(machine: Server, hub: Hub) -> None:
    hub.answer(machine.token(2))  # the Hub knows it no more
    result = machine.tokenguard("setup", "--yes")
    assert result.status == 1
    assert words(result.out)["import"].startswith("done")
    again = machine.tokenguard("setup", "--yes")
    assert again.status == 1
    assert words(again.out)["import"].startswith("failed")


def test_a_repository_brings_in_no_token(machine: Server) -> None:
    repository = machine.repository()
    stranger = machine.token(7)
    repository.stage(".env", f"HF_TOKEN={stranger}\n")
    result = machine.run("tokenguard", "setup", "--yes", cwd=repository.top)
    assert result.status == 0, result.talk
    assert (repository.top / ".env").read_text() == f"HF_TOKEN={stranger}\n"
    assert len(names(machine)) == 2


@pytest.mark.parametrize(
    "line",
    ['eval "$(pixi shell-hook)"', '# eval "$(tokenguard shell-hook bash)"', "/gone/tokenguard shell-hook bash"],
)
def test_a_line_that_calls_no_tokenguard_is_none(machine: Server, line: str) -> None:
    start = machine.home / ".bashrc"
    start.write_text(f"{line}\n")
    assert words(machine.tokenguard("setup", "--yes").out)["shell"].startswith("done")
    assert len(start.read_text().splitlines()) == 2
    assert words(machine.tokenguard("setup", "--yes").out)["shell"].startswith("in order")


def test_a_folder_that_cannot_be_written_fails_its_step_alone(machine: Server) -> None:
    (machine.home / "tokenguard").mkdir(parents=True, exist_ok=True)
    (machine.home / "tokenguard" / "hooks").write_text("")
    result = machine.tokenguard("setup", "--yes")
    assert result.status == 3
    told = words(result.out)
    assert told["commits"].startswith("failed")
    assert told["git"].startswith("done")


def test_without_a_terminal_nothing_is_done(machine: Server) -> None:
    result = machine.tokenguard("setup")
    assert result.status == 2
    assert "--yes" in result.talk
    assert (machine.home / "hf" / "token").exists()


def test_a_step_that_fails_does_not_keep_others_from_being_done(machine: Server, hub: Hub) -> None:
    del machine.environment["TOKENGUARD_KEY_FILE"]
    machine.environment["TOKENGUARD_KEY_FILE"] = str(machine.folder / "no-key")
    result = machine.tokenguard("setup", "--yes")
    assert result.status == 4
    assert words(result.out)["vault"].startswith("failed")
    assert words(result.out)["commits"].startswith("done")
    assert (machine.home / "hf" / "token").exists()
