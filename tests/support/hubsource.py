"""A Hub on this machine that has repositories: listings in pages, files by range, large ones on another host."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.hub import Answer, Hub, Request, ok

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_LFS_FROM = 1 << 20


class Commit(NamedTuple):
    """A commit, with all the files that there are in it."""

    id: str
    date: str
    title: str
    message: str
    author: str
    files: dict[str, bytes]


class Repo:
    """A repository of `kind` (model, dataset, space, bucket); the first commit of it has one file."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        self.refs: dict[str, list[Commit]] = {"refs/heads/main": []}
        self.discussions: list[dict[str, Any]] = []
        self.variables: dict[str, dict[str, str]] | None = {}
        """None where whoever asks may not read them."""
        self.bucket: dict[str, bytes] = {}

    def commit(
        self,
        files: Mapping[str, bytes | None],
        title: str = "Upload",
        message: str = "",
        *,
        ref: str = "refs/heads/main",
        author: str = "alice",
    ) -> Commit:
        """Adds to what `ref` has; a file that is None is taken out. A new ref begins where main is."""
        line = self.refs.setdefault(ref, list(self.refs["refs/heads/main"]))
        now = dict(line[-1].files) if line else {}
        for path, data in files.items():
            if data is None:
                del now[path]
            else:
                now[path] = data
        count = sum(map(len, self.refs.values()))
        identity = hashlib.sha1(f"{self.name} {ref} {count}".encode(), usedforsecurity=False).hexdigest()
        made = Commit(identity, f"2024-01-01T00:00:{count:02}.000Z", title, message, author, now)
        line.append(made)
        return made

    def discuss(self, title: str, *comments: str, pull_request: bool = False) -> int:
        """Opens a discussion; gives its number."""
        number = len(self.discussions) + 1
        events = [
            {
                "id": f"{number:012x}{at:012x}",
                "type": "comment",
                "createdAt": "2024-02-01T00:00:00.000Z",
                "author": {"name": "bob"},
                "data": {"edited": False, "hidden": False, "latest": {"raw": text, "html": f"<p>{text}</p>"}},
            }
            for at, text in enumerate(comments)
        ]
        self.discussions.append(
            {
                "num": number,
                "title": title,
                "author": {"name": "bob"},
                "createdAt": "2024-02-01T00:00:00.000Z",
                "status": "open",
                "isPullRequest": pull_request,
                "repo": {"name": self.name, "type": self.kind},
                "changes": {"base": "refs/heads/main"},
                "filesWithConflicts": [],
                "events": events,
            }
        )
        return number

    @property
    def folder(self) -> str:
        return self.name if self.kind == "model" else f"{self.kind}s/{self.name}"


class Storage(Hub):
    """The other host: what is signed for is given to whoever comes, and its requests are noted as well."""

    def __init__(self) -> None:
        super().__init__()
        self.contents: dict[str, bytes] = {}

    def respond(self, request: Request) -> Answer:
        data = self.contents.get(urlsplit(request.path).path.strip("/"))
        return Answer(404) if data is None else _file(request, data)


class Library(Hub):
    """Listens, with its Storage, while it is entered."""

    def __init__(self, *, page: int = 2) -> None:
        super().__init__()
        self.storage = Storage()
        self.repos: list[Repo] = []
        self.page = page
        """Items on a page of a listing."""
        self._instead: list[tuple[str, list[Answer]]] = []

    def __enter__(self) -> Library:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        self.storage.__enter__()
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.storage.__exit__(kind, error, trace)

    def add(self, name: str, kind: str = "model", **files: bytes) -> Repo:
        """A repository with a first commit; `__` in the names of `files` is a dot."""
        repo = Repo(kind, name)
        self.repos.append(repo)
        if kind == "bucket":
            repo.bucket = {path.replace("__", "."): data for path, data in files.items()}
        else:
            repo.commit({path.replace("__", "."): data for path, data in files.items()}, "initial commit")
        return repo

    def say(self, path: str, *answers: Answer) -> None:
        """Has what begins with `path` answered by each of `answers` once, and as usual from then on."""
        self._instead.append((path, list(answers)))

    def respond(self, request: Request) -> Answer:
        with self._lock:
            for path, answers in self._instead:
                if answers and request.path.startswith(path):
                    return answers.pop(0)
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if found := re.fullmatch(r"/api/(model|dataset|space)s", path):
            listed = [
                {"id": repo.name, "private": False}
                for repo in self.repos
                if repo.kind == found[1] and repo.name.split("/")[0] == query["author"][0]
            ]
            return self._paged(path, query, listed)
        if found := re.fullmatch(r"/api/buckets/([^/]+)", path):
            mine = [repo for repo in self.repos if repo.kind == "bucket" and repo.name.startswith(f"{found[1]}/")]
            return self._paged(path, query, [_bucket(repo) for repo in mine])
        for repo in self.repos:
            if path.startswith(f"/api/{repo.kind}s/{repo.name}/"):
                return self._api(repo, path, query)
            if path.startswith(f"/{repo.folder}/resolve/"):
                return self._resolve(repo, request, unquote(path))
        return super().respond(request)

    def _api(self, repo: Repo, path: str, query: dict[str, list[str]]) -> Answer:
        what, _, rest = path.removeprefix(f"/api/{repo.kind}s/{repo.name}/").partition("/")
        if repo.kind == "bucket" and what == "tree":
            items = [
                {"type": "file", "path": name, "size": len(data), "xetHash": _sha256(data)}
                for name, data in repo.bucket.items()
            ]
            return self._paged(path, query, items)
        commits = {commit.id: (line, commit) for line in repo.refs.values() for commit in line}
        if what == "refs":
            return ok(_refs(repo))
        if what == "commits":
            line, last = commits[rest]
            return self._paged(path, query, [_told(one) for one in reversed(line[: line.index(last) + 1])])
        if what == "tree":
            return self._paged(path, query, [entry(*item) for item in commits[rest][1].files.items()])
        if what == "discussions" and rest:
            return ok(repo.discussions[int(rest) - 1])
        if what == "discussions":
            first = int(query["p"][0]) * self.page
            listed = [
                {key: value for key, value in one.items() if key != "events"}
                for one in repo.discussions[first : first + self.page]
            ]
            return ok({"discussions": listed, "count": len(repo.discussions), "start": first})
        if what == "variables" and repo.kind == "space":
            return Answer(403) if repo.variables is None else ok(repo.variables)
        return Answer(404)

    def _resolve(self, repo: Repo, request: Request, path: str) -> Answer:
        rest = path.removeprefix(f"/{repo.folder}/resolve/")
        if repo.kind == "bucket":
            return self._stored(repo.bucket[rest])
        commit, _, name = rest.partition("/")
        data = next(one.files[name] for line in repo.refs.values() for one in line if one.id == commit)
        return self._stored(data) if len(data) >= _LFS_FROM else _file(request, data)

    def _stored(self, data: bytes) -> Answer:
        self.storage.contents[_sha256(data)] = data
        return Answer(302, headers={"Location": f"{self.storage.endpoint}/{_sha256(data)}?signature=x"})

    def _paged(self, path: str, query: dict[str, list[str]], items: list[dict[str, Any]]) -> Answer:
        first = int(query.get("cursor", ["0"])[0])
        answer = ok(items[first : first + self.page])
        if first + self.page >= len(items):
            return answer
        kept = "".join(f"{key}={values[0]}&" for key, values in query.items() if key != "cursor")
        link = f'<{self.endpoint}{path}?{kept}cursor={first + self.page}>; rel="next"'
        return answer._replace(headers=dict(answer.headers) | {"Link": link})


def page(items: list[dict[str, Any]], following: str) -> Answer:
    """A page of a listing that says where it goes on."""
    return Answer(200, json.dumps(items).encode(), {"Link": f'<{following}>; rel="next"'})


def truncated(data: bytes, length: int) -> Answer:
    """`data`, of which the head says that it has `length` bytes."""
    return Answer(200, data, {"Content-Length": str(length)}, sized=False)


def _file(request: Request, data: bytes) -> Answer:
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
    if found is None:
        return Answer(200, data, {"Content-Type": "application/octet-stream"})
    first, last = int(found[1]), min(int(found[2]), len(data) - 1)
    return Answer(206, data[first : last + 1], {"Content-Range": f"bytes {first}-{last}/{len(data)}"})


def _bucket(repo: Repo) -> dict[str, Any]:
    size = sum(map(len, repo.bucket.values()))
    told = {"private": True, "createdAt": "2024-01-01T00:00:00.000Z", "size": size, "totalFiles": len(repo.bucket)}
    return {"id": repo.name} | told


def _refs(repo: Repo) -> dict[str, list[dict[str, str]]]:
    heads = {
        "branches": "refs/heads/",
        "converts": "refs/convert/",
        "tags": "refs/tags/",
        "pullRequests": "refs/pr/",
    }
    return {
        key: [
            {"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": line[-1].id}
            for ref, line in repo.refs.items()
            if ref.startswith(prefix)
        ]
        for key, prefix in heads.items()
    }


def _told(commit: Commit) -> dict[str, Any]:
    return {
        "id": commit.id,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.author}],
        "date": commit.date,
    }


def entry(path: str, data: bytes) -> dict[str, Any]:
    """A file in a listing of a tree."""
    told = {"type": "file", "path": path, "size": len(data)}
    if len(data) < _LFS_FROM:
        return told | {"oid": hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()}
    lfs = {"oid": _sha256(data), "size": len(data), "pointerSize": 134}
    return told | {"oid": "f" * 40, "lfs": lfs, "xetHash": "e" * 64}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
