"""GitHub Actions. What `mask` gives goes to standard output first; the rest is appended to the file $GITHUB_ENV.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import secrets

from tokenguard.core.name import check_variables
from tokenguard.exporters._assignments import unset
from tokenguard.exporters._checks import check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["export", "mask", "unset"]


def mask(value: str) -> str:
    """The line that has the runner hide `value` in every log from then on. Raises UsageError for a bad value.

    The runner reads `%25` as a percent sign:
    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    return f"::add-mask::{check_value(value).replace('%', '%25')}\n"


def export(variables: Sequence[str], value: str) -> str:
    """A here-document for each name, its end unforeseeable. Raises UsageError for a bad name or value."""
    end = _delimiter(check_value(value))
    return "".join(f"{name}<<{end}\n{value}\n{end}\n" for name in check_variables(variables))


def _delimiter(value: str) -> str:
    while (delimiter := f"ghadelimiter_{secrets.token_hex(16)}") in value:
        pass
    return delimiter
