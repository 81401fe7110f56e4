"""Which Findings are allowed: by a pragma beside them, or by a fingerprint in the configuration."""

from __future__ import annotations

import re
from functools import cache

from tokenguard.core.finding import Allowance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.core.finding import Finding
    from tokenguard.core.locate import Place


@cache
def _on_the_line() -> re.Pattern[bytes]:
    # The first two are the words of detect-secrets (detect_secrets/filters/allowlist.py).
    return re.compile(rb"\b(?:pragma: *(?:allow|white)list[ -]secret|tokenguard: *allow)\b(?!-)")


@cache
def _on_the_line_above() -> re.Pattern[bytes]:
    return re.compile(rb"\bpragma: *(?:allow|white)list[ -]nextline[ -]secret\b(?!-)")


def allowance(finding: Finding, place: Place, fingerprints: Mapping[str, str]) -> Allowance | None:
    """The Allowance that covers `finding`, if any.

    `fingerprints` maps what the configuration allows to where it says so.
    """
    path = finding.origin.location
    if match := _on_the_line().search(place.text):
        return Allowance(match.group().decode(), f"{path}:{place.line}")
    if match := _on_the_line_above().search(place.above):
        return Allowance(match.group().decode(), f"{path}:{place.line - 1}")
    if where := fingerprints.get(finding.fingerprint):
        return Allowance("allowed fingerprint", where)
    return None
