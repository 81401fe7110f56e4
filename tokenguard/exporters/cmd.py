"""cmd.exe. For `for /f "delims=" %i in ('…') do @%i`, or a file to be called with echo off."""

from __future__ import annotations

from tokenguard.core.name import check_variables
from tokenguard.exporters._checks import check_value, unsayable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def export(variables: Sequence[str], value: str) -> str:
    """A line `set "NAME=value"` for each name. Raises UsageError for a bad name or value.

    The quotes keep all other special characters from being read. A quote in the value would end them, and `%` and,
    with delayed expansion, `!` are expanded within them; how to escape these depends on whether a file or a prompt
    is read: https://learn.microsoft.com/windows-server/administration/windows-commands/set_1
    """
    if not set(check_value(value)).isdisjoint('"%!'):
        raise unsayable("cmd", 'that has a ", % or ! in it', "powershell")
    return "".join(f'set "{name}={value}"\n' for name in check_variables(variables))


def unset(variables: Sequence[str]) -> str:
    """A line `set "NAME="` for each name, which is how cmd removes one. Raises UsageError for a bad name."""
    return "".join(f'set "{name}="\n' for name in check_variables(variables))
