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
_JWS = rb"eyJ[A-Za-z0-9_-]{8,1024}\.eyJ[A-Za-z0-9_-]{4,20000}\.[A-Za-z0-9_-]{20,2048}"

# What follows may be anything that cannot belong to the body, or a second credential without a gap.
_END = rb"(?:(?![A-Za-z0-9])|(?=hf_|api_org_|oauth_app_secret_))"

_BODIES = {
    USER_ACCESS_TOKEN: rb"[A-Za-z0-9]{34}" + _END,
    ORGANIZATION_TOKEN: rb"[A-Za-z0-9]{34}" + _END,
    OAUTH_ACCESS_TOKEN: _JWS,
    OAUTH_REFRESH_TOKEN: rb"[A-Za-z0-9]{34}" + _END,
    JWT_ACCESS_TOKEN: _JWS,
    S3_SESSION_TOKEN: _JWS,
    # The length of an access key id is not documented.
    S3_ACCESS_KEY: rb"[A-Z0-9]{12,64}" + _END,
    APP_TOKEN: rb"[A-Za-z0-9]{32}" + _END,
    OAUTH_APP_SECRET: rb"[A-Za-z0-9]{34}" + _END,
}


@cache
def pattern(anchor: bytes) -> re.Pattern[bytes]:
    """The expression of all kinds whose credentials begin with `anchor`, which it begins with, too.

    The name of the group that matched tells the kind; see `kind_of`.
    """
    kinds = [kind for kind in KINDS if kind.prefix.encode().startswith(anchor)]
    alternatives = [
        b"(?P<%s>%s%s)" % (_group(kind).encode(), kind.prefix.encode()[len(anchor) :], _BODIES[kind])
        for kind in kinds
    ]
    return re.compile(anchor + b"(?:" + b"|".join(alternatives) + b")")


def kind_of(match: re.Match[bytes]) -> Kind:
    """The kind that a match of `pattern` is of."""
    return next(kind for kind in KINDS if _group(kind) == match.lastgroup)


def is_shaped(credential: bytes, kind: Kind) -> bool:
    """Whether `credential` has the shape of `kind`, from its first byte to its last."""
    body = credential.removeprefix(kind.prefix.encode())
    return len(body) < len(credential) and re.fullmatch(_BODIES[kind], body) is not None


@cache
def s3_secret() -> re.Pattern[bytes]:
    """The 40 characters of an S3 secret access key, which has no prefix of its own."""
    return re.compile(rb"(?<![A-Za-z0-9/+_-])[A-Za-z0-9/+_-]{40}(?![A-Za-z0-9/+_-])")


def _group(kind: Kind) -> str:
    return kind.name.replace("-", "_")
