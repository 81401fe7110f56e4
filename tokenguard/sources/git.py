"""The only door to git. A repository that is scanned is hostile input, and so is its configuration."""

from __future__ import annotations

import os
import subprocess

from tokenguard.errors import IncompleteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

# git-config(1). Without these a repository's own configuration could run a program of its choice
# (core.fsmonitor), and a bare repository that lies in a folder could pass for the one around it.
_SETTINGS = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "safe.bareRepository=explicit")

# git(1), "Environment Variables": nothing is fetched, written, replaced or asked for; messages are English.
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
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

    def output(self) -> bytes:
        """What git prints, once it has ended. Raises GitError where it failed."""
        with self._process:
            output, complaint = self._process.communicate()
        self.complaints = os.fsdecode(complaint).splitlines()
        if self._process.returncode:
            first = self.complaints[0] if self.complaints else "git failed without a message"
            raise GitError(first.removeprefix("fatal: "))
        return output


class Objects:
    """A git that delivers the objects of a repository; it ends with the `with` block that it is used in."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __enter__(self) -> Objects:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
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


class Git:
    """git in one folder.

    `folder` None means the repository that the caller is in, with the index that git may have named to a hook.
    `trusted` is for what the user asks of a repository of their own: its configuration holds.
    """

    def __init__(self, folder: str | None = None, *, trusted: bool = False) -> None:
        self._command = ["git", "--no-pager"]
        for setting in () if trusted else _SETTINGS:
            self._command += ["-c", setting]
        self._folder = folder
        kept = _OF_THE_USER if folder is not None else _OF_THE_USER + _OF_THE_CALLER
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") or name.startswith("GIT_CONFIG") or name in kept
        }
        self._environment |= _ENVIRONMENT

    def __call__(self, *arguments: str) -> bytes:
        """What git prints. Raises GitError where it fails or cannot be started."""
        return self.start(*arguments).output()

    def start(self, *arguments: str) -> Running:
        """Starts git, to ask for what it prints later on. Raises GitError where it cannot be started."""
        return Running(self._start(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE))

    def text(self, *arguments: str) -> str:
        """What git prints, as one line of text; a path that is not UTF-8 has surrogate escapes."""
        return os.fsdecode(self(*arguments).rstrip(b"\n"))

    def objects(self) -> Objects:
        """Starts a git that delivers objects, to be asked for them later on. Raises GitError as `start` does."""
        # What git complains of shows in what it delivers; a pipe that nobody reads would stop it.
        return Objects(self._start(("cat-file", "--batch"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL))

    def _start(self, arguments: tuple[str, ...], *, stdin: int, stderr: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*self._command, *arguments],
                cwd=self._folder,
                env=self._environment,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        except OSError as error:
            if self._folder is None or os.path.isdir(self._folder):
                raise GitError(f"git cannot be started, is it on PATH? {error.strerror}") from None
            raise GitError(f"{self._folder}: {error.strerror}") from None


_ENDED_EARLY = "git ended before it had delivered everything"

# Names asked for at a time: few enough that they fit into the smallest pipe there is (a page, for a Linux user who
# has very many), so that writing them never waits for git, which may itself be waiting to be read.
_BATCH = 60


def _write(stream: IO[bytes], data: bytes) -> None:
    try:
        stream.write(data)
        stream.flush()
    except OSError:
        raise GitError(_ENDED_EARLY) from None
