"""From what detect-secrets' detectors have found to Findings."""

from __future__ import annotations

from tokenguard.core.allow import allowance
from tokenguard.core.finding import Allowed, Finding
from tokenguard.core.locate import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tokenguard.bridge.detectors import Match
    from tokenguard.core.blob import Origin
    from tokenguard.core.finding import Held


def findings_of(
    origin: Origin,
    matches: Iterable[Match],
    ours: Sequence[Finding],
    fingerprints: Mapping[str, str],
    held: Held | None = None,
) -> Iterator[Finding | Allowed]:
    """A Finding for each Match, with the Allowance where there is one, as in `core.scan.scan_blob`.

    What our own detector has found in the same place is left out: `ours`. The masked form shows nothing, since a
    secret may be a short password.
    """
    for match in matches:
        finding = Finding(
            kind=match.kind,
            origin=origin,
            line=match.line,
            column=match.column,
            end_column=match.end_column,
            fingerprint=match.secret.fingerprint,
            masked="…",
        )
        if any(_is_the_same(finding, other) for other in ours):
            continue
        place = Place(match.line, match.column, match.end_column, match.text, match.above)
        covered = allowance(finding, place, fingerprints)
        if held is not None and not covered:
            held[finding.fingerprint] = match.secret
        yield Allowed(finding, covered) if covered else finding


def _is_the_same(finding: Finding, ours: Finding) -> bool:
    if finding.fingerprint == ours.fingerprint:
        return True
    if finding.line != ours.line:
        return False
    return _end(finding) > (ours.column or 0) and _end(ours) > (finding.column or 0)


def _end(finding: Finding) -> int:
    return finding.end_column or 0
