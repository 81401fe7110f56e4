"""A machine with a person on it who has installed tokenguard, and whose secrets no output may show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.e2e.warm import run_warm
from tests.support import credentials
from tests.support.repository import TIMEOUT, Repository, environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Commands of tokenguard, one after the other in one process; marks where each ends in either stream, and how.
_TOGETHER = """
import json, os, sys
from tokenguard import process
from tokenguard.cli import run
for arguments in json.loads(os.environ.pop("TOGETHER")):
    status = process.run(lambda: run(arguments))
    for number, stream in enumerate((sys.stdout, sys.stderr), 1):
        stream.flush()
        os.write(number, b"\\0%d\\0" % status)
process.end(0)
"""

# A masked credential shows four characters; twice as many are a leak.
_TOO_MANY = 8


class Result(NamedTuple):
    """How a process ended, and what it wrote."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def talk(self) -> str:
        return self.stderr.decode()


class Scan(NamedTuple):
    """What `tokenguard scan --format json` answered."""

    status: int
    document: dict[str, Any]
    talk: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        return list(self.document["findings"])

    @property
    def paths(self) -> list[str]:
        return [finding["path"] for finding in self.findings]

    @property
    def places(self) -> list[tuple[str, int, int]]:
        return [(finding["path"], finding["line"], finding["column"]) for finding in self.findings]

    @property
    def unreadable(self) -> dict[str, str]:
        return {item["path"]: item["reason"] for item in self.document["unreadable"]}

    @property
    def files(self) -> int:
        return int(self.document["summary"]["files"])


class Machine:
    """`folder` is where its files are, `home` where the person's configuration is."""

    def __init__(self, top: Path) -> None:
        self.folder = top / "files"
        self.folder.mkdir()
        self.home = top / "home"
        self.environment = environment(self.home)
        self._secrets: list[str] = []

    def token(self, seed: int = 0) -> str:
        """A user access token that no output may show from now on."""
        return self.secret(credentials.user_token(seed))

    def secret(self, secret: str) -> str:
        """Has every output searched for `secret` from now on."""
        self._secrets.append(secret)
        return secret

    def repository(self, name: str = "repository", *init: str) -> Repository:
        return Repository(self.folder / name, self.home, *init)

    def run(
        self,
        *command: str | bytes | Path,
        cwd: Path | None = None,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Runs an installed command, or any other, with no more than `stdin` to read."""
        process = subprocess.Popen(
            command,
            cwd=cwd or self.folder,
            env=self.environment | dict(environment or {}),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            try:
                stdout, stderr = process.communicate(stdin, timeout=TIMEOUT)
            except BaseException:
                process.kill()
                raise
        self.expect_hidden(stdout + b"\0" + stderr)
        return Result(process.returncode, stdout, stderr)

    def scan(
        self,
        *arguments: str | bytes | Path,
        cwd: Path | None = None,
        stdin: bytes | None = None,
        through: Sequence[str] = (),
    ) -> Scan:
        """Runs `tokenguard scan`: as a fork, or `through` a command that runs the one it is given."""
        command = ("tokenguard", "scan", "--format", "json", *arguments)
        if through or stdin is not None or _of_python(self.environment) != _of_python(os.environ):
            result = self.run(*through, *command, cwd=cwd, stdin=stdin)
        else:
            words = [os.fsdecode(word) for word in command[1:]]
            result = Result(*run_warm(words, b"", cwd or self.folder, self.environment))
            self.expect_hidden(result.stdout + b"\0" + result.stderr)
        assert result.stdout, result.talk
        return Scan(result.status, json.loads(result.stdout.decode("ascii")), result.talk)

    def together(
        self,
        *commands: Sequence[str],
        cwd: Path | None = None,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> list[Result]:
        """Runs `tokenguard` with the arguments of each of `commands`, in one process.

        It is for what differs in nothing but arguments and answers: most of what a command takes is its start.
        """
        given = {**(environment or {}), "TOGETHER": json.dumps(commands)}
        result = self.run(sys.executable, "-c", _TOGETHER, cwd=cwd, stdin=stdin, environment=given)
        out, talk = (stream.split(b"\0")[:-1] for stream in (result.stdout, result.stderr))
        assert result.status == 0, result.talk
        assert len(out) == len(talk) == 2 * len(commands), result.talk
        return [
            Result(int(status), written, said)
            for written, status, said in zip(out[::2], out[1::2], talk[::2], strict=True)
        ]

    def prepare(
        self,
        *arguments: str,
        stdin: str = "",
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Runs `tokenguard` where that is no part of what is tried, which costs a fork and no start."""
        given = self.environment | dict(environment or {})
        given.pop("MEASURE_INTO", None)  # what prepares a test is not what it measures
        result = Result(*run_warm(arguments, stdin.encode(), cwd or self.folder, given))
        self.expect_hidden(result.stdout + b"\0" + result.stderr)
        assert result.status == 0, result.talk
        return result

    def add_at_once(self, tokens: Mapping[str, str]) -> None:
        """Has as many processes as there are `tokens` add one each, by its name, without asking the Hub."""
        processes = [
            subprocess.Popen(
                ("tokenguard", "add", name, "--from-env", "SOME", "--no-validate"),
                env=self.environment | {"SOME": token},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for name, token in tokens.items()
        ]
        for process in processes:
            output, _ = process.communicate(timeout=TIMEOUT)
            self.expect_hidden(output)
            assert process.returncode == 0, output

    def converse(self, script: str, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Starts a script for Python, to write to and to read from while it runs."""
        return subprocess.Popen(
            (sys.executable, "-c", script),
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            bufsize=0,
        )

    def write(self, path: str | bytes, content: str | bytes) -> Path:
        """Writes a file below `folder`."""
        target = self.folder / os.fsdecode(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def expect_hidden(self, output: bytes) -> None:
        """Fails where `output` shows more of a secret than its masked form does."""
        for secret in self._secrets:
            body = secret.rpartition("_")[2].encode()
            for at in range(len(body) - _TOO_MANY + 1):
                assert body[at : at + _TOO_MANY] not in output, "a secret was shown"


def write_script(path: Path, script: str) -> Path:
    """Writes a program for the shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def _of_python(environment: Mapping[str, str]) -> dict[str, str]:
    """What Python reads of it when it starts."""
    read = ("PYTHONPATH", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONDEVMODE", "LANG", "LC_ALL", "LC_CTYPE")
    return {name: environment[name] for name in read if environment.get(name)}
