"""What a sweep remembers between two runs, so that a killed one goes on, and a second one reads what is new.

A file a target, in folders of the user's own; each can be thrown away at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import NamedTuple

from tokenguard import files
from tokenguard.core.record import read_report, write_report
from tokenguard.task import key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.report import Report
    from tokenguard.core.target import Target

_FORMAT = 1
_LARGEST = 256 * 1024 * 1024


class Record(NamedTuple):
    """The Report on a target, and the `tips` that its server had then."""

    report: Report
    tips: str = ""


class Records:
    """Those in `folder`, which need not exist. They are void under other `rules` of detection."""

    def __init__(self, folder: str, rules: str) -> None:
        self._folder = folder
        self._rules = rules

    def recall(self, target: Target, age: float | None = None) -> Record | None:
        """What is known of `target`, if it is less than so many seconds old (`age`); None for nothing."""
        try:
            if age is not None and not 0 <= time.time() - os.stat(self._path(target)).st_mtime < age:
                return None
            data = files.read_linked(self._path(target), _LARGEST)
            document = json.loads(data)
            if (document["format"], document["rules"], document["target"]) != (_FORMAT, self._rules, target.name):
                return None
            return Record(read_report(document["report"]), str(document["tips"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def keep(self, target: Target, record: Record) -> None:
        """Remembers this of `target`, and nothing else. Raises OSError."""
        document = {
            "format": _FORMAT,
            "rules": self._rules,
            "target": target.name,
            "tips": record.tips,
            "report": write_report(record.report),
        }
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        # What the machine loses is read again, and thousands of these would wait for the disk.
        files.replace(self._path(target), json.dumps(document).encode("ascii"), settled=False)

    def forget(self) -> None:
        """Forgets all of them. Raises OSError."""
        import shutil

        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._folder)

    def _path(self, target: Target) -> str:
        return os.path.join(self._folder, f"{key(target)}.json")
