"""Where a Report goes: the data to standard output or a file, the talk to standard error."""

from __future__ import annotations

import os
import sys

from tokenguard import __version__
from tokenguard.core.printable import printable
from tokenguard.errors import IncompleteError
from tokenguard.process import say, write
from tokenguard.render import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from tokenguard.core.report import Report

FORMATS = ("text", "json", "jsonl")


def show(report: Report, form: str = "text", output: str | None = None) -> None:
    """Writes the Report, in one of FORMATS, to the file `output` or to standard output.

    Raises IncompleteError where it cannot be written.
    """
    lines = _render(report, form, color=output is None and has_color(sys.stdout))
    rendered = "".join(f"{line}\n" for line in lines)
    if output is None:
        write(rendered)
        return
    try:
        with open(output, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(rendered)
    except OSError as error:
        raise IncompleteError(f"{output} cannot be written: {error.strerror or error}") from None


def talk(report: Report, *, quiet: bool = False, verbose: bool = False) -> None:
    """Says what could not be read, what to do and what it all rests on; `quiet` only the first."""
    lines = [*text.unreadable_lines(report, color=has_color(sys.stderr))]
    if verbose:
        lines += text.allowed_lines(report)
    if not quiet:
        lines += [*map(printable, report.notes), *text.advice(report), text.summary(report)]
    for line in lines:
        say(line)


def has_color(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal whose user wants colour (https://no-color.org)."""
    return stream is not None and stream.isatty() and not os.environ.get("NO_COLOR")


def _render(report: Report, form: str, *, color: bool) -> list[str]:
    if form == "text":
        return list(text.finding_lines(report, color=color))
    from tokenguard.render import json

    return [json.document(report, __version__)] if form == "json" else list(json.lines(report, __version__))
