"""What a sweep is to read, out of text that others may have written: folders, addresses for git, other names."""

from __future__ import annotations

import re
from typing import NamedTuple

from tokenguard.core.detect import detect
from tokenguard.core.endpoint import is_loopback
from tokenguard.core.hubname import hub_name, is_hub_name, parse_hub_name, shows_secrets
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
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,11})://", re.ASCII)
_LONGEST = 2048

FOLDER, HUB, FILESYSTEM, HTTP, HTTPS, SSH = "folder", "hub", "filesystem", "http", "https", "ssh"

_WHAT = (
    "targets are folders, https:// and ssh:// addresses, git@host:path, "
    "and hf://, s3://, gs://, gcs://, abfs:// and az:// names"
)

_TAKE_OUT = (
    "take it out, and change it if it is one: a list or the shell's history has it now; git, and drivers, find "
    "credentials by themselves"
)


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
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise _refusal(text, "it is empty, too long, or has control characters in it")
    if detect(text.encode("utf-8", "surrogatepass")):
        shown = "what was named" if shows_secrets(text) else repr(printable(text))
        raise UsageError(f"{shown}: there is a credential in it", "revoke it: it has been in a list or a shell")
    if text.startswith("-"):
        raise _refusal(text, "a folder whose name begins with a hyphen is ./-name")
    if is_hub_name(text):
        return Target(hub_name(parse_hub_name(text)), HUB)
    if "://" in text:
        return Target(text, _scheme(text))
    if "::" in text.partition("/")[0]:  # gitremote-helpers(7): the name of a program, and what it is told
        raise _refusal(text, _WHAT)
    if ":" in text.partition("/")[0] and not re.match(r"[A-Za-z]:[\\/]", text):  # as git tells them apart
        if _SHORT.fullmatch(text) is None:
            raise _refusal(text, f"{_WHAT}; a folder with a colon is ./a:b")
        return Target(text, SSH)
    return Target(text, FOLDER)


def _scheme(text: str) -> str:
    if _STORED.fullmatch(text) and not {".", ".."}.intersection(text.split("/")):
        return FILESYSTEM
    if (match := _SSH.fullmatch(text)) and _is_port(match[2]):
        return SSH
    if (match := _WEB.fullmatch(text)) and _is_port(match[3]):
        if match[1] == HTTP and not is_loopback(match[2].strip("[]").lower()):
            raise UsageError("over http:// anybody on the way could change what is read", "use https://")
        return match[1]
    raise _refusal(text, _WHAT)


def _refusal(text: str, why: str) -> UsageError:
    """That `text` is no target, which is repeated only where there is no place for a secret in it."""
    if not shows_secrets(text):
        return UsageError(f"{printable(text[:_LONGEST])!r} is no target", why)
    match = _SCHEME.match(text)
    address = f"the {match[1].lower()}:// address" if match else "what was named"
    if "@" in text:
        return UsageError(f"in {address}, which is no target, is a password, or what may be one", _TAKE_OUT)
    return UsageError(f"{address} is no target: in it may be a secret, after ?, #, % or ;", _TAKE_OUT)


def _is_port(port: str | None) -> bool:
    return int((port or ":0")[1:]) <= 65535
