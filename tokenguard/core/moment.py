"""Points in time, as the Hub writes them: ISO 8601 in UTC, with milliseconds."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> str:
    """The present."""
    return written(datetime.now(timezone.utc))


def written(moment: datetime) -> str:
    """`moment`, which is in UTC, as the Hub would write it."""
    # The C library's %Y leaves out the zeros of early years.
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}.000Z"


def of_seconds(seconds: object) -> str | None:
    """The moment so many seconds after the epoch (a NumericDate of RFC 7519), None where that is none."""
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        return None
    try:
        return written(datetime.fromtimestamp(seconds, timezone.utc))
    except (OverflowError, OSError, ValueError):
        return None


def read(text: str | None) -> datetime | None:
    """The moment that `text` names, None where it names none or leaves its time zone open."""
    try:
        moment = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def age(text: str | None) -> float:
    """Seconds since the moment that `text` names; infinite where it names none."""
    moment = read(text)
    return (datetime.now(timezone.utc) - moment).total_seconds() if moment else float("inf")
