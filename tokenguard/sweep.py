"""Use case: many targets, each a Task of its own on whatever executes Tasks, and one Report for all of them.

The only seam to many machines is `concurrent.futures.Executor`.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import NamedTuple

from tokenguard.account import Account
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.target import FOLDER, Target
from tokenguard.home import home
from tokenguard.records import Record, Records
from tokenguard.sources import memory
from tokenguard.task import Outcome, Task, key, perform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokenguard.core.report import Report

    Progress = Callable[[int, int, Sequence[tuple[str, float]]], None]
    """Told how many targets are done, of how many, and which take how many seconds by now, the slowest first."""

# Beyond its own deadline, in seconds, an Executor may take so long to begin a Task and to hand back its Outcome.
_GRACE = 120.0
_TICK = 0.5
_GIGABYTE = 1 << 30


class Limits(NamedTuple):
    """What a target may cost: `seconds`, bytes in a file that is fetched, and how often it is tried.

    `pause` is slept before the second try, in seconds, and twice as long before each after that.
    """

    seconds: float = 3600
    largest: int = 64 * _GIGABYTE
    tries: int = 3
    pause: float = 1


class _Attempt(NamedTuple):
    target: Target
    number: int = 1


def sweep(
    targets: Sequence[Target],
    executor: Executor,
    *,
    at_once: int,
    jobs: int = 1,
    limits: Limits = Limits(),
    cache: str = "",
    afresh: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Scans the history of every target, `at_once` of them at a time, each with so many processes (`jobs`).

    What cannot be read is in the Report, and so is where a credential stands: its path begins with the name of the
    target. A sweep of the same targets that was ended goes on where it was, and what a server has still as it was
    is not fetched, unless all is to be read `afresh`. `cache` is a folder on the machines where it is read, in
    which clones are kept. The Executor is left as it is.
    """
    return _Sweep(targets, executor, jobs, limits, cache, afresh=afresh).run(at_once, progress)


class _Sweep:
    def __init__(
        self, targets: Sequence[Target], executor: Executor, jobs: int, limits: Limits, cache: str, *, afresh: bool
    ) -> None:
        self._targets = list(dict.fromkeys(targets))
        self._executor = executor
        self._jobs = jobs
        self._limits = limits
        self._cache = os.path.abspath(cache) if cache else ""
        self._account = Account()
        self._resumed = self._unchanged = 0
        self._is_kept = True
        rules = memory.rules()
        top = os.path.join(home(), "sweep")
        together = Target("\0".join(sorted(target.name for target in self._targets)), "")
        # Where a relative name leads to depends on where it is named.
        self._done = Records(os.path.join(top, f"unfinished-{key(together)}"), f"{rules} {os.getcwd()}")
        self._known = Records(os.path.join(top, "known"), rules)
        self._afresh = afresh
        if afresh:
            self._forget()

    def run(self, at_once: int, progress: Progress | None) -> Report:
        waiting = [_Attempt(target) for target in self._targets if not self._recall(target)][::-1]
        running: dict[Future[Outcome], tuple[_Attempt, float]] = {}
        total = len(self._targets)
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    attempt = waiting.pop()
                    running[self._begin(attempt)] = attempt, time.monotonic()
                if progress is not None:
                    now = time.monotonic()
                    slow = [(attempt.target.name, now - began) for attempt, began in running.values()]
                    progress(total - len(waiting) - len(running), total, sorted(slow, key=lambda one: -one[1]))
                done, _ = wait(running, _TICK, FIRST_COMPLETED)
                for future in done | self._lost(running):
                    attempt, _ = running.pop(future)
                    outcome = _outcome(future)
                    if outcome.is_passing and attempt.number < self._limits.tries:
                        waiting.insert(0, attempt._replace(number=attempt.number + 1))
                    else:
                        self._book(attempt.target, outcome)
        finally:
            for future in running:
                future.cancel()
        if progress is not None:
            progress(total, total, [])
        self._forget()
        return self._report()

    def _forget(self) -> None:
        try:
            self._done.forget()
        except OSError:
            self._is_kept = False

    def _recall(self, target: Target) -> bool:
        """Whether `target` was read before this sweep was ended; then it is booked."""
        record = self._done.recall(target)
        if record is None:
            return False
        self._resumed += 1
        self._add(target, record.report)
        return True

    def _begin(self, attempt: _Attempt) -> Future[Outcome]:
        target, number = attempt
        known = None if self._afresh or not target.is_address else self._known.recall(target)
        if target.kind == FOLDER:
            target = target._replace(name=os.path.abspath(target.name))
        task = Task(
            target,
            self._limits.seconds,
            self._jobs,
            self._limits.largest,
            self._cache,
            known.tips if known else "",
            pause=self._limits.pause * 2 ** (number - 2) if number > 1 else 0,
            afresh=self._afresh,
        )
        try:
            return self._executor.submit(perform, task)
        except Exception as error:  # noqa: BLE001 -- it is broken or gone, in whatever words of its own
            future: Future[Outcome] = Future()
            future.set_exception(error)
            return future

    def _lost(self, running: dict[Future[Outcome], tuple[_Attempt, float]]) -> set[Future[Outcome]]:
        """Those of which nothing was heard for so long that nothing will be."""
        now = time.monotonic()
        most = self._limits.seconds + _GRACE
        return {future for future, (_, began) in running.items() if now - began > most and not future.done()}

    def _book(self, target: Target, outcome: Outcome) -> None:
        if outcome.is_as_before:
            record = self._known.recall(target)
            if record is None:  # somebody has taken it away in between
                outcome = Outcome(failure="what was known of it is gone: sweep again")
            else:
                self._unchanged += 1
                read = record.report.tally
                tally = read._replace(files=0, blobs=0, bytes=0, remembered=read.blobs + read.remembered)
                self._add(target, record.report._replace(tally=tally))
                return
        if outcome.report is None:
            self._account.unreadable.append(Unreadable(Origin(target.name), outcome.failure))
            return
        record = Record(outcome.report, outcome.tips)
        try:
            if target.is_address and outcome.tips and not outcome.report.unreadable:
                self._known.keep(target, record)
            if not outcome.report.unreadable:
                self._done.keep(target, record)
        except OSError:
            self._is_kept = False
        self._add(target, outcome.report)

    def _add(self, target: Target, report: Report) -> None:
        account, tally = self._account, report.tally
        account.findings += [
            finding._replace(origin=_below(target, finding.origin)) for finding in report.findings
        ]
        account.allowed += [
            allowed._replace(finding=allowed.finding._replace(origin=_below(target, allowed.finding.origin)))
            for allowed in report.allowed
        ]
        account.unreadable += [item._replace(origin=_below(target, item.origin)) for item in report.unreadable]
        account.files += tally.files
        account.objects += tally.blobs - tally.files
        account.bytes += tally.bytes
        account.excluded += tally.excluded
        account.remembered += tally.remembered
        account.notes += [note for note in report.notes if note not in account.notes]

    def _report(self) -> Report:
        notes = self._account.notes
        total = len(self._targets)
        notes.append(f"swept {total} {'target' if total == 1 else 'targets'}")
        if self._resumed:
            notes.append(f"{self._resumed} of them were read before an earlier sweep was ended")
        if self._unchanged:
            notes.append(f"{self._unchanged} of them are as they were at an earlier sweep, and were not fetched")
        if not self._is_kept:
            notes.append("what was read could not be remembered: the next sweep reads all of it again")
        return self._account.report()


def _below(target: Target, origin: Origin) -> Origin:
    return origin._replace(path=f"{target.name.rstrip('/')}/{origin.path}")


def _outcome(future: Future[Outcome]) -> Outcome:
    if not future.done():
        future.cancel()
        return Outcome(failure="nothing was heard of it any more")
    if future.cancelled():
        return Outcome(failure="it was given up")
    error = future.exception()
    if error is None:
        return future.result()
    # The worker died, or is of another version; what it says of that may have anything in it.
    return Outcome(failure=f"whoever was to read it did not: {type(error).__name__}", is_passing=True)
