"""Why git failed, out of all that it said, and a server in it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

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
