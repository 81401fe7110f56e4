"""A Report as a table (RFC 4180), for spreadsheets."""

from __future__ import annotations

import csv
import io

from tokenguard.core.abilities import abilities
from tokenguard.core.finding import Claims
from tokenguard.core.lineage import Lineage
from tokenguard.core.printable import printable
from tokenguard.render.about import harm_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenguard.core.finding import Finding
    from tokenguard.core.report import Report

HEADER = (
    *("type", "harm", "kind", "masked", "path", "line", "column", "end_column", "fingerprint", "known_as"),
    *("verification", "account", "role", "abilities", "app", "resource", "scopes", "expires_at"),
    *("commit", "author", "date", "reachable", "pushed"),
    *("inside", "decoded", "cell", "output", "reason", "where"),
)
"""The first row. `type` is finding, allowed or unreadable; of the last two, `reason` says why."""

# What a spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows(report: Report) -> Iterator[str]:
    """A row for each Finding, each Allowed and each Unreadable below the HEADER, with their line ends."""
    yield _row(HEADER)
    for finding in report.findings:
        yield _row(_cells("finding", finding))
    for finding, (reason, where) in report.allowed:
        yield _row((*_cells("allowed", finding), reason, where))
    for origin, reason in report.unreadable:
        cells = {"type": "unreadable", "path": origin.path, "inside": " > ".join(origin.inside), "reason": reason}
        yield _row(cells.get(name) for name in HEADER)


def _cells(of_type: str, finding: Finding) -> tuple[object, ...]:
    lineage = finding.origin.lineage or Lineage()
    status, _, identity, _ = finding.verification
    claims = finding.claims or Claims()
    return (
        of_type,
        harm_words(finding),
        finding.kind,
        finding.masked,
        finding.origin.path,
        finding.line,
        finding.column,
        finding.end_column,
        finding.fingerprint,
        finding.known_as,
        status,
        identity.account or claims.subject,
        identity.role,
        "; ".join(abilities(identity)) if status == "live" else None,
        claims.app,
        claims.resource,
        " ".join(claims.scopes),
        identity.expires_at or claims.expires_at,
        lineage.commit,
        lineage.author,
        lineage.date,
        lineage.reachable,
        lineage.pushed,
        " > ".join(finding.origin.inside),
        " > ".join(finding.decoded),
        finding.cell,
        finding.output,
    )


def _row(cells: Iterable[object]) -> str:
    line = io.StringIO()
    padded = [*map(_cell, cells)]
    csv.writer(line, lineterminator="\r\n").writerow(padded + [""] * (len(HEADER) - len(padded)))
    return line.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = printable(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
