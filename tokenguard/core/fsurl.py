"""`s3://bucket/notebooks` and its like: what fsspec is to open, and what it is not asked for."""

from __future__ import annotations

import contextlib
import re
from typing import NamedTuple

from tokenguard.core.detect import detect
from tokenguard.core.endpoint import OFFICIAL, Endpoint, is_at, is_loopback, origins, read_endpoint
from tokenguard.core.hubname import hub_name, is_hub_name, parse_hub_name
from tokenguard.errors import UsageError

# RFC 3986, section 3.1. A single letter is a drive of Windows.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://", re.ASCII)
_CHAIN = re.compile(r"[A-Za-z0-9+._-]+::.*://", re.ASCII)
_LONGEST = 2048

WEB = ("http", "https")
_GIT_HOSTS = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org")
# An account, or one of its repositories; after that, pages of the Hub's.
_REPOSITORY = re.compile(
    r"/(?:(?:datasets|spaces|buckets)/)?[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?(?=/|$)", re.ASCII
)

_HERE = ("file", "local")
_OTHERS = {
    # fsspec's registry, release 2026.9.0. What is installed beside it is the user's own choice.
    "the Hub's names begin with hf://, in small letters": ("hf",),
    "it is no store elsewhere: name the path": ("asynclocal", "data", "memory", "pyscript"),
    "it opens another one in its turn; archives are looked into anyway: name the file itself": (
        "async_wrapper",
        "asyncwrapper",
        "blockcache",
        "cached",
        "dask",
        "dir",
        "filecache",
        "generic",
        "libarchive",
        "reference",
        "simplecache",
        "tar",
        "zip",
    ),
    "it shows one commit, and all are read: tokenguard sweep ADDRESS": ("dvc", "gist", "git", "github"),
    "its address has a token in it: scan the folder that the server serves": ("jlab", "jupyter"),
}


class FilesystemUrl(NamedTuple):
    """`text` is what the user has named, `scheme` in lower case.

    There is no slash at the end of `text`, unless a web server is to be asked with it, as pages differ.
    """

    text: str
    scheme: str


def is_filesystem_url(text: str) -> bool:
    """Whether `text` is something for fsspec, and neither a file here nor a name on the Hub."""
    if _CHAIN.match(text):
        return True
    return _URL.match(text) is not None and not is_hub_name(text) and not _is_here(text)


def local_path(text: str) -> str:
    """The path that `text` is, or that follows `file://`, as fsspec has it: without anything encoded."""
    return text[text.index("://") + 3 :] if _is_here(text) else text


def parse_filesystem_url(text: str, endpoint: Endpoint | None = None) -> FilesystemUrl:
    """What fsspec is to open. What is at `endpoint`, or at the official Hub, has a name on the Hub instead.

    Raises UsageError where it is nothing to be opened, or has a secret in it, which is not repeated: passwords
    before a host, signatures after a question mark.
    """
    if "::" in re.sub(r"\[[0-9A-Fa-f:.]+\]", "", text):
        raise UsageError("addresses within addresses (`::`) are not read", "name the file itself")
    match = _URL.match(text)
    if match is None or len(text) > _LONGEST or not text.isprintable():
        raise UsageError("this is no address that can be opened", "it is like s3://bucket/notebooks")
    scheme, rest = match[1].lower(), text[match.end() :]
    host = rest.partition("/")[0]
    if detect(text.encode("utf-8", "surrogatepass")):
        raise UsageError(
            f"in the {scheme}:// address is a credential", "revoke it: the shell's history has it now"
        )
    user, at, where = host.rpartition("@")
    if at and (":" in user or scheme in WEB):
        raise UsageError(
            f"in the {scheme}:// address is a password, or what may be one",
            "take it out, and change it: the shell's history has it now; drivers find credentials by themselves",
        )
    if "%" in host:  # encoded, a colon and an at sign are still a password
        raise UsageError(
            f"in the {scheme}:// address a percent sign stands before the path, where it may hide a password",
            "take it out, and change it, if it is one: the shell's history has it now",
        )
    if "?" in text:  # signatures and keys, among others
        raise UsageError(
            f"the {scheme}:// address has a question mark in it, after which there may be a secret",
            "name the file without it, or the folder that it is in",
        )
    for why, schemes in _OTHERS.items():
        if scheme in schemes:
            raise UsageError(f"{scheme}:// is not read", why)
    if not where or not re.fullmatch(r"[^:]*(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", where):
        raise UsageError(f"in the {scheme}:// address is no host or bucket", "it is like s3://bucket/notebooks")
    name = where[1:].partition("]")[0] if where.startswith("[") else where.partition(":")[0]
    if scheme == "http" and not is_loopback(name.lower()):
        raise UsageError("over http:// anybody on the way could change what is read", "use https://")
    slash = "/" if scheme in WEB and rest.endswith("/") else ""
    if scheme in WEB:
        _expect_no_repository(f"{scheme}://{rest}", endpoint)
    return FilesystemUrl(f"{scheme}://{rest.rstrip('/')}{slash}", scheme)


def _expect_no_repository(url: str, endpoint: Endpoint | None) -> None:
    """Raises UsageError where `url` is a page about a repository, which does not link to all that it has."""
    endpoint = endpoint or read_endpoint(OFFICIAL)
    origin = "/".join(url.split("/")[:3]).lower()
    if is_at(f"{url}/", endpoint) or origin in origins(endpoint):
        below = url[len(endpoint.url) :] if url.startswith(f"{endpoint.url}/") else url[len(origin) :]
        match = _REPOSITORY.match(below)
        path = match[0] if match else ""
        hint = "it is like hf://acme/model"
        with contextlib.suppress(UsageError):
            entity = parse_hub_name(f"hf:/{path}")
            hint = f"tokenguard scan {hub_name(entity)}"
            if entity.repo is not None and entity.type != "bucket":
                hint += f", and for its git: tokenguard sweep {url.removesuffix(below)}{path}"
        raise UsageError("the Hub's pages are not what its repositories have", hint)
    host = origin.partition("://")[2].partition(":")[0].removeprefix("www.")
    if host in _GIT_HOSTS or url.rstrip("/").lower().endswith(".git"):
        raise UsageError("a git server's page is no repository", f"tokenguard sweep {url.partition('#')[0]}")


def _is_here(text: str) -> bool:
    match = _URL.match(text)
    return match is not None and match[1].lower() in _HERE
