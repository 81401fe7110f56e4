"""A file for `docker run --env-file`. What docker compose reads is dotenv."""

from __future__ import annotations

from tokenguard.exporters._assignments import assignments, unset
from tokenguard.exporters._checks import check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["export", "unset"]


def export(variables: Sequence[str], value: str) -> str:
    """A line `NAME=value` for each name. Raises UsageError for a bad name or value.

    All that follows `=` is the value: quotes, blanks at either end and `#` are part of it, and nothing is expanded
    (https://pkg.go.dev/github.com/docker/cli/pkg/kvfile).
    """
    return assignments(variables, check_value(value))
