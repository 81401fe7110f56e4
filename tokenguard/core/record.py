"""A Report as JSON that can be read again, to be kept or handed from one process to another."""

from __future__ import annotations

import json

from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.finding import Allowance, Allowed, Claims, Finding, Verification
from tokenguard.core.identity import from_document, to_document
from tokenguard.core.lineage import Lineage
from tokenguard.core.redact import redact_values
from tokenguard.core.report import Report, Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def write_report(report: Report) -> str:
    """`report` in ASCII, on one line. What others wrote into it (paths, authors) loses every credential."""
    document = {
        "findings": [_finding(finding) for finding in report.findings],
        "allowed": [[_finding(allowed.finding), allowed.allowance] for allowed in report.allowed],
        "unreadable": report.unreadable,
        "tally": report.tally,
        "seconds": report.seconds,
        "notes": report.notes,
    }
    return json.dumps(redact_values(json.loads(json.dumps(document))))


def read_report(text: str) -> Report:
    """The Report that `write_report` made this of. Raises ValueError where that is not so."""
    try:
        document = json.loads(text)
        return Report(
            findings=tuple(map(_read_finding, document["findings"])),
            allowed=tuple(Allowed(_read_finding(one), Allowance(*why)) for one, why in document["allowed"]),
            unreadable=tuple(Unreadable(_origin(origin), reason) for origin, reason in document["unreadable"]),
            tally=Tally(*document["tally"]),
            seconds=document["seconds"],
            notes=tuple(document["notes"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"this is no report: {type(error).__name__}") from None


def _finding(finding: Finding) -> dict[str, object]:
    status, checked_at, identity, reason = finding.verification
    return {**finding._asdict(), "verification": [status, checked_at, to_document(identity), reason]}


def _read_finding(document: dict[str, Any]) -> Finding:
    status, checked_at, identity, reason = document["verification"]
    return Finding(
        **{
            **document,
            "origin": _origin(document["origin"]),
            "claims": document["claims"] and _claims(document["claims"]),
            "verification": Verification(status, checked_at, from_document(identity), reason),
            "decoded": tuple(document["decoded"]),
        }
    )


def _claims(values: list[Any]) -> Claims:
    claims = Claims(*values)
    return claims._replace(scopes=tuple(claims.scopes))


def _origin(values: list[Any]) -> Origin:
    path, lineage, inside = values
    if lineage is not None:
        lineage = Lineage(*lineage)
        lineage = lineage._replace(paths=tuple(lineage.paths))
    return Origin(path, lineage, tuple(inside))
