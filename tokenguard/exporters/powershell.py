"""PowerShell, the one of Windows and the one of every system. For `… | Out-String | Invoke-Expression`."""

from __future__ import annotations

import re

from tokenguard.core.name import check_variables
from tokenguard.exporters._checks import check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def export(variables: Sequence[str], value: str) -> str:
    """A line `$Env:NAME = 'value'` for each name. Raises UsageError for a bad name or value.

    A quote within single quotes is doubled, and the typographic ones U+2018 to U+201B are quotes too:
    https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules and
    https://github.com/PowerShell/PowerShell/blob/master/src/System.Management.Automation/engine/parser/CharTraits.cs
    """
    quoted = "'" + re.sub(r"(['\u2018-\u201b])", r"\1\1", check_value(value)) + "'"
    return "".join(f"$Env:{name} = {quoted}\n" for name in check_variables(variables))


def unset(variables: Sequence[str]) -> str:
    """A line for each name that removes the variable where it is set. Raises UsageError for a bad name."""
    return "".join(
        f"Remove-Item Env:{name} -ErrorAction SilentlyContinue\n" for name in check_variables(variables)
    )
