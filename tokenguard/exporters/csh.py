"""csh and tcsh. For eval of what backticks give, quoted or not, or a file to be sourced."""

from __future__ import annotations

import re

from tokenguard.core.name import check_variables
from tokenguard.exporters._checks import check_value, unsayable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def export(variables: Sequence[str], value: str) -> str:
    r"""A line `setenv NAME 'value';` for each name. Raises UsageError for a bad name or value.

    Only plain characters stand within the quotes, every other one behind a backslash outside of them: csh expands
    `!` even in a script and within single quotes, what a backslash means in there depends on `backslash_quote` and
    `histchars`, and a blank behind one survives that backticks cut the line into words.
    https://github.com/tcsh-org/tcsh/blob/master/tcsh.man.in
    """
    # Backticks without quotes around them expand `{`, even behind a backslash, and eval would run what comes out.
    if "{" in check_value(value):
        raise unsayable("csh", "that has a { in it")
    quoted = "'" + re.sub(r"([^\w.:/=+@,-])", r"'\\\1'", value) + "'"
    # The semicolon, since backticks make blanks of the line breaks.
    return "".join(f"setenv {name} {quoted};\n" for name in check_variables(variables))


def unset(variables: Sequence[str]) -> str:
    """A line `unsetenv NAME;` for each name. Raises UsageError for a bad name."""
    return "".join(f"unsetenv {name};\n" for name in check_variables(variables))
