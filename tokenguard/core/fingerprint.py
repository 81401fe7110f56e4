"""Naming one of several credentials by its fingerprint, as git does with commits."""

from __future__ import annotations

from tokenguard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.core.token import Token

_FEWEST_DIGITS = 8


def named_by(fingerprint: str, tokens: Mapping[str, Token]) -> Token:
    """The one of `tokens`, by their fingerprints, that `fingerprint` or its beginning means.

    Raises UsageError where that is none or several, or no beginning of a fingerprint.
    """
    digits = fingerprint.lower().removeprefix("sha256:")
    if len(digits) < _FEWEST_DIGITS or digits.strip("0123456789abcdef"):
        raise UsageError(
            f"{fingerprint!r} is no fingerprint",
            f"a fingerprint is `sha256:` and at least {_FEWEST_DIGITS} hexadecimal digits, as a scan reports it",
        )
    found = [token for full, token in tokens.items() if full.startswith(f"sha256:{digits}")]
    if len(found) > 1:
        raise UsageError(f"{len(found)} credentials have fingerprints that begin so", "give more of its digits")
    if not found:
        raise UsageError(
            "no credential with this fingerprint was found",
            "look in other files, or in history (revoke --history, expunge); what is allowed is not looked at",
        )
    return found[0]
