"""A Report on very many places for people: by credential, the worst first, and what to do in which order."""

from __future__ import annotations

from tokenguard.core.abilities import Harm, harm
from tokenguard.core.printable import printable
from tokenguard.render.about import SETTINGS, age, facts, harm_words, past
from tokenguard.render.place import aside, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.finding import Finding
    from tokenguard.core.report import Report

_BOLD, _RED = "1", "31"
_MOST_PLACES = 10
_MOST_FIRST = 5


def credential_lines(report: Report, *, color: bool) -> Iterator[str]:
    """Each credential once, what is known of it, and where it stands: one line a file, however many versions."""
    for findings in _by_credential(report):
        first = findings[0]
        files = _by_file(findings)
        where = f"{len(files)} file" if len(files) == 1 else f"{len(files)} files"
        what = _paint(f"{printable(first.kind)} {_paint(first.masked, _RED, color)}", _BOLD, color)
        yield f"{what} in {where}, {harm_words(first)}"
        yield f"  {first.fingerprint}"
        yield from (f"  {fact}" for fact in facts(first))
        for versions in files[:_MOST_PLACES]:
            oldest = versions[0]
            more = [aside(oldest), *past(oldest)]
            more += [f"in {len(versions)} versions"] if len(versions) > 1 else []
            yield f"  {'; '.join(filter(None, (place(oldest), *more)))}"
        if len(files) > _MOST_PLACES:
            yield f"  and in {len(files) - _MOST_PLACES} more, which the other formats name"


def advice(report: Report) -> Iterator[str]:
    """What to do, and in which order."""
    alive = [findings for findings in _by_credential(report) if harm(findings[0]) > Harm.NONE]
    if not alive:
        return
    yield "what to do first: revoke these, in this order; then take them out, and hand out new ones"
    for number, (first, *_) in enumerate(alive[:_MOST_FIRST], 1):
        how = f"`tokenguard revoke {first.known_as}`" if first.known_as else f"{_owner(first)}, {SETTINGS}"
        yield f"  {number}. {printable(first.kind)} {first.masked} ({harm_words(first)}): {how}"
    if len(alive) > _MOST_FIRST:
        yield f"  and {len(alive) - _MOST_FIRST} more"


def _owner(finding: Finding) -> str:
    """Whoever can revoke it, as far as anything says so."""
    if account := finding.verification.identity.account or (finding.claims and finding.claims.subject):
        return f"of {printable(account)}"
    lineage = finding.origin.lineage
    return f"ask {printable(lineage.author)}" if lineage and lineage.author else "ask whose it is"


def _by_credential(report: Report) -> list[list[Finding]]:
    """The Findings of each credential, the oldest first: what hurts most, and then what is most widely spread."""
    groups: dict[str, list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault(finding.fingerprint, []).append(finding)
    for findings in groups.values():
        findings.sort(key=age)
    return sorted(groups.values(), key=lambda findings: (-harm(findings[0]), -len(_by_file(findings))))


def _by_file(findings: Sequence[Finding]) -> list[list[Finding]]:
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(finding.origin.location, []).append(finding)
    return list(files.values())


def _paint(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text
