"""A Report for GitLab: as its Code Quality report, and as its Secret Detection report."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from tokenguard.core.abilities import Harm, harm
from tokenguard.core.printable import printable
from tokenguard.render.about import CURES, SETTINGS, about, digest, harm_words, known, numbered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from tokenguard.core.blob import Unreadable
    from tokenguard.core.finding import Finding
    from tokenguard.core.report import Report

# https://gitlab.com/gitlab-org/security-products/security-report-schemas
_SCHEMA_VERSION = "15.0.4"
_SCHEMA = (
    "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/"
    f"v{_SCHEMA_VERSION}/dist/secret-detection-report-format.json"
)
_NO_COMMIT = "0000000"  # as GitLab's own analyzer has it for what is in no commit
_LONGEST = 2000
_QUALITY = {Harm.POWERFUL: "blocker", Harm.LIVE: "critical", Harm.POSSIBLE: "major", Harm.NONE: "info"}
_SEVERITY = {Harm.POWERFUL: "Critical", Harm.LIVE: "Critical", Harm.POSSIBLE: "High", Harm.NONE: "Info"}


class Scan(NamedTuple):
    """What a Report does not know of a scan: our `version`, when it `ended` (UTC), and the `commit` it was of."""

    version: str
    ended: datetime
    commit: str = ""


def quality(report: Report) -> str:
    """The Code Quality report, which Merge requests show: https://docs.gitlab.com/ci/testing/code_quality/."""
    items = [_quality(finding, number) for finding, number in numbered(report.findings)]
    return json.dumps([*items, *map(_unreadable, report.unreadable)], indent=1)


def secrets(report: Report, scan: Scan) -> str:
    """The Secret Detection report. It has no extract of the source, which would be the secret."""
    began = scan.ended - timedelta(seconds=report.seconds)
    program = {
        "id": "tokenguard",
        "name": "tokenguard",
        "version": scan.version,
        "vendor": {"name": "tokenguard"},
    }
    return json.dumps(
        {
            "version": _SCHEMA_VERSION,
            "schema": _SCHEMA,
            "scan": {
                "analyzer": program,
                "scanner": program,
                "type": "secret_detection",
                "start_time": _second(began),
                "end_time": _second(scan.ended),
                "status": "failure" if report.unreadable else "success",
                "messages": [
                    {
                        "level": "warn",
                        "value": f"{printable(origin.location)} could not be read: {printable(reason)}",
                    }
                    for origin, reason in report.unreadable
                ],
            },
            "vulnerabilities": [_secret(finding, number, scan) for finding, number in numbered(report.findings)],
        },
        indent=1,
    )


def _quality(finding: Finding, number: int) -> dict[str, object]:
    return {
        "description": f"{_described(finding)} ({harm_words(finding)})",
        "check_name": printable(finding.kind),
        "fingerprint": _identifier(finding, number),
        "severity": _QUALITY[harm(finding)],
        "location": {"path": _file(finding.origin.path), "lines": {"begin": finding.line or 1}},
    }


def _unreadable(unreadable: Unreadable) -> dict[str, object]:
    origin, reason = unreadable
    member = f"{printable(' > '.join(origin.inside))} " if origin.inside else ""
    return {
        "description": f"{member}could not be read, so the answer is not known: {printable(reason)}",
        "check_name": "unreadable",
        "fingerprint": _hash(f"unreadable\0{origin.location}\0{reason}"),
        "severity": "major",
        "location": {"path": _file(origin.path), "lines": {"begin": 1}},
    }


def _secret(finding: Finding, number: int, scan: Scan) -> dict[str, object]:
    lineage = finding.origin.lineage
    commit = {"sha": printable((lineage and lineage.commit) or scan.commit or _NO_COMMIT)}
    if lineage and lineage.author:
        commit["author"] = printable(lineage.author)
    if lineage and lineage.date:
        commit["date"] = printable(lineage.date)
    location: dict[str, object] = {"file": _file(finding.origin.path), "commit": commit}
    if finding.line:
        location |= {"start_line": finding.line, "end_line": finding.line}
    title, what, _ = about(finding.kind)
    return {
        "id": str(UUID(_identifier(finding, number)[:32], version=5)),
        "category": "secret_detection",
        "name": title,
        "description": f"{_described(finding)}. {what}",
        "severity": _SEVERITY[harm(finding)],
        "solution": " ".join(CURES),
        "identifiers": [
            _named("tokenguard_kind", printable(finding.kind)),
            _named("tokenguard_fingerprint", finding.fingerprint),
            {
                "type": "cwe",
                "name": "CWE-798",
                "value": "798",
                "url": "https://cwe.mitre.org/data/definitions/798.html",
            },
        ],
        "links": [{"name": "Where it is revoked", "url": SETTINGS}],
        "location": location,
    }


def _named(of_type: str, value: str) -> dict[str, str]:
    return {"type": of_type, "name": f"tokenguard {value}", "value": value}


def _described(finding: Finding) -> str:
    details = known(finding)
    said = f"{about(finding.kind).title} {printable(finding.masked)}{f': {details}' if details else ''}"
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _identifier(finding: Finding, number: int) -> str:
    lineage = finding.origin.lineage
    return digest(finding, number, (lineage and lineage.commit) or "")


def _hash(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _file(path: str) -> str:
    return printable(path).removeprefix("./")


def _second(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
