"""Where the Hub is, and which hosts a token may be sent to."""

from __future__ import annotations

import re
from typing import NamedTuple

from tokenguard.errors import UsageError

OFFICIAL = "https://huggingface.co"

# huggingface.co and what its services run on. *.hf.space is not among them: anybody can run a Space.
_HOSTS = ("huggingface.co", "hf.co")
_PARENTS = (".huggingface.co", ".endpoints.huggingface.cloud")
# Where its files are kept: us.aws.cdn.hf.co, cdn-lfs.huggingface.co, … (hub-docs, models-downloading).
_STORES = (".hf.co", ".huggingface.co")
_LOOPBACK = ("localhost", "::1")


class Endpoint(NamedTuple):
    """A Hub: its `url` without a slash at the end, and its `host`, in lower case."""

    url: str
    host: str

    @property
    def origin(self) -> str:
        """The url without a path, in lower case."""
        return "/".join(self.url.split("/")[:3]).lower()

    @property
    def is_loopback(self) -> bool:
        """Whether it runs on this very machine."""
        return is_loopback(self.host)


def read_endpoint(text: str) -> Endpoint:
    """The Endpoint in what `HF_ENDPOINT` says, the official one where it says nothing.

    Raises UsageError where it is no plain address, or one that a token would be sent to in the clear.
    """
    url = (text or OFFICIAL).rstrip("/")
    # No user, no query and no characters that two parsers could read as two different hosts.
    match = re.fullmatch(
        r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[\w.~/-]*)?", url, re.ASCII
    )
    if match is None or int((match[3] or ":0")[1:]) > 65535:
        raise UsageError("HF_ENDPOINT is not an address that tokens can be sent to", f"it is like {OFFICIAL}")
    endpoint = Endpoint(url, match[2].strip("[]").lower())
    if match[1] == "http" and not endpoint.is_loopback:
        raise UsageError(
            "HF_ENDPOINT begins with http://, over which everybody on the way could read the token",
            "use https://; http:// is for this very machine alone",
        )
    return endpoint


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine: `localhost`, 127.0.0.0/8 (RFC 1122) or ::1."""
    if host in _LOOPBACK:
        return True
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(_is_octet(part) for part in parts)


def _is_octet(part: str) -> bool:
    return part.isascii() and part.isdigit() and int(part) < 256


def origins(endpoint: Endpoint) -> tuple[str, ...]:
    """Where repositories are: the origin of `endpoint`, and those of the official Hub."""
    return tuple(dict.fromkeys([endpoint.origin, *(f"https://{host}" for host in _HOSTS)]))


def is_hub(host: str, endpoint: Endpoint) -> bool:
    """Whether `host` is the endpoint's, or belongs to Hugging Face's own services."""
    return host == endpoint.host or host in _HOSTS or host.endswith(_PARENTS)


def is_at(url: str, endpoint: Endpoint) -> bool:
    """Whether `url` lies at `endpoint`, so that a token may be sent there: same scheme, same host, same port."""
    return url.lower().startswith(f"{endpoint.origin}/")


def keeps_files(url: str, endpoint: Endpoint) -> bool:
    """Whether the Hub may send somebody to `url` for a file: to itself, or to its own storage.

    From a Hub on this very machine, to another port of it as well.
    """
    if is_at(url, endpoint):
        return True
    # No user before the host: two parsers could read two different ones.
    match = re.match(r"(https?)://([A-Za-z0-9.-]+)(:[0-9]{1,5})?/", url)
    if match is None:
        return False
    scheme, host, port = match[1], match[2].lower(), match[3]
    if endpoint.is_loopback and is_loopback(host):
        return True
    return scheme == "https" and not port and (host in _HOSTS or host.endswith(_STORES))
