"""The tests of this folder run real commands: none may see, or touch, what belongs to whoever runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from tests.e2e.machine import Machine
    from tests.support.repository import Repository


def test_git_fails_in_the_environment_of_the_tests_themselves(repository: Repository) -> None:
    process = subprocess.run(
        ["git", "status"],
        cwd=repository.top,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert process.returncode != 0
    assert b"bad config" in process.stderr


def test_the_home_of_a_machine_is_in_its_test(machine: Machine, tmp_path: Path) -> None:
    machine.run("git", "config", "--global", "user.name", "Nobody")
    assert (tmp_path / "home" / ".gitconfig").read_text() == "[user]\n\tname = Nobody\n"
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "TOKENGUARD_HOME"):
        assert Path(machine.environment[name]).is_relative_to(tmp_path)


def test_no_variable_of_the_developer_reaches_a_command(machine: Machine) -> None:
    assert "GIT_CONFIG_GLOBAL" in os.environ
    named = {name for name in machine.environment if name.startswith(("GIT_", "HF_", "PRE_COMMIT", "PYTHON"))}
    assert named == {"GIT_CONFIG_NOSYSTEM"} | {name for name in named if name.endswith(("_NAME", "_EMAIL"))}
