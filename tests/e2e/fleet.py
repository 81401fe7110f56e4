"""Many repositories to be swept: on a server of git's own that may misbehave, and in folders."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.e2e.past import commit
from tests.support.credentials import fingerprint
from tests.support.forge import Forge
from tests.support.repository import TIMEOUT, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.e2e.machine import Machine
    from tests.support.hub import Answer, Request

OWNER = "acme"
SOON = 20


class Swept(NamedTuple):
    """What `tokenguard sweep --format json` answered."""

    status: int
    document: dict[str, Any]
    talk: str

    @property
    def places(self) -> set[tuple[str, str]]:
        """The path and the fingerprint of every finding."""
        return {(finding["path"], finding["fingerprint"]) for finding in self.document["findings"]}

    @property
    def unreadable(self) -> dict[str, str]:
        return {item["path"]: item["reason"] for item in self.document["unreadable"]}

    @property
    def tally(self) -> tuple[int, int]:
        """How many objects were read, and how many were before."""
        return self.document["summary"]["blobs"], self.document["summary"]["remembered"]


class Fleet(Forge):
    """A Forge whose repositories anybody may read. `answers` are said instead, by the name of the repository."""

    def __init__(self, machine: Machine, name: str = "served") -> None:
        self.top = machine.folder.parent / name
        super().__init__(self.top)
        self.machine = machine
        self.answers: dict[str, list[Answer]] = {}
        self.paths: list[str] = []
        self.let_in("", OWNER)

    def __enter__(self) -> Fleet:  # noqa: PYI034 -- as in Forge
        super().__enter__()
        return self

    def respond(self, request: Request) -> Answer:
        self.paths.append(request.path)
        answers = self.answers.get(self._name(request.path))
        if answers:
            return answers.pop(0) if len(answers) > 1 else answers[0]
        return super().respond(request)

    def asked_for(self, name: str) -> list[str]:
        """What was asked of the server about one repository, in short."""
        return [path.rpartition("/")[2] for path in self.paths if self._name(path) == name]

    def serve(self, name: str, token: str | None = None, content: bytes = b"clean\n") -> Repository:
        """A repository on the server, with a leak in it where there is a `token`; to be pushed from again."""
        repository = Repository(self.machine.folder.parent / "work" / name, self.machine.home)
        repository.stage("app.py", content)
        if token:
            repository.stage("leak.py", f"{token}\n")
        commit(repository)
        self.publish(name, repository)
        return repository

    def publish(self, name: str, repository: Repository) -> None:
        """Puts all of it on the server."""
        served = self.top / OWNER / f"{name}.git"
        shutil.rmtree(served, ignore_errors=True)
        served.parent.mkdir(parents=True, exist_ok=True)
        repository.git("clone", "--quiet", "--mirror", ".", str(served))

    def url(self, name: str) -> str:
        return f"{self.endpoint}/{OWNER}/{name}.git"

    @staticmethod
    def _name(path: str) -> str:
        return path.strip("/").split("/")[1].removesuffix(".git") if path.count("/") > 1 else ""


def sweep(machine: Machine, *arguments: str | Path, stdin: bytes | None = None) -> Swept:
    result = machine.run("tokenguard", "sweep", "--format", "json", *arguments, stdin=stdin)
    assert result.stdout, result.talk
    return Swept(result.status, json.loads(result.stdout.decode("ascii")), result.talk)


def leaks(names: Iterable[str], token: str) -> set[tuple[str, str]]:
    """Where `token` is to be found in the targets of these names."""
    return {(f"{name}/leak.py", fingerprint(token)) for name in names}


def expect_quiet(url: str) -> None:
    """Nothing is left of what a target has started; what is killed needs its time to go."""
    deadline = time.monotonic() + SOON
    while any(url in line for line in command_lines()):
        assert time.monotonic() < deadline, "something is left"
        time.sleep(0.02)


def command_lines() -> list[str]:
    """Those of all processes that are alive."""
    listing = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, check=True, timeout=TIMEOUT)
    return os.fsdecode(listing.stdout).splitlines()


def leavings(machine: Machine) -> list[str]:
    """What a sweep has left among the temporary files."""
    folder = machine.folder.parent / "temporary"
    return sorted(path.name for path in folder.iterdir())
