"""The command as an extension of `hf`, as far as that goes without a repository on GitHub to install it from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.repository import scripts

if TYPE_CHECKING:
    from tests.e2e.machine import Machine


def test_it_is_the_same_command_under_another_name(machine: Machine) -> None:
    for arguments in (("--version",), ("list",), ("no-such",), ("scan", machine.token())):
        assert machine.run("hf-tokenguard", *arguments) == machine.run("tokenguard", *arguments)


def test_hf_runs_it_once_it_is_installed(machine: Machine) -> None:
    """What `hf extensions install` leaves behind is put there by hand: huggingface_hub/cli/extensions.py."""
    folder = machine.home / ".local" / "share" / "hf" / "extensions" / "hf-tokenguard"
    folder.mkdir(parents=True)
    manifest = {
        "owner": "acme",
        "repo": "hf-tokenguard",
        "repo_id": "acme/hf-tokenguard",
        "short_name": "tokenguard",
        "executable_path": str(scripts() / "hf-tokenguard"),
        "type": "python",
        "installed_at": "2026-01-01T00:00:00+00:00",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    machine.write("leak.py", machine.token())
    result = machine.run("hf", "tokenguard", "scan", environment={"HF_HUB_DISABLE_UPDATE_CHECK": "1"})
    assert result.status == 1, result.talk
    assert "leak.py:1:1: user-access-token" in result.out
