"""The books of a scan: what was read, found, allowed and not read, until it is a Report."""

from __future__ import annotations

import time
from typing import NamedTuple

from tokenguard.core.blob import Blob, Unreadable, Window
from tokenguard.core.report import Report, Tally
from tokenguard.core.scan import scan_blob, scan_deep
from tokenguard.core.windows import Once
from tokenguard.errors import IncompleteError, UsageError, VaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tokenguard.bridge.detectors import Detectors
    from tokenguard.config import Config
    from tokenguard.core.blob import Origin
    from tokenguard.core.detect import Span
    from tokenguard.core.finding import Allowed, Finding, Held
    from tokenguard.core.scan import Item


class Search(NamedTuple):
    """How it is searched, and what for.

    `held` takes the Tokens that Findings are about; `detectors` are those of detect-secrets, where they are to
    search, too. `deep`: what is encoded or packed is looked into.
    """

    held: Held | None = None
    detectors: Detectors | None = None
    deep: bool = True


class Account:
    """What a scan has come upon so far."""

    def __init__(self, search: Search = Search()) -> None:
        self._began = time.monotonic()
        self._held, self._detectors, self._deep = search
        self.unsearched = 0
        self.long_lines = 0
        self.findings: list[Finding] = []
        self.allowed: list[Allowed] = []
        self.unreadable: list[Unreadable] = []
        self.notes: list[str] = []
        self.files = 0
        self.objects = 0
        self.remembered = 0
        self.bytes = 0
        self.excluded = 0

    def examine(
        self,
        blob: Blob,
        config: Config,
        known: Sequence[Span] | None = None,
        lines: Collection[int] | None = None,
    ) -> bool:
        """Books what is found in `blob`, or is known to be there. False where it could not be read to its end.

        `lines` are those on which detect-secrets' detectors are known to find something.
        """
        kept: list[Window] = []
        if self._detectors is not None:
            blob = blob._replace(windows=_kept(blob.windows, kept))
        ours: list[Finding] = []
        try:
            for item in self._items(blob, config, known):
                self._book(item, ours)
            if self._detectors is not None:
                self._search(self._detectors, blob.origin, kept, config, lines, ours)
        except OSError as error:
            self.unreadable.append(Unreadable(blob.origin, error.strerror or str(error)))
        except IncompleteError as error:
            self.unreadable.append(Unreadable(blob.origin, error.message))
        else:
            return True
        return False

    def _items(self, blob: Blob, config: Config, known: Sequence[Span] | None) -> Iterable[Item]:
        if known is None and self._deep:
            return scan_deep(blob, config.fingerprints, self._held)
        return scan_blob(blob, config.fingerprints, known, self._held)

    def _search(
        self,
        detectors: Detectors,
        origin: Origin,
        windows: Sequence[Window],
        config: Config,
        lines: Collection[int] | None,
        ours: Sequence[Finding],
    ) -> None:
        """Books what detect-secrets' detectors find, but for what is found already."""
        if not windows or not windows[0].is_last:
            self.unsearched += lines is None
            return
        if lines is not None and not lines:
            return
        from tokenguard.bridge.findings import findings_of

        searched = detectors.search(origin.path, windows[0].data, lines)
        if lines is None:
            self.long_lines += searched.long_lines
        for item in findings_of(origin, searched.matches, ours, config.fingerprints, self._held):
            self._book(item, [])

    def _book(self, item: Item, booked: list[Finding]) -> None:
        from tokenguard.core.finding import Allowed

        if isinstance(item, Unreadable):
            self.unreadable.append(item)
        elif isinstance(item, Allowed):
            self.allowed.append(item)
            booked.append(item.finding)
        else:
            self.findings.append(item)
            booked.append(item)

    @property
    def booked(self) -> int:
        """How much was found, allowed or not read so far."""
        return len(self.findings) + len(self.allowed) + len(self.unreadable)

    @property
    def deep(self) -> bool:
        """Whether what is encoded or packed is looked into."""
        return self._deep

    @property
    def searches(self) -> bool:
        """Whether detect-secrets' detectors search what is examined."""
        return self._detectors is not None

    def read(self, blob: Blob, config: Config) -> None:
        """Books what is found in `blob`, and the blob itself as read."""
        before = self.bytes
        if self.examine(blob._replace(windows=self._counted(blob.windows)), config):
            self.files += 1
        if blob.open and self.bytes == before and isinstance(file := blob.open(), Once):
            self.bytes += file.taken  # a container, whose windows nobody has asked for

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
        if self.unsearched or self.long_lines:
            from tokenguard.bridge.detectors import note_of

            self.notes.append(note_of(self.unsearched, self.long_lines))
        return Report(
            findings=tuple(sorted(self.findings, key=lambda finding: finding.position)),
            allowed=tuple(sorted(self.allowed, key=lambda allowed: allowed.finding.position)),
            unreadable=tuple(sorted(self.unreadable, key=_place)),
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
        from tokenguard.home import has_index, home

        try:
            # Without it there are no names, and what would read them takes longer to load than a scan.
            if not has_index():
                return
            from tokenguard.vault.index import Store

            index = Store(home()).read()
        except (UsageError, VaultError) as error:
            self.notes.append(f"whether a token is one of yours is not known: {error.message}")
            return
        self.findings = [
            finding._replace(known_as=index.name_of(finding.fingerprint)) for finding in self.findings
        ]


def _kept(windows: Iterable[Window], kept: list[Window]) -> Iterator[Window]:
    """The same windows, of which the first is kept."""
    for window in windows:
        if window.start == 0:
            kept.append(window)
        yield window


def _place(item: Unreadable) -> tuple[str, tuple[str, ...], str]:
    return item.origin.path, item.origin.inside, item.reason
