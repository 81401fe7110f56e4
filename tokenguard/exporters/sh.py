"""sh, and the shells that read it: bash, dash, ksh, zsh. For `eval "$(…)"`, or a file to be sourced."""

from __future__ import annotations

from tokenguard.core.name import check_variables
from tokenguard.exporters._checks import check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def export(variables: Sequence[str], value: str) -> str:
    """A line `export NAME='value'` for each name. Raises UsageError for a bad name or value.

    https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02
    """
    # Never bare, as shlex.quote would have it: zsh takes the `=ls` of `export NAME==ls` for the path of ls
    # (https://zsh.sourceforge.io/Doc/Release/Expansion.html#Filename-Expansion).
    quoted = "'" + check_value(value).replace("'", r"'\''") + "'"
    return "".join(f"export {name}={quoted}\n" for name in check_variables(variables))


def unset(variables: Sequence[str]) -> str:
    """A line `unset NAME` for each name. Raises UsageError for a bad name."""
    return "".join(f"unset {name}\n" for name in check_variables(variables))
