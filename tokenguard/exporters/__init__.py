"""Exporters: a value and the variables that are to hold it, written in one consumer's form.

Pure: text in, text out. Where the text goes, and whether it may go there, is for the caller to say.
"""

from __future__ import annotations

from typing import Protocol, cast

from tokenguard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = (
    "sh",
    "fish",
    "powershell",
    "cmd",
    "nu",
    "csh",
    "dotenv",
    "docker",
    "systemd",
    "github",
    "gitlab",
    "json",
)
"""The forms there are; each is the module of that name."""


class Exporter(Protocol):
    """What each of the modules offers. A variable that is named twice is written once."""

    def export(self, variables: Sequence[str], value: str) -> str:
        """The complete text that puts `value` into every one of `variables`.

        Raises UsageError where a name is none, or where the form has no way to write the value; the message does
        not repeat the value.
        """

    def unset(self, variables: Sequence[str]) -> str:
        """The complete text that takes every one of `variables` away. Raises UsageError where a name is none."""


def exporter(form: str) -> Exporter:
    """The Exporter of that name, loaded now. Raises UsageError where `FORMATS` has no such name."""
    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", f"the formats are {', '.join(FORMATS)}")
    import importlib

    return cast("Exporter", importlib.import_module(f"{__name__}.{form}"))
