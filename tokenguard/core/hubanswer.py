"""What the Hub says of its repositories, read strictly: the values, and ValueError for what is none of them.

The fields are those that huggingface_hub 2.4.0 reads: `hf_api.py`, `community.py`, `_space_api.py`, `_buckets.py`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEADS = ("branches", "converts", "tags", "pullRequests")
_DEEPEST = 8  # objects within an event
_LONGEST_PATH = 4096


class Reply(NamedTuple):
    """An answer over HTTP: names of `headers` in lower case; `is_whole` where `body` is all there was."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool = True


class Commit(NamedTuple):
    """A commit: its `text` is title and message, `author` a name, `date` ISO 8601."""

    id: str
    author: str | None = None
    date: str | None = None
    text: str = ""


class File(NamedTuple):
    """A file of a revision: `content` says what is in it, `size` is in bytes.

    `content` is `sha256:…` of what lies in LFS or Xet, `git:…` (the name of its blob) of what lies in git, and
    `xet:…` in a bucket.
    """

    path: str
    size: int
    content: str


class Discussion(NamedTuple):
    """A discussion or a pull request."""

    number: int
    title: str
    author: str | None = None
    date: str | None = None


class Event(NamedTuple):
    """Something in a discussion: all that somebody has written there."""

    id: str
    text: str
    author: str | None = None
    date: str | None = None


def read_repo(item: object) -> str:
    """The name of a repository in a listing."""
    return _text(_object(item), "id")


def read_refs(answer: object) -> list[tuple[str, str]]:
    """Each ref, and the commit that it leads to: branches, conversions, tags and pull requests."""
    refs = _object(answer)
    _list(refs.get("branches"))  # which there always are
    items = [_object(item) for head in _HEADS for item in _list(refs.get(head) or [])]
    return [(_text(item, "ref"), _hash(item, "targetCommit", 40)) for item in items]


def read_commit(item: object) -> Commit:
    """A commit in a listing."""
    commit = _object(item)
    authors = [_object(author).get("user") for author in _list(commit.get("authors") or [])]
    names = ", ".join(author for author in authors if isinstance(author, str))
    message = "" if commit.get("message") is None else _text(commit, "message")
    text = f"{_text(commit, 'title')}\n\n{message}".rstrip()
    return Commit(_hash(commit, "id", 40), names or None, _maybe(commit, "date"), text)


def read_file(item: object) -> File | None:
    """A file in a listing of a tree, None of what is none."""
    entry = _object(item)
    kind = _text(entry, "type")
    if kind == "directory":
        return None
    if kind != "file":
        raise ValueError("neither file nor folder")
    path = _text(entry, "path")
    # Whoever puts that into an address asks for something else.
    if len(path) > _LONGEST_PATH or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError("no path of a file")
    path.encode()  # raises where it is none that could be asked for
    if entry.get("lfs") is not None:
        lfs = _object(entry["lfs"])
        return File(path, _number(lfs, "size"), f"sha256:{_hash(lfs, 'oid', 64)}")
    if entry.get("xetHash") is not None:
        return File(path, _number(entry, "size"), f"xet:{_hash(entry, 'xetHash', 64)}")
    return File(path, _number(entry, "size"), f"git:{_hash(entry, 'oid', 40)}")


def read_discussions(answer: object) -> tuple[list[Discussion], int]:
    """The discussions on a page, and after how many in all there are no more."""
    page = _object(answer)
    found = [
        Discussion(_number(item, "num"), _text(item, "title"), _author(item), _maybe(item, "createdAt"))
        for item in map(_object, _list(page.get("discussions")))
    ]
    return found, _number(page, "count")


def read_events(answer: object) -> list[Event]:
    """What somebody has written in a discussion: comments, and whatever else has a text."""
    found = []
    for event in map(_object, _list(_object(answer).get("events"))):
        data = event.get("data")
        if _text(event, "type") == "comment":
            comment = _object(data)
            # Of one that somebody has hidden there may be nothing to read.
            is_hidden = comment.get("hidden") is True and comment.get("latest") is None
            text = "" if is_hidden else _text(_object(comment.get("latest")), "raw")
        else:
            text = "\n".join(_texts(data, _DEEPEST))
        found.append(Event(_text(event, "id"), text, _author(event), _maybe(event, "createdAt")))
    return found


def read_variables(answer: object) -> list[tuple[str, str]]:
    """Each variable of a Space: its name, and its value with what is said about it."""
    variables = [(key, _object(variable)) for key, variable in _object(answer).items()]
    return [
        (key, "\n".join(filter(None, (_text(told, "value"), _maybe(told, "description")))))
        for key, told in variables
    ]


def next_page(headers: Mapping[str, str]) -> str | None:
    """The address of the next page of a listing (RFC 8288), None where this is the last."""
    match = re.search(r'<([^<>]*)>\s*;\s*(?:[^,<>]*;\s*)?rel="?next\b', headers.get("link", ""))
    return match[1] if match else None


def _author(item: dict[str, object]) -> str | None:
    author = item.get("author")
    return _maybe(author, "name") if isinstance(author, dict) else None


def _texts(value: object, deepest: int) -> Iterator[str]:
    """All strings in `value`, but for what is told twice, as HTML."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        if not deepest:
            raise ValueError("nested too deep")
        inner = value if isinstance(value, list) else [value[key] for key in value if key != "html"]
        for one in inner:
            yield from _texts(one, deepest - 1)


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return value


def _maybe(item: dict[str, object], key: str) -> str | None:
    value = item.get(key)
    return value if isinstance(value, str) else None


def _text(item: dict[str, object], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        raise ValueError(f"no {key}")
    return value


def _number(item: dict[str, object], key: str) -> int:
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"no {key}")
    return value


def _hash(item: dict[str, object], key: str, length: int) -> str:
    value = _text(item, key)
    if not re.fullmatch(rf"[0-9a-f]{{{length}}}", value):
        raise ValueError(f"no {key}")
    return value
