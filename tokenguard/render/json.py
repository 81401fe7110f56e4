"""A Report for programs: one JSON document, or a JSON object a line. ASCII alone."""

from __future__ import annotations

import json

from tokenguard.core.abilities import abilities
from tokenguard.core.identity import to_document
from tokenguard.core.lineage import Lineage
from tokenguard.core.redact import redact, redact_values
from tokenguard.render import credentials
from tokenguard.render.about import harm_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.blob import Unreadable
    from tokenguard.core.finding import Allowed, Claims, Finding, Verification
    from tokenguard.core.report import Report
    from tokenguard.render.credentials import Credential

SCHEMA = 1


def document(report: Report, version: str, *, by_credential: bool = False) -> str:
    """The whole Report; `by_credential` adds each of them once, in the order in which something is to be done."""
    added = {"credentials": [*map(_credential, credentials.credentials(report))]} if by_credential else {}
    return json.dumps(
        {
            **_header(version),
            "summary": _summary(report),
            **added,
            "findings": [_finding(finding) for finding in report.findings],
            "allowed": [_allowed(allowed) for allowed in report.allowed],
            "unreadable": [_unreadable(unreadable) for unreadable in report.unreadable],
        },
        indent=2,
    )


def lines(report: Report, version: str, *, by_credential: bool = False) -> Iterator[str]:
    """An object for each item, its `type` first, and the summary last."""
    if by_credential:
        for credential in credentials.credentials(report):
            yield json.dumps({"type": "credential", **_credential(credential)})
    for finding in report.findings:
        yield json.dumps({"type": "finding", **_finding(finding)})
    for allowed in report.allowed:
        yield json.dumps({"type": "allowed", **_allowed(allowed)})
    for unreadable in report.unreadable:
        yield json.dumps({"type": "unreadable", **_unreadable(unreadable)})
    yield json.dumps({"type": "summary", **_header(version), **_summary(report)})


def _header(version: str) -> dict[str, object]:
    return {"schema": SCHEMA, "tool": {"name": "tokenguard", "version": version}}


def _summary(report: Report) -> dict[str, object]:
    return {
        **report.tally._asdict(),
        "findings": len(report.findings),
        "allowed": len(report.allowed),
        "unreadable": len(report.unreadable),
        "seconds": round(report.seconds, 3),
        "notes": [redact(note) for note in report.notes],
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "fingerprint": finding.fingerprint,
        "masked": finding.masked,
        "path": redact(finding.origin.path),
        "line": finding.line,
        "column": finding.column,
        "end_column": finding.end_column,
        # What only other sources know is there all the same, so that a reader needs one shape.
        "inside": [redact(name) for name in finding.origin.inside],
        "decoded": list(finding.decoded),
        "cell": finding.cell,
        "output": finding.output,
        **_lineage(finding.origin.lineage or Lineage()),
        "known_as": finding.known_as,
        "claims": finding.claims and _claims(finding.claims),
        "verification": _verification(finding.verification),
    }


def _credential(credential: Credential) -> dict[str, object]:
    first = credential.first
    lineage = first.origin.lineage or Lineage()
    return {
        "kind": first.kind,
        "fingerprint": first.fingerprint,
        "masked": first.masked,
        "harm": harm_words(first),
        "places": credential.places,
        "files": [redact(findings[0].origin.path) for findings in credential.files],
        "since": lineage.date,
        "known_as": first.known_as,
        "owner": credential.owner and redact(credential.owner),
        "account": credential.account and redact(credential.account),
        "to_do": redact(credential.to_do),
        "verification": _verification(first.verification),
    }


def _claims(claims: Claims) -> object:
    return redact_values({**claims._asdict(), "scopes": list(claims.scopes)})


def _verification(verification: Verification) -> object:
    status, checked_at, identity, reason = verification
    if status == "unchecked":
        return {"status": status}
    document: dict[str, object] = {"status": status, "checked_at": checked_at}
    if status == "live":
        document |= {**to_document(identity), "abilities": list(abilities(identity))}
    if reason:
        document["reason"] = reason
    return redact_values(document)


def _lineage(lineage: Lineage) -> dict[str, object]:
    return {
        "commit": lineage.commit,
        "author": lineage.author and redact(lineage.author),
        "date": lineage.date,
        "paths": [redact(path) for path in lineage.paths],
        "reachable": lineage.reachable,
        "pushed": lineage.pushed,
    }


def _allowed(allowed: Allowed) -> dict[str, object]:
    reason, where = allowed.allowance
    return {**_finding(allowed.finding), "allowance": {"reason": reason, "where": redact(where)}}


def _unreadable(unreadable: Unreadable) -> dict[str, object]:
    return {
        "path": redact(unreadable.origin.path),
        "inside": [redact(name) for name in unreadable.origin.inside],
        "reason": redact(unreadable.reason),
    }
