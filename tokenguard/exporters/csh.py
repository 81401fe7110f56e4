"""csh and tcsh. For eval of what backticks give, quoted or not, or a file to be sourced."""

from __future__ import annotations

import re

from tokenguard.exporters._checks import check_names, check_value, unsayable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def export(variables: Sequence[str], value: str) -> str:
    r"""A line `setenv NAME 'value';` for each name. Raises UsageError for a bad name or value.

    Only plain characters are within the quotes, all others behind a backslash outside of them. That way the line
    means the same whatever `backslash_quote` and `histchars` are set to, with `!` expanded even in a script and in
    single quotes, and a blank is not lost where backticks cut the line into words:
    https://github.com/tcsh-org/tcsh/blob/master/tcsh.man.in
    """
    # Backticks without quotes around them expand `{`, even behind a backslash, and eval would run what comes out.
    if "{" in check_value(value):
        raise unsayable("csh", "that has a { in it")
    quoted = "'" + re.sub(r"([^\w.:/=+@,-])", r"'\\\1'", value) + "'"
    # The semicolon, since backticks make blanks of the line breaks.
    return "".join(f"setenv {name} {quoted};\n" for name in check_names(variables))


def unset(variables: Sequence[str]) -> str:
    """A line `unsetenv NAME;` for each name. Raises UsageError for a bad name."""
    return "".join(f"unsetenv {name};\n" for name in check_names(variables))
