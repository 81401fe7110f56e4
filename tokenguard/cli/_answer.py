"""What `scan` and `sweep` have in common: what the Hub is asked, where the Report goes, and the exit status."""

from __future__ import annotations

import os
from typing import NamedTuple

import click

from tokenguard.cli import _shared
from tokenguard.core.finding import STATUSES
from tokenguard.errors import ExitCode
from tokenguard.reporting import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from tokenguard.core.report import Report

    Command = TypeVar("Command", bound=Callable[..., int])

_OPTIONS = (
    click.option("--verify", is_flag=True, help="Ask the Hub which are live, whose, and what they can do."),
    click.option(
        "--only",
        type=click.Choice(STATUSES),
        multiple=True,
        help="Show those alone of which the Hub says so; implies --verify. Repeatable.",
    ),
    click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="How to report: to people, programs, CI services, a browser or a spreadsheet.",
    ),
    click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="Write the report there."),
    click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT=FILE",
        help="Write the report to FILE in another format, too; can be given again.",
    ),
    click.option("--exit-zero", is_flag=True, help="Exit 0 in spite of findings."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but the findings."),
    click.option("-v", "--verbose", is_flag=True, help="Say what was allowed, and why."),
)


class Answer(NamedTuple):
    """How the answer is wanted; each field is what was said of the option of its name."""

    verify: bool
    only: tuple[str, ...]
    form: str
    output: str | None
    reports: tuple[str, ...]
    exit_zero: bool
    quiet: bool
    verbose: bool

    @property
    def asks_hub(self) -> bool:
        """Whether the Hub is to be asked about what is found."""
        return self.verify or bool(self.only)

    def files(self) -> list[tuple[str, str | None]]:
        """The formats, each with its file; None is standard output. Raises UsageError where they are wrong."""
        files = [(self.form, self.output), *map(_form_and_file, self.reports)]
        paths = [os.path.realpath(file) for _, file in files if file]
        if len(set(paths)) < len(paths):
            raise click.UsageError("two reports cannot go to one file")
        return files

    def give(self, report: Report, *, by_credential: bool = False) -> int:
        """Writes `report` everywhere, and is the exit status that says what it says."""
        from tokenguard import reporting

        is_known = all(finding.verification.status in ("live", "dead") for finding in report.findings)
        if self.only:
            from tokenguard import verification

            report = verification.triage(report, self.only)
        for form, file in self.files():
            reporting.show(report, form, file, by_credential=by_credential)
        reporting.talk(report, quiet=self.quiet, verbose=self.verbose, by_credential=by_credential)
        if self.exit_zero and report.exit_code == ExitCode.FOUND:
            return ExitCode.CLEAN
        if self.only and report.exit_code == ExitCode.CLEAN and not is_known:
            _shared.warn("of some it is not known whether they are live, so the answer is not known")
            return ExitCode.HUB
        return report.exit_code


def options(command: Command) -> Command:
    """Gives `command` an option for each field of Answer, after its own."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _form_and_file(report: str) -> tuple[str, str]:
    form, _, file = report.partition("=")
    if form not in FORMATS or not file:
        raise click.UsageError(f"--report takes FORMAT=FILE, the format one of {', '.join(FORMATS)}")
    return form, file
