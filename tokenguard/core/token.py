"""The secret itself, kept from being printed by accident."""

from __future__ import annotations

from typing import NoReturn


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
        import hashlib  # loads OpenSSL, which a scan that finds nothing never needs

        return "sha256:" + hashlib.sha256(self._value.encode()).hexdigest()

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
