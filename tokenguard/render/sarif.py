"""A Report as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

What GitHub makes of it: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import json

from tokenguard.core.abilities import Harm, harm
from tokenguard.core.printable import printable
from tokenguard.render import credentials
from tokenguard.render.about import CURES, about, digest, harm_words, kinds_of, known, numbered
from tokenguard.render.uri import file_uri, relative_uri

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.core.blob import Unreadable
    from tokenguard.core.finding import Allowance, Finding
    from tokenguard.core.report import Report
    from tokenguard.render.credentials import Credential

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
# How urgent it is (3.27.25).
_RANKS = {Harm.POWERFUL: 100.0, Harm.LIVE: 90.0, Harm.POSSIBLE: 50.0, Harm.NONE: 0.0}
_HELP = "https://huggingface.co/docs/hub/security-tokens"


def document(report: Report, version: str, *, by_credential: bool = False) -> str:
    """The whole Report, as one run; `by_credential` says with each result whose it is, and what to do."""
    known = {one.first.fingerprint: one for one in credentials.credentials(report)} if by_credential else {}
    everything = [*report.findings, *(allowed.finding for allowed in report.allowed)]
    kinds = {kind: index for index, kind in enumerate(kinds_of(everything))}
    allowances = [None] * len(report.findings) + [allowed.allowance for allowed in report.allowed]
    run = {
        "tool": {
            "driver": {
                "name": "tokenguard",
                "version": version,
                "rules": [_rule(kind) for kind in kinds],
            }
        },
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that was scanned."}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, number, kinds, allowance, None if allowance else known.get(finding.fingerprint))
            for (finding, number), allowance in zip(numbered(everything), allowances, strict=True)
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _rule(kind: str) -> dict[str, object]:
    title, what, severity = about(kind)
    return {
        "id": printable(kind),
        "name": "".join(word.capitalize() for word in printable(kind).split("-")),
        "shortDescription": {"text": _text(title)},
        "fullDescription": {"text": _text(f"{title}. {what}")},
        "help": {
            "text": _text(" ".join((what, *CURES))),
            "markdown": "\n".join((what, "", *(f"{at}. {cure}" for at, cure in enumerate(CURES, 1)))),
        },
        "helpUri": _HELP,
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", "external/cwe/cwe-798"],
            "security-severity": severity,
            "precision": "very-high",
        },
    }


def _result(
    finding: Finding,
    number: int,
    kinds: Mapping[str, int],
    allowance: Allowance | None,
    credential: Credential | None = None,
) -> dict[str, object]:
    lineage = finding.origin.lineage
    result: dict[str, object] = {
        "ruleId": printable(finding.kind),
        "ruleIndex": kinds[finding.kind],
        "kind": "fail",
        "level": "note" if harm(finding) == Harm.NONE else "error",
        "message": {"text": _text(_message(finding))},
        "locations": [{"physicalLocation": _location(finding.origin.path, finding)}],
        "fingerprints": {"tokenguardResult/v1": digest(finding, number, (lineage and lineage.commit) or "")},
        "partialFingerprints": {
            "tokenguardFingerprint/v1": finding.fingerprint,
            # The only one that GitHub looks at. Its uploader works one out of the text of the line and of what
            # follows, which changes with them, where we are the ones to know that it is the same credential. All
            # versions of a file in a history have one.
            "primaryLocationLineHash": f"{digest(finding)[:16]}:{number}",
        },
        "properties": _properties(finding),
    }
    if credential is not None:
        result["rank"] = _RANKS[harm(finding)]
        told = {"owner": credential.owner, "toDo": credential.to_do}
        result["properties"] = _properties(finding) | {name: value for name, value in told.items() if value}
    if allowance is not None:
        is_in_source = allowance.reason.startswith(("pragma", "tokenguard"))
        result["suppressions"] = [
            {
                "kind": "inSource" if is_in_source else "external",
                "status": "accepted",
                "justification": printable(f"{allowance.reason}, {allowance.where}"),
            }
        ]
    return result


def _message(finding: Finding) -> str:
    details = known(finding)
    return f"{about(finding.kind).title} {printable(finding.masked)}{f': {details}' if details else ''}."


def _properties(finding: Finding) -> dict[str, object]:
    lineage, status = finding.origin.lineage, finding.verification.status
    properties: dict[str, object] = {
        "masked": printable(finding.masked),
        "harm": harm_words(finding),
        "verification": printable(status),
    }
    if finding.origin.inside:
        properties["inside"] = [printable(name) for name in finding.origin.inside]
    properties |= {
        name: value
        for name, value in (
            ("decoded", list(finding.decoded)),
            ("cell", finding.cell),
            ("output", finding.output),
        )
        if value
    }
    if finding.known_as:
        properties["knownAs"] = printable(finding.known_as)
    if lineage is not None:
        properties |= {
            "commit": lineage.commit and printable(lineage.commit),
            "author": lineage.author and printable(lineage.author),
            "date": lineage.date and printable(lineage.date),
            "reachable": lineage.reachable,
            "pushed": lineage.pushed,
        }
    return properties


def _location(path: str, finding: Finding | None = None) -> dict[str, object]:
    uri = relative_uri(path)
    artifact = {"uri": file_uri(path)} if uri is None else {"uri": uri, "uriBaseId": _ROOT}
    location: dict[str, object] = {"artifactLocation": artifact}
    if finding is not None and finding.line:
        location["region"] = {
            "startLine": finding.line,
            "startColumn": finding.column,
            "endColumn": finding.end_column,
        }
    return location


def _invocation(report: Report) -> dict[str, object]:
    notes = [{"level": "note", "message": {"text": _text(printable(note))}} for note in report.notes]
    return {
        "executionSuccessful": not report.unreadable,
        "exitCode": int(report.exit_code),
        "exitCodeDescription": report.exit_code.name,
        "toolExecutionNotifications": [*map(_notification, report.unreadable), *notes],
    }


def _notification(unreadable: Unreadable) -> dict[str, object]:
    (path, _, _), reason = unreadable
    location = unreadable.origin.location
    return {
        "level": "error",
        "message": {"text": _text(f"{printable(location)} could not be read: {printable(reason)}")},
        "locations": [{"physicalLocation": _location(path)}],
    }


def _text(text: str) -> str:
    """`text` as a plain text message, in which brackets would make a link and braces a placeholder (3.11)."""
    for special in "\\[]":
        text = text.replace(special, f"\\{special}")
    return text.replace("{", "{{").replace("}", "}}")
