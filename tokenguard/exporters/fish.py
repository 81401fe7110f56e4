"""fish. For `… | source`."""

from __future__ import annotations

import re

from tokenguard.core.name import check_variables
from tokenguard.exporters._checks import check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def export(variables: Sequence[str], value: str) -> str:
    r"""A line `set -gx NAME 'value'` for each name. Raises UsageError for a bad name or value.

    Within single quotes only `\'` and `\\` are escapes: https://fishshell.com/docs/current/language.html#quotes
    """
    quoted = "'" + re.sub(r"(['\\])", r"\\\1", check_value(value)) + "'"
    return "".join(f"set -gx {name} {quoted}\n" for name in check_variables(variables))


def unset(variables: Sequence[str]) -> str:
    """A line for each name that erases the variable where it is set. Raises UsageError for a bad name."""
    # `set -e` of a variable that is not set ends with status 4.
    return "".join(f"set -e {name}; or true\n" for name in check_variables(variables))
