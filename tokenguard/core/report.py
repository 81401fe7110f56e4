"""The outcome of a scan, which knows its exit code."""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.errors import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.core.blob import Unreadable
    from tokenguard.core.finding import Allowed, Finding


class Tally(NamedTuple):
    """What was read, how many files the configuration left out, and how many objects are clean from before.

    `blobs` are files, and objects of a repository; `hidden` are Findings that the user does not want to see.
    """

    files: int = 0
    blobs: int = 0
    bytes: int = 0
    excluded: int = 0
    remembered: int = 0
    hidden: int = 0


class Report(NamedTuple):
    """Findings, allowances used, what was unreadable, what was read, and how long it took in seconds.

    `notes` say what the user should know of how it was read.
    """

    findings: tuple[Finding, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    tally: Tally = Tally()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """INCOMPLETE outranks FOUND: with something unread, the answer is not known."""
        if self.unreadable:
            return ExitCode.INCOMPLETE
        return ExitCode.FOUND if self.findings else ExitCode.CLEAN


def merged(reports: Sequence[Report]) -> Report:
    """One Report of all that `reports` say, in the order of path, line and column."""
    return Report(
        findings=tuple(sorted((one for each in reports for one in each.findings), key=lambda one: one.position)),
        allowed=tuple(
            sorted((one for each in reports for one in each.allowed), key=lambda one: one.finding.position)
        ),
        unreadable=tuple(one for each in reports for one in each.unreadable),
        tally=Tally(*map(sum, zip(*(each.tally for each in reports), strict=True))),
        seconds=sum(each.seconds for each in reports),
        notes=tuple(dict.fromkeys(note for each in reports for note in each.notes)),
    )
