"""What a sweep does with one target, anywhere: a Task goes out, an Outcome comes back, and neither has a secret.

Whoever performs it finds the credentials that it needs where it runs: git asks its helpers there, ssh its agent,
and what reads the Hub takes a token from the vault there, or from its environment.
"""

from __future__ import annotations

import json
import os
import re
from typing import NamedTuple

from tokenguard import __version__, isolated
from tokenguard.core.printable import printable
from tokenguard.core.record import read_report, write_report
from tokenguard.core.redact import redact_suspects
from tokenguard.core.target import FILESYSTEM, HUB, Target
from tokenguard.deadline import DeadlineError
from tokenguard.errors import TokenguardError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.finding import Held
    from tokenguard.core.report import Report
    from tokenguard.core.token import Token
    from tokenguard.hub import Hub

_CLONE = "clone.git"
_LARGEST_FETCHED = 64 << 30
# Of what the Hub may have said by the time it is asked again.
_PASSING = re.compile(
    r"rate limit is spent|the Hub answers 5\d\d|could not be asked|gives no answer|was not asked again"
)


class Task(NamedTuple):
    """Reads `target` within so many `seconds`, with so many processes (`jobs`).

    No file may have more bytes than `largest`, 0 being what is usual: then git fetches nothing, and of the Hub all
    others are read. Clones are kept in the folder `cache` where it is named, and otherwise taken away again.
    `tips` is what the server had when all of it was last read, if that was under the same rules of detection.
    `version` is that of who asks; `pause` is slept first, in seconds. With `afresh`, what the history's own memory
    knows to be clean is read all the same. `token` is the name of the one that reads the Hub, none for that in the
    environment. With `verify`, the Hub is asked about what is found, but for the fingerprints that were `asked`
    about already.
    """

    target: Target
    seconds: float
    jobs: int = 1
    largest: int = 0
    cache: str = ""
    tips: str = ""
    version: str = __version__
    pause: float = 0
    afresh: bool = False
    token: str = ""
    verify: bool = False
    asked: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What became of a Task: its Report; or that it `is_as_before`; or the `failure`.

    What `is_passing`, a failure or that not all of the Report could be read, may not come again. `tips` are those
    that the server has now; `names` are the targets that an account has turned out to be.
    """

    report: Report | None = None
    tips: str = ""
    is_as_before: bool = False
    failure: str = ""
    is_passing: bool = False
    names: tuple[str, ...] = ()


def perform(task: Task) -> Outcome:
    """Performs `task` in a process of its own. Whatever goes wrong is in the Outcome."""
    import time

    from tokenguard.scratch import scratch

    if task.version != __version__:
        return Outcome(failure=f"tokenguard is {__version__} where it was to be read, and not {task.version}")
    time.sleep(task.pause)
    question = json.dumps(task).encode("ascii")
    try:
        with scratch("tokenguard-sweep-") as folder:
            return _read_outcome(isolated.ask("tokenguard.task", question, task.seconds, folder))
    except DeadlineError as error:
        return Outcome(failure=str(error))
    except isolated.DiedError as error:
        return Outcome(failure=str(error), is_passing=True)
    except OSError as error:
        reason = error.strerror or error
        return Outcome(failure=f"there is no temporary folder, or no process: {reason}", is_passing=True)


def main() -> None:
    """In that process: performs the Task on standard input."""
    isolated.answer(_respond)


def _respond(question: bytes) -> bytes:
    target, *rest = json.loads(question)
    outcome = _perform(Task(Target(*target), *rest))
    report = None if outcome.report is None else write_report(outcome.report)
    return json.dumps(outcome._replace(report=None)._asdict() | {"report": report}).encode("ascii")


def _read_outcome(answer: bytes) -> Outcome:
    try:
        document = json.loads(answer)
        report, names = document.pop("report"), tuple(document.pop("names"))
        return Outcome(**document, report=None if report is None else read_report(report), names=names)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return Outcome(failure="what was said of it could not be understood")


def _perform(task: Task) -> Outcome:
    try:
        if task.target.is_address:
            return _perform_fetched(task)
        if task.target.is_account:
            return _list_account(task)
        if task.target.kind == HUB:
            return _perform_hub(task)
        if task.target.kind == FILESYSTEM:
            return _perform_filesystem(task)
        if not os.path.lexists(task.target.name):
            return Outcome(failure="there is no such folder")
        if not _is_repository(task.target.name):  # git would look into the folders above
            return Outcome(failure="this is no git repository")
        return Outcome(_scan(task, task.target.name))
    except TokenguardError as error:
        reason = "; ".join(filter(None, (error.message, error.hint)))
        is_passing = bool(getattr(error, "is_passing", False))
        return Outcome(failure=printable(redact_suspects(reason)), is_passing=is_passing)
    except OSError as error:
        return Outcome(failure=printable(redact_suspects(str(error))))
    except MemoryError:
        return Outcome(failure="there was not enough memory to read it", is_passing=True)
    except Exception as error:  # noqa: BLE001 -- the boundary: one target must not end a sweep
        return Outcome(failure=f"this is a bug in tokenguard: {type(error).__name__}")


def _perform_fetched(task: Task) -> Outcome:
    from tokenguard import locks
    from tokenguard.sources import mirror

    isolated.limit_files(task.largest or _LARGEST_FETCHED)
    tips = mirror.tips(task.target, os.curdir)
    if tips == task.tips:
        return Outcome(tips=tips, is_as_before=True)
    if not task.cache:
        folder = os.path.abspath(_CLONE)
        mirror.fetch(task.target, folder)
        return Outcome(_served(_scan(task, folder)), tips)
    folder = os.path.join(task.cache, f"{key(task.target)}.git")
    os.makedirs(task.cache, mode=0o700, exist_ok=True)
    try:
        lock = locks.hold(f"{folder}.lock", task.seconds / 2)
    except locks.BusyError:
        return Outcome(failure="another sweep has its clone in hand", is_passing=True)
    try:
        mirror.fetch(task.target, folder)
        # What the server has by now may be more than `tips`: then it is read again the next time.
        return Outcome(_served(_scan(task, folder)), tips)
    finally:
        lock.release()


def _served(report: Report) -> Report:
    """`report` on what was fetched: a server has it, though the clone has no remote that would say so."""
    return report._replace(
        findings=tuple(
            finding._replace(origin=finding.origin._replace(lineage=lineage._replace(pushed=True)))
            if (lineage := finding.origin.lineage)
            else finding
            for finding in report.findings
        )
    )


def _perform_hub(task: Task) -> Outcome:
    from tokenguard import hubscan
    from tokenguard.account import Search

    hub, token = _hub(), _token(task)
    held: Held = {}
    report = hubscan.scan_hub(
        task.target.name,
        hub=hub,
        token=token,
        max_size=task.largest or None,
        patience=_patience(task),
        afresh=task.afresh,
        search=Search(held),
    )
    return _of_hub(_verified(task, report, held))


def _perform_filesystem(task: Task) -> Outcome:
    from tokenguard import filesystemscan
    from tokenguard.account import Search

    held: Held = {}
    report = filesystemscan.scan_filesystem(task.target.name, max_size=task.largest or None, search=Search(held))
    return Outcome(_verified(task, report, held))


def _list_account(task: Task) -> Outcome:
    """The repositories of an account, as targets of their own, and what of it could not be listed."""
    from functools import partial

    from tokenguard.account import Account
    from tokenguard.core.blob import Origin, Unreadable
    from tokenguard.core.hubname import KINDS, hub_name, parse_hub_name
    from tokenguard.hubscan import ANONYMOUS
    from tokenguard.sources.hubnames import repositories
    from tokenguard.sources.hubreader import HubReader, RemoteError

    hub, token = _hub(), _token(task)
    reader = HubReader(hub.endpoint, partial(hub.fetch, token=token), patience=_patience(task))
    account = Account()
    name = task.target.name
    names: list[str] = []
    for kind in KINDS:
        try:
            names.extend(map(hub_name, repositories(reader, parse_hub_name(name).namespace, kind)))
        except RemoteError as error:  # noqa: PERF203 -- four times
            account.unreadable.append(Unreadable(Origin(f"{name} ({kind}s)"), error.reason))
    if not names and not account.unreadable:
        account.unreadable.append(Unreadable(Origin(name), "the Hub shows nothing of it to whoever asks"))
    if token is None:
        account.notes.append(ANONYMOUS)
    return _of_hub(account.report())._replace(names=tuple(names))


def _of_hub(report: Report) -> Outcome:
    return Outcome(report, is_passing=any(_PASSING.search(item.reason) for item in report.unreadable))


def _patience(task: Task) -> float:
    """How long a rate limit is waited for: who waits until the deadline has nothing to report."""
    from tokenguard.sources.hubreader import PATIENCE

    return min(PATIENCE, task.seconds / 2)


def _hub() -> Hub:
    from tokenguard.core.endpoint import read_endpoint
    from tokenguard.hub import Hub

    return Hub(read_endpoint(os.environ.get("HF_ENDPOINT", "")))


def _token(task: Task) -> Token | None:
    """The Token that reads the Hub, found where this runs; None where nothing was said of one."""
    from tokenguard import hubscan, tokens
    from tokenguard.home import home
    from tokenguard.process import forbid_dumps
    from tokenguard.vault.vault import Vault

    forbid_dumps()
    if task.token:
        return tokens.secret(Vault(home(), os.environ), task.token, os.environ, None)
    return hubscan.token_of(os.environ)


def _scan(task: Task, folder: str) -> Report:
    from tokenguard import history
    from tokenguard.account import Search

    held: Held = {}
    # What a repository says of its own scanning is not asked: whoever sweeps wants to know.
    report = history.scan_history(
        folder, use_config=False, jobs=task.jobs, afresh=task.afresh, search=Search(held)
    )
    return _verified(task, report, held)


def _verified(task: Task, report: Report, held: Held) -> Report:
    """`report`, with what the Hub says of what nobody has asked about before."""
    if not task.verify:
        return report
    new = tuple(finding for finding in report.findings if finding.fingerprint not in task.asked)
    if not new:
        return report
    from tokenguard import verification
    from tokenguard.home import home
    from tokenguard.process import forbid_dumps
    from tokenguard.vault.vault import Vault

    forbid_dumps()
    told = verification.verify(report._replace(findings=new), held, Vault(home(), os.environ), _hub())
    said = {finding.fingerprint: finding.verification for finding in told.findings}
    return told._replace(
        findings=tuple(
            finding._replace(verification=said.get(finding.fingerprint, finding.verification))
            for finding in report.findings
        )
    )


def key(target: Target) -> str:
    """The name of a file that is about `target`: 32 hexadecimal digits."""
    import hashlib

    return hashlib.sha256(target.name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _is_repository(folder: str) -> bool:
    names = ("HEAD", "objects", "refs")
    return os.path.lexists(os.path.join(folder, ".git")) or all(
        os.path.exists(os.path.join(folder, name)) for name in names
    )
