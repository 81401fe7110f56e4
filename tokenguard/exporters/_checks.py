"""What is refused before anything is written. No refusal repeats the value."""

from __future__ import annotations

import re

from tokenguard.errors import UsageError

# C0, DEL and C1, the two other line breaks of Unicode, and what UTF-8 cannot encode.
_NO_TEXT = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"


def check_value(value: str) -> str:
    """`value`. Raises UsageError where it is empty, or where a character in it is not for a line of text."""
    if not value:
        raise UsageError("the value is empty", "--unset takes a variable away")
    if re.search(_NO_TEXT, value):
        raise UsageError(
            "the value has a control character, a line break or a lone surrogate in it", "no token has one"
        )
    return value


def unsayable(form: str, what: str, instead: str = "json") -> UsageError:
    """The refusal of a value that only other forms can write; `what` tells what is wrong with it."""
    return UsageError(f"the format {form} has no way to write a value {what}", f"--format {instead} has one")
