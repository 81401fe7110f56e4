"""nushell. For a file to be sourced: nushell reads all of a program before it runs any."""

from __future__ import annotations

import re

from tokenguard.core.name import check_variables
from tokenguard.exporters._checks import check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def export(variables: Sequence[str], value: str) -> str:
    r"""A line `$env.NAME = "value"` for each name. Raises UsageError for a bad name or value.

    The escapes `\"` and `\\` are those of JSON; `\u` is not: https://www.nushell.sh/book/working_with_strings.html
    """
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", check_value(value)) + '"'
    return "".join(f"$env.{name} = {quoted}\n" for name in check_variables(variables))


def unset(variables: Sequence[str]) -> str:
    """A line `hide-env -i NAME` for each name. Raises UsageError for a bad name.

    https://www.nushell.sh/commands/docs/hide-env.html
    """
    return "".join(f"hide-env -i {name}\n" for name in check_variables(variables))
