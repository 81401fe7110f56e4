"""The command line as a whole: help, mistakes, tokens where they do not belong."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import credentials
from tests.support.repository import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.machine import Machine


def interpreter() -> str:
    """The one that has the tokenguard under test."""
    beside = scripts() / "python"
    return str(beside) if beside.exists() else sys.executable


def commands(machine: Machine) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every command with its help."""
    groups: list[tuple[str, ...]] = [()]
    while groups:
        results = machine.together(*((*group, "--help") for group in groups))
        below = []
        for group, result in zip(groups, results, strict=True):
            assert (result.status, result.stderr) == (0, b""), group
            yield group, result.out
            _, _, listed = result.out.partition("\nCommands:\n")
            below += [(*group, name) for name in re.findall(r"^  (\S+)", listed, re.MULTILINE)]
        groups = below


def test_every_command_has_help_with_an_example_and_explains_its_options(machine: Machine) -> None:
    # An option begins a line of click's; what it does stands behind it, or on the next line.
    listed = re.compile(r"^  (-\S+.*?)(?:  +(\S.*))?$\n?(?:^ {4,}(\S.*)$)?", re.MULTILINE)
    seen = set()
    for command, text in commands(machine):
        seen.add(command)
        assert re.search(r"^\s*Examples?:\n\s+(.* \| )?tokenguard", text, re.MULTILINE), command
        assert f"Usage: {' '.join(['tokenguard', *command])} " in text
        options = listed.findall(text.partition("\nOptions:\n")[2].partition("\nCommands:\n")[0])
        assert options, command
        for option, behind, below in options:
            assert behind or below, (command, option)
    assert {(), ("scan",), ("hook",), ("hook", "install"), ("hook", "uninstall"), ("hook", "status")} <= seen


def test_the_hook_answers_help(machine: Machine) -> None:
    for option in ("--help", "-h"):
        result = machine.run("tokenguard-hook", option)
        assert (result.status, result.stderr) == (0, b"")
        assert "Example: tokenguard-hook pre-commit" in result.out


def test_the_version_is_told(machine: Machine) -> None:
    result = machine.run("tokenguard", "--version")
    assert result.status == 0
    assert re.fullmatch(r"tokenguard, version \d+\.\d+\.\d+\S*\n", result.out)


def test_the_module_is_the_command(machine: Machine) -> None:
    machine.write("a.py", machine.token())
    by_module = machine.run(interpreter(), "-m", "tokenguard", "scan")
    assert by_module == machine.run("tokenguard", "scan")
    assert by_module.status == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["unknown"],
        ["--unknown"],
        ["scan", "--unknown"],
        ["scan", "--format", "unknown"],
        ["scan", "--max-size", "0"],
        ["scan", "--max-size", "a lot"],
        ["scan", "--jobs", "0"],
        ["scan", "--output"],
        ["scan", "--staged", "one", "other"],
        ["hook", "unknown"],
        ["hook", "install", "argument"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_told_apart_from_a_finding(machine: Machine, arguments: list[str]) -> None:
    result = machine.run("tokenguard", *arguments)
    assert (result.status, result.stdout) == (2, b"")
    assert "Error:" in result.talk
    assert "Traceback" not in result.talk


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["pre-commit-msg"], ["commit-msg"]])
def test_a_stage_that_is_none_is_told_apart_from_a_finding(machine: Machine, arguments: list[str]) -> None:
    result = machine.run("tokenguard-hook", *arguments)
    assert result.status == 2
    assert "Traceback" not in result.talk


def test_without_a_command_the_help_is_shown(machine: Machine) -> None:
    for group in ([], ["hook"]):
        result = machine.run("tokenguard", *group)
        assert result.status == 2
        assert "Commands:" in result.out + result.talk


@pytest.mark.parametrize("kind", credentials.every_kind())
def test_a_token_as_an_argument_is_refused_and_never_echoed(machine: Machine, kind: str) -> None:
    secret = credentials.every_kind()[kind]
    for word in secret.split():
        machine.secret(word)
    for arguments in (["scan", secret], ["scan", f"--output=out/{secret}"], [secret], ["unknown", "--x", secret]):
        result = machine.run("tokenguard", *arguments)
        assert (result.status, result.stdout) == (2, b""), arguments[0]
        assert "revoke it now: https://huggingface.co/settings/tokens" in result.talk
    assert list(machine.folder.iterdir()) == []


def test_a_token_as_an_argument_of_the_hook_is_never_echoed(machine: Machine) -> None:
    for arguments in ([machine.token()], ["commit-msg", machine.token(1)]):
        assert machine.run("tokenguard-hook", *arguments).status in {2, 3}


@pytest.mark.parametrize("form", ["scan{}", "x{}", "--jobs=x{}"])
def test_what_only_nearly_is_a_token_is_not_echoed_either(machine: Machine, form: str) -> None:
    token = machine.token()
    result = machine.run("tokenguard", *(["scan"] if form.startswith("-") else []), form.format(token))
    assert result.status == 2
