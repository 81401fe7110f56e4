"""The threat model names the tests that show what it promises; each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "threat-model.md"
ALIASES = {
    "file": "e2e/test_vault_file.py",
    "unlocking": "e2e/test_vault_unlocking.py",
    "move": "e2e/test_vault_move.py",
    "failures": "e2e/test_vault_failures.py",
    "vault_file": "unit/vault/file/test_disk.py",
    "sealed": "unit/vault/test_sealed.py",
    "endpoint": "unit/core/test_endpoint.py",
    "access": "unit/test_access.py",
    "hub": "unit/test_hub.py",
    "filesystemscan": "unit/test_filesystemscan.py",
}


def test_every_test_that_it_names_is_there() -> None:
    promises = DOCUMENT.read_text(encoding="utf-8").partition("\n## ")[2]
    named = re.findall(r"`(\w+)::(\w+)(…?)`", promises)
    assert len(named) > 40
    for alias, name, rest in named:
        source = (TESTS / ALIASES.get(alias, f"e2e/test_{alias}.py")).read_text(encoding="utf-8")
        pattern = rf"^def test_{name}{'' if rest else '[(]'}"
        assert re.search(pattern, source, re.MULTILINE), f"{alias}::{name}"
