"""Work in a process of its own, which comes back in time or is ended with everything that it has started.

It may run out of memory, crash or hang without harm to others. It ends as well when whoever waits for it dies: its
standard input is a pipe that nobody else holds.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading

from tokenguard.deadline import DeadlineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_ANSWERED = 256 * 1024 * 1024


class DiedError(Exception):
    """The process ended without an answer; the message says how."""


def ask(module: str, question: bytes, seconds: float, folder: str) -> bytes:
    """What the process that runs `main()` of `module`, in the empty `folder`, answers to the `question`.

    Raises DeadlineError after so many `seconds`, and DiedError.
    """
    import tempfile

    with tempfile.TemporaryFile() as file:
        process = subprocess.Popen(
            [sys.executable, "-c", f"from {module} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,  # without a terminal, so that neither ssh nor a helper can ask anybody
        )
        stdin = process.stdin
        assert stdin is not None  # noqa: S101 -- for the type checker: it is a pipe
        try:
            with contextlib.suppress(OSError):  # it has ended, and its status says how
                stdin.write(len(question).to_bytes(8, "big") + question)
                stdin.flush()
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DeadlineError(f"not done within {seconds:g} seconds") from None
        finally:
            if process.returncode != 0:
                _end(process)
            with contextlib.suppress(OSError):
                stdin.close()
        if process.returncode:
            how = f"signal {-process.returncode}" if process.returncode < 0 else f"status {process.returncode}"
            raise DiedError(f"the process that was to read it died ({how})")
        if file.seek(0, os.SEEK_END) > _MOST_ANSWERED:
            raise DiedError(f"there is more to say of it than {_MOST_ANSWERED} bytes")
        file.seek(0)
        return file.read()


def answer(respond: Callable[[bytes], bytes]) -> None:
    """In that process: writes what `respond` says to the question, and ends it."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # there may be secrets in its memory, or its children's
    stdin = sys.stdin.buffer
    question = stdin.read(int.from_bytes(stdin.read(8), "big"))
    threading.Thread(target=_end_with_asker, args=(os.getcwd(),), daemon=True).start()
    sys.stdout.buffer.write(respond(question))
    sys.stdout.buffer.flush()
    os._exit(0)


def limit_files(most: int) -> None:
    """Lets no file that this process or its children write have more bytes than `most`; where the system can."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def _end(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, 9)
    process.kill()
    process.wait()


def _end_with_asker(folder: str) -> None:
    import shutil

    with contextlib.suppress(OSError):
        while os.read(0, 1):
            pass
    # Nobody else is left to take it away.
    shutil.rmtree(folder, ignore_errors=True)
    if hasattr(os, "killpg"):
        os.killpg(0, 9)
    os._exit(1)
