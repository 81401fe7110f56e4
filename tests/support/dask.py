"""A Dask cluster on this machine: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Cluster:
    """A scheduler, which outlives the workers of a test."""

    def __init__(self, top: Path, surroundings: Mapping[str, str]) -> None:
        self._top = top
        self.logs: list[Path] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        options = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0", "--no-show")
        self._scheduler, log = self._start("scheduler", surroundings, *options)
        self.address = self._wait_for(self._scheduler, log, rb"Scheduler at: +(tcp://\S+)")
        self._pages = self._wait_for(self._scheduler, log, rb"dashboard at: +(http://[^/\s]+)")

    def add_worker(self, surroundings: Mapping[str, str]) -> None:
        options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        process, log = self._start("worker", surroundings, self.address, *options)
        self.workers.append(process)
        self._wait_for(process, log, rb"(Registered to)")

    def dismiss(self) -> None:
        """Ends the workers; the next test has others."""
        for process in self.workers:
            process.kill()
            process.wait()
        self.workers.clear()

    def close(self) -> None:
        self.dismiss()
        self._scheduler.kill()
        self._scheduler.wait()

    def pages(self) -> list[bytes]:
        """What the scheduler shows to a browser, and what the processes have written."""
        shown = []
        always = ("info/main/workers.html", "info/main/logs.html", "info/main/exceptions.html")
        waiting = [*always]
        for page in waiting:
            try:
                with urllib.request.urlopen(f"{self._pages}/{page}", timeout=TIMEOUT) as answer:
                    shown.append(answer.read())
            except urllib.error.HTTPError as error:
                if page in always or error.code != HTTPStatus.NOT_FOUND:
                    raise
                continue  # a task that was there is done by now
            links = re.findall(rb'href="(?:\.\./)*((?:worker|task|logs|call-stacks)/[^"]+)"', shown[-1])
            waiting += [page for link in links if (page := f"info/{link.decode()}") not in waiting]
        assert len(shown) > 3, "no page leads to another"
        return [*shown, *(log.read_bytes() for log in self.logs)]

    def _start(
        self, what: str, surroundings: Mapping[str, str], *arguments: str
    ) -> tuple[subprocess.Popen[bytes], Path]:
        log = self._top / f"{len(self.logs)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments],
                cwd=self._top,
                env=dict(surroundings),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.logs.append(log)
        return process, log

    def _wait_for(self, process: subprocess.Popen[bytes], log: Path, pattern: bytes) -> str:
        deadline = time.monotonic() + TIMEOUT
        while not (match := re.search(pattern, log.read_bytes())):
            assert time.monotonic() < deadline, log.read_text()
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        return match[1].decode()
