"""What a sweep is to read, out of text that others may have written: folders, addresses for git, other names."""

from __future__ import annotations

import re
from typing import NamedTuple

from tokenguard.core.detect import detect
from tokenguard.core.endpoint import is_loopback
from tokenguard.core.hubname import hub_name, is_hub_name, parse_hub_name
from tokenguard.core.printable import printable
from tokenguard.errors import UsageError

# A host begins with a letter or a digit, so that nothing takes it for an option: what git hands to ssh did
# (CVE-2017-1000117). No character has a second meaning to a parser of addresses, a shell or git (git-clone(1),
# "GIT URLS"): no query, no fragment, no percent sign, no backslash.
_HOST = r"([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])"
_USER = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,31}"
_STEPS = r"(?:/[A-Za-z0-9._~+@=,-]+)+/?"
_PORT = r"(:[0-9]{1,5})?"
_WEB = re.compile(rf"(https?)://{_HOST}{_PORT}{_STEPS}", re.ASCII)
_SSH = re.compile(rf"ssh://(?:{_USER}@)?{_HOST}{_PORT}{_STEPS}", re.ASCII)
_SHORT = re.compile(rf"{_USER}@{_HOST}:(?!-)[A-Za-z0-9._~+/@=,-]+", re.ASCII)
# What fsspec opens is what stands before `://`, and `::` chains one such name to another.
_STORED = re.compile(r"(?:s3|gs|gcs|abfs|az)://[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._~+=,-]+)*/?", re.ASCII)
_LONGEST = 2048

FOLDER, HUB, FILESYSTEM, HTTP, HTTPS, SSH = "folder", "hub", "filesystem", "http", "https", "ssh"

_WHAT = "targets are folders, https:// and ssh:// addresses, git@host:path, and hf:// and s3:// names"


class Target(NamedTuple):
    """`name` is what is read, as it was named; `kind` FOLDER, HUB, FILESYSTEM, or git's word for the way to it.

    That is HTTPS, SSH, or HTTP, which is for this very machine alone. FILESYSTEM is what fsspec opens.
    """

    name: str
    kind: str

    @property
    def is_address(self) -> bool:
        """Whether git fetches it from somewhere."""
        return self.kind in (HTTP, HTTPS, SSH)

    @property
    def is_account(self) -> bool:
        """Whether it is all that somebody has on the Hub, which is a target each."""
        return self.kind == HUB and parse_hub_name(self.name).repo is None


def read_target(text: str) -> Target:
    """The Target that `text` names. Raises UsageError where it is none, or none that is safe to hand on.

    A secret in it is refused: targets stand in lists, tasks and reports.
    """
    shown = repr(printable(text[:_LONGEST]))
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise UsageError(f"{shown} is no target", "it is empty, too long, or has control characters in it")
    if detect(text.encode("utf-8", "surrogatepass")):
        raise UsageError(f"{shown}: there is a credential in it", "revoke it: it has been in a list or a shell")
    if text.startswith("-"):
        raise UsageError(f"{shown} is no target", "a folder whose name begins with a hyphen is ./-name")
    if is_hub_name(text):
        return Target(hub_name(parse_hub_name(text)), HUB)
    if "://" in text:
        return Target(text, _scheme(text, shown))
    if "::" in text.partition("/")[0]:  # gitremote-helpers(7): the name of a program, and what it is told
        raise UsageError(f"{shown} is no target", _WHAT)
    if ":" in text.partition("/")[0] and not re.match(r"[A-Za-z]:[\\/]", text):  # as git tells them apart
        if _SHORT.fullmatch(text) is None:
            raise UsageError(f"{shown} is no target", f"{_WHAT}; a folder with a colon is ./a:b")
        return Target(text, SSH)
    return Target(text, FOLDER)


def _scheme(text: str, shown: str) -> str:
    if _STORED.fullmatch(text) and not {".", ".."}.intersection(text.split("/")):
        return FILESYSTEM
    if (match := _SSH.fullmatch(text)) and _is_port(match[2]):
        return SSH
    if (match := _WEB.fullmatch(text)) and _is_port(match[3]):
        if match[1] == HTTP and not is_loopback(match[2].strip("[]").lower()):
            raise UsageError(f"{shown}: over http:// anybody on the way could change what is read", "use https://")
        return match[1]
    if re.match(r"(https?|ssh)://[^/]*@", text):
        # What stands there may well be a password.
        raise UsageError("an address with a user in it is no target", "git has its credential helpers for that")
    raise UsageError(f"{shown} is no target", _WHAT)


def _is_port(port: str | None) -> bool:
    return int((port or ":0")[1:]) <= 65535
