"""The books of a scan: what was read, found, allowed and not read, until it is a Report."""

from __future__ import annotations

import time

from tokenguard.core.blob import Blob, Unreadable, Window
from tokenguard.core.report import Report, Tally
from tokenguard.core.scan import scan_blob
from tokenguard.errors import IncompleteError, VaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tokenguard.config import Config
    from tokenguard.core.detect import Span
    from tokenguard.core.finding import Allowed, Finding, Held


class Account:
    """What a scan has come upon so far; `held` takes the Tokens that Findings are about."""

    def __init__(self, held: Held | None = None) -> None:
        self._began = time.monotonic()
        self._held = held
        self.findings: list[Finding] = []
        self.allowed: list[Allowed] = []
        self.unreadable: list[Unreadable] = []
        self.notes: list[str] = []
        self.files = 0
        self.objects = 0
        self.remembered = 0
        self.bytes = 0
        self.excluded = 0

    def examine(self, blob: Blob, config: Config, known: Sequence[Span] | None = None) -> bool:
        """Books what is found in `blob`, or is known to be there. False where it could not be read to its end."""
        try:
            for item in scan_blob(blob, config.fingerprints, known, self._held):
                self._book(item)
        except OSError as error:
            self.unreadable.append(Unreadable(blob.origin, error.strerror or str(error)))
        except IncompleteError as error:
            self.unreadable.append(Unreadable(blob.origin, error.message))
        else:
            return True
        return False

    def _book(self, item: Finding | Allowed) -> None:
        from tokenguard.core.finding import Allowed

        if isinstance(item, Allowed):
            self.allowed.append(item)
        else:
            self.findings.append(item)

    def read(self, blob: Blob, config: Config) -> None:
        """Books what is found in `blob`, and the blob itself as read."""
        counted = Blob(blob.origin, self._counted(blob.windows))
        if self.examine(counted, config):
            self.files += 1

    def read_all(self, items: Iterable[Blob | Unreadable], config: Config) -> None:
        """Books all that a Source yields."""
        for item in items:
            if isinstance(item, Blob):
                self.read(item, config)
            else:
                self.unreadable.append(item)

    def _counted(self, windows: Iterable[Window]) -> Iterator[Window]:
        for window in windows:
            self.bytes += window.last - window.first
            yield window

    def report(self) -> Report:
        """What there is to say, in the order of path, line and column."""
        if self.findings:
            self._name_findings()
        return Report(
            findings=tuple(sorted(self.findings, key=_position)),
            allowed=tuple(sorted(self.allowed, key=lambda allowed: _position(allowed.finding))),
            unreadable=tuple(sorted(self.unreadable, key=lambda item: (item.origin.path, item.reason))),
            tally=Tally(
                files=self.files,
                blobs=self.files + self.objects,
                bytes=self.bytes,
                excluded=self.excluded,
                remembered=self.remembered,
            ),
            notes=tuple(self.notes),
            seconds=time.monotonic() - self._began,
        )

    def _name_findings(self) -> None:
        from tokenguard.home import home
        from tokenguard.vault.index import Store

        try:
            index = Store(home()).read()
        except VaultError as error:
            self.notes.append(f"whether a token is one of yours is not known: {error.message}")
            return
        self.findings = [
            finding._replace(known_as=index.name_of(finding.fingerprint)) for finding in self.findings
        ]


def _position(finding: Finding) -> tuple[str, int, int]:
    return finding.origin.path, finding.line, finding.column
