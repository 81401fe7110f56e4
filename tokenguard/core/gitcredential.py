"""What git asks of a credential helper, and how it is answered.

Lines `key=value` up to an empty one, without any quoting (git-credential(1), "Input/Output Format"). Much of it
comes from the URL of a repository that somebody else has written, so what is not just as git writes it is refused.
"""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core import entity as entities
from tokenguard.core.endpoint import origins
from tokenguard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.endpoint import Endpoint
    from tokenguard.core.entity import Entity
    from tokenguard.core.token import Token

USERNAME = "hf_user"
"""What huggingface_hub calls whoever has a token; the Hub goes by the token alone."""

LARGEST = 1 << 20
"""Bytes. A line has at most 65,535, and git sends a dozen of them."""

# git sends each of these once. Twice would be a newline in a URL that git should have refused (CVE-2020-5260).
_ONCE = ("protocol", "host", "path", "username", "password", "authtype", "credential")
_TYPED = ("models", "datasets", "spaces", "buckets", "kernels", "collections")


class Request(NamedTuple):
    """What git asks about: `host` with its port, `path` without a slash before it, both as the URL has them.

    `secret` is what is to be stored or erased. `takes_header` says that git understands a whole header instead of
    a password (`capability[]=authtype`), `schemes` are those that the server has asked for, in lower case.
    """

    protocol: str
    host: str
    path: str
    secret: str
    takes_header: bool
    schemes: tuple[str, ...]

    def is_for(self, endpoint: Endpoint) -> bool:
        """Whether a token may go there: over https to the Hub's two hosts, or to the very origin of `endpoint`.

        Protocol, host and port are compared as a whole: nothing is parsed that git might parse differently.
        """
        # Outside of ASCII there are letters whose lower case is an ASCII one.
        return self.host.isascii() and f"{self.protocol}://{self.host.lower()}" in origins(endpoint)

    def repository(self, endpoint: Endpoint) -> Entity | None:
        """The repository that `path` leads to or into; None where it names no owner, or is not sent at all."""
        folder = endpoint.url[len(endpoint.origin) :].strip("/")
        path = self.path.removeprefix(f"{folder}/") if folder else self.path
        parts = path.strip("/").split("/")
        if {".", ".."} & set(parts):
            return None  # what the server is asked for then is another path
        named = "/".join(parts[: 3 if parts[0] in _TYPED else 2])
        try:
            entity = entities.parse(named.removesuffix(".git"))
        except UsageError:
            return None
        return entity._replace(type=entity.type or "model") if entity.repo else None


def read_request(data: bytes) -> Request:
    """The Request that git has written. Keys that are not known are ignored.

    Raises UsageError where git would not have written it; the message repeats nothing of it.
    """
    once: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for line in data[:LARGEST].decode("utf-8", "surrogateescape").split("\n"):
        if not line:
            break
        key, equals, value = line.partition("=")
        if not equals or "\r" in line or "\0" in line or (key in _ONCE and key in once):
            raise UsageError("this is no question of git's: not the lines that gitcredentials(7) describes")
        if not key.endswith("[]"):
            once[key] = value
        elif value:
            lists.setdefault(key, []).append(value)
        else:
            lists.pop(key, None)
    return Request(
        once.get("protocol", ""),
        once.get("host", ""),
        once.get("path", ""),
        once.get("password") or once.get("credential", ""),
        "authtype" in lists.get("capability[]", ()),
        tuple(challenge.split(" ")[0].lower() for challenge in lists.get("wwwauth[]", ())),
    )


def answer(request: Request, token: Token, expires: int | None) -> str:
    """The lines that hand `token` to git; `expires` is in seconds since the epoch.

    It is a name and a password, which every git understands. A header `Bearer` is what no other helper stores, but
    only a git that says so takes it, and only a server that asks for it, or for nothing else, is sure to. Raises
    UsageError where the token would be more than a line.
    """
    value = token.reveal()
    if not value.isascii() or not value.isprintable():
        raise UsageError("what is kept is no token: it has characters that git could not be told")
    if request.takes_header and (not request.schemes or "bearer" in request.schemes):
        lines = ["capability[]=authtype", "authtype=Bearer", f"credential={value}", "ephemeral=1"]
    else:
        lines = [f"username={USERNAME}", f"password={value}"]
    if expires is not None:
        lines.append(f"password_expiry_utc={expires}")
    return "".join(f"{line}\n" for line in lines)
