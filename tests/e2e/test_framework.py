"""The hooks as the pre-commit framework installs and calls them, from .pre-commit-hooks.yaml of this work tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import Repository, environment

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result

pytestmark = pytest.mark.unmeasured

CHECKOUT = Path(__file__).parents[2]
INSTALLING = 600
"""Seconds: the framework builds the package and downloads what it needs."""


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository whose only commit is the work tree that these tests are in."""
    folder = tmp_path_factory.mktemp("release")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        env=environment(folder / "home"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
    )
    release = Repository(folder / "tokenguard", folder / "home")
    for name in os.fsdecode(listing.stdout).split("\0")[:-1]:
        if (CHECKOUT / name).is_file():  # deleted ones are listed, too
            (release.top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, release.top / name)
    release.git("add", ".")
    release.commit()
    return release


@pytest.fixture(scope="session")
def framework(release: Repository, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the framework keeps the environment of our hooks, which is built once."""
    cache = {"PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("framework"))}
    anywhere = Repository(tmp_path_factory.mktemp("anywhere"), release.home)
    anywhere.write(".pre-commit-config.yaml", config(release))
    subprocess.run(
        ["pre-commit", "install-hooks"],
        cwd=anywhere.top,
        env=anywhere.environment | cache,
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=INSTALLING,
    )
    return cache


@pytest.fixture
def guarded(
    machine: Machine, repository: Repository, release: Repository, framework: dict[str, str]
) -> Repository:
    """A repository that has installed our hooks through the framework, and one commit."""
    repository.stage(".pre-commit-config.yaml", config(release))
    repository.stage("app.py", "clean\n")
    repository.commit()
    installed = machine.run("pre-commit", "install", cwd=repository.top, environment=framework)
    assert installed.status == 0, installed.talk
    return repository


def config(release: Repository) -> str:
    return f"""\
default_install_hook_types: [pre-commit, pre-merge-commit, commit-msg, pre-push]
repos:
  - repo: {release.top}
    rev: {release.head}
    hooks:
      - id: tokenguard
      - id: tokenguard-commit-msg
      - id: tokenguard-pre-push
"""


def test_a_commit_with_a_token_is_refused(
    machine: Machine, guarded: Repository, framework: dict[str, str]
) -> None:
    guarded.stage("weights.bin", b"\0\1\2" + machine.token().encode())
    head = guarded.head
    result = machine.run("git", "commit", "-m", "leak", cwd=guarded.top, environment=framework)
    assert result.status != 0
    assert "weights.bin:1:4: user-access-token" in result.talk
    assert guarded.head == head


def test_a_clean_commit_is_made(machine: Machine, guarded: Repository, framework: dict[str, str]) -> None:
    guarded.stage("app.py", "edited\n")
    head = guarded.head
    result = machine.run("git", "commit", "-m", "clean", cwd=guarded.top, environment=framework)
    assert result.status == 0, result.talk
    assert "Skipped" not in result.talk
    assert guarded.head != head


def test_a_token_that_is_not_staged_is_not_refused(
    machine: Machine, guarded: Repository, framework: dict[str, str]
) -> None:
    guarded.stage("app.py", "edited\n")
    guarded.write("app.py", machine.token())
    result = machine.run("git", "commit", "-m", "clean", cwd=guarded.top, environment=framework)
    assert result.status == 0, result.talk


def test_a_token_in_the_message_is_refused(
    machine: Machine, guarded: Repository, framework: dict[str, str]
) -> None:
    guarded.stage("app.py", "edited\n")
    head = guarded.head
    result = machine.run("git", "commit", "-m", machine.token(), cwd=guarded.top, environment=framework)
    assert result.status != 0
    assert "commit message:1:1: user-access-token" in result.talk
    assert guarded.head == head


def test_a_merge_that_brings_a_token_in_is_refused(
    machine: Machine, guarded: Repository, framework: dict[str, str]
) -> None:
    guarded.git("checkout", "--quiet", "-b", "other")
    guarded.stage("leak.py", machine.token())
    guarded.commit()
    guarded.git("checkout", "--quiet", "main")
    head = guarded.head
    result = machine.run("git", "merge", "--no-ff", "-m", "m", "other", cwd=guarded.top, environment=framework)
    assert result.status != 0
    assert "leak.py:1:1: user-access-token" in result.talk
    assert guarded.head == head


def test_a_push_that_brings_a_token_in_is_refused(
    machine: Machine, guarded: Repository, framework: dict[str, str]
) -> None:
    machine.repository("origin", "--bare")
    guarded.git("remote", "add", "origin", str(machine.folder / "origin"))
    push = ("git", "push", "origin", "main")
    first = machine.run(*push, cwd=guarded.top, environment=framework)
    assert first.status == 0, first.talk
    guarded.stage("leak.py", machine.token())
    guarded.commit()
    guarded.git("rm", "--quiet", "leak.py")
    guarded.commit()
    second = machine.run(*push, cwd=guarded.top, environment=framework)
    assert second.status != 0
    assert "leak.py:1:1: user-access-token" in second.out + second.talk


def test_all_files_are_read_where_nothing_is_staged(
    machine: Machine, guarded: Repository, framework: dict[str, str]
) -> None:
    def run() -> Result:
        return machine.run("pre-commit", "run", "--all-files", cwd=guarded.top, environment=framework)

    clean = run()
    assert clean.status == 0, clean.out
    assert scanned(clean) == 2
    guarded.stage("src/leak.py", machine.token())
    guarded.commit()
    leaking = run()
    assert leaking.status == 1
    assert "src/leak.py:1:1: user-access-token" in leaking.out
    assert scanned(leaking) == 3


def test_all_files_are_read_though_something_is_staged(
    machine: Machine, guarded: Repository, framework: dict[str, str]
) -> None:
    """The framework tells a hook of --all-files by its file names alone, which ours do not take."""
    guarded.stage("src/leak.py", machine.token())
    guarded.commit()
    guarded.stage("app.py", "edited\n")
    result = machine.run("pre-commit", "run", "--all-files", cwd=guarded.top, environment=framework)
    assert result.status == 1, result.out
    assert "src/leak.py:1:1: user-access-token" in result.out


def test_the_manifest_is_valid_and_calls_what_there_is(machine: Machine) -> None:
    manifest = CHECKOUT / ".pre-commit-hooks.yaml"
    assert machine.run("pre-commit", "validate-manifest", str(manifest)).status == 0
    text = manifest.read_text()
    assert re.findall(r"^- id: (.*)$", text, re.MULTILINE) == [
        "tokenguard",
        "tokenguard-commit-msg",
        "tokenguard-pre-push",
    ]
    stages = machine.run("tokenguard-hook", "--help").out
    for stage in re.findall(r"entry: tokenguard-hook (\S+)$", text, re.MULTILINE):
        assert re.search(rf"\b{stage}\b", stages), stage
    assert "types" not in text  # none is restricted to text, or to anything


def scanned(result: Result) -> int:
    """How many files the hook said it had read."""
    match = re.search(r"scanned (\d+) files?, \d+ bytes", result.out)
    assert match, result.out
    return int(match.group(1))
