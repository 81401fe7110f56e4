"""What a sweep does with one target, anywhere: a Task goes out, an Outcome comes back, and neither has a secret.

Whoever performs it finds the credentials that it needs where it runs: git asks its helpers there, ssh its agent.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from tokenguard import __version__, isolated
from tokenguard.core.printable import printable
from tokenguard.core.record import read_report, write_report
from tokenguard.core.redact import redact_suspects
from tokenguard.core.target import HUB, Target
from tokenguard.deadline import DeadlineError
from tokenguard.errors import TokenguardError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.report import Report

_CLONE = "clone.git"


class Task(NamedTuple):
    """Reads `target` within so many `seconds`, with so many processes (`jobs`).

    No file that is fetched may have more bytes than `largest`. Clones are kept in the folder `cache` where it is
    named, and otherwise taken away again. `tips` is what the server had when all of it was last read, if that
    was under the same rules of detection. `version` is that of who asks; `pause` is slept first, in seconds. With
    `afresh`, what the history's own memory knows to be clean is read all the same.
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


class Outcome(NamedTuple):
    """What became of a Task: its Report; or that it `is_as_before`; or the `failure`.

    A failure that `is_passing` may not come again. `tips` are those that the server has now.
    """

    report: Report | None = None
    tips: str = ""
    is_as_before: bool = False
    failure: str = ""
    is_passing: bool = False


def perform(task: Task) -> Outcome:
    """Performs `task` in a process of its own. Whatever goes wrong is in the Outcome."""
    import shutil
    import tempfile
    import time

    if task.version != __version__:
        return Outcome(failure=f"tokenguard is {__version__} where it was to be read, and not {task.version}")
    time.sleep(task.pause)
    try:
        # What may lie there belongs to whoever runs this alone.
        folder = tempfile.mkdtemp(prefix="tokenguard-sweep-")
    except OSError as error:
        return Outcome(failure=f"there is no temporary folder: {error.strerror or error}")
    try:
        question = json.dumps(task).encode("ascii")
        return _read_outcome(isolated.ask("tokenguard.task", question, task.seconds, folder))
    except DeadlineError as error:
        return Outcome(failure=str(error))
    except isolated.DiedError as error:
        return Outcome(failure=str(error), is_passing=True)
    except OSError as error:
        return Outcome(failure=f"no process could be started: {error.strerror or error}", is_passing=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
        report = document.pop("report")
        return Outcome(**document, report=None if report is None else read_report(report))
    except (ValueError, TypeError, AttributeError, KeyError):
        return Outcome(failure="what was said of it could not be understood")


def _perform(task: Task) -> Outcome:
    try:
        if task.target.is_address:
            return _perform_fetched(task)
        if task.target.kind == HUB:
            return _perform_hub(task)
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
    from tokenguard.sources import mirror

    if task.largest:
        isolated.limit_files(task.largest)
    tips = mirror.tips(task.target, os.curdir)
    if tips == task.tips:
        return Outcome(tips=tips, is_as_before=True)
    folder = os.path.abspath(_CLONE)
    if task.cache:
        folder = os.path.join(task.cache, f"{key(task.target)}.git")
    mirror.fetch(task.target, folder)
    # What the server has by now may be more than `tips`: then it is read again the next time.
    return Outcome(_scan(task, folder), tips)


def _perform_hub(task: Task) -> Outcome:
    """The seam for what reads the Hub: a Report of all that the name stands for, its paths below the name."""
    return Outcome(failure=f"{task.target.name} is on the Hub, which a sweep does not read")


def _scan(task: Task, folder: str) -> Report:
    from tokenguard import history

    # What a repository says of its own scanning is not asked: whoever sweeps wants to know.
    return history.scan_history(folder, use_config=False, jobs=task.jobs, afresh=task.afresh)


def key(target: Target) -> str:
    """The name of a file that is about `target`: 32 hexadecimal digits."""
    import hashlib

    return hashlib.sha256(target.name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _is_repository(folder: str) -> bool:
    names = ("HEAD", "objects", "refs")
    return os.path.lexists(os.path.join(folder, ".git")) or all(
        os.path.exists(os.path.join(folder, name)) for name in names
    )
