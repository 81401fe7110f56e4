"""Times sweeps of many small repositories: throughput by workers, processor time a target, memory by targets.

    python -m benchmarks.scale [--targets 100] [--runs 3]

The repositories (25 files in 10 commits, 60 kB) are made first: in folders, behind `git http-backend`, and on a
stand-in for the Hub, all on this machine, so that nothing waits for a network. The servers' own work is not in the
processor time, but on the same cores. Needs `hf-tokenguard[test]`, Linux, and git.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.speed import SCRIPTS
from tests.support.credentials import user_token
from tests.support.dask import Cluster
from tests.support.forge import Forge
from tests.support.hubsource import Library
from tests.support.repository import environment
from tokenguard.core.blob import Origin
from tokenguard.core.finding import Finding
from tokenguard.core.lineage import Lineage
from tokenguard.core.record import read_report, write_report
from tokenguard.core.report import Report, Tally
from tokenguard.core.target import read_target
from tokenguard.sweep import sweep
from tokenguard.task import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WORKERS = (1, 2, 4)
HELD = (100, 1_000, 10_000)
FILES, COMMITS, BYTES = 25, 10, 1_000
TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """Seconds by the clock, and of processors."""

    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--targets", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--hold", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.hold is not None:
        hold(options.hold)
        return
    count, runs = options.targets, options.runs
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {runs} runs in turn\n")
    memory(runs)
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        names = make(top, count)
        with Forge(top / "served") as forge, Library(page=1000) as library:
            forge.let_in("", "acme")
            for name in names:
                publish(library, name, top / "folders" / name)
            machine = environment(top / "home") | {"HF_ENDPOINT": library.endpoint, "TMPDIR": scratch}
            machine["PATH"] = f"{SCRIPTS}{os.pathsep}{machine['PATH']}"
            kinds = {
                "folders": [str(top / "folders" / name) for name in names],
                "git over HTTP": [f"{forge.endpoint}/acme/{name}.git" for name in names],
                "on the Hub": ["hf://acme"],
            }
            for kind, targets in kinds.items():
                throughput(kind, targets, count, runs, machine, top)


def make(top: Path, count: int) -> list[str]:
    """Repositories in folders, and bare ones for the server; one in twenty has a leak."""
    draw = random.Random(9)
    names = [f"model-{number}" for number in range(count)]
    for number, name in enumerate(names):
        folder = top / "folders" / name
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
        for commit in range(COMMITS):
            for file in range(FILES):
                if commit == 0 or draw.random() < 0.1:
                    words = (f"value_{draw.randrange(10**6)} = {draw.random()}\n" for _ in range(BYTES // 30))
                    (folder / f"file{file}.py").write_text("".join(words))
            if number % 20 == 0 and commit == 5:
                (folder / "leak.py").write_text(f"token = {user_token(number)!r}\n")
            git(folder, "add", ".")
            git(folder, "commit", "--quiet", "--allow-empty", "-m", f"change {commit}")
        git(folder, "clone", "--quiet", "--mirror", ".", str(top / "served" / "acme" / f"{name}.git"))
    return names


def publish(library: Library, name: str, folder: Path) -> None:
    """The same repository on the Hub, with its last commits alone: a tree is a request."""
    files = {path.name: path.read_bytes() for path in folder.glob("*.py")}
    library.add(f"acme/{name}").commit(files)


def throughput(
    kind: str, targets: list[str], count: int, runs: int, machine: Mapping[str, str], top: Path
) -> None:
    listed = top / "targets"
    listed.write_text("".join(f"{target}\n" for target in targets))
    costs: dict[str, list[Cost]] = {}

    def clocked(name: str, jobs: list[str], workers: Callable[[], float]) -> None:
        shutil.rmtree(machine["TOKENGUARD_HOME"], ignore_errors=True)
        costs.setdefault(name, []).append(clock(["--from", str(listed), "--fresh", *jobs], machine, workers))

    for _ in range(runs):
        for number in WORKERS:
            clocked(f"this machine, `--jobs {number}`", ["--jobs", str(number)], lambda: 0.0)
        for number in WORKERS:
            logs = Path(tempfile.mkdtemp(dir=top))
            cluster = Cluster(logs, machine)
            try:
                for _ in range(number):
                    cluster.add_worker(machine)
                pids = [process.pid for process in cluster.workers]
                used = lambda pids=pids: sum(map(used_by, pids))  # noqa: E731
                clocked(f"Dask, {number} workers of one thread", ["--dask", cluster.address], used)
            finally:
                cluster.close()
    medians = {name: Cost(*map(statistics.median, zip(*some, strict=True))) for name, some in costs.items()}
    base = next(iter(medians.values())).wall
    print(f"{kind}: {count} repositories\n")
    print("| who reads | s | targets/s | times the first | processor, ms a target | hours of a core a million |")
    print("|---|---|---|---|---|---|")
    for name, (wall, cpu) in medians.items():
        each = cpu / count
        print(
            f"| {name} | {wall:.1f} | {count / wall:.1f} | {base / wall:.2f} | {each * 1000:.0f}"
            f" | {each * 1e6 / 3600:.0f} |"
        )
    print(flush=True)


def clock(arguments: list[str], machine: Mapping[str, str], workers: Callable[[], float]) -> Cost:
    """What a sweep costs, and what `workers` have used meanwhile."""
    command = ["tokenguard", "sweep", "--format", "csv", "--quiet", "--exit-zero", *arguments]
    before, began = workers(), time.perf_counter()
    with subprocess.Popen(command, env=dict(machine), stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} ended with {process.returncode}")
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime + workers() - before)


def used_by(process: int) -> float:
    """The processor time of a process and of those that it has waited for (proc(5))."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


class Instant(Executor):
    """Answers at once, as a worker does: a target in a hundred has a finding in two versions of a file."""

    def __init__(self) -> None:
        lineage = Lineage("5" * 40, "A U Thor <author@example.com>", "2024-01-01T00:00:00+00:00")
        finding = Finding("app-token", Origin("src/app.py", lineage), 1, 1, 40, f"sha256:{1:064}", "hf_app_…wxyz")
        tally = Tally(0, 1000, 1_000_000)
        self._clean = write_report(Report(tally=tally))
        self._leaking = write_report(Report((finding, finding), tally=tally))
        self._count = 0

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        self._count += 1
        report = read_report(self._clean if self._count % 100 else self._leaking)
        future: Future[Any] = Future()
        future.set_result(Outcome(report, tips="5" * 64))
        return future


def hold(count: int) -> None:
    """Sweeps so many targets that cost nothing, and says what remains: seconds of the processor, and KiB."""
    targets = (read_target(f"https://git.example.com/organization/repository-{at}.git") for at in range(count))
    began = time.process_time()
    report = sweep(targets, Instant(), at_once=8)
    assert len(report.findings) == count // 100 * 2
    print(time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def memory(runs: int) -> None:
    print("| targets | memory of who sweeps, MB | more a target, bytes | its processor time, ms a target |")
    print("|---|---|---|---|")
    costs: dict[int, list[tuple[float, float]]] = {count: [] for count in (0, *HELD)}
    for _ in range(runs):
        for count, some in costs.items():
            with tempfile.TemporaryDirectory() as home:
                command = [sys.executable, "-m", "benchmarks.scale", "--hold", str(count)]
                answer = subprocess.run(
                    command, check=True, capture_output=True, env=os.environ | {"TOKENGUARD_HOME": home}
                )
            seconds, kibibytes = map(float, answer.stdout.split())
            some.append((seconds, kibibytes * 1024))
    nothing = statistics.median(size for _, size in costs[0])
    for count in HELD:
        seconds, size = map(statistics.median, zip(*costs[count], strict=True))
        each = (size - nothing) / count
        print(f"| {count:,} | {size / 1e6:.1f} | {each:.0f} | {seconds / count * 1000:.2f} |")
    print(flush=True)


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.hooksPath=/dev/null")
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)


if __name__ == "__main__":
    main()
