"""What the files that are made of `NAME=value` lines have in common."""

from __future__ import annotations

from tokenguard.core.name import check_variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def assignments(variables: Sequence[str], written: str) -> str:
    """A line for each name, with the value as it is `written` in the file. Raises UsageError for a bad name."""
    return "".join(f"{name}={written}\n" for name in check_variables(variables))


def unset(variables: Sequence[str]) -> str:
    """Assignments of nothing. Raises UsageError for a bad name.

    No such file can take a variable away, and huggingface_hub takes an empty one for none:
    https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/utils/_auth.py
    """
    return assignments(variables, "")
