"""Whatever executes the tasks of a sweep: nothing secret goes there or comes back, and what dies is not clean."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.fleet import OWNER, leaks
from tests.e2e.past import commit, leak
from tests.support.credentials import fingerprint
from tests.support.repository import TIMEOUT
from tokenguard.core.target import Target, read_target
from tokenguard.sweep import Limits
from tokenguard.sweep import sweep as sweep_with
from tokenguard.task import Outcome, Task, perform

if TYPE_CHECKING:
    from collections.abc import Callable

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
    names = ["a", "b"]
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
