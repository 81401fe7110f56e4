"""Starting a program with a token in its environment, or in memory that its environment points to."""

from __future__ import annotations

import errno
import os
import shutil

from tokenguard.core.name import HF_TOKEN, OLD_HF_TOKEN
from tokenguard.errors import TokenguardError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tokenguard.core.token import Token

_TOKEN_PATH = "HF_TOKEN_PATH"  # noqa: S105 -- the name of a variable

_OUT_OF_THE_WAY = 100

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


def launch(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Becomes `command` where the platform can (execve(2)); elsewhere gives its exit status.

    Raises LaunchError where it cannot be started.
    """
    program = shutil.which(command[0], path=environment.get("PATH", os.defpath))
    if program is None:
        if os.path.dirname(command[0]) and os.path.exists(command[0]):
            raise LaunchError(f"{command[0]} cannot be run", _CANNOT_RUN)
        raise LaunchError(f"there is no command called {command[0]}", _NOT_FOUND)
    try:
        if os.name != "nt":
            _become(program, command, environment)
        return _wait_for([program, *command[1:]], environment)
    except OSError as error:
        raise LaunchError(f"{command[0]} cannot be run: {error.strerror or error}", _CANNOT_RUN) from None


def _become(program: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
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


def _wait_for(command: Sequence[str], environment: Mapping[str, str]) -> int:
    # Windows has no exec: Ctrl-C goes to both processes, and is for the child to answer.
    import signal
    import subprocess

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(command, env=dict(environment))
