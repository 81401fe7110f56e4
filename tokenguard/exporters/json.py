"""A JSON object, for programs. ASCII alone."""

from __future__ import annotations

import json

from tokenguard.core.name import check_variables
from tokenguard.exporters._checks import check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def export(variables: Sequence[str], value: str) -> str:
    """An object that maps each name to the value. Raises UsageError for a bad name or value."""
    return json.dumps(dict.fromkeys(check_variables(variables), check_value(value))) + "\n"


def unset(variables: Sequence[str]) -> str:
    """An object that maps each name to null. Raises UsageError for a bad name."""
    return json.dumps(dict.fromkeys(check_variables(variables))) + "\n"
