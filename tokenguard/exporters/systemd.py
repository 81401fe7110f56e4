"""A file for systemd's EnvironmentFile=. LoadCredential= is better: it keeps the secret out of the environment."""

from __future__ import annotations

import re

from tokenguard.exporters._assignments import assignments, unset
from tokenguard.exporters._checks import check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["export", "unset"]


def export(variables: Sequence[str], value: str) -> str:
    r"""A line `NAME="value"` for each name. Raises UsageError for a bad name or value.

    Within double quotes a backslash escapes `"`, `\`, a backtick and `$`, as in a shell:
    https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
    """
    escaped = re.sub(r'(["\\`$])', r"\\\1", check_value(value))
    return assignments(variables, f'"{escaped}"')
