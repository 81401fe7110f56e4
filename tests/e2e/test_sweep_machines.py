"""Whatever executes the tasks of a sweep: nothing secret goes there or comes back, and what dies is not clean."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.fleet import OWNER, expect_quiet, leaks, sweep
from tests.e2e.past import commit, fingerprint, leak
from tests.support.hub import closed_port, slow
from tests.support.repository import TIMEOUT
from tokenguard.core.target import Target, read_target
from tokenguard.sweep import Limits
from tokenguard.sweep import sweep as sweep_with
from tokenguard.task import Outcome, Task, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.fleet import Fleet
    from tests.e2e.machine import Machine


@pytest.fixture
def here(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine, with this very process on it."""
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    for name in ("HOME", "TOKENGUARD_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, machine.environment[name])
    return machine


class Wire(Executor):
    """Pickles what goes out and what comes back, as a cluster does, and keeps it."""

    def __init__(self, *versions: str) -> None:
        self.seen: list[bytes] = []
        self.versions = list(versions)

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
        (task,) = arguments
        if self.versions:
            task = task._replace(version=self.versions.pop())
        self.seen.append(pickle.dumps((call, task)))
        call, task = pickle.loads(self.seen[-1])
        self.seen.append(pickle.dumps(call(task)))
        future: Future[Any] = Future()
        future.set_result(pickle.loads(self.seen[-1]))
        return future


class Broken(Executor):
    def submit(self, call: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
        raise BrokenProcessPool("it has died")


def test_no_pickle_has_a_secret_in_it(here: Machine, fleet: Fleet) -> None:
    token, path, password = here.token(1), here.token(2), here.secret("x" * 40)
    work = fleet.serve("model", token)
    work.stage(f"{path}/{path}.py", f"{token}\n")
    commit(work, GIT_AUTHOR_NAME=path)
    fleet.publish("model", work)
    fleet.let_in("", "nobody")
    fleet.let_in(password, OWNER)
    (here.home / "credentials").write_text(fleet.endpoint.replace("://", f"://alice:{password}@") + "\n")
    here.run("git", "config", "--global", "credential.helper", f"store --file {here.home / 'credentials'}")
    local = here.repository("local")
    leak(local, token)
    wire = Wire()
    targets = [read_target(fleet.url("model")), read_target(str(local.top)), read_target("nowhere")]
    report = sweep_with(targets, wire, at_once=1)
    found = {finding.fingerprint for finding in report.findings}
    assert fingerprint(token) in found, report.unreadable
    assert len(wire.seen) == 6
    for data in wire.seen:
        here.expect_hidden(data)
    for file in (here.home / "tokenguard").rglob("*"):
        if file.is_file():
            here.expect_hidden(file.read_bytes())


def test_a_pool_of_processes_executes_it(here: Machine, fleet: Fleet) -> None:
    token = here.token()
    names = ["a", "b", "c"]
    for name in names:
        fleet.serve(name, token)
    with ProcessPoolExecutor(2) as pool:
        report = sweep_with([read_target(fleet.url(name)) for name in names], pool, at_once=2)
    places = {(finding.origin.path, finding.fingerprint) for finding in report.findings}
    assert places == leaks(map(fleet.url, names), token), report.unreadable


def test_what_nobody_executes_is_not_clean(here: Machine) -> None:
    targets = [Target("a", "folder"), Target("b", "folder")]
    report = sweep_with(targets, Broken(), at_once=1, limits=Limits(pause=0))
    assert [item.origin.path for item in report.unreadable] == ["a", "b"]
    assert report.exit_code == 3
    assert "BrokenProcessPool" in report.unreadable[0].reason


def test_another_version_does_not_read(here: Machine) -> None:
    leak(here.repository("local"), here.token())
    target = read_target(str(here.folder / "local"))
    report = sweep_with([target], Wire("0.0.1"), at_once=1)
    assert (report.findings, report.exit_code) == ((), 3)
    assert "and not 0.0.1" in report.unreadable[0].reason


def test_a_process_that_dies_takes_no_other_with_it(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    leak(here.repository("local"), here.token())
    git = here.write("bin/git", "#!/bin/sh\nkill -9 $PPID\nsleep 600\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}{os.pathsep}{os.environ['PATH']}")
    outcome = perform(Task(read_target(str(here.folder / "local")), TIMEOUT))
    assert outcome == Outcome(failure="the process that was to read it died (signal 9)", is_passing=True)


# Dask: a scheduler and workers, each a process of its own.


class Cluster:
    def __init__(self, machine: Machine, top: Path) -> None:
        self._machine = machine
        self._top = top
        self.logs: list[Path] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self.processes: list[subprocess.Popen[bytes]] = []
        _, log = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        self.address = self._wait_for(log, rb"Scheduler at: +(tcp://\S+)")

    def add_worker(self, **environment: str) -> None:
        process, log = self._start(
            "worker",
            self.address,
            *("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"),
            **environment,
        )
        self._wait_for(log, rb"(Registered to)")
        self.workers.append(process)

    def _start(self, *arguments: str, **environment: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = self._top / f"dask-{len(self.processes)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
                cwd=self._top,
                env=self._machine.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        self.logs.append(log)
        return process, log

    def _wait_for(self, log: Path, pattern: bytes) -> str:
        deadline = time.monotonic() + TIMEOUT
        while not (match := re.search(pattern, log.read_bytes())):
            assert time.monotonic() < deadline, log.read_text()
            assert self.processes[-1].poll() is None, log.read_text()
            time.sleep(0.05)
        return match[1].decode()


@contextmanager
def cluster_of(machine: Machine, top: Path, workers: int) -> Iterator[Cluster]:
    cluster = Cluster(machine, top)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        for process in reversed(cluster.processes):
            process.kill()
            process.wait()
        for log in cluster.logs:
            machine.expect_hidden(log.read_bytes())


@pytest.mark.unmeasured
def test_a_dask_cluster_executes_it(machine: Machine, fleet: Fleet, tmp_path: Path) -> None:
    token = machine.token()
    names = ["a", "b", "c", "d"]
    for name in names:
        fleet.serve(name, token)
    with cluster_of(machine, tmp_path, 2) as cluster:
        swept = sweep(machine, "--dask", cluster.address, "nowhere", *map(fleet.url, names))
    assert swept.status == 3
    assert swept.places == leaks(map(fleet.url, names), token)
    assert list(swept.unreadable) == ["nowhere"]


@pytest.mark.unmeasured
def test_a_worker_that_is_killed_half_way_is_made_up_for(machine: Machine, fleet: Fleet, tmp_path: Path) -> None:
    token = machine.token()
    names = ["a", "b", "slow"]
    for name in names:
        fleet.serve(name, token)
    fleet.answers["slow"] = [slow(600)]
    with cluster_of(machine, tmp_path, 1) as cluster:
        process = subprocess.Popen(
            ["tokenguard", "sweep", "--dask", cluster.address, "--format", "csv", *map(fleet.url, names[::-1])],
            cwd=machine.folder,
            env=machine.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            deadline = time.monotonic() + TIMEOUT
            while not fleet.asked_for("slow"):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            fleet.answers.clear()
            cluster.workers[0].send_signal(signal.SIGKILL)
            cluster.workers[0].wait()
            cluster.add_worker()
            stdout, stderr = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
            process.wait()
    machine.expect_hidden(stdout + stderr)
    assert process.returncode == 1, stderr
    for name in names:
        assert fleet.url(name).encode() in stdout
    expect_quiet(fleet.url("slow"))


@pytest.mark.unmeasured
def test_a_worker_that_cannot_reach_a_server_makes_nothing_clean(
    machine: Machine, fleet: Fleet, tmp_path: Path
) -> None:
    fleet.serve("model", machine.token())
    with cluster_of(machine, tmp_path, 0) as cluster:
        cluster.add_worker(http_proxy=closed_port())
        swept = sweep(machine, "--dask", cluster.address, fleet.url("model"))
    assert (swept.status, swept.places) == (3, set())
    assert "Failed to connect" in swept.unreadable[fleet.url("model")]
    assert fleet.paths == []


@pytest.mark.unmeasured
def test_without_a_cluster_nothing_is_read(machine: Machine, fleet: Fleet) -> None:
    result = machine.run("tokenguard", "sweep", "--dask", "nowhere", fleet.url("a"))
    assert (result.status, result.stdout) == (3, b"")
    assert "no Dask scheduler" in result.talk
    assert "Traceback" not in result.talk
