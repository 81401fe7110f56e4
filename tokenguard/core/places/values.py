"""Tokens as strings of JSON, with comments or without: the settings of editors, and what docker logs in with.

docker has user and password as base64 (https://docs.docker.com/reference/cli/docker/login/#credential-stores).
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import cache

from tokenguard.core.detect import detect
from tokenguard.core.places.spot import Spot, cut, spot, text
from tokenguard.core.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.detect import Span


def find(data: bytes, spans: Sequence[Span]) -> list[Spot]:
    """The Spots of `spans`, and of what docker has encoded, each called what its key, or its registry, is.

    With a token goes all that is in its quotes, where it is alone there.
    """
    return sorted([*_plain(data, spans), *_encoded(data)], key=lambda one: one.start)


def _plain(data: bytes, spans: Sequence[Span]) -> Iterator[Spot]:
    for span in spans:
        is_alone = data[span.start - 1 : span.start] == data[span.end : span.end + 1] == b'"'
        keys = _key().findall(data, max(0, span.start - 1024), span.start)
        name = text(keys[-1]) if keys else None
        yield spot(data, span, name, [cut(span.start, span.end)] if is_alone else [])


def _encoded(data: bytes) -> Iterator[Spot]:
    for match in _auth().finditer(data):
        try:
            login = base64.b64decode(match["login"], validate=True)
        except binascii.Error:
            continue
        for start, end, _ in detect(login):
            token = Token(login[start:end].decode("ascii"))
            yield Spot(*match.span("login"), token, text(match["registry"]), (cut(*match.span("login")),))


@cache
def _key() -> re.Pattern[bytes]:
    return re.compile(rb'"([^"\\\r\n]+)"\s*:')


@cache
def _auth() -> re.Pattern[bytes]:
    return re.compile(
        rb'"(?P<registry>[^"\\\r\n]+)"\s*:\s*\{[^{}]*?"auth"\s*:\s*"(?P<login>[A-Za-z0-9+/]+={0,2})"'
    )
