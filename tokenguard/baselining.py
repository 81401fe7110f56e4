"""Use case: a detect-secrets baseline, as an Allowance for what it has, and brought up to date by a scan."""

from __future__ import annotations

import os

from tokenguard.core import baseline as baselines
from tokenguard.core.baseline import Baseline, DamagedError, Secret
from tokenguard.core.finding import Allowance, Allowed
from tokenguard.errors import IncompleteError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from tokenguard.core.finding import Finding, Held
    from tokenguard.core.report import Report

_REAL = "baseline, where an audit calls it a real secret"


def allowed_by(
    report: Report, held: Held, baseline: Baseline, where: str, names_of: Callable[[Finding], Collection[str]]
) -> Report:
    """`report` with every Finding allowed that `baseline` has, whatever the line and whichever detector found it.

    `held` has the Tokens of the Findings, `where` is what the baseline is called, `names_of` gives the names that
    the file of a Finding may have in it. What an audit has called a real secret is allowed as it is by
    detect-secrets' own hook: it is known, and to be revoked; a note says so.
    """
    known = baselines.known(baseline)
    findings: list[Finding] = []
    allowed: list[Allowed] = []
    for finding in report.findings:
        digest = baselines.digest_of(held[finding.fingerprint])
        places = [(name, digest) for name in map(baselines.normal, names_of(finding)) if (name, digest) in known]
        if places:
            is_real = any(known[place].is_real for place in places)
            allowance = Allowance(_REAL if is_real else "baseline", f"{where}: {places[0][0]}")
            allowed.append(Allowed(finding, allowance))
        else:
            findings.append(finding)
    real = len({item.finding.fingerprint for item in allowed if item.allowance.reason == _REAL})
    note = f"{where} has {real} of these, which an audit calls real: revoke what is not revoked yet"
    return report._replace(
        findings=tuple(findings),
        allowed=tuple(sorted([*report.allowed, *allowed], key=lambda allowed: allowed.finding.position)),
        notes=(*report.notes, note) if real else report.notes,
    )


class BaselineFile:
    """The baseline in the file `path`.

    Raises UsageError where there is none, unless it `may_be_missing`, or it cannot be read.
    """

    def __init__(self, path: str, *, may_be_missing: bool = False) -> None:
        self.path = path
        self._place = os.path.realpath(path)
        self._folder = os.path.dirname(self._place)
        self._data = _read(path, self._place, may_be_missing=may_be_missing)
        try:
            self.baseline = baselines.empty() if self._data is None else baselines.read(self._data)
        except DamagedError as error:
            raise UsageError(f"{path} is no baseline of detect-secrets: {error}", _REPAIR) from None

    def allow(self, report: Report, held: Held, base: str | None = None) -> Report:
        """`report` with what the baseline has allowed; paths that are not absolute begin at the folder `base`.

        None is the folder of the baseline.
        """
        if not report.findings:
            return report
        return allowed_by(report, held, self.baseline, self.path, lambda finding: self._names(finding, base))

    def update(
        self,
        report: Report,
        held: Held,
        seen: Collection[str],
        *,
        base: str,
        below: Collection[str] = (),
        types: Mapping[str, str],
        plugins: Mapping[str, dict[str, Any]],
    ) -> Report:
        """Writes what a scan found to the file, if that changes it, and gives the Report that is then true.

        `seen` are the paths of the files that were searched; those that the baseline names and that are gone from
        the folders `below` were, too. `types` gives what detect-secrets calls each kind that is not ours,
        `plugins` how a baseline names the plugin for each type. Raises IncompleteError where it cannot be written.
        """
        import time

        secrets = [
            Secret(
                self._names(finding, base)[0],
                baselines.digest_of(held[finding.fingerprint]),
                finding.line or 1,
                types.get(finding.kind, ""),
                finding.kind not in types,
            )
            for finding in report.findings
        ]
        read = set(seen) - {item.origin.path for item in report.unreadable}
        searched = {baselines.normal(self._name(path, base)) for path in read}
        folders = [self._name(folder, base) for folder in below]
        before = self.baseline
        self.baseline = baselines.updated(
            before,
            secrets,
            searched=lambda name: name in searched or self._is_gone(name, folders),
            plugins=plugins,
            now=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        )
        note = f"{self.path} is as it was"
        if self.baseline is not before or self._data is None:
            note = f"{self.path} is written: {_difference(before, self.baseline)}"
            self._write(baselines.write(self.baseline))
        report = self.allow(report, held, base)
        return report._replace(notes=(*report.notes, note))

    def _is_gone(self, name: str, folders: Collection[str]) -> bool:
        is_below = any(folder == "." or name == folder or name.startswith(f"{folder}/") for folder in folders)
        return is_below and not os.path.lexists(os.path.join(self._folder, name))

    def _names(self, finding: Finding, base: str | None) -> list[str]:
        """The names that the file may have in the baseline; in a history, one for each path that it has had."""
        path, lineage, _ = finding.origin
        paths = lineage.paths if lineage else ()
        # The path of a submodule stands before all that was in it.
        prefix = path.removesuffix(paths[0]) if paths and path.endswith(paths[0]) else ""
        return [self._name(name, base) for name in dict.fromkeys([path, *(prefix + other for other in paths)])]

    def _name(self, path: str, base: str | None) -> str:
        place = os.path.join(self._folder if base is None else os.path.realpath(base), path)
        folder, name = os.path.split(os.path.normpath(place))
        return os.path.relpath(os.path.join(os.path.realpath(folder), name), self._folder).replace(os.sep, "/")

    def _write(self, data: bytes) -> None:
        from tokenguard import files

        try:
            is_writable = self._data is None or os.access(self._place, os.W_OK)
            if self._data is not None and _read(self.path, self._place, may_be_missing=False) != self._data:
                raise IncompleteError(f"{self.path} has changed while files were scanned", "scan again")
            if not is_writable:
                raise IncompleteError(f"{self.path} cannot be written: it is read-only")
            mode = 0o666 & ~_umask() if self._data is None else os.stat(self._place).st_mode & 0o777
            files.replace(self._place, data, mode)
        except OSError as error:
            raise IncompleteError(f"{self.path} cannot be written: {error.strerror or error}") from None
        self._data = data


_REPAIR = "repair it (a version control system has the last good one), or remove it and say --update-baseline"


def configured(folder: str, report: Report, held: Held, base: str | None) -> Report:
    """`report` with what the baseline has allowed that the Config for `folder` names, if it names one."""
    from tokenguard.config import load

    if not report.findings or not (path := load(folder).baseline):
        return report
    return BaselineFile(path.removeprefix(os.path.join(os.getcwd(), ""))).allow(report, held, base)


def _read(path: str, place: str, *, may_be_missing: bool) -> bytes | None:
    from tokenguard.files import TooLargeError, open_regular

    try:
        descriptor, _ = open_regular(place, baselines.LARGEST)
    except FileNotFoundError:
        if may_be_missing:
            return None
        hint = "name the one that there is, or make one: --update-baseline"
        raise UsageError(f"there is no baseline {path}", hint) from None
    except TooLargeError:
        raise UsageError(f"{path} is larger than {baselines.LARGEST} bytes, which no baseline is") from None
    except OSError as error:
        raise UsageError(f"the baseline {path} cannot be read: {error.strerror or error}") from None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(baselines.LARGEST)


def _difference(before: Baseline, after: Baseline) -> str:
    old, new = ({*map(str, _entries(baseline))} for baseline in (before, after))
    return f"{len(new - old)} added, {len(old - new)} removed"


def _entries(baseline: Baseline) -> list[tuple[str, str, str]]:
    return [
        (name, entry["hashed_secret"], entry["type"])
        for name, entries in baseline.document["results"].items()
        for entry in entries
    ]


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
