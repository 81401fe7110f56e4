"""The only door to git. A repository that is scanned is hostile input, and so is its configuration."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading

from tokenguard.errors import IncompleteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO, Any

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


class GitError(IncompleteError):
    """git would not do it; `message` is what it said."""


class Content:
    """The bytes of one object, on their way out of git.

    `kind` is `blob`, `tree`, `commit` or `tag`; `size` is in bytes.
    """

    def __init__(self, stream: IO[bytes], kind: str, size: int) -> None:
        self._stream = stream
        self._left = size
        self.kind = kind
        self.size = size

    def read(self, most: int) -> bytes:
        """The next bytes, `most` of them or what is left. Raises GitError where git ends before that."""
        wanted = min(most, self._left)
        data = self._stream.read(wanted)
        if len(data) < wanted:
            raise GitError(_ENDED_EARLY)
        self._left -= wanted
        return data

    def skip(self) -> None:
        """Reads what is left, so that the next object can be read."""
        while self._left:
            self.read(1 << 20)


class Running:
    """git at work. `complaints` are the lines that it wrote to standard error, once it has ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.complaints: list[str] = []

    def tell(self, question: bytes) -> None:
        """Answers what git reads before it prints anything, without waiting for what it prints."""
        stream, self._process.stdin = self._process.stdin, None
        assert stream is not None  # noqa: S101 -- for the type checker: it is asked
        with contextlib.suppress(OSError):  # git has ended, and `finish` says why
            stream.write(question)
        with contextlib.suppress(OSError):
            stream.close()

    def finish(self, question: bytes | None = None) -> bytes:
        """What git prints, given `question` on its standard input, once it has ended, and be it in failure."""
        try:
            with self._process:
                output, complaint = self._process.communicate(question)
        except BaseException:
            self.kill()
            raise
        self.complaints = os.fsdecode(complaint).splitlines()
        return output

    def kill(self) -> None:
        """Ends git, if it has not ended."""
        self._process.kill()
        self._process.wait()

    @property
    def has_failed(self) -> bool:
        """Whether it ended in failure."""
        return bool(self._process.returncode)

    def output(self, question: bytes | None = None) -> bytes:
        """The same. Raises GitError where git failed."""
        output = self.finish(question)
        if self.has_failed:
            first = self.complaints[0] if self.complaints else "git failed without a message"
            raise GitError(first.removeprefix("fatal: "))
        return output


class Objects:
    """A git that delivers the objects of a repository; it ends with the `with` block that it is used in."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __enter__(self) -> Objects:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if error is not None:
            self._process.kill()
        with self._process:
            pass  # closes the pipes, at which git ends, and waits for that

    def read(self, names: Sequence[str]) -> Iterator[Content | None]:
        """The Content of each object in turn, None where git does not have it; to be read before the next.

        Raises GitError where git ends before all were delivered.
        """
        ask, answer = self._process.stdin, self._process.stdout
        assert ask is not None  # noqa: S101 -- for the type checker: both are pipes
        assert answer is not None  # noqa: S101 -- the same
        for batch in range(0, len(names), _BATCH):
            asked = names[batch : batch + _BATCH]
            _write(ask, "".join(f"{name}\n" for name in asked).encode())
            for _ in asked:
                # `<name> <type> <size>`, a newline, the content and a newline, or `<name> missing` and a newline
                # (git-cat-file(1), "Batch output")
                header = answer.readline().split()
                if len(header) < 2:
                    raise GitError(_ENDED_EARLY)
                if len(header) == 2:
                    yield None
                    continue
                content = Content(answer, header[1].decode(), int(header[2]))
                yield content
                content.skip()
                answer.read(1)


class Delivery:
    """The objects of a repository as git delivers them, one after the other, within a `with` block.

    Each is `<name> <type> <size>`, a newline, the content and a newline, or `<name> missing` and a newline
    (git-cat-file(1), "Batch output"). git ends at the first that it cannot unpack.
    """

    def __init__(self, process: subprocess.Popen[bytes], names: Sequence[bytes]) -> None:
        self._process = process
        self._names = names
        self._feeder = threading.Thread(target=self._feed, daemon=True)

    def __enter__(self) -> Delivery:  # noqa: PYI034 -- as above
        self._feeder.start()
        return self

    def __exit__(self, error: object, *_: object) -> None:
        assert self._process.stdout is not None  # noqa: S101 -- as above
        if error is not None:
            self._process.kill()
        self._process.stdout.close()  # at which git ends, if it has not
        self._process.wait()
        self._feeder.join()

    def readinto(self, view: memoryview) -> int:
        """Puts what has arrived into `view`; gives the number of bytes, 0 at the end."""
        assert self._process.stdout is not None  # noqa: S101 -- as above
        return self._process.stdout.readinto(view)  # type: ignore[attr-defined,no-any-return]  # it is unbuffered

    def read(self, most: int) -> bytes:
        """The next bytes, nothing at the end."""
        assert self._process.stdout is not None  # noqa: S101 -- as above
        return self._process.stdout.read(most)

    def _feed(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 -- as above
        unsent = memoryview(b"".join(name + b"\n" for name in self._names))
        with contextlib.suppress(OSError):  # git has ended
            while unsent:
                unsent = unsent[self._process.stdin.write(unsent) :]
        with contextlib.suppress(OSError):
            self._process.stdin.close()


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
        stdin = subprocess.PIPE if is_asked else subprocess.DEVNULL
        return Running(self._start(arguments, stdin=stdin, stderr=subprocess.PIPE))

    def text(self, *arguments: str) -> str:
        """What git prints, as one line of text; a path that is not UTF-8 has surrogate escapes."""
        return os.fsdecode(self(*arguments).rstrip(b"\n"))

    def objects(self) -> Objects:
        """Starts a git that delivers objects, to be asked for them later on. Raises GitError as `start` does."""
        # What git complains of shows in what it delivers; a pipe that nobody reads would stop it.
        process = self._start(("cat-file", "--batch"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        _widen(process)
        return Objects(process)

    def deliver(self, names: Sequence[bytes]) -> Delivery:
        """Starts a git that delivers the objects of these names. Raises GitError as `start` does."""
        process = self._start(
            ("cat-file", "--batch", "--buffer"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        return Delivery(process, names)

    def digest(self, *arguments: str) -> str:
        """The SHA-256, in hexadecimal, of what git prints, however much it is. Raises GitError as a call does."""
        import hashlib

        with contextlib.ExitStack() as stack:
            process, complaint = self._start_talkative(arguments, stack, stdout=subprocess.PIPE)
            assert process.stdout is not None  # noqa: S101 -- for the type checker: it is a pipe
            digest = hashlib.sha256()
            while data := process.stdout.read(1 << 16):
                digest.update(data)
            _wait(process, complaint)
        return digest.hexdigest()

    def do(self, *arguments: str) -> None:
        """Waits for git to do it, however much it says. Raises GitError as a call does."""
        with contextlib.ExitStack() as stack:
            process, complaint = self._start_talkative(arguments, stack, stdout=subprocess.DEVNULL)
            _wait(process, complaint)

    def _start_talkative(
        self, arguments: tuple[str, ...], stack: contextlib.ExitStack, *, stdout: int
    ) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        """Starts git, which ends with `stack`. What it complains of goes to a file: a server has a say in that."""
        import tempfile

        complaint = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 -- the stack manages it
        process = self._start(arguments, stdin=subprocess.DEVNULL, stdout=stdout, stderr=complaint.fileno())
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
                stderr=subprocess.DEVNULL,
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
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
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
        stdout: int = subprocess.PIPE,
        bufsize: int = -1,
        restore_signals: bool = True,
        pass_fds: tuple[int, ...] = (),
    ) -> subprocess.Popen[bytes]:
        try:
            return _Process(
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


class _Process(subprocess.Popen[bytes]):
    """One that is not left behind where Ctrl-C comes while it starts, and nobody has it yet to end it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        try:
            super().__init__(*arguments, **options)
        except BaseException:
            if getattr(self, "pid", None):
                self.kill()
            raise


# The bytes of bases that git keeps unpacked: half of what it does by itself, and hardly slower.
_BASES = 48 * 1024 * 1024

_PIPE = 1 << 20  # as much as any user may have

_ENDED_EARLY = "git ended before it had delivered everything"

# Names asked for at a time: few enough that they fit into the smallest pipe there is (a page, for a Linux user who
# has very many), so that writing them never waits for git, which may itself be waiting to be read.
_BATCH = 60


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Has git's output wait in a pipe of 1 MiB, so that git can go on while its reader does something else."""
    if sys.platform != "linux" or process.stdout is None:
        return
    import fcntl

    # A user who has very many pipes may not have a larger one (pipe(7), "pipe-user-pages-soft").
    with contextlib.suppress(OSError):
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE)


def _wait(process: subprocess.Popen[bytes], complaint: IO[bytes]) -> None:
    """Raises GitError where git fails, in the words of `reason`."""
    if process.wait():
        complaint.seek(-min(_MOST_SAID, complaint.seek(0, os.SEEK_END)), os.SEEK_END)
        lines = os.fsdecode(complaint.read(_MOST_SAID)).splitlines() or ["git failed without a message"]
        raise GitError(reason(lines))


def reason(lines: Sequence[str]) -> str:
    """Why git failed: the first line that it begins with `fatal: `, or the last of all.

    Where that is no more than that nothing was to be read, what ssh has said stands before it.
    """
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    why = (fatal or lines[-1:])[0]
    if "Could not read from remote repository" not in why:
        return why
    ssh = [line.strip() for line in lines if any(word in line.lower() for word in _SSH_SAYS)]
    return "; ".join([*ssh[-1:], why])


_MOST_SAID = 16 * 1024
# Of OpenSSH, in lower case.
_SSH_SAYS = (
    *(
        "ssh: ",
        "host key verification failed",
        "permission denied (",
        "kex_exchange_identification",
        "no matching ",
    ),
    *("too many authentication failures", "connection closed by", "connection reset by", "timed out"),
)


def _write(stream: IO[bytes], data: bytes) -> None:
    try:
        stream.write(data)
        stream.flush()
    except OSError:
        raise GitError(_ENDED_EARLY) from None
