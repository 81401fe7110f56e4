"""All that a git server has of one repository, in a bare one of our own. The server is as hostile as it is."""

from __future__ import annotations

import contextlib
import os
import re

from tokenguard.errors import IncompleteError
from tokenguard.sources.git import Git, GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.target import Target

_PACKETS = "packets"
# All refs, those of pull requests as well: whoever may read the repository can read these.
_EVERYTHING = "+refs/*:refs/*"
_PASSING = re.compile(
    r"could not resolve|couldn't connect|could not connect|connection (refused|reset|timed out|closed)"
    r"|timed out|hung up|early eof|rpc failed|returned error: (408|429|5\d\d)|unexpected disconnect|empty reply"
    r"|transfer closed|gnutls|ssl_|failed to connect|bytes of body are still expected",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(r"could not read (Username|Password) for")
_REDIRECTED = re.compile(r"returned error: 30\d")


class ServerError(IncompleteError):
    """The server did not give what was asked for. `is_passing`: it may, if it is asked again."""

    def __init__(self, message: str, *, is_passing: bool) -> None:
        super().__init__(message)
        self.is_passing = is_passing


def tips(target: Target, folder: str) -> str:
    """A digest of what all refs of the server point to; `folder` is any that is empty. Raises ServerError."""
    with _talking(target, folder) as git:
        return git.digest("ls-remote", "--quiet", "--", target.name)


def fetch(target: Target, folder: str) -> None:
    """Brings the bare repository `folder`, which is made where there is none, up to what the server has.

    What the server has no longer stays there, though no ref leads to it. Raises ServerError, and GitError where
    git cannot write there.
    """
    if not os.path.exists(os.path.join(folder, "HEAD")):
        _make(folder)
    _tidy(folder)
    try:
        _fetch(target, folder)
    except ServerError as error:
        if "mismatched algorithms" not in error.message:
            raise
        _make(folder, "--object-format=sha256")
        _fetch(target, folder)


def _make(folder: str, *options: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    Git(folder)("init", "--quiet", "--bare", "--template=", *options, "--", ".")


def _fetch(target: Target, folder: str) -> None:
    with _talking(target, folder, bare=True) as git:
        git.do(
            "fetch", "--quiet", "--force", "--prune", "--no-tags", "--update-head-ok", "--no-write-fetch-head",
            "--no-recurse-submodules", "--", target.name, _EVERYTHING,
        )  # fmt: skip


@contextlib.contextmanager
def _talking(target: Target, folder: str, *, bare: bool = False) -> Iterator[Git]:
    """A git that may ask the server of `target`. Raises ServerError where that is no git server, or git fails."""
    packets = os.path.abspath(os.path.join(folder, _PACKETS))
    try:
        yield Git(folder, bare=bare, way=target.kind, packets=packets)
        # A web page that is no list of refs passes for an empty one with git, which takes its server for a mere
        # store of files (gitprotocol-http(5), "Dumb Clients"). Where git is spoken, there are packets.
        if not os.path.exists(packets) or not os.path.getsize(packets):
            raise ServerError("what answers there is no git server", is_passing=False)
    except GitError as error:
        raise _server_error(error) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(packets)


def _tidy(folder: str) -> None:
    """Takes out what a fetch that was killed has left there."""
    packs = os.path.join(folder, "objects", "pack")
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(packs):
            if name.startswith("tmp_"):
                os.remove(os.path.join(packs, name))
    for top, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".lock"):
                os.remove(os.path.join(top, name))


def _server_error(error: GitError) -> ServerError:
    if _REDIRECTED.search(error.message):
        return ServerError("the server sends to another address, which was not followed", is_passing=False)
    if _UNKNOWN.search(error.message):
        return ServerError("the server wants credentials, and git has none for it", is_passing=False)
    return ServerError(error.message, is_passing=_PASSING.search(error.message) is not None)
