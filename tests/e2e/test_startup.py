"""What is loaded before a commit can be made: told by the modules, since a stopwatch tells of the machine."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import scripts

if TYPE_CHECKING:
    from tests.e2e.machine import Machine
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured

HEAVY = {
    *("click", "keyring", "huggingface_hub", "detect_secrets", "logging", "dataclasses", "inspect", "argparse"),
    *("pathlib", "json", "hashlib", "asyncio", "socket", "tempfile"),
}


def loaded(machine: Machine, repository: Repository, *command: str, stdin: bytes | None = None) -> set[str]:
    """The modules that a command imports, as the interpreter itself lists them, without those it starts with."""
    return _imported(machine, repository, *command, stdin=stdin) - _imported(
        machine, repository, interpreter(), "-c", "pass"
    )


def interpreter() -> str:
    """The one that has the tokenguard under test."""
    beside = scripts() / "python"
    return str(beside) if beside.exists() else sys.executable


def test_a_clean_commit_loads_nothing_heavy(machine: Machine, repository: Repository) -> None:
    repository.stage("a.py", "clean\n")
    repository.stage("pyproject.toml", "[project]\nname = 'clean'\n")
    modules = loaded(machine, repository, "tokenguard-hook", "pre-commit")
    assert "tokenguard.sources.staged" in modules
    assert modules & HEAVY == set()
    assert not any(name.startswith("tokenguard.cli") for name in modules)


def test_a_clean_message_loads_nothing_heavy(machine: Machine, repository: Repository) -> None:
    repository.write("message", "a subject\n")
    modules = loaded(machine, repository, "tokenguard-hook", "commit-msg", "message")
    assert "tokenguard.hook" in modules
    assert modules & HEAVY == set()


def test_a_clean_push_loads_no_library(machine: Machine, repository: Repository) -> None:
    repository.stage("a.py", "clean\n")
    repository.commit()
    head, ref = repository.head, "refs/heads/main"
    lines = f"{ref} {head} {ref} {'0' * 40}\n".encode()
    for stage, stdin in (("pre-push", lines), ("pre-receive", f"{'0' * 40} {head} {ref}\n".encode())):
        modules = loaded(machine, repository, "tokenguard-hook", stage, "origin", stdin=stdin)
        assert "tokenguard.sources.objects" in modules or stage == "pre-receive"
        assert modules & HEAVY - {"json"} == set()
        libraries = ("click", "keyring", "huggingface_hub", "cryptography", "filelock", "hyperscan", "pathspec")
        assert [name for name in modules if name.partition(".")[0] in libraries] == []
        assert not any(name.startswith(("tokenguard.cli", "tokenguard.vault")) for name in modules)


def test_a_scan_without_options_loads_nothing_heavy(machine: Machine, repository: Repository) -> None:
    repository.write("a.py", "clean\n")
    modules = loaded(machine, repository, "tokenguard", "scan")
    assert "tokenguard.sources.tree" in modules
    assert modules & HEAVY == set()


def test_the_package_imports_itself_alone(machine: Machine, repository: Repository) -> None:
    modules = loaded(machine, repository, interpreter(), "-c", "import tokenguard")
    assert {name for name in modules if name.startswith("tokenguard")} == {"tokenguard"}
    assert modules & HEAVY == set()


def test_the_names_of_the_package_load_when_they_are_used(machine: Machine, repository: Repository) -> None:
    code = "import tokenguard; assert tokenguard.scan_bytes(b'clean') == []; assert tokenguard.Finding"
    modules = loaded(machine, repository, interpreter(), "-c", code)
    assert "tokenguard.core.scan" in modules
    assert modules & HEAVY == set()


def _imported(machine: Machine, repository: Repository, *command: str, stdin: bytes | None = None) -> set[str]:
    result = machine.run(*command, cwd=repository.top, stdin=stdin, environment={"PYTHONVERBOSE": "1"})
    assert result.status == 0, result.talk
    return set(re.findall(r"^import '([^']+)' # ", result.talk, re.MULTILINE))
