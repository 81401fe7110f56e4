"""The only door to git. A repository that is scanned is hostile input, and so is its configuration."""

from __future__ import annotations

import contextlib
import os

from tokenguard.sources.gitprocess import DEVNULL, PIPE, Content, GitError, Objects, Process, Running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from tokenguard.sources.gitdelivery import Delivery

__all__ = ["Content", "Git", "GitError", "Objects", "Running"]

# git-config(1). Without these a repository's own configuration could run a program of its choice
# (core.fsmonitor), and a bare repository that lies in a folder could pass for the one around it.
_SETTINGS = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "safe.bareRepository=explicit")

# git(1), "Environment Variables": nothing is fetched, written, replaced or asked for; messages are English.
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}

# What git tells a hook about the repository and the index that a commit is being made from.
_OF_THE_CALLER = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_QUARANTINE_PATH",
    "GIT_WORK_TREE",
)
# git-config(1), gitcredentials(7), git(1): what is fetched comes from the address that was named, and nobody is
# asked for anything. There is nothing to tidy up, and nothing else to fetch.
_FETCHING = (
    "core.askPass=",
    "credential.interactive=false",
    "fetch.recurseSubmodules=false",
    "fetch.unpackLimit=1",
    "fetch.writeCommitGraph=false",
    "gc.auto=0",
    "http.followRedirects=false",
    "maintenance.auto=false",
    "transfer.bundleURI=false",
)
_UNASKED = {"GIT_ASKPASS": "", "SSH_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never"}

_OF_THE_USER = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH")

# The bytes of bases that git keeps unpacked: half of what it does by itself, and hardly slower.
_BASES = 48 * 1024 * 1024

_MOST_SAID = 16 * 1024  # bytes of what git complains of


class Git:
    """git in one folder.

    `folder` None means the repository that the caller is in, with the index that git may have named to a hook.
    `trusted` is for what the user asks of a repository of their own: its configuration holds. `bare` says that
    `folder` itself is what git calls a git directory. `way` is the only protocol by which others may be asked,
    where they may (git(1), `GIT_ALLOW_PROTOCOL`), and `packets` a file to which what they say is noted then.
    """

    def __init__(
        self,
        folder: str | None = None,
        *,
        trusted: bool = False,
        bare: bool = False,
        way: str = "",
        packets: str = "",
    ) -> None:
        self._folder = folder
        # Named, since the configuration may name a work tree that is no longer there.
        self._command = ["git", "--no-pager", *(("--git-dir=.", "--work-tree=.") if bare else ())]
        for setting in () if trusted else (*_SETTINGS, *(_FETCHING if way else ())):
            self._command += ["-c", setting]
        kept = _OF_THE_USER if folder is not None else _OF_THE_USER + _OF_THE_CALLER
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") or name.startswith("GIT_CONFIG") or name in kept
        }
        self._environment |= _ENVIRONMENT
        if way:
            self._environment |= {**_UNASKED, "GIT_ALLOW_PROTOCOL": way, "GIT_TRACE_PACKET": packets}

    def __call__(self, *arguments: str) -> bytes:
        """What git prints. Raises GitError where it fails or cannot be started."""
        return self.start(*arguments).output()

    def ask(self, question: bytes, *arguments: str) -> bytes:
        """What git prints, given `question` on its standard input. Raises GitError as a call does."""
        return self.start(*arguments, is_asked=True).output(question)

    def start(self, *arguments: str, is_asked: bool = False) -> Running:
        """Starts git, to ask for what it prints later on; `is_asked` where it is to read a question then.

        Raises GitError where it cannot be started.
        """
        stdin = PIPE if is_asked else DEVNULL
        return Running(self._start(arguments, stdin=stdin, stderr=PIPE))

    def text(self, *arguments: str) -> str:
        """What git prints, as one line of text; a path that is not UTF-8 has surrogate escapes."""
        return os.fsdecode(self(*arguments).rstrip(b"\n"))

    def objects(self) -> Objects:
        """Starts a git that delivers objects, to be asked for them later on. Raises GitError as `start` does."""
        # What git complains of shows in what it delivers; a pipe that nobody reads would stop it.
        process = self._start(("cat-file", "--batch"), stdin=PIPE, stderr=DEVNULL)
        process.widen()
        return Objects(process)

    def deliver(self, names: Sequence[bytes]) -> Delivery:
        """Starts a git that delivers the objects of these names. Raises GitError as `start` does."""
        from tokenguard.sources.gitdelivery import Delivery

        process = self._start(("cat-file", "--batch", "--buffer"), stdin=PIPE, stderr=DEVNULL, bufsize=0)
        return Delivery(process, names)

    def digest(self, *arguments: str) -> str:
        """The SHA-256, in hexadecimal, of what git prints, however much it is. Raises GitError as a call does."""
        import hashlib

        with contextlib.ExitStack() as stack:
            process, complaint = self._start_talkative(arguments, stack, stdout=PIPE)
            assert process.stdout is not None  # noqa: S101 -- for the type checker: it is a pipe
            digest = hashlib.sha256()
            while data := process.stdout.read(1 << 16):
                digest.update(data)
            _wait(process, complaint)
        return digest.hexdigest()

    def do(self, *arguments: str) -> None:
        """Waits for git to do it, however much it says. Raises GitError as a call does."""
        with contextlib.ExitStack() as stack:
            process, complaint = self._start_talkative(arguments, stack, stdout=DEVNULL)
            _wait(process, complaint)

    def _start_talkative(
        self, arguments: tuple[str, ...], stack: contextlib.ExitStack, *, stdout: int
    ) -> tuple[Process, IO[bytes]]:
        """Starts git, which ends with `stack`. What it complains of goes to a file: a server has a say in that."""
        import tempfile

        complaint = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 -- the stack manages it
        process = self._start(arguments, stdin=DEVNULL, stdout=stdout, stderr=complaint.fileno())
        stack.enter_context(process)
        stack.callback(process.kill)
        return process, complaint

    def unpack(self, names: Sequence[bytes], into: int, most: int) -> int:
        """Has git write the objects of these names to the start of the file `into`, and no more bytes than `most`.

        Gives their number, once git has ended, for whatever reason. Linux alone. Raises OSError, and GitError as
        `start` does.
        """
        import resource

        question = os.memfd_create("names")
        try:
            with open(question, "wb", closefd=False) as file:
                file.writelines(name + b"\n" for name in names)
            os.lseek(question, 0, os.SEEK_SET)
            os.lseek(into, 0, os.SEEK_SET)
            process = self._start(
                ("-c", f"core.deltaBaseCacheLimit={_BASES}", "cat-file", "--batch", "--buffer"),
                stdin=question,
                stdout=into,
                stderr=DEVNULL,
                restore_signals=False,  # too much is then an error like others, not one that dumps its memory
            )
            try:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
                process.wait()
            finally:
                process.kill()
                process.wait()
        finally:
            os.close(question)
        return os.lseek(into, 0, os.SEEK_CUR)

    def replace_text(self, expressions: bytes) -> None:
        """Rewrites all history as `expressions` say, which git-filter-repo(1) reads for `--replace-text`.

        They are handed over in memory. Linux alone. Raises GitError where it fails.
        """
        memory = os.memfd_create("expressions")
        try:
            with open(memory, "wb", closefd=False) as file:
                file.write(expressions)
            # Opened anew for each of the two, which therefore begin at its start.
            path = f"/proc/self/fd/{memory}"
            process = self._start(
                ("filter-repo", "--force", "--replace-text", path, "--replace-message", path),
                stdin=DEVNULL,
                stderr=PIPE,
                pass_fds=(memory,),
            )
            Running(process).output()
        finally:
            os.close(memory)

    def _start(
        self,
        arguments: tuple[str, ...],
        *,
        stdin: int,
        stderr: int,
        stdout: int = PIPE,
        bufsize: int = -1,
        restore_signals: bool = True,
        pass_fds: tuple[int, ...] = (),
    ) -> Process:
        try:
            return Process(
                [*self._command, *arguments],
                cwd=self._folder,
                env=self._environment,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                bufsize=bufsize,
                restore_signals=restore_signals,
                pass_fds=pass_fds,
            )
        except OSError as error:
            if self._folder is None or os.path.isdir(self._folder):
                raise GitError(f"git cannot be started, is it on PATH? {error.strerror}") from None
            raise GitError(f"{self._folder}: {error.strerror}") from None


def _wait(process: Process, complaint: IO[bytes]) -> None:
    """Raises GitError where git fails, in the words of `reason`."""
    if process.wait():
        from tokenguard.sources.gitreason import reason

        complaint.seek(-min(_MOST_SAID, complaint.seek(0, os.SEEK_END)), os.SEEK_END)
        lines = os.fsdecode(complaint.read(_MOST_SAID)).splitlines() or ["git failed without a message"]
        raise GitError(reason(lines))
