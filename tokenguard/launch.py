"""Starting a program with a token in its environment, or in memory that its environment points to."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil

from tokenguard.core.name import HF_TOKEN, OLD_HF_TOKEN
from tokenguard.errors import TokenguardError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO, NoReturn

    from tokenguard.core.mask import Masker
    from tokenguard.core.token import Token

_TOKEN_PATH = "HF_TOKEN_PATH"  # noqa: S105 -- the name of a variable

_OUT_OF_THE_WAY = 100
_AT_ONCE = 64 * 1024

# POSIX's words for a command that is not there, and one that cannot be run (XCU 2.8.2).
_NOT_FOUND = 127
_CANNOT_RUN = 126


class LaunchError(TokenguardError):
    """The program could not be started. `exit_code` is what a shell says of it."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def in_environment(environment: Mapping[str, str], variables: Sequence[str], token: Token) -> dict[str, str]:
    """`environment` with the token in `variables`, and without the old variable that would stand in its way."""
    child = without_passphrase(environment)
    if HF_TOKEN in variables:
        child.pop(OLD_HF_TOKEN, None)
    return child | dict.fromkeys(variables, token.reveal())


def in_memory(environment: Mapping[str, str], token: Token) -> dict[str, str]:
    """`environment` with `HF_TOKEN_PATH` on memory that holds the token, and nothing else that has one.

    The memory lives as long as this process, or the program that it becomes. Raises UsageError where the platform
    has no such memory; only Linux does (memfd_create(2)).
    """
    if not hasattr(os, "memfd_create"):
        raise UsageError("--via file needs Linux", "--via env hands the token over in the environment")
    import fcntl

    descriptor = os.memfd_create("hf-token", os.MFD_ALLOW_SEALING)
    os.write(descriptor, token.reveal().encode())
    fcntl.fcntl(
        descriptor,
        fcntl.F_ADD_SEALS,
        fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL,
    )
    # Scripts take the lowest descriptors for their own without looking.
    try:
        kept = fcntl.fcntl(descriptor, fcntl.F_DUPFD, _OUT_OF_THE_WAY)
    except OSError:  # so few are allowed (ulimit -n)
        kept = os.dup(descriptor)
        os.set_inheritable(kept, True)  # noqa: FBT003 -- positional in Python
    os.close(descriptor)
    child = without_passphrase(environment)
    for name in (HF_TOKEN, OLD_HF_TOKEN):
        child.pop(name, None)
    # By number, not by "self": whoever reads it may be a child of the program.
    return child | {_TOKEN_PATH: f"/proc/{os.getpid()}/fd/{kept}"}


def without_passphrase(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without what opens the vault: the program was given one token, not all of them."""
    return {name: value for name, value in environment.items() if name != "TOKENGUARD_PASSPHRASE"}


def warnings(environment: Mapping[str, str]) -> Iterator[str]:
    """What in `environment` keeps Hugging Face's libraries from using the token."""
    if environment.get("HF_OIDC_RESOURCE"):
        yield "HF_OIDC_RESOURCE is set: huggingface_hub exchanges your CI provider's identity for another token"
    if environment.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in ("1", "ON", "YES", "TRUE"):
        yield "HF_HUB_DISABLE_IMPLICIT_TOKEN is set: huggingface_hub uses a token only where a program says so"


def launch(
    command: Sequence[str], environment: Mapping[str, str], masker: Callable[[], Masker] | None = None
) -> int:
    """Becomes `command` where the platform can (execve(2)); elsewhere gives its exit status.

    With a `masker`, the command is a child of this process, and each of its streams passes through what that
    gives; this process ends as the command does, by a signal as well. Raises LaunchError where the command cannot
    be started.
    """
    program = shutil.which(command[0], path=environment.get("PATH", os.defpath))
    if program is None:
        if os.path.dirname(command[0]) and os.path.exists(command[0]):
            raise LaunchError(f"{command[0]} cannot be run", _CANNOT_RUN)
        raise LaunchError(f"there is no command called {command[0]}", _NOT_FOUND)
    try:
        if os.name == "nt":
            return _wait_for([program, *command[1:]], environment, masker)
        if masker is None:
            _become(program, command, environment)
        from tokenguard.relay import relay

        memory = f"/proc/{os.getpid()}/"

        def become() -> NoReturn:
            # The memory is that of a child now: nobody can look into this process (`process.forbid_dumps`).
            path = environment.get(_TOKEN_PATH, "").replace(memory, f"/proc/{os.getpid()}/", 1)
            _become(program, command, {**environment, _TOKEN_PATH: path} if path else environment)

        return _end_alike(relay(become, masker))
    except OSError as error:
        raise LaunchError(f"{command[0]} cannot be run: {error.strerror or error}", _CANNOT_RUN) from None


def _end_alike(status: int) -> int:
    """The exit status in a wait status; ends this process by the signal where that was the end of the program."""
    if not os.WIFSIGNALED(status):
        return os.WEXITSTATUS(status)
    import signal

    number = os.WTERMSIG(status)
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number


def _become(program: str, command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    import signal

    # Python ignores these, which a program that it becomes would inherit (signal(7)).
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execve(program, list(command), dict(environment))  # noqa: S606 -- no shell, on purpose
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    # A script that does not name its interpreter is the shell's, as it is for execvp(3).
    os.execve("/bin/sh", ["sh", program, *command[1:]], dict(environment))  # noqa: S606 -- the same


def _wait_for(
    command: Sequence[str], environment: Mapping[str, str], masker: Callable[[], Masker] | None = None
) -> int:
    # Windows has no exec: Ctrl-C goes to both processes, and is for the child to answer.
    import signal
    import subprocess

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if masker is None:
        return subprocess.call(command, env=dict(environment))
    import threading

    process = subprocess.Popen(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )
    threads = [
        threading.Thread(target=_pass_on, args=(pipe, target, masker()))
        for pipe, target in ((process.stdout, 1), (process.stderr, 2))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return process.wait()


def _pass_on(pipe: BinaryIO, target: int, masker: Masker) -> None:
    """Passes on what comes out of a pipe, until nobody reads it any more."""
    with pipe, contextlib.suppress(OSError):
        while data := pipe.read(_AT_ONCE):
            _write(target, masker.feed(data))
        _write(target, masker.end())


def _write(target: int, data: bytes) -> None:
    while data:
        data = data[os.write(target, data) :]
