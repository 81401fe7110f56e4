"""A sweep that was killed goes on where it was, and a second one reads only what is new."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.e2e.fleet import expect_quiet, leaks, leavings, sweep
from tests.e2e.past import leak
from tests.support.hub import slow
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.fleet import Fleet
    from tests.e2e.machine import Machine
    from tests.support.hub import Answer, Request


def state(machine: Machine) -> Path:
    return machine.home / "tokenguard" / "sweep"


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def end_half_way(machine: Machine, fleet: Fleet, targets: list[str], how: signal.Signals) -> int:
    """Starts a sweep of which the last target hangs, and ends it when the others are done; gives its status."""
    process = subprocess.Popen(
        ["tokenguard", "sweep", "--jobs", "2", *targets],
        cwd=machine.folder,
        env=machine.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        done = len(targets) - 1
        wait_for(lambda: len(list(state(machine).glob("unfinished-*/*.json"))) == done and fleet.asked_for("slow"))
        os.kill(process.pid, how)
    finally:
        if process.poll() is None and how != signal.SIGKILL:
            stdout, stderr = process.communicate(timeout=TIMEOUT)
        else:
            process.kill()
            stdout, stderr = process.communicate()
    machine.expect_hidden(stdout + stderr)
    assert b"Traceback" not in stderr
    return process.returncode


@pytest.mark.unmeasured
@pytest.mark.parametrize(("how", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_one_that_was_ended_goes_on_where_it_was(
    machine: Machine, fleet: Fleet, how: signal.Signals, status: int
) -> None:
    token = machine.token()
    leak(machine.repository("local"), token)
    for name in ("a", "b", "slow"):
        fleet.serve(name, token)
    targets = ["local", *map(fleet.url, ["a", "b", "slow"])]
    fleet.answers["slow"] = [slow(600)]
    assert end_half_way(machine, fleet, targets, how) == status
    wait_for(lambda: not leavings(machine))
    expect_quiet(fleet.url("slow"))
    fleet.answers.clear()
    fleet.paths.clear()
    swept = sweep(machine, *targets)
    assert (swept.status, swept.places) == (1, leaks(targets, token))
    assert "3 of them were read before an earlier sweep was ended" in swept.talk
    assert fleet.asked_for("a") == fleet.asked_for("b") == []
    assert not list(state(machine).glob("unfinished-*"))


def test_what_could_not_be_read_is_read_when_it_goes_on(machine: Machine, fleet: Fleet) -> None:
    fleet.serve("bad", machine.token())
    (machine.home / "tokenguard").mkdir(parents=True)
    swept = sweep(machine, "nowhere", fleet.url("bad"))
    assert swept.status == 3
    swept = sweep(machine, "nowhere", fleet.url("bad"))
    assert (swept.status, list(swept.unreadable)) == (3, ["nowhere"])


def test_what_a_server_has_as_it_was_is_not_fetched(machine: Machine, fleet: Fleet) -> None:
    tokens = [machine.token(1), machine.token(2)]
    work = fleet.serve("model", tokens[0])
    fleet.serve("other")
    targets = [fleet.url("model"), fleet.url("other")]
    first = sweep(machine, *targets)
    fleet.paths.clear()
    second = sweep(machine, *targets)
    assert (second.status, second.places) == (first.status, first.places)
    assert (first.tally[1], second.tally[0]) == (0, 0)
    assert second.tally[1] == first.tally[0] > 0
    assert "2 of them are as they were" in second.talk
    asked = fleet.asked_for("model")
    assert [path.partition("?")[0] for path in asked] == ["refs", "git-upload-pack"]
    leak(work, tokens[1], "new/leak.py")
    fleet.publish("model", work)
    third = sweep(machine, *targets)
    assert third.places == leaks([targets[0]], tokens[0]) | leaks([f"{targets[0]}/new"], tokens[1])
    assert "1 of them are as they were" in third.talk


def test_fresh_reads_all_of_it(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    fleet.serve("model", token)
    leak(machine.repository("local"), token)
    targets = ["local", fleet.url("model")]
    first = sweep(machine, *targets)
    again = sweep(machine, "--fresh", *targets)
    assert (again.tally, again.places) == (first.tally, first.places)


def test_with_clones_that_are_kept_only_what_is_new_is_read(machine: Machine, fleet: Fleet) -> None:
    tokens = [machine.token(1), machine.token(2)]
    work = fleet.serve("model", tokens[0])
    target = fleet.url("model")
    first = sweep(machine, "--cache", "clones", target)
    assert first.places == leaks([target], tokens[0])
    (clone,) = (machine.folder / "clones").glob("*.git")
    (clone / "objects" / "pack" / "tmp_pack_x").touch()
    (clone / "refs" / "heads" / "main.lock").touch()  # as a sweep leaves them that is killed
    leak(work, tokens[1], "new/leak.py")
    work.git("branch", "--quiet", "-m", "main", "trunk")
    fleet.publish("model", work)
    second = sweep(machine, "--cache", "clones", target)
    assert second.places == leaks([target], tokens[0]) | leaks([f"{target}/new"], tokens[1])
    assert second.tally[1] > 0
    assert not (clone / "objects" / "pack" / "tmp_pack_x").exists()
    assert leavings(machine) == []


def test_two_sweeps_at_once_share_the_clones(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    fleet.serve("model", token)
    real = fleet.respond

    def respond(request: Request) -> Answer:
        answer = real(request)
        return answer._replace(delay=0.3) if request.path.endswith("git-upload-pack") else answer

    fleet.respond = respond  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as both:
        swept = [both.submit(sweep, machine, "--cache", "clones", fleet.url("model")) for _ in range(2)]
    for one in swept:
        assert (one.result().status, one.result().places) == (1, leaks([fleet.url("model")], token))
    assert len(list((machine.folder / "clones").glob("*.git"))) == 1


def test_without_a_place_for_it_nothing_is_remembered(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    fleet.serve("model", token)
    machine.home.mkdir(exist_ok=True)
    (machine.home / "tokenguard").mkdir()
    state(machine).write_text("in the way")
    swept = sweep(machine, fleet.url("model"))
    assert (swept.status, swept.places) == (1, leaks([fleet.url("model")], token))
    assert "could not be remembered" in swept.talk
