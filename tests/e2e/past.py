"""The past of a repository: how tests make it, and what `tokenguard scan` says of it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.credentials import fingerprint
from tests.support.repository import TIMEOUT, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.e2e.machine import Machine, Scan

_IDENTITY = ("-c", "core.hooksPath=/dev/null")

AUTHOR = "A U Thor <author@example.com>"
DAY = 24 * 60 * 60


def commit(repository: Repository, message: str = "a commit", at: int = 1_600_000_000, **extra: str) -> str:
    """Commits what is staged `at` a second since 1970, past all hooks; gives the commit's name."""
    date = f"{at} +0000"
    extra = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, **extra}
    repository.git(*_IDENTITY, "commit", "--quiet", "--allow-empty", "-m", message, check=True, **extra)
    return repository.head


def take_out(repository: Repository, path: str, at: int = 1_600_000_000) -> str:
    """Commits that a file is gone."""
    repository.git("rm", "--quiet", "--", path)
    return commit(repository, "take it out", at)


def leak(repository: Repository, token: str, path: str = "leak.py", at: int = 1_600_000_000) -> str:
    """Commits a file with a token in its only line."""
    repository.stage(path, f"{token}\n")
    return commit(repository, "leak", at)


def blob(repository: Repository, content: str | bytes) -> str:
    """Puts a blob into the repository that nothing leads to; gives its name."""
    scratch = repository.home / "scratch"
    scratch.write_bytes(content if isinstance(content, bytes) else content.encode())
    return text(repository, "hash-object", "-w", "--no-filters", str(scratch))


def text(repository: Repository, *arguments: str) -> str:
    """What git prints."""
    return repository.git(*arguments).stdout.decode().strip()


def loose(repository: Repository, name: str) -> Path:
    """The file of an object that is in no pack, to be written to."""
    path = repository.top / ".git" / "objects" / name[:2] / name[2:]
    path.chmod(0o644)
    return path


def pack_everything(repository: Repository) -> Path:
    """Puts all objects, those that nothing leads to as well, into one pack; gives its file."""
    repository.git("repack", "-a", "-d", "--quiet", "--keep-unreachable")
    repository.git("prune-packed", "--quiet")
    (pack,) = (repository.top / ".git" / "objects" / "pack").glob("*.pack")
    for path in pack.parent.iterdir():
        path.chmod(0o644)
    return pack


def import_blobs(repository: Repository, contents: Sequence[bytes]) -> None:
    """Commits very many files at once, `0.txt` and so on."""
    stream = [b"blob\nmark :%d\ndata %d\n%s\n" % (at + 1, len(data), data) for at, data in enumerate(contents)]
    stream.append(b"commit refs/heads/main\ncommitter A <a@example.com> 1600000000 +0000\ndata 4\nmany\n")
    stream += [b"M 100644 :%d %d.txt\n" % (at + 1, at) for at in range(len(contents))]
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=repository.top,
        env=repository.environment,
        input=b"".join(stream),
        check=True,
        timeout=TIMEOUT,
    )


def clone(machine: Machine, repository: Repository, name: str, *options: str) -> Repository:
    """A clone through git's own protocol, as of a repository on another machine."""
    address = f"file://{repository.top}"
    result = machine.run("git", "clone", "--quiet", *options, address, name)
    assert result.status == 0, result.talk
    return Repository(machine.folder / name, machine.home)


def add_submodule(repository: Repository, inner: Path, name: str) -> None:
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), name)
    commit(repository, "a submodule")


def history(machine: Machine, repository: Repository, *options: str) -> Scan:
    """What `tokenguard scan --history` says of it."""
    return machine.scan("--history", *options, cwd=repository.top)


def found(scan: Scan, tokens: Mapping[str, str]) -> set[str]:
    """By what they are called, those of `tokens` that were found."""
    seen = {finding["fingerprint"] for finding in scan.findings}
    return {name for name, token in tokens.items() if fingerprint(token) in seen}


def finding_of(scan: Scan, token: str) -> dict[str, Any]:
    """The only finding of a token."""
    (finding,) = [finding for finding in scan.findings if finding["fingerprint"] == fingerprint(token)]
    return finding
