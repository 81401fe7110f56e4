"""Ctrl-C: the answer is not known, which is its own exit status, and nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.machine import Machine

pytestmark = pytest.mark.unmeasured

INTERRUPTED = 130


def start(machine: Machine, *arguments: str, stdin: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["tokenguard", "scan", *arguments],
        cwd=machine.folder,
        env=machine.environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def expect_interrupted(machine: Machine, process: subprocess.Popen[bytes]) -> None:
    stdout, stderr = process.communicate(timeout=TIMEOUT)
    machine.expect_hidden(stdout + stderr)
    assert process.returncode == INTERRUPTED, stderr
    assert stdout == b""
    assert b"Traceback" not in stderr
    assert list(processes_of(process.pid)) == []


def processes_of(group: int) -> Iterator[int]:
    """The processes of a group that are alive."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, check=True, timeout=TIMEOUT, text=True
    )
    for line in listing.stdout.splitlines():
        pid, its_group, state = line.split(maxsplit=2)
        if int(its_group) == group and not state.startswith("Z"):
            yield int(pid)


@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_a_scan_of_standard_input(machine: Machine, whole_group: bool) -> None:
    process = start(machine, "--stdin", stdin=subprocess.PIPE)
    assert process.stdin is not None
    # A pipe holds far less than this: once it is written, the scan is reading.
    process.stdin.write(machine.token().encode() + b" " * 1024 * 1024)
    process.stdin.flush()
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    expect_interrupted(machine, process)


@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_all_processes_of_a_scan(machine: Machine, whole_group: bool) -> None:
    with (machine.folder / "endless.img").open("wb") as file:
        file.truncate(1024**4)  # sparse; hours of reading
    process = start(machine, "--jobs", "2", "endless.img", stdin=subprocess.DEVNULL)
    try:
        # Where processes are forked, it is at work once there are two.
        deadline = time.monotonic() + TIMEOUT
        while sys.platform == "linux" and len(list(processes_of(process.pid))) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline, "no second process"
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
        expect_interrupted(machine, process)
    finally:
        process.kill()
