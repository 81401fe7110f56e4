"""What each kind of credential looks like, as bytes.

The expressions are compiled when the first anchor was seen, so that a scan that finds nothing never pays.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from tokenguard.core.kinds import (
    APP_TOKEN,
    JWT_ACCESS_TOKEN,
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
# `kinds.LONGEST`.
_JWS = rb"eyJ[A-Za-z0-9_-]{8,1024}\.eyJ[A-Za-z0-9_-]{4,20000}\.[A-Za-z0-9_-]{20,2048}"


class Pattern(NamedTuple):
    """The expression of one kind; its group `body` is the part drawn at random, or the JWS."""

    kind: Kind
    expression: re.Pattern[bytes]


@cache
def patterns(anchor: bytes) -> tuple[Pattern, ...]:
    """The patterns of the kinds whose credentials begin with `anchor`."""

    def of(kind: Kind, body: bytes) -> Pattern:
        # What follows may be anything that cannot belong to the body, or a second credential without a gap.
        end = rb"" if kind in _SIGNED else rb"(?:(?![A-Za-z0-9])|(?=hf_))"
        return Pattern(kind, re.compile(kind.prefix.encode() + rb"(?P<body>" + body + rb")" + end))

    return tuple(of(kind, body) for kind, body in _BODIES if kind.prefix.encode().startswith(anchor))


_SIGNED = (OAUTH_ACCESS_TOKEN, JWT_ACCESS_TOKEN, S3_SESSION_TOKEN)

_BODIES = (
    (USER_ACCESS_TOKEN, rb"[A-Za-z0-9]{34}"),
    (OAUTH_ACCESS_TOKEN, _JWS),
    (OAUTH_REFRESH_TOKEN, rb"[A-Za-z0-9]{34}"),
    (JWT_ACCESS_TOKEN, _JWS),
    (S3_SESSION_TOKEN, _JWS),
    (APP_TOKEN, rb"[A-Za-z0-9]{32}"),
    (ORGANIZATION_TOKEN, rb"[A-Za-z0-9]{34}"),
    (OAUTH_APP_SECRET, rb"[A-Za-z0-9]{34}"),
    # The length of an access key id is not documented.
    (S3_ACCESS_KEY, rb"[A-Z0-9]{12,64}"),
)


@cache
def s3_secret() -> re.Pattern[bytes]:
    """The 40 characters of an S3 secret access key, which has no prefix of its own."""
    return re.compile(rb"(?<![A-Za-z0-9/+_-])[A-Za-z0-9/+_-]{40}(?![A-Za-z0-9/+_-])")
