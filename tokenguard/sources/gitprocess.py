"""git at work: what it prints, and the objects that are asked of it one by one. `git` alone starts it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

from tokenguard.errors import IncompleteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO, Any

DEVNULL, PIPE = subprocess.DEVNULL, subprocess.PIPE

_LARGEST_PIPE = 1 << 20  # as much as any user may have

# Names asked for at a time: few enough that they fit into the smallest pipe there is (a page, for a Linux user who
# has very many), so that writing them never waits for git, which may itself be waiting to be read.
_BATCH = 60

_ENDED_EARLY = "git ended before it had delivered everything"


class GitError(IncompleteError):
    """git would not do it; `message` is what it said."""


class Process(subprocess.Popen[bytes]):
    """One that is not left behind where Ctrl-C comes while it starts, and nobody has it yet to end it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        try:
            super().__init__(*arguments, **options)
        except BaseException:
            if getattr(self, "pid", None):
                self.kill()
            raise

    def widen(self) -> None:
        """Has git's output wait in a pipe of 1 MiB, so that git can go on while its reader does something else."""
        if sys.platform != "linux" or self.stdout is None:
            return
        import fcntl

        # A user who has very many pipes may not have a larger one (pipe(7), "pipe-user-pages-soft").
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.stdout, fcntl.F_SETPIPE_SZ, _LARGEST_PIPE)


class Running:
    """git at work. `complaints` are the lines that it wrote to standard error, once it has ended."""

    def __init__(self, process: Process) -> None:
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


class Objects:
    """A git that delivers the objects of a repository; it ends with the `with` block that it is used in."""

    def __init__(self, process: Process) -> None:
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


def _write(stream: IO[bytes], data: bytes) -> None:
    try:
        stream.write(data)
        stream.flush()
    except OSError:
        raise GitError(_ENDED_EARLY) from None
