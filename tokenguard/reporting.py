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
    from collections.abc import Iterable
    from typing import TextIO

    from tokenguard.core.report import Report

FORMATS = ("text", "json", "jsonl", "sarif", "github", "gitlab", "gitlab-secrets", "html", "csv")


def show(report: Report, form: str = "text", output: str | None = None, *, by_credential: bool = False) -> None:
    """Writes the Report, in one of FORMATS, to the file `output` or to standard output.

    It is `by_credential` where there are very many places. Raises IncompleteError where it cannot be
    written.
    """
    color = output is None and has_color(sys.stdout)
    if by_credential and form == "text":
        from tokenguard.render import credentials

        rendered = "".join(_lines(_tamed(credentials.credential_lines(report, color=color))))
    else:
        rendered = "".join(_render(report, form, color=color, by_credential=by_credential))
    if output is None:
        write(rendered)
    else:
        _put(rendered, output, "w")
    if form == "github" and (path := os.environ.get("GITHUB_STEP_SUMMARY")):
        from tokenguard.render import github

        _put("".join(_lines(github.summary(report))), path, "a")


def talk(report: Report, *, quiet: bool = False, verbose: bool = False, by_credential: bool = False) -> None:
    """Says what could not be read, what to do and what it all rests on; `quiet` only the first."""
    lines = [*text.unreadable_lines(report, color=has_color(sys.stderr))]
    if verbose:
        lines += text.allowed_lines(report)
    if not quiet:
        lines += [*map(printable, report.notes), *_advice(report, by_credential), text.summary(report)]
    for line in _tamed(lines):
        say(line)


def _advice(report: Report, by_credential: bool) -> Iterable[str]:
    if not by_credential:
        return text.advice(report)
    from tokenguard.render import credentials

    return credentials.advice(report)


def has_color(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal whose user wants colour (https://no-color.org)."""
    return stream is not None and stream.isatty() and not os.environ.get("NO_COLOR")


def _render(report: Report, form: str, *, color: bool, by_credential: bool) -> Iterable[str]:
    """The Report in pieces that are put together as they are."""
    # Each form loads what it needs: the text is what a hook waits for.
    match form:
        case "json":
            from tokenguard.render import json

            return _lines([json.document(report, __version__, by_credential=by_credential)])
        case "jsonl":
            from tokenguard.render import json

            return _lines(json.lines(report, __version__, by_credential=by_credential))
        case "sarif":
            from tokenguard.render import sarif

            return _lines([sarif.document(report, __version__, by_credential=by_credential)])
        case "github":
            from tokenguard.render import github

            return _lines(github.commands(report))
        case "gitlab":
            from tokenguard.render import gitlab

            return _lines([gitlab.quality(report)])
        case "gitlab-secrets":
            from datetime import datetime, timezone

            from tokenguard.render import gitlab

            scan = gitlab.Scan(__version__, datetime.now(timezone.utc), os.environ.get("CI_COMMIT_SHA", ""))
            return _lines([gitlab.secrets(report, scan)])
        case "html":
            from tokenguard.core import moment
            from tokenguard.render import html

            return _lines(html.document(report, __version__, moment.now(), by_credential=by_credential))
        case "csv":
            from tokenguard.render import csv

            return csv.rows(report)
        case _:
            return _lines(_tamed(text.finding_lines(report, color=color)))


def _lines(lines: Iterable[str]) -> Iterable[str]:
    return (f"{line}\n" for line in lines)


def _tamed(lines: Iterable[str]) -> Iterable[str]:
    """`lines` of text, none of which the runner of GitHub Actions obeys where that is what reads them."""
    if not os.environ.get("GITHUB_ACTIONS"):
        return lines
    from tokenguard.render.github import inert

    return map(inert, lines)


def _put(rendered: str, path: str, mode: str) -> None:
    """Writes to a file, or appends to it. Raises IncompleteError where it cannot be written."""
    try:
        # Line ends are those of the form.
        with open(path, mode, encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(rendered)
    except OSError as error:
        raise IncompleteError(f"{path} cannot be written: {error.strerror or error}") from None
