"""A real git repository, apart from the configuration of whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

TIMEOUT = 120
"""Seconds after which a process counts as hanging."""


class Repository:
    """git in a folder; `home` holds the only configuration that git sees."""

    def __init__(self, top: Path, home: Path, *init: str) -> None:
        self.top = top
        self.home = home
        self.environment = environment(home)
        top.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *init)

    def git(self, *arguments: str, check: bool = True, **extra: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", *arguments],
            cwd=self.top,
            env=self.environment | extra,
            check=check,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT,
        )

    def write(self, path: str | bytes, content: str | bytes) -> Path:
        target = self.top / os.fsdecode(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def stage(self, path: str | bytes, content: str | bytes) -> Path:
        target = self.write(path, content)
        self.git("add", "--", os.fsdecode(path))
        return target

    @property
    def head(self) -> str:
        """The name of the commit that is checked out; empty where there is none yet."""
        return self.git("rev-parse", "--quiet", "--verify", "HEAD", check=False).stdout.decode().strip()

    def commit(self, message: str = "a commit") -> None:
        """Commits what is staged, past all hooks."""
        self.git("-c", f"core.hooksPath={os.devnull}", "commit", "--quiet", "--allow-empty", "-m", message)


def environment(home: Path) -> dict[str, str]:
    """The environment of a person who has just come to this machine; commands of this interpreter come first."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not _is_of_the_developer(name)}
    return kept | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "TOKENGUARD_HOME": str(home / "tokenguard"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A U Thor",
        "GIT_AUTHOR_EMAIL": "author@example.com",
        "GIT_COMMITTER_NAME": "C O Mitter",
        "GIT_COMMITTER_EMAIL": "committer@example.com",
        "PATH": os.pathsep.join([str(scripts()), os.environ["PATH"]]),
        "NO_COLOR": "1",
    }


def scripts() -> Path:
    """Where the commands are: another build's in TOKENGUARD_SCRIPTS, else those of this interpreter."""
    return Path(os.environ.get("TOKENGUARD_SCRIPTS") or sysconfig.get_path("scripts"))


def _is_of_the_developer(name: str) -> bool:
    prefixes = ("GIT_", "HF_", "HUGGING", "TOKENGUARD", "PRE_COMMIT", "PYTHON", "XDG_", "VIRTUAL_ENV")
    # Nor is there a desktop, with a keyring on it, or somebody to ask.
    return name.startswith((*prefixes, "DBUS_", "DISPLAY", "WAYLAND_DISPLAY", "SSH_"))
