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
_NEXT = (b"hf_", b"api_org_", b"oauth_app_secret_")
_SIGNED = (OAUTH_ACCESS_TOKEN, JWT_ACCESS_TOKEN, S3_SESSION_TOKEN)


def _body(kind: Kind) -> bytes:
    if kind in _SIGNED:
        return _JWS
    if kind == S3_ACCESS_KEY:  # whose length is not documented
        return rb"[A-Z0-9]{12,64}"
    return rb"[A-Za-z0-9]{%d}" % _DRAWN[kind]


@cache
def pattern(anchor: bytes) -> re.Pattern[bytes]:
    """The expression of all kinds whose credentials begin with `anchor`, which it begins with, too.

    The name of the group that matched tells the kind; see `kind_of`. What follows, `is_ended` looks at: in an
    expression that would take three times as long to compile.
    """
    kinds = [kind for kind in KINDS if kind.prefix.encode().startswith(anchor)]
    alternatives = [
        b"(?P<%s>%s%s)" % (_group(kind).encode(), kind.prefix.encode()[len(anchor) :], _body(kind))
        for kind in kinds
    ]
    return re.compile(anchor + b"(?:" + b"|".join(alternatives) + b")")


def is_ended(match: re.Match[bytes]) -> bool:
    """Whether a match of `pattern` ends there: what follows cannot belong to it, or is a second credential.

    In pickles, protocol buffers and the like anything at all may follow, since the length stands before the text.
    """
    data, (start, end) = match.string, match.span()
    if not data[end : end + 1].isalnum() or data.startswith(_NEXT, end):
        return True
    kind = kind_of(match)
    if kind in _SIGNED:
        return True
    length = end - start
    return kind in _DRAWN and any(
        data.startswith(stated, start - len(stated))
        for stated in (length.to_bytes(4, "little"), length.to_bytes(4, "big"), length.to_bytes(2, "big"))
        if start >= len(stated)
    )


def shape(anchor: bytes) -> bytes:
    """An expression that matches wherever `pattern` does and in few other places."""
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
