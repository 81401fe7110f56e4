"""Tokens for Python programs: `tokenguard.get_token`, `tokenguard.auth`, `tokenguard.login`."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from tokenguard.core.endpoint import is_hub, is_loopback, read_endpoint
from tokenguard.core.name import HF_TOKEN, OLD_HF_TOKEN
from tokenguard.errors import UsageError
from tokenguard.home import home
from tokenguard.tokens import here, secret
from tokenguard.vault.vault import Vault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import TypeVar

    from tokenguard.core.token import Token

    R = TypeVar("R")


def get_token(name: str | None = None) -> str:
    """The token called `name`, for `transformers.pipeline(…, token=…)`, `InferenceClient(token=…)` and the like.

    Without a name: the one in `TOKENGUARD_TOKEN`, else that bound to the nearest folder, else the default. Raises
    `tokenguard.VaultError` where there is none, or the keyring is locked or gone.
    """
    return _secret(name).reveal()


def login(name: str | None = None) -> None:
    """Has this process, and what it starts, use the token called `name`; nothing is written or shown.

    The token is in `os.environ["HF_TOKEN"]`, which huggingface_hub reads anew for each request, and with it all
    that builds on it. Without a name as `get_token`, and raises as that does. Warns of what keeps libraries from
    using it.
    """
    import warnings

    from tokenguard import launch

    token = _secret(name)
    os.environ.pop(OLD_HF_TOKEN, None)
    os.environ[HF_TOKEN] = token.reveal()
    for warning in launch.warnings(os.environ):
        warnings.warn(warning, stacklevel=2)


def logout() -> None:
    """Takes the token out of this process again. What huggingface_hub has in a file, it then uses."""
    for name in (HF_TOKEN, OLD_HF_TOKEN):
        os.environ.pop(name, None)


def auth(name: str | None = None, *, hosts: Collection[str] | None = None) -> HubAuth:
    """What `requests` and `httpx` take as `auth=`: it sends the token called `name` in the header `Authorization`.

    It does so to the Hub's hosts alone, and over https: the endpoint's host (`HF_ENDPOINT`), huggingface.co and
    its subdomains, hf.co, and *.endpoints.huggingface.cloud; never *.hf.space, which anyone can run. An endpoint
    on this very machine may be http, if no proxy is in between. `hosts` adds others, by their full names. Requests
    to any other host go out without it.

    Raises as `get_token` does, and `tokenguard.UsageError` where `HF_ENDPOINT` is no address for tokens, or one of
    `hosts` no name of a host.
    """
    return HubAuth(_secret(name), hosts)


class HubAuth:
    """A callable that adds the header to a request of `requests` or `httpx`, where it may go."""

    def __init__(self, token: Token, hosts: Collection[str] | None = None) -> None:
        self._token = token
        self._endpoint = read_endpoint(os.environ.get("HF_ENDPOINT", ""))
        self._hosts = frozenset(map(_checked, [hosts] if isinstance(hosts, str) else hosts or ()))

    def __call__(self, request: R) -> R:
        """`request`, with the header where its host is one of the Hub's."""
        if self._may_go_to(str(request.url)):  # type: ignore[attr-defined]  # both libraries' requests have these
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"  # type: ignore[attr-defined]
        return request

    def __repr__(self) -> str:
        return "HubAuth(…)"

    def __eq__(self, other: object) -> bool:
        # requests compares what it is given.
        return isinstance(other, HubAuth) and (self._token, self._hosts) == (other._token, other._hosts)

    def __hash__(self) -> int:
        return hash((self._token, self._hosts))

    def _may_go_to(self, url: str) -> bool:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme == "https":
            return is_hub(host, self._endpoint) or host in self._hosts
        if parts.scheme != "http" or not is_loopback(host):
            return False
        is_wanted = f"http://{parts.netloc.lower()}" == self._endpoint.origin or host in self._hosts
        return is_wanted and not _is_proxied(host)


def _checked(host: str) -> str:
    import re

    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f]*:[0-9A-Fa-f]*", host):
        raise UsageError(
            f"{host!r} is no name of a host", 'it is like "hub.example.com": no scheme, no port, no star'
        )
    return host.lower()


def _is_proxied(host: str) -> bool:
    # A proxy would be shown what is sent to this very machine in the clear.
    from urllib.request import getproxies, proxy_bypass

    return not {"http", "all"}.isdisjoint(getproxies()) and not proxy_bypass(host)


def _secret(name: str | None) -> Token:
    return secret(Vault(home(), os.environ), name, os.environ, here())
