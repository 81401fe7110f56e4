"""The secret itself, kept from being printed by accident."""

from __future__ import annotations

from typing import NoReturn

from tokenguard.core.kinds import KINDS, Kind
from tokenguard.errors import UsageError

# A signed token with many scopes has some 2,000 characters; what is far larger was not meant to be one.
_LONGEST = 16 * 1024


class Token:
    """A secret value. Every rendering is redacted; `reveal` is the only way out.

    It is no dataclass and no tuple: `asdict`, `pickle` and `%r` of those would show the value.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret, for the one place that hands it over."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """`sha256:` and the hex digest; some 200 random bits stand behind it, so it gives nothing away."""
        from tokenguard.core.sha256 import sha256

        return f"sha256:{sha256(self._value.encode())}"

    @property
    def kind(self) -> Kind | None:
        """What it calls itself: the kind with the longest prefix that fits."""
        kinds = [kind for kind in KINDS if self._value.startswith(kind.prefix)]
        return max(kinds, key=lambda kind: len(kind.prefix), default=None)

    @property
    def expires_at(self) -> str | None:
        """When it says of itself that it ends, as ISO 8601 in UTC: a JWS has an `exp` (RFC 7519 section 4.1.4)."""
        parts = self._value.encode().split(b".")
        if len(parts) != 3:
            return None
        from tokenguard.core.jws import read_object
        from tokenguard.core.moment import of_seconds

        return of_seconds((read_object(parts[1]) or {}).get("exp"))

    def masked(self, prefix: str) -> str:
        """`prefix`, an ellipsis and the last four characters: enough to tell one's own tokens apart."""
        return f"{prefix}…{self._value[-4:]}"

    def __repr__(self) -> str:
        return "Token(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        import hmac

        if not isinstance(other, Token):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Token is not pickled: that would write the secret out")


def read_token(text: str) -> Token:
    """The Token in what somebody typed, piped or exported: white space around it is not part of it.

    Raises UsageError where it is none; the message does not repeat it.
    """
    value = text.lstrip("\ufeff").strip()  # PowerShell puts a byte order mark before what it pipes
    if not value:
        raise UsageError("no token was given")
    token = Token(value)
    if len(value.split()) > 1:
        raise UsageError("more than one word was given", "give the token alone, on one line")
    kind = token.kind
    if (
        not value.isascii()
        or not value.isprintable()
        or len(value) > _LONGEST
        or kind is None
        or value == kind.prefix
    ):
        raise UsageError(
            "that is no Hugging Face token",
            f"tokens begin with one of {', '.join(kind.prefix for kind in KINDS)}",
        )
    return token
