"""A scan of a history tells how far it is, to a person at a terminal alone, and ends when it is told to."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e import past
from tests.e2e.machine import write_script
from tests.e2e.past import commit, leak
from tests.e2e.terminal import at_terminal
from tests.e2e.test_interrupt import processes_of, start
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.machine import Machine
    from tests.support.repository import Repository

RATE = b"MB/s"
SOON = 20
"""Seconds: what is told to end needs its time for that, but not as long as the scan would take."""


@pytest.fixture
def many(machine: Machine, repository: Repository) -> Repository:
    """A repository with enough objects for more than one task."""
    past.import_blobs(repository, [b"clean %d\n" % number for number in range(1500)])
    return repository


@pytest.mark.parametrize("options", [["--history"], ["--range", "HEAD~1..HEAD"], ["--since", "HEAD~1"]])
def test_a_bar_is_shown_at_a_terminal(machine: Machine, many: Repository, options: list[str]) -> None:
    many.git("reset", "--quiet", "--hard")
    leak(many, machine.token())
    result = at_terminal(machine, "tokenguard", "scan", "--jobs", "1", *options, str(many.top))
    assert result.status == 1
    assert b"objects  [" in result.stdout
    assert b"leak.py:1:1" in result.stdout
    assert b"1 leaked credential in 1 place" in result.stdout
    if "--history" in options:
        assert RATE in result.stdout


@pytest.mark.parametrize("options", [["--history"], ["--history", "--jobs", "1"], ["--since", "HEAD~1"]])
def test_the_bar_comes_to_its_end(machine: Machine, many: Repository, options: list[str]) -> None:
    commit(many)
    result = at_terminal(machine, "tokenguard", "scan", *options, str(many.top))
    assert result.status == 0
    assert (b"2/2" if "--since" in options else b"1502/1502") in result.stdout


def test_a_quiet_scan_shows_no_bar(machine: Machine, many: Repository) -> None:
    result = at_terminal(machine, "tokenguard", "scan", "--history", "-q", str(many.top))
    assert (result.status, result.stdout) == (0, b"")


def test_an_empty_history_shows_no_error_at_a_terminal(machine: Machine, repository: Repository) -> None:
    result = at_terminal(machine, "tokenguard", "scan", "--history", str(repository.top))
    assert result.status == 0
    assert b"nothing to scan" in result.stdout


def test_submodules_have_their_turn(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    past.import_blobs(library, [b"clean %d\n" % number for number in range(900)])
    past.add_submodule(repository, library.top, "library")
    result = at_terminal(
        machine, "tokenguard", "scan", "--history", "--recurse-submodules", "--jobs", "1", str(repository.top)
    )
    assert result.status == 0
    assert RATE in result.stdout


def test_elsewhere_nothing_is_said_but_the_summary(machine: Machine, many: Repository) -> None:
    for options in (["--history"], ["--range", "HEAD..HEAD"]):
        result = machine.run("tokenguard", "scan", *options, cwd=many.top)
        assert (result.status, result.stdout) == (0, b"")
        assert result.talk.count("\n") == 1
        assert "\r" not in result.talk
        result = machine.run("tokenguard", "scan", "-q", *options, cwd=many.top)
        assert (result.stdout, result.stderr) == (b"", b"")


# Ctrl-C.


def children(group: int) -> list[str]:
    """The command lines of the processes of a group that are alive."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pgid=,stat=,args="], capture_output=True, check=True, timeout=TIMEOUT, text=True
    )
    lines = (line.split(maxsplit=2) for line in listing.stdout.splitlines())
    return [rest[0] for its_group, state, *rest in lines if int(its_group) == group and not state.startswith("Z")]


def wait_until_at_work(process: subprocess.Popen[bytes], command: str, number: int) -> None:
    """Waits until so many processes of its group run `command`."""
    deadline = time.monotonic() + TIMEOUT
    while sum(command in line for line in children(process.pid)) < number:
        assert process.poll() is None, "it has ended"
        assert time.monotonic() < deadline, "it is not at work"


def interrupt(process: subprocess.Popen[bytes], whole_group: bool) -> None:
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)


def wait_until_gone(group: int) -> None:
    """What is killed needs its time to go."""
    deadline = time.monotonic() + SOON
    while left := list(processes_of(group)):
        assert time.monotonic() < deadline, f"{children(group)} is left: {left}"


@pytest.fixture
def ended() -> Iterator[list[subprocess.Popen[bytes]]]:
    """What is put there is ended with all its processes, whatever the test comes to."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()
        for left in processes_of(process.pid):
            os.kill(left, signal.SIGKILL)


@pytest.mark.unmeasured
@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_all_processes_of_a_history_scan(
    machine: Machine, repository: Repository, ended: list[subprocess.Popen[bytes]], whole_group: bool
) -> None:
    # What has the shape of a token and is none, again and again: judging it takes many seconds.
    almost = b"hf" + b"_" + b"x" * 34 + b"\n"
    past.import_blobs(repository, [almost * 1000 + b"%d" % number for number in range(1000)])
    process = start(machine, "--history", "--jobs", "2", str(repository.top), stdin=subprocess.DEVNULL)
    ended.append(process)
    # A git of theirs is there for moments alone.
    wait_until_at_work(process, "--history", 2 if sys.platform == "linux" else 1)
    interrupt(process, whole_group)
    expect_interrupted_soon(machine, process)


def expect_interrupted_soon(machine: Machine, process: subprocess.Popen[bytes]) -> None:
    stdout, stderr = process.communicate(timeout=SOON)
    machine.expect_hidden(stdout + stderr)
    assert process.returncode == 130, stderr
    assert stdout == b""
    assert b"Traceback" not in stderr
    wait_until_gone(process.pid)


@pytest.mark.unmeasured
@pytest.mark.parametrize("whole_group", [True, False])
@pytest.mark.parametrize("slow", ["rev-list", "--batch-all-objects", "--batch --buffer"])
def test_ctrl_c_ends_a_git_that_takes_its_time(
    machine: Machine,
    repository: Repository,
    ended: list[subprocess.Popen[bytes]],
    slow: str,
    whole_group: bool,
) -> None:
    """As it does where the repository is very large."""
    commit(repository)
    git = shutil.which("git")
    waits = "exec sleep 1234567"
    write_script(machine.folder / "bin" / "git", f'case "$*" in *"{slow}"*) {waits};; esac; exec "{git}" "$@"')
    machine.environment["PATH"] = f"{machine.folder / 'bin'}{os.pathsep}{machine.environment['PATH']}"
    process = start(machine, "--history", str(repository.top), stdin=subprocess.DEVNULL)
    ended.append(process)
    wait_until_at_work(process, "sleep 1234567", 1)
    interrupt(process, whole_group)
    expect_interrupted_soon(machine, process)
