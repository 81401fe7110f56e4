"""Asking the Hub which of the credentials that a scan found are live."""

from __future__ import annotations

from tokenguard import validation
from tokenguard.core import moment
from tokenguard.core.endpoint import OFFICIAL
from tokenguard.core.finding import Verification
from tokenguard.core.kinds import ASKED_OF_THE_HUB
from tokenguard.errors import VaultError
from tokenguard.vault.index import Index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from tokenguard.core.entry import Row
    from tokenguard.core.finding import Held
    from tokenguard.core.report import Report
    from tokenguard.hub import Hub
    from tokenguard.vault.vault import Vault

_STATUSES = {"valid": "live", "invalid": "dead"}


def verify(report: Report, held: Held, vault: Vault, hub: Hub) -> Report:
    """`report` with a Verification for each Finding of a kind that the Hub answers to.

    Each distinct credential is asked about once, unless the Hub has answered within the last minute. `held` has
    their Tokens. What the Hub does not say is unknown, and no error.
    """
    kinds = [kind.name for kind in ASKED_OF_THE_HUB]
    tokens = [
        held[fingerprint]
        for fingerprint in dict.fromkeys(item.fingerprint for item in report.findings if item.kind in kinds)
    ]
    try:
        index = vault.index()
    except VaultError:  # what is in the vault does not matter to whoever is leaked
        index = Index()
    rows, learnt = validation.validate(index, hub, [(None, token) for token in tokens])
    validation.remember(vault, learnt)
    said = {row.entry.fingerprint: _verification(row) for row in rows}
    elsewhere = () if hub.endpoint.url == OFFICIAL else (f"asked {hub.endpoint.host}, which HF_ENDPOINT names",)
    return report._replace(
        notes=(*report.notes, *elsewhere),
        findings=tuple(
            finding._replace(verification=said.get(finding.fingerprint, finding.verification))
            for finding in report.findings
        ),
    )


def triage(report: Report, statuses: Collection[str]) -> Report:
    """`report` with those Findings alone whose Verification is one of `statuses`; a note says what is left out."""
    shown = tuple(finding for finding in report.findings if finding.verification.status in statuses)
    hidden = [finding for finding in report.findings if finding.verification.status not in statuses]
    if not hidden:
        return report
    said = list({finding.fingerprint: finding.verification.status for finding in hidden}.values())
    counts = ", ".join(f"{said.count(status)} {status}" for status in dict.fromkeys(said))
    return report._replace(
        findings=shown,
        tally=report.tally._replace(hidden=len(hidden)),
        notes=(*report.notes, f"not shown: {counts}"),
    )


def _verification(row: Row) -> Verification:
    entry, error = row.entry, row.error
    status = _STATUSES.get(entry.status, "unknown")
    if status == "live":
        return Verification(status, entry.validated_at, entry.identity)
    reason = ""
    if error is not None:
        reason = error.message if status == "dead" else "; ".join(filter(None, (error.message, error.hint)))
    return Verification(status, entry.validated_at or moment.now(), reason=reason)
