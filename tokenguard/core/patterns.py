"""What each kind of credential looks like, as bytes.

The expressions are compiled when the first anchor was seen, so that a scan that finds nothing never pays.
"""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.kinds import (
    APP_TOKEN,
    JWT_ACCESS_TOKEN,
    KINDS,
    OAUTH_ACCESS_TOKEN,
    OAUTH_APP_SECRET,
    OAUTH_REFRESH_TOKEN,
    ORGANIZATION_TOKEN,
    S3_ACCESS_KEY,
    S3_SESSION_TOKEN,
    USER_ACCESS_TOKEN,
    Kind,
)

# Every part is bounded, so that a hostile file cannot make the search quadratic; all together stay below
# `detect.LONGEST`.
_JWS = rb"eyJ[A-Za-z0-9_-]{8,1024}\.eyJ[A-Za-z0-9_-]{4,20000}\.[A-Za-z0-9_-]{19,2047}[A-Za-z0-9]"

# How many letters and digits follow the prefix.
_DRAWN = {
    USER_ACCESS_TOKEN: 34,
    ORGANIZATION_TOKEN: 34,
    OAUTH_REFRESH_TOKEN: 34,
    APP_TOKEN: 32,
    OAUTH_APP_SECRET: 34,
}
_SIGNED = (OAUTH_ACCESS_TOKEN, JWT_ACCESS_TOKEN, S3_SESSION_TOKEN)


def _body(kind: Kind) -> bytes:
    if kind in _SIGNED:
        return _JWS
    if kind == S3_ACCESS_KEY:  # whose length is not documented
        return rb"[A-Z0-9]{12,64}"
    return rb"[A-Za-z0-9]{%d}" % _DRAWN[kind]


def _end(kind: Kind) -> bytes:
    """What may follow: anything that cannot belong to the body, or a second credential without a gap.

    In pickles, protocol buffers and the like anything at all may, since the length stands before the text.
    """
    if kind in _SIGNED:
        return b""
    ends = [rb"(?![A-Za-z0-9])", rb"(?=hf_|api_org_|oauth_app_secret_)"]
    if kind in _DRAWN:
        length = len(kind.prefix) + _DRAWN[kind]
        stated = length.to_bytes(4, "little"), length.to_bytes(4, "big"), length.to_bytes(2, "big")
        ends += [rb"(?<=%s%s)" % (re.escape(number + kind.prefix.encode()), _body(kind)) for number in stated]
    return rb"(?:%s)" % rb"|".join(ends)


@cache
def pattern(anchor: bytes) -> re.Pattern[bytes]:
    """The expression of all kinds whose credentials begin with `anchor`, which it begins with, too.

    The name of the group that matched tells the kind; see `kind_of`.
    """
    kinds = [kind for kind in KINDS if kind.prefix.encode().startswith(anchor)]
    alternatives = [
        b"(?P<%s>%s%s)%s" % (_group(kind).encode(), kind.prefix.encode()[len(anchor) :], _body(kind), _end(kind))
        for kind in kinds
    ]
    return re.compile(anchor + b"(?:" + b"|".join(alternatives) + b")")


def shape(anchor: bytes) -> bytes:
    """An expression without a look around, which matches wherever `pattern` does and in few other places."""
    kinds = [kind for kind in KINDS if kind.prefix.encode().startswith(anchor)]
    alternatives = [
        kind.prefix.encode()[len(anchor) :] + (b"eyJ" if kind in _SIGNED else _body(kind)) for kind in kinds
    ]
    return anchor + b"(?:" + b"|".join(alternatives) + b")"


def kind_of(match: re.Match[bytes]) -> Kind:
    """The kind that a match of `pattern` is of."""
    return next(kind for kind in KINDS if _group(kind) == match.lastgroup)


def is_shaped(credential: bytes, kind: Kind) -> bool:
    """Whether `credential` has the shape of `kind`, from its first byte to its last."""
    body = credential.removeprefix(kind.prefix.encode())
    return len(body) < len(credential) and re.fullmatch(_body(kind), body) is not None


@cache
def s3_secret() -> re.Pattern[bytes]:
    """The 40 characters of an S3 secret access key, which has no prefix of its own."""
    return re.compile(rb"(?<![A-Za-z0-9/+_-])[A-Za-z0-9/+_-]{40}(?![A-Za-z0-9/+_-])")


def _group(kind: Kind) -> str:
    return kind.name.replace("-", "_")
