"""`tokenguard expunge`: git-filter-repo takes credentials out of all history, and what is left is told."""

from __future__ import annotations

import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import s3_access_key

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository


@pytest.fixture
def tokens(machine: Machine, repository: Repository) -> list[str]:
    """What is in the past of a repository: in files, in the message of a commit, and in a tag."""
    tokens = [machine.token(seed) for seed in range(3)]
    repository.stage("a.py", f"x = '{tokens[0]}'\n")
    repository.commit()
    repository.stage("a.py", f"x = '{tokens[1]}'\n")
    repository.commit(f"use {tokens[2]}")
    repository.git("tag", "-a", "v1", "-m", f"with {tokens[0]}")
    repository.stage("a.py", "x = None\n")
    repository.commit("clean")
    return tokens


def expunge(machine: Machine, *arguments: str | Path) -> Result:
    return machine.run("tokenguard", "expunge", *arguments, cwd=machine.folder / "repository")


def everything(repository: Repository) -> bytes:
    """All that any commit or tag has, and says."""
    return (
        repository.git("log", "--all", "--patch", "--format=%B").stdout
        + repository.git("for-each-ref", "--format=%(contents)").stdout
    )


def files_with(folder: Path, token: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]


def test_it_says_how_and_does_nothing(machine: Machine, repository: Repository, tokens: list[str]) -> None:
    head = repository.head
    result = expunge(machine)
    assert result.status == 0, result.talk
    assert result.out == "git filter-repo --force --replace-text FILE --replace-message FILE\n"
    assert all(f"hf_…{token[-4:]}" in result.talk for token in tokens)
    assert (repository.head, files_with(machine.folder, tokens[0])) == (head, [])


def test_the_call_that_it_gives_does_it(machine: Machine, repository: Repository, tokens: list[str]) -> None:
    path = machine.folder / "my expressions"
    result = expunge(machine, "--expressions", path)
    assert (result.status, stat.S_IMODE(path.stat().st_mode)) == (0, 0o600), result.talk
    again = expunge(machine, "--expressions", path)
    assert (again.status, "exists" in again.talk) == (3, True)
    done = machine.run("sh", "-c", result.out, cwd=repository.top)
    assert done.status == 0, done.talk
    assert all(token.encode() not in everything(repository) for token in tokens)
    assert b"x = 'hf_REDACTED'" in everything(repository)
    assert expunge(machine).talk.splitlines()[-1] == "tokenguard: there is nothing to take out"


def test_it_is_done_after_a_backup(machine: Machine, repository: Repository, tokens: list[str]) -> None:
    backup = machine.folder / "before.bundle"
    result = expunge(machine, "--run", "--yes", "--backup", backup)
    assert result.status == 0, result.talk
    assert "they are gone" in result.talk
    assert all(token.encode() not in everything(repository) for token in tokens)
    assert machine.scan("--history", "--fresh", cwd=repository.top).status == 0
    assert all(files_with(machine.folder, token) == [] for token in tokens)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    machine.run("git", "clone", "--quiet", backup, "restored")
    restored = machine.scan("--history", cwd=machine.folder / "restored")
    assert len({finding["fingerprint"] for finding in restored.findings}) == len(tokens)


def test_one_of_them_is_taken_out_alone(machine: Machine, repository: Repository, tokens: list[str]) -> None:
    scan = machine.scan("--history", cwd=repository.top)
    (chosen,) = {item["fingerprint"] for item in scan.findings if item["masked"].endswith(tokens[1][-4:])}
    result = expunge(machine, "--run", "--yes", "--fingerprint", chosen[:15])
    assert result.status == 0, result.talk
    assert [token.encode() in everything(repository) for token in tokens] == [True, False, True]
    (backup,) = machine.folder.glob("repository-*.bundle")
    assert str(backup) in result.talk


def test_what_is_left_is_told(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage("data.bin", b"\0\0 '" + token.encode() + b"' ")
    repository.commit()
    result = expunge(machine, "--run", "--yes")
    assert (result.status, "data.bin:1" in result.talk) == (1, True), result.talk
    assert "this is left" in result.talk


def test_what_is_allowed_is_left_alone(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage("a.py", f"x = '{token}'  # pragma: allowlist secret\n")
    repository.commit()
    head = repository.head
    result = expunge(machine, "--run", "--yes")
    assert (result.status, "nothing to take out" in result.talk, repository.head) == (0, True, head)


def test_the_secret_of_a_key_is_not_forgotten(machine: Machine, repository: Repository) -> None:
    key, secret = s3_access_key()
    machine.secret(secret)
    repository.stage("a.ini", f"aws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    repository.commit()
    result = expunge(machine, "--run", "--yes")
    assert secret.encode() not in everything(repository), result.talk


def test_a_remote_is_told_without_its_password(
    machine: Machine, repository: Repository, tokens: list[str]
) -> None:
    password = machine.secret("correct-horse-battery")
    repository.git("remote", "add", "origin", f"https://alice:{password}@example.com/acme/x.git")
    result = expunge(machine, "--run", "--yes")
    assert "git remote add origin https://example.com/acme/x.git" in result.talk
    assert repository.git("remote").stdout == b""


@pytest.mark.parametrize("staged", [True, False])
def test_what_is_not_committed_is_not_thrown_away(
    machine: Machine, repository: Repository, tokens: list[str], staged: bool
) -> None:
    repository.write("a.py", "x = 1\n")
    if staged:
        repository.git("add", ".")
    head = repository.head
    result = expunge(machine, "--run", "--yes")
    assert (result.status, "not committed" in result.talk, repository.head) == (2, True, head), result.talk
    assert (repository.top / "a.py").read_text() == "x = 1\n"


def test_nobody_who_cannot_be_asked_is_taken_to_agree(
    machine: Machine, repository: Repository, tokens: list[str]
) -> None:
    head = repository.head
    result = expunge(machine, "--run")
    assert (result.status, "--yes" in result.talk, repository.head) == (2, True, head)
    assert list(machine.folder.glob("*.bundle")) == []


def test_no_backup_is_overwritten(machine: Machine, repository: Repository, tokens: list[str]) -> None:
    backup = machine.write("before.bundle", "precious")
    head = repository.head
    result = expunge(machine, "--run", "--yes", "--backup", backup)
    assert (result.status, repository.head, backup.read_text()) == (2, head, "precious")


def test_without_git_filter_repo_it_says_where_to_get_it(
    machine: Machine, repository: Repository, tokens: list[str], tmp_path: Path
) -> None:
    for program in ("git", "tokenguard"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / program).symlink_to(shutil.which(program, path=machine.environment["PATH"]) or "")
    machine.environment["PATH"] = str(tmp_path / "bin")
    result = expunge(machine, "--run", "--yes")
    assert (result.status, "git filter-repo is not installed" in result.talk) == (2, True), result.talk


def test_a_shallow_clone_is_not_rewritten(machine: Machine, repository: Repository, tokens: list[str]) -> None:
    machine.run("git", "clone", "--quiet", "--depth=2", f"file://{repository.top}", "shallow")
    result = machine.run("tokenguard", "expunge", "--run", "--yes", "shallow")
    assert (result.status, "shallow" in result.talk) == (2, True), result.talk
    looked = machine.run("tokenguard", "expunge", "shallow")
    assert (looked.status, "git fetch --unshallow" in looked.talk) == (3, True), looked.talk


@pytest.mark.parametrize(
    "arguments",
    [["--yes"], ["--backup", "x"], ["--run", "--expressions", "x"], ["--fingerprint", "1"], ["nowhere"]],
)
def test_what_makes_no_sense_is_a_usage_error(
    machine: Machine, repository: Repository, tokens: list[str], arguments: list[str]
) -> None:
    assert expunge(machine, *arguments).status == 2
