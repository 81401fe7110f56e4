"""A Report for people."""

from __future__ import annotations

from tokenguard.core.printable import printable
from tokenguard.render.place import aside, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.finding import Claims, Finding
    from tokenguard.core.lineage import Lineage
    from tokenguard.core.report import Report

_BOLD, _RED, _YELLOW = "1", "31", "33"

# Characters of a fingerprint that tell it from others: "sha256:" and eight digits.
_SHOWN = 15


def finding_lines(report: Report, *, color: bool) -> Iterator[str]:
    """One line a Finding, `path:line:column: kind masked`, and what is known of it. The worst first."""
    if not report.findings:
        return
    from tokenguard.core.abilities import harm
    from tokenguard.render.about import age

    versions: dict[tuple[str, str, str, str], list[Finding]] = {}
    harms = {
        finding.fingerprint: harm(finding) for finding in {f.fingerprint: f for f in report.findings}.values()
    }
    for finding in sorted(report.findings, key=lambda finding: harms[finding.fingerprint], reverse=True):
        # A file has one version in a work tree, and in a history as many as it was changed.
        at = f"{finding.line}:{finding.column}" if finding.origin.lineage is None else ""
        versions.setdefault((finding.kind, finding.fingerprint, finding.origin.location, at), []).append(finding)
    told: set[str] = set()
    for findings in versions.values():
        first = min(findings, key=age)
        yield finding_line(first, color=color)
        if first.fingerprint not in told:
            told.add(first.fingerprint)
            yield from (f"  {line}" for line in _known(first, color=color))
        if first.origin.lineage:
            yield f"  {_history(first.origin.lineage, findings)}"


def finding_line(finding: Finding, *, color: bool) -> str:
    """Where, what kind, and the masked form."""
    how = f" ({aside(finding)})" if aside(finding) else ""
    known = f" (in your vault as {finding.known_as})" if finding.known_as else ""
    masked = _paint(finding.masked, _RED, color)
    return f"{_paint(f'{place(finding)}:', _BOLD, color)} {finding.kind} {masked}{how}{known}"


def _known(finding: Finding, *, color: bool) -> Iterator[str]:
    """What the Hub and the credential itself say of it."""
    status, _, identity, reason = finding.verification
    if status == "live":
        from tokenguard.core.abilities import abilities

        whose = f"{printable(identity.account or 'somebody')} ({printable(identity.account_type or 'account')})"
        role = f", role {printable(identity.role)}" if identity.role else ""
        orgs = f", in {_count(len(identity.orgs), 'organization')}" if identity.orgs else ""
        yield f"{_paint('live', _RED, color)}: {whose}{role}{orgs}"
        yield from (f"  {printable(ability)}" for ability in abilities(identity))
    elif status == "dead":
        yield "dead: the Hub does not know it"
    elif status == "unknown":
        yield f"{_paint('not known', _YELLOW, color)} whether it is live: {printable(reason)}"
    if finding.claims:
        yield printable(_said(finding.claims))


def _said(claims: Claims) -> str:
    """What a signed token says of itself."""
    from tokenguard.core import moment

    when = moment.read(claims.expires_at)
    day = f"{when:%Y-%m-%d %H:%M} UTC" if when else None
    parts = [f"expired {day}" if claims.expired else f"expires {day}" if day else "names no end"]
    parts += [f"for {claims.resource}"] if claims.resource else []
    parts += [f"app {claims.app}"] if claims.app else []
    parts += [f"of {claims.subject}"] if claims.subject else []
    parts += [f"scopes {' '.join(claims.scopes)}"] if claims.scopes else []
    return f"it says of itself: {', '.join(parts)}"


def _history(lineage: Lineage, findings: list[Finding]) -> str:
    """Who brought it in and when, and what has become of it."""
    author = printable(lineage.author or "somebody")
    date = lineage.date[:10] if lineage.date else "an unknown day"
    brought = f"commit {lineage.commit[:12]} " if lineage.commit else ""
    brought += f"by {author} on {date}" if lineage.commit or lineage.author else "in no commit"
    others = {finding.origin.lineage for finding in findings if finding.origin.lineage}
    parts = [brought]
    if len(others) > 1:
        parts.append(f"in {len(others)} versions")
    if any(other.pushed for other in others):
        parts.append("pushed")
    if not any(other.reachable in (True, None) for other in others):
        parts.append("nothing leads to it any more")
    return "; ".join(parts)


def unreadable_lines(report: Report, *, color: bool) -> Iterator[str]:
    """One line for each thing that could not be read."""
    for origin, reason in report.unreadable:
        yield f"{_paint('not read:', _YELLOW, color)} {printable(origin.location)}: {printable(reason)}"


def allowed_lines(report: Report) -> Iterator[str]:
    """One line for each Finding that is allowed, and why."""
    for finding, allowance in report.allowed:
        reason = f"{allowance.reason}, {printable(allowance.where)}"
        yield f"allowed: {finding_line(finding, color=False)} ({reason})"


def summary(report: Report) -> str:
    """The outcome in one sentence, and what it rests on."""
    tally = report.tally
    is_history = tally.blobs > tally.files or tally.remembered
    extent = f"scanned {_count(tally.blobs, 'object' if is_history else 'file')}, {_count(tally.bytes, 'byte')}"
    if tally.remembered:
        extent += f"; {_count(tally.remembered, 'object')} known to be clean from before"
    if tally.excluded:
        extent += f"; {_count(tally.excluded, 'file')} excluded by the configuration"
    if report.allowed:
        extent += f"; {len(report.allowed)} allowed"
    if report.findings:
        distinct = len({finding.fingerprint for finding in report.findings})
        outcome = _count(distinct, "leaked credential")
        if is_history or distinct < len(report.findings):
            outcome += f" in {_count(len(report.findings), 'place')}"
    elif report.unreadable:
        outcome = "no leaked credential in what could be read"
    elif not tally.blobs and not tally.remembered:
        return "nothing to scan: " + (extent.partition("; ")[2] or "there are no files")
    else:
        outcome = "no leaked credentials"
    if tally.hidden:
        outcome += f" among those that are shown, {_count(tally.hidden, 'place')} not shown"
    if report.unreadable:
        outcome += f", {len(report.unreadable)} not read, so the answer is not known"
    return f"{outcome} ({extent})"


def advice(report: Report) -> Iterator[str]:
    """What to do about the Findings."""
    if not report.findings:
        return
    from tokenguard.core.abilities import Harm, harm
    from tokenguard.core.kinds import KINDS
    from tokenguard.render.about import SETTINGS

    ours = {kind.name for kind in KINDS}
    worst = max((finding for finding in report.findings if finding.kind in ours), key=harm, default=None)
    if worst is None:
        yield "Revoke it where it was issued, if it was ever shared or pushed."
    elif harm(worst) > Harm.NONE:
        yield f"Revoke it if it was ever shared or pushed: `{_revoke(worst)}`, or {SETTINGS}"
    if all(_is_elsewhere(finding) for finding in report.findings):
        yield "Take it out there, and keep its successor: `tokenguard add NAME`, `tokenguard run NAME -- COMMAND`."
    else:
        run = "`tokenguard run NAME -- COMMAND`"
        yield f"Take it out and keep it: `tokenguard redact --add NAME PATH`, then {run}."
    yield "Not a credential? Put `pragma: allowlist secret` in a comment on its line."


def _revoke(finding: Finding) -> str:
    if finding.known_as:
        return f"tokenguard revoke {finding.known_as}"
    if _is_elsewhere(finding):
        return "tokenguard revoke --stdin"
    if finding.origin.lineage:
        where = "--history"
    else:  # what a shell would take for something else, or is no file at all, is left to the reader
        where = finding.origin.path if _is_plain(finding.origin.path) else "PATH"
    return f"tokenguard revoke --fingerprint {finding.fingerprint[:_SHOWN]} {where}"


def _is_elsewhere(finding: Finding) -> bool:
    """Whether it stands on the Hub or in a store, and in no file here."""
    return "://" in finding.origin.path


def _is_plain(path: str) -> bool:
    return path.isascii() and path.replace("/", "").replace(".", "").replace("_", "").isalnum()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _paint(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text
