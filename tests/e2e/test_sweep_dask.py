"""A sweep on a Dask cluster: what is read there, what dies there, and what nobody can see there."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.fleet import Fleet, expect_quiet, leaks, sweep
from tests.support.dask import Cluster
from tests.support.hub import closed_port, slow
from tests.support.hubsource import Library
from tests.support.repository import TIMEOUT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.machine import Machine
    from tests.e2e.server import Server
    from tests.support.hub import Answer, Request

pytestmark = pytest.mark.unmeasured


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    top = tmp_path_factory.mktemp("dask")
    cluster = Cluster(top, environment(top / "home"))
    yield cluster
    cluster.close()


@pytest.fixture
def cluster(scheduler: Cluster) -> Iterator[Cluster]:
    yield scheduler
    scheduler.dismiss()


def test_a_cluster_reads_with_its_own_credentials(server: Server, cluster: Cluster, tmp_path: Path) -> None:
    """The token that reads the Hub is in the vault of the workers; whoever sweeps has none.

    Nor do they reach every server that whoever sweeps can reach: here there is a proxy in between.
    """
    server.have_vault()
    server.environment["TOKENGUARD_PASSPHRASE"] = server.passphrase
    reader, secret = server.add("audit", 1), server.token(2)
    asking = server.environment | {"TOKENGUARD_HOME": str(tmp_path / "none"), "TOKENGUARD_PASSPHRASE": ""}
    with Fleet(server) as fleet, Library() as library:
        for name in ("a", "b"):
            fleet.serve(name, secret)
        library.add("acme/model", run__py=f"{secret}\n".encode())
        for _ in range(2):
            proxy = {"http_proxy": closed_port(), "no_proxy": "127.0.0.1"}
            cluster.add_worker(server.environment | proxy | {"HF_ENDPOINT": library.endpoint})
        far = fleet.url("a").replace("127.0.0.1", "localhost")
        targets = [far, "hf://acme", *map(fleet.url, "ab")]
        server.environment.clear()
        server.environment |= asking
        shown: list[bytes] = []
        real = library.respond

        def respond(request: Request) -> Answer:
            if not shown:  # while a worker is at it
                shown.extend(cluster.pages())
            return real(request)

        library.respond = respond  # type: ignore[method-assign]
        swept = sweep(server, "--dask", cluster.address, "--token", "audit", "nowhere", *targets)
    assert any(b"perform" in page for page in shown)
    for page in [*shown, *cluster.pages()]:
        server.expect_hidden(page)
    assert swept.status == 3
    (leaked,) = {fingerprint for _, fingerprint in swept.places}
    places = leaks(map(fleet.url, "ab"), secret) | {("hf://acme/model/run.py", leaked)}
    assert swept.places == places
    assert sorted(swept.unreadable) == [far, "nowhere"]
    assert "Failed to connect" in swept.unreadable[far]
    assert {request.token for request in library.requests} == {reader}


def test_a_worker_that_is_killed_half_way_is_made_up_for(machine: Machine, fleet: Fleet, cluster: Cluster) -> None:
    token = machine.token()
    names = ["a", "b", "slow"]
    for name in names:
        fleet.serve(name, token)
    fleet.answers["slow"] = [slow(600)]
    cluster.add_worker(machine.environment)
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
        cluster.add_worker(machine.environment)
        stdout, stderr = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
        process.wait()
    machine.expect_hidden(stdout + stderr)
    assert process.returncode == 1, stderr
    for name in names:
        assert fleet.url(name).encode() in stdout
    expect_quiet(fleet.url("slow"))


def test_without_a_cluster_nothing_is_read(machine: Machine, fleet: Fleet, cluster: Cluster) -> None:
    for address, status, said in (("nowhere", 2, "tcp://host:8786"), (cluster.address, 3, "no workers")):
        result = machine.run("tokenguard", "sweep", "--dask", address, fleet.url("a"))
        assert (result.status, result.stdout) == (status, b"")
        assert said in result.talk
        assert "Traceback" not in result.talk
