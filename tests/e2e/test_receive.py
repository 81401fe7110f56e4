"""Pushes that arrive at a real repository, with the bundled pre-receive hook in the way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured

HOOK = Path(__file__).parents[2] / "hooks" / "pre-receive"


@pytest.fixture
def server(machine: Machine) -> Repository:
    """A bare repository with the hook."""
    server = machine.repository("server.git", "--bare")
    shutil.copy(HOOK, server.top / "hooks" / "pre-receive")
    return server


@pytest.fixture
def pushed(repository: Repository, server: Repository) -> Repository:
    """A repository whose only commit the server has as `main`."""
    repository.git("remote", "add", "origin", str(server.top))
    repository.stage("app.py", "clean\n")
    repository.commit()
    repository.git("push", "--quiet", "origin", "main")
    return repository


def push(machine: Machine, repository: Repository, *what: str) -> Result:
    return machine.run("git", "push", "--quiet", "origin", *what, cwd=repository.top)


def refs(server: Repository) -> dict[str, str]:
    listing = server.git("for-each-ref", "--format=%(refname) %(objectname)").stdout.decode()
    return dict(line.split(" ") for line in listing.splitlines())


def expect_refused(machine: Machine, server: Repository, repository: Repository, *what: str) -> str:
    """What the pusher reads; fails where any ref has changed."""
    before = refs(server)
    result = push(machine, repository, *what)
    assert result.status != 0
    assert "remote: tokenguard: refused, this push would hand out" in result.talk
    assert "pre-receive hook declined" in result.talk
    assert refs(server) == before
    return result.talk


def leak(machine: Machine, repository: Repository, path: str = "leak.py", seed: int = 0) -> None:
    repository.stage(path, f"first line\n{machine.token(seed)}\n")
    repository.commit("leak")


def take_out(repository: Repository, path: str = "leak.py") -> None:
    repository.git("rm", "--quiet", path)
    repository.commit("take it out")


def push_past_the_hook(server: Repository, repository: Repository, *what: str) -> None:
    hook = server.top / "hooks" / "pre-receive"
    hook.chmod(0o644)
    repository.git("push", "--quiet", "origin", *what)
    hook.chmod(0o755)


def test_a_clean_push_is_accepted_and_the_pusher_reads_what_was_read(
    machine: Machine, server: Repository, pushed: Repository
) -> None:
    pushed.stage("more.py", "clean too\n")
    pushed.commit()
    result = push(machine, pushed, "main")
    assert result.status == 0, result.talk
    assert "remote: tokenguard: no leaked credentials (scanned 2 objects," in result.talk
    assert refs(server) == {"refs/heads/main": pushed.head}


def test_a_token_in_a_file_is_refused(machine: Machine, server: Repository, pushed: Repository) -> None:
    leak(machine, pushed)
    talk = expect_refused(machine, server, pushed, "main")
    assert "remote:   leak.py:2:1: user-access-token" in talk
    assert f"commit {pushed.head[:12]} by A U Thor <author@example.com>" in talk
    assert "nothing leads to it" not in talk


def test_a_token_that_a_later_commit_took_out_is_refused(
    machine: Machine, server: Repository, pushed: Repository
) -> None:
    leak(machine, pushed)
    take_out(pushed)
    assert "leak.py:2:1: user-access-token" in expect_refused(machine, server, pushed, "main")


def test_a_token_in_a_message_is_refused(machine: Machine, server: Repository, pushed: Repository) -> None:
    pushed.commit(f"subject\n\n{machine.token()}")
    talk = expect_refused(machine, server, pushed, "main")
    assert f"message of commit {pushed.head[:12]}:3:1: user-access-token" in talk


def test_a_token_for_a_name_is_refused(machine: Machine, server: Repository, pushed: Repository) -> None:
    pushed.git("commit", "--quiet", "--allow-empty", "-m", "by a token", GIT_AUTHOR_NAME=machine.token())
    assert f"fields of commit {pushed.head[:12]}" in expect_refused(machine, server, pushed, "main")


def test_a_token_in_a_tag_is_refused(machine: Machine, server: Repository, pushed: Repository) -> None:
    pushed.git("tag", "--annotate", "v1", "-m", machine.token())
    assert "message of tag" in expect_refused(machine, server, pushed, "v1")
    pushed.git("tag", "--force", "--annotate", "v1", "-m", "clean")
    assert push(machine, pushed, "v1").status == 0


def test_a_tag_of_a_file_is_read(machine: Machine, server: Repository, pushed: Repository) -> None:
    """What no commit brings in."""
    pushed.write("leak", machine.token())
    blob = pushed.git("hash-object", "-w", "leak").stdout.decode().strip()
    pushed.git("tag", "file", blob)
    assert f"object {blob}:1:1" in expect_refused(machine, server, pushed, "file")


def test_of_many_refs_one_that_leaks_has_all_refused(
    machine: Machine, server: Repository, pushed: Repository
) -> None:
    for branch in ("one", "three"):
        pushed.git("switch", "--quiet", "--create", branch, "main")
        pushed.stage(f"{branch}.py", branch)
        pushed.commit()
    pushed.git("switch", "--quiet", "--create", "two", "main")
    leak(machine, pushed)
    assert "leak.py:2:1" in expect_refused(machine, server, pushed, "one", "two", "three", ":refs/heads/main")
    result = push(machine, pushed, "one", "three")
    assert result.status == 0, result.talk
    assert set(refs(server)) == {"refs/heads/main", "refs/heads/one", "refs/heads/three"}


def test_a_branch_can_be_deleted(machine: Machine, server: Repository, pushed: Repository) -> None:
    push_past_the_hook(server, pushed, "main:other")
    result = push(machine, pushed, "--delete", "other")
    assert result.status == 0, result.talk
    assert "nothing to scan" in result.talk
    assert set(refs(server)) == {"refs/heads/main"}


def test_a_leak_can_be_deleted_and_not_come_back(machine: Machine, server: Repository, pushed: Repository) -> None:
    pushed.git("switch", "--quiet", "--create", "leaking")
    leak(machine, pushed)
    push_past_the_hook(server, pushed, "leaking")
    result = push(machine, pushed, "--delete", "leaking")
    assert result.status == 0, result.talk
    # Its objects are still there, but no ref leads to them.
    assert "leak.py:2:1" in expect_refused(machine, server, pushed, "leaking")


def test_a_forced_push_is_read(machine: Machine, server: Repository, pushed: Repository) -> None:
    pushed.stage("leak.py", machine.token())
    pushed.git("commit", "--quiet", "--amend", "-m", "rewritten")
    assert "leak.py:1:1" in expect_refused(machine, server, pushed, "--force", "main")
    pushed.git("rm", "--quiet", "--cached", "leak.py")
    pushed.git("commit", "--quiet", "--amend", "-m", "rewritten again")
    assert push(machine, pushed, "--force", "main").status == 0
    assert refs(server) == {"refs/heads/main": pushed.head}


def test_what_the_server_has_is_not_reported_again(
    machine: Machine, server: Repository, pushed: Repository
) -> None:
    leak(machine, pushed)
    push_past_the_hook(server, pushed, "main")
    pushed.git("switch", "--quiet", "--create", "feature")
    pushed.stage("more.py", "clean as well\n")
    pushed.commit()
    result = push(machine, pushed, "feature", "main:same")
    assert result.status == 0, result.talk
    assert "no leaked credentials (scanned 2 objects" in result.talk


def test_what_arrives_is_read_while_it_is_in_quarantine(
    machine: Machine, server: Repository, pushed: Repository
) -> None:
    """The hook is called by hand, as git calls it: with a folder of objects that the repository lacks."""
    leak(machine, pushed)
    line = f"{'0' * 40} {pushed.head} refs/heads/leaking\n".encode()
    quarantine = {
        "GIT_DIR": ".",
        "GIT_QUARANTINE_PATH": str(pushed.top / ".git" / "objects"),
        "GIT_OBJECT_DIRECTORY": str(pushed.top / ".git" / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(server.top / "objects"),
    }
    command = ("tokenguard-hook", "pre-receive")
    result = machine.run(*command, cwd=server.top, stdin=line, environment=quarantine)
    assert result.status == 1
    assert "leak.py:2:1" in result.talk
    without = machine.run(*command, cwd=server.top, stdin=line, environment={"GIT_DIR": "."})
    assert without.status == 3
    assert "there is no object" in without.talk


def test_a_large_push_is_kept_packed_and_read(machine: Machine, server: Repository, pushed: Repository) -> None:
    server.git("config", "receive.unpackLimit", "1")
    for number in range(30):
        pushed.stage(f"file {number}", f"clean {number}\n" * 50)
    leak(machine, pushed)
    pushed.stage("large", b"." * (9 << 20) + b"\n" + machine.token(1).encode())
    pushed.commit()
    talk = expect_refused(machine, server, pushed, "main")
    assert "leak.py:2:1" in talk
    assert "large:2:1" in talk
    assert "2 leaked credentials" in talk


@pytest.mark.parametrize("name", [".tokenguard.toml", "pyproject.toml"])
def test_what_is_pushed_cannot_switch_the_check_off(
    machine: Machine, server: Repository, pushed: Repository, name: str
) -> None:
    leak(machine, pushed)
    assert expect_refused(machine, server, pushed, "main")
    fingerprint = machine.scan("--no-config", cwd=pushed.top).findings[0]["fingerprint"]
    settings = f'exclude = ["leak.py"]\nallow = ["{fingerprint}"]\n'
    table = "" if name.startswith(".") else "[tool.tokenguard]\n"
    pushed.stage(name, table + settings)
    pushed.commit()
    assert "leak.py:2:1" in expect_refused(machine, server, pushed, "main")
    # Not even where it has been on the server before.
    pushed.git("switch", "--quiet", "--create", "settings", "HEAD~2")
    pushed.stage(name, table + settings)
    pushed.commit()
    assert push(machine, pushed, "settings:main", "settings").status == 0
    leak(machine, pushed)
    assert "leak.py:2:1" in expect_refused(machine, server, pushed, "settings")


@pytest.mark.parametrize("place", ["server.git", "work tree/server.git"])
def test_the_configuration_in_the_servers_own_folder_counts(
    machine: Machine, server: Repository, pushed: Repository, place: str
) -> None:
    if place != "server.git":
        outer = machine.repository("work tree")
        outer.write(".tokenguard.toml", 'exclude = ["app.py"]\n')
        server.top = server.top.rename(machine.folder / place)
        pushed.git("remote", "set-url", "origin", str(server.top))
    server.write(".tokenguard.toml", 'exclude = ["leak.py"]\n')
    leak(machine, pushed)
    result = push(machine, pushed, "main")
    assert result.status == 0, result.talk
    assert "1 file excluded by the configuration" in result.talk
    leak(machine, pushed, "app.py", seed=1)
    assert "app.py:2:1" in expect_refused(machine, server, pushed, "main")


def test_what_had_another_path_is_not_excluded(machine: Machine, server: Repository, pushed: Repository) -> None:
    server.write(".tokenguard.toml", 'exclude = ["fixtures/"]\n')
    leak(machine, pushed, "fixtures/leak.py")
    pushed.git("mv", "fixtures", "src")
    pushed.commit("and move it")
    talk = expect_refused(machine, server, pushed, "main")
    assert "leak.py:2:1" in talk


def test_a_wrong_configuration_of_the_server_refuses(
    machine: Machine, server: Repository, pushed: Repository
) -> None:
    server.write(".tokenguard.toml", "exclude = 7\n")
    pushed.commit("clean")
    before = refs(server)
    result = push(machine, pushed, "main")
    assert result.status != 0
    assert "exclude is not a list of strings" in result.talk
    assert refs(server) == before


@pytest.mark.parametrize(
    "lines", [b"nonsense\n", b"a b\n", b"a b c d\n", b"\n", f"{'0' * 40} {'1' * 40} refs/heads/x\n".encode()]
)
def test_lines_that_git_does_not_write_are_refused(machine: Machine, server: Repository, lines: bytes) -> None:
    result = machine.run(
        "tokenguard-hook", "pre-receive", cwd=server.top, stdin=lines, environment={"GIT_DIR": "."}
    )
    assert result.status in (2, 3)
    assert "Traceback" not in result.talk


def test_a_line_without_its_end_is_not_passed_over(
    machine: Machine, server: Repository, pushed: Repository
) -> None:
    leak(machine, pushed)
    push_past_the_hook(server, pushed, "main:leaking")
    server.git("update-ref", "-d", "refs/heads/leaking")
    line = f"{'0' * 40} {pushed.head} refs/heads/leaking".encode()
    result = machine.run(
        "tokenguard-hook", "pre-receive", cwd=server.top, stdin=line, environment={"GIT_DIR": "."}
    )
    assert result.status != 0
