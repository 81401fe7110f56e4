"""Use case: many targets, each a Task of its own on whatever executes Tasks, and one Report for all of them.

The only seam to many machines is `concurrent.futures.Executor`.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import NamedTuple

from tokenguard.account import Account
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.entity import same
from tokenguard.core.finding import Verification
from tokenguard.core.hubname import parse_hub_name
from tokenguard.core.target import FILESYSTEM, FOLDER, HUB, Target, read_target
from tokenguard.errors import UsageError
from tokenguard.home import home
from tokenguard.records import Record, Records
from tokenguard.sources import memory
from tokenguard.task import Outcome, Task, perform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tokenguard.core.report import Report

    Progress = Callable[[int, int, Sequence[tuple[str, float]]], None]
    """Told how many targets are done, of how many, and which take how many seconds by now, the slowest first."""

# Beyond its own deadline, in seconds, an Executor may take so long to begin a Task and to hand back its Outcome.
_GRACE = 120.0
_TICK = 0.5
# Seconds after which what an ended sweep has read is read again: nobody has looked what has become of it.
_STALE = 24 * 3600.0
# Fingerprints that a Task names; asking about another one twice does less harm than a Task without end.
_MOST_ASKED = 5000


class Limits(NamedTuple):
    """What a target may cost: `seconds`, bytes in a file (0: what is usual), and how often it is tried.

    `pause` is slept before the second try, in seconds, and twice as long before each after that.
    """

    seconds: float = 3600
    largest: int = 0
    tries: int = 3
    pause: float = 1


class _Attempt(NamedTuple):
    """A try at `target`; `report` is what an earlier one could read of it."""

    target: Target
    number: int = 1
    report: Report | None = None


def sweep(
    targets: Iterable[Target],
    executor: Executor,
    *,
    at_once: int,
    jobs: int = 1,
    limits: Limits = Limits(),
    cache: str = "",
    afresh: bool = False,
    token: str = "",
    verify: bool = False,
    progress: Progress | None = None,
    trouble: Callable[[], str] = str,
) -> Report:
    """Scans all of every target, `at_once` of them at a time, each with so many processes (`jobs`).

    What cannot be read is in the Report, and so is where a credential stands: its path begins with the name of the
    target. A sweep of the same targets that was ended goes on where it was, and what a server has still as it was
    is not fetched, unless all is to be read `afresh`. `cache` is a folder on the machines where it is read, in
    which clones are kept; `token` is the name in the vaults there of the one that reads the Hub. With `verify`,
    the Hub is asked about what is found. `trouble` says, once that is so, why nothing more will be done: what is
    not read then is not. The Executor is left as it is.
    """
    task = Task(
        Target("", ""),
        limits.seconds,
        jobs,
        limits.largest,
        os.path.abspath(cache) if cache else "",
        afresh=afresh,
        token=token,
        verify=verify,
    )
    return _Sweep(targets, executor, task, limits).run(at_once, progress, trouble)


class _Sweep:
    """`task` is what is asked of every target."""

    def __init__(self, targets: Iterable[Target], executor: Executor, task: Task, limits: Limits) -> None:
        # In order, and each once. Nothing else is kept of a target that is read and clean.
        named: dict[Target, Target] = {}
        for target in targets:
            named.setdefault(_known_as(target), target)
        self._targets = dict.fromkeys(named.values())
        self._executor = executor
        self._task = task
        self._limits = limits
        self._account = Account()
        self._said: dict[str, Verification] = {}
        self._resumed = self._unchanged = 0
        self._is_kept = True
        rules = memory.rules()
        top = os.path.join(home(), "sweep")
        together = hashlib.sha256()
        for name in sorted(target.name for target in self._targets):
            together.update(name.encode("utf-8", "surrogatepass") + b"\0")
        # Where a relative name leads to depends on where it is named, and what can be seen on who looks.
        how = f"{os.getcwd()} {task.token} {os.environ.get('HF_ENDPOINT', '')} {'verified' if task.verify else ''}"
        self._done = Records(os.path.join(top, f"unfinished-{together.hexdigest()[:32]}"), f"{rules} {how}")
        self._known = Records(os.path.join(top, "known"), rules)
        if task.afresh:
            self._forget()

    def run(self, at_once: int, progress: Progress | None, trouble: Callable[[], str]) -> Report:
        waiting = deque(self._targets)
        again: deque[_Attempt] = deque()
        running: dict[Future[Outcome], tuple[_Attempt, float]] = {}
        try:
            while waiting or again or running:
                while (waiting or again) and len(running) < at_once:
                    attempt = _Attempt(waiting.popleft()) if waiting else again.popleft()
                    if attempt.number > 1 or not self._recall(attempt.target):
                        running[self._begin(attempt)] = attempt, time.monotonic()
                total = len(self._targets)
                if progress is not None:
                    now = time.monotonic()
                    slow = [(attempt.target.name, now - began) for attempt, began in running.values()]
                    done = total - len(waiting) - len(again) - len(running)
                    progress(done, total, sorted(slow, key=lambda one: -one[1]))
                ended, _ = wait(running, _TICK, FIRST_COMPLETED)
                for future in ended | self._lost(running):
                    attempt, _ = running.pop(future)
                    outcome = _outcome(future)
                    if outcome.is_passing and attempt.number < self._limits.tries:
                        report = outcome.report or attempt.report
                        again.append(attempt._replace(number=attempt.number + 1, report=report))
                        continue
                    waiting += self._expand(attempt.target, outcome.names)
                    self._book(attempt, outcome)
                if running and (why := trouble()):
                    left = [attempt for attempt, _ in running.values()] + [*again, *map(_Attempt, waiting)]
                    for attempt in left:
                        if attempt.number > 1 or not self._recall(attempt.target):
                            self._book(attempt, Outcome(failure=why))
                    break
        finally:
            for future in running:
                future.cancel()
        if progress is not None:
            progress(len(self._targets), len(self._targets), [])
        self._forget()
        return self._report()

    def _expand(self, account: Target, names: Sequence[str]) -> list[Target]:
        """The targets that an account has turned out to be, but for those that are swept anyway."""
        new = []
        for name in names:
            try:
                target = read_target(name)
                if not account.is_account or target.kind != HUB or not _has(account, target):
                    raise UsageError(f"{name!r} is no repository of it")
            except UsageError as error:  # not even a repository's name is more than what somebody has written
                self._account.unreadable.append(Unreadable(Origin(account.name), error.message))
                continue
            if target not in self._targets:
                self._targets[target] = None
                new.append(target)
        return new

    def _forget(self) -> None:
        try:
            self._done.forget()
        except OSError:
            self._is_kept = False

    def _recall(self, target: Target) -> bool:
        """Whether `target` was read before this sweep was ended; then it is booked. An account is listed again."""
        record = None if target.is_account else self._done.recall(target, _STALE)
        if record is None:
            return False
        self._resumed += 1
        self._add(target, record.report)
        return True

    def _begin(self, attempt: _Attempt) -> Future[Outcome]:
        target, number, _ = attempt
        if target.kind == FOLDER:
            target = target._replace(name=os.path.abspath(target.name))
        task = self._task._replace(
            target=target,
            tips=self._tips(target),
            pause=self._limits.pause * 2 ** (number - 2) if number > 1 else 0,
            asked=tuple(islice(self._said, _MOST_ASKED)),
        )
        try:
            return self._executor.submit(perform, task)
        except Exception as error:  # noqa: BLE001 -- it is broken or gone, in whatever words of its own
            future: Future[Outcome] = Future()
            future.set_exception(error)
            return future

    def _tips(self, target: Target) -> str:
        """Those with which all of `target` is known, so that it need not be read."""
        if self._task.afresh or not target.is_address:
            return ""
        known = self._known.recall(target)
        # Nobody but who reads it has the credentials that the Hub is to be asked about.
        return "" if known is None or (self._task.verify and known.report.findings) else known.tips

    def _lost(self, running: dict[Future[Outcome], tuple[_Attempt, float]]) -> set[Future[Outcome]]:
        """Those of which nothing was heard for so long that nothing will be."""
        now = time.monotonic()
        most = self._limits.seconds + _GRACE
        return {future for future, (_, began) in running.items() if now - began > most and not future.done()}

    def _book(self, attempt: _Attempt, outcome: Outcome) -> None:
        target = attempt.target
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
            if attempt.report is not None:
                self._add(target, attempt.report)
            return
        record = Record(outcome.report, outcome.tips)
        try:
            if target.is_address and outcome.tips and not outcome.report.unreadable:
                self._known.keep(target, _unverified(record))
            if not outcome.report.unreadable and not target.is_account:
                self._done.keep(target, record)
        except OSError:
            self._is_kept = False
        self._add(target, outcome.report)

    def _add(self, target: Target, report: Report) -> None:
        account, tally = self._account, report.tally
        self._said |= {
            finding.fingerprint: finding.verification
            for finding in report.findings
            if finding.verification.status in ("live", "dead")
        }
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
        # Each was asked about once, wherever it stands.
        self._account.findings = [
            finding._replace(verification=self._said.get(finding.fingerprint, finding.verification))
            for finding in self._account.findings
        ]
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


def _known_as(target: Target) -> Target:
    """The one form of `target`, which may have been named in several; it is called as it was named first."""
    if target.kind == FOLDER:
        return target._replace(name=os.path.abspath(target.name))
    return target._replace(name=target.name.rstrip("/")) if target.kind == FILESYSTEM else target


def _below(target: Target, origin: Origin) -> Origin:
    name = target.name.rstrip("/")
    if target.kind in (HUB, FILESYSTEM) and origin.path.startswith(name):
        return origin
    return origin._replace(path=f"{name}/{origin.path}")


def _has(account: Target, repository: Target) -> bool:
    ours, theirs = parse_hub_name(account.name), parse_hub_name(repository.name)
    return theirs.repo is not None and same(ours.namespace, theirs.namespace)


def _unverified(record: Record) -> Record:
    """What the Hub has said is not true for long."""
    findings = tuple(finding._replace(verification=Verification()) for finding in record.report.findings)
    return record._replace(report=record.report._replace(findings=findings))


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
