"""A Hub that has real git repositories: `git http-backend` behind what a web server does for it."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tests.support.hub import Answer, Hub
from tests.support.repository import TIMEOUT, environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.hub import Request

_HEADER_END = b"\r\n\r\n"


class Shown(NamedTuple):
    """Who asked for what: the header's `scheme` in lower case, and name and token in it, where there was one."""

    path: str
    scheme: str
    username: str
    token: str


class Forge(Hub):
    """`top` is where the repositories are; every one of them is private.

    `challenges` are the schemes that it asks for where nobody says who they are.
    """

    def __init__(self, top: Path, challenges: Sequence[str] = ('Basic realm="Authentication required"',)) -> None:
        super().__init__()
        self._top = top
        self._environment = environment(top / "home")
        self._members: dict[str, set[str]] = {}
        self.challenges = tuple(challenges)
        self.shown: list[Shown] = []
        self.elsewhere: str | None = None
        """The other base URL that git is sent to, whatever it asks for."""

    def __enter__(self) -> Forge:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        super().__enter__()
        return self

    def create(self, name: str) -> None:
        """A repository, as in `alice/model` or `datasets/alice/x`, with one commit on main, named after it."""
        folder = self._top / f"{name}.git"
        folder.mkdir(parents=True)
        self._git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
        self._git(folder, "config", "http.receivepack", "true")
        tree = self._git(folder, "mktree").strip().decode()
        commit = self._git(folder, "commit-tree", tree, "-m", f"begin {name}").strip().decode()
        self._git(folder, "update-ref", "refs/heads/main", commit)

    def let_in(self, token: str, *names: str) -> None:
        """Has the owners called `names` be those whose repositories `token` is good for."""
        self._members[token] = set(names)

    def log(self, name: str) -> list[str]:
        """The subjects of the commits that a repository has, the newest first."""
        return self._git(self._top / f"{name}.git", "log", "--format=%s", "main").decode().splitlines()

    @property
    def tokens(self) -> list[str]:
        """What was shown to git's own addresses, each once, in the order in which it first came."""
        return list(dict.fromkeys(shown.token for shown in self.shown if shown.token))

    def respond(self, request: Request) -> Answer:
        path, _, query = request.path.partition("?")
        if not path.endswith(("/info/refs", "/git-upload-pack", "/git-receive-pack")):
            return super().respond(request)
        shown = _shown(path, request.headers.get("authorization", ""))
        self.shown.append(shown)
        if self.elsewhere is not None:
            return Answer(302, redirect=self.elsewhere)
        owner = path.strip("/").removeprefix("datasets/").removeprefix("spaces/").split("/")[0]
        if owner not in self._members.get(shown.token, ()):
            # The last of several headers of one name is all that a mapping has; git reads a list in one as well.
            return Answer(401, b"", {"WWW-Authenticate": ", ".join(self.challenges)})
        return self._serve(request, path, query)

    def _serve(self, request: Request, path: str, query: str) -> Answer:
        # RFC 3875, and git-http-backend(1).
        variables = {
            "GIT_PROJECT_ROOT": str(self._top),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": request.method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": "somebody",
        }
        process = subprocess.run(
            ["git", "http-backend"],
            env=self._environment | variables,
            input=request.body,
            stdout=subprocess.PIPE,
            check=True,
            timeout=TIMEOUT,
        )
        head, _, body = process.stdout.partition(_HEADER_END)
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return Answer(int(headers.pop("Status", "200").split()[0]), body, headers)

    def _git(self, folder: Path, *arguments: str) -> bytes:
        process = subprocess.run(
            ["git", "-c", "safe.bareRepository=all", *arguments],
            cwd=folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
            timeout=TIMEOUT,
        )
        return process.stdout


def _shown(path: str, header: str) -> Shown:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return Shown(path, scheme.lower(), "", value)
    username, _, password = base64.b64decode(value).decode().partition(":")
    return Shown(path, "basic", username, password)
