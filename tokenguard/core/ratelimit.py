"""How long a server wants to be left alone, by its headers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until a spent limit opens again, None where none is spent.

    https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    """
    import re

    limits = re.findall(r";\s*r=(\d{1,9})\s*;\s*t=(\d{1,9})", headers.get("ratelimit", ""))
    return max((float(seconds) for remaining, seconds in limits if int(remaining) == 0), default=None)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks for, None where it does not say, or names a date (RFC 9110, 10.2.3)."""
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
