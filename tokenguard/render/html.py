"""A Report as one page for a browser: nothing comes from elsewhere, and without its script it is a table.

Its style and its script lie in `page/`; the page's policy names their hashes, so that nothing else is obeyed.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib.resources import files

from tokenguard.core.abilities import Harm, harm
from tokenguard.core.printable import printable
from tokenguard.errors import ExitCode
from tokenguard.render import credentials, text
from tokenguard.render.about import CURES, SETTINGS, about, age, facts, harm_words, kinds_of
from tokenguard.render.place import aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.finding import Allowance, Finding
    from tokenguard.core.report import Report

    Place = tuple[Finding, Allowance | None]
    """A Finding, and why it is allowed, if it is."""

_OUTCOMES = {
    ExitCode.CLEAN: ("clean", "Clean", "Everything was read, and nothing was found."),
    ExitCode.FOUND: ("found", "Leaked", "Everything was read, and credentials were found."),
    ExitCode.INCOMPLETE: ("incomplete", "Not known", "Not everything could be read, so the answer is not known."),
}
_NAMES = {Harm.POWERFUL: "powerful", Harm.LIVE: "live", Harm.POSSIBLE: "possible", Harm.NONE: "none"}
_SOME = 3  # facts that are shown beside a credential; the others are among its details
_STATUSES = ("live", "possibly live", "dead", "expired")


def document(report: Report, version: str, made_at: str, *, by_credential: bool = False) -> Iterator[str]:
    """The lines of the page; `made_at` is the moment it is made, as ISO 8601.

    `by_credential` says what to do first where there are very many places.
    """
    style, script = _part("style.css"), _part("script.js")
    groups = _groups(report)
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<meta name="referrer" content="no-referrer">'
    yield "<title>tokenguard: leaked credentials</title>"
    yield f"<style>{style}</style>"
    yield "</head>"
    yield "<body>"
    yield from _header(report, version, made_at)
    yield "<main>"
    yield from _unreadable(report)
    if groups:
        if by_credential:
            yield from _first(report)
        yield from _advice(report)
        yield from _toolbar(groups)
        yield from _table(groups)
    yield "</main>"
    yield f"<script>{script}</script>"
    yield "</body>"
    yield "</html>"


def _part(name: str) -> str:
    return (files("tokenguard.render") / "page" / name).read_text("utf-8").strip()


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"


def _groups(report: Report) -> list[list[Place]]:
    """The places of each credential, what hurts most first; those that are allowed come last, in groups apart."""
    groups: dict[tuple[bool, str, str], list[Place]] = {}
    for finding in report.findings:
        groups.setdefault((False, finding.kind, finding.fingerprint), []).append((finding, None))
    for finding, allowance in report.allowed:
        groups.setdefault((True, finding.kind, finding.fingerprint), []).append((finding, allowance))
    return sorted(groups.values(), key=_rank)


def _rank(group: Sequence[Place]) -> tuple[bool, int, int]:
    return group[0][1] is not None, -max(harm(finding) for finding, _ in group), -len(group)


def _header(report: Report, version: str, made_at: str) -> Iterator[str]:
    css, word, meaning = _OUTCOMES[report.exit_code]
    if report.exit_code == ExitCode.INCOMPLETE and report.findings:
        meaning = "Credentials were found; and not everything could be read, so there may be more."
    yield f'<header class="{css}">'
    yield '<div class="title">'
    yield f'<h1><span class="outcome">{word}</span> tokenguard report</h1>'
    status = f"Exit status {int(report.exit_code)}, {report.exit_code.name}."
    yield f'<p>{meaning} <span class="quiet">{status}</span></p>'
    yield f'<p class="quiet">{_shown(text.summary(report))}</p>'
    made = f"{made_at[:10]} {made_at[11:16]} UTC"
    yield f'<p class="quiet">tokenguard {_shown(version)}, {_shown(made)}</p>'
    yield "</div>"
    yield from _counts(report)
    if report.notes:
        yield '<ul class="notes">'
        yield from (f"<li>{_shown(note)}</li>" for note in report.notes)
        yield "</ul>"
    yield "</header>"


def _counts(report: Report) -> Iterator[str]:
    worst: dict[str, Harm] = {}
    for finding in report.findings:
        worst[finding.fingerprint] = max(harm(finding), worst.get(finding.fingerprint, Harm.NONE))
    numbers = list(worst.values())
    yield '<dl class="counts">'
    for css, word, number in (
        ("powerful", "live and powerful", numbers.count(Harm.POWERFUL)),
        ("live", "live", numbers.count(Harm.LIVE)),
        ("possible", "possibly live", numbers.count(Harm.POSSIBLE)),
        ("none", "dead or expired", numbers.count(Harm.NONE)),
        ("places", "places", len(report.findings)),
        ("allowed", "allowed", len(report.allowed)),
        ("unread", "not read", len(report.unreadable)),
    ):
        yield f'<div class="{css}{"" if number else " zero"}"><dt>{word}</dt><dd>{number}</dd></div>'
    yield "</dl>"


def _unreadable(report: Report) -> Iterator[str]:
    if not report.unreadable:
        return
    yield '<section class="unreadable">'
    yield f"<details open><summary><h2>Not read: {len(report.unreadable)}</h2></summary>"
    yield "<ul>"
    for origin, reason in report.unreadable:
        yield f"<li>{_code(origin.location)} {_shown(reason)}</li>"
    yield "</ul></details></section>"


def _advice(report: Report) -> Iterator[str]:
    if not report.findings:
        return
    yield '<section class="advice">'
    yield "<details><summary><h2>What to do</h2></summary>"
    yield "<ol>"
    for cure in CURES:
        yield f"<li>{_advised(cure)}</li>"
    yield "</ol></details></section>"


def _first(report: Report) -> Iterator[str]:
    steps, more = credentials.first_steps(report)
    if not steps:
        return
    said = credentials.FIRST
    yield '<section class="advice">'
    yield f"<details open><summary><h2>{escape(said[:1].upper() + said[1:])}</h2></summary>"
    yield "<ol>"
    yield from (f"<li>{_advised(step)}</li>" for step in steps)
    yield "</ol>"
    if more:
        yield f"<p>And {more} more, in the order of the table below.</p>"
    yield "</details></section>"


def _advised(cure: str) -> str:
    parts = [part if at % 2 == 0 else f"<code>{part}</code>" for at, part in enumerate(escape(cure).split("`"))]
    return "".join(parts).replace(SETTINGS, f'<a href="{SETTINGS}" rel="noreferrer noopener">{SETTINGS}</a>')


def _toolbar(groups: Sequence[Sequence[Place]]) -> Iterator[str]:
    findings = [group[0][0] for group in groups]
    words = {harm_words(finding) for group in groups for finding, _ in group}
    yield '<form class="toolbar" role="search" hidden>'
    yield '<label class="search"><span>Search</span>'
    yield '<input type="search" name="text" autocomplete="off" spellcheck="false"'
    yield ' placeholder="path, author, account, commit  ( / )"></label>'
    yield from _select("kind", "Kind", [("", "all kinds"), *((kind, kind) for kind in kinds_of(findings))])
    statuses = [(word, word) for word in ("live and powerful", *_STATUSES) if word in words]
    yield from _select("status", "Status", [("", "any status"), *statuses])
    shown = [("leaked", "leaked"), ("allowed", "allowed"), ("", "leaked and allowed")]
    yield from _select("shown", "Show", shown if any(group[0][1] is None for group in groups) else shown[1:])
    order = [("harm", "harm"), ("places", "number of places"), ("date", "newest first"), ("path", "path")]
    yield from _select("order", "Sort by", order)
    yield '<button type="reset">Reset</button>'
    yield '<output aria-live="polite"></output>'
    yield "</form>"


def _select(name: str, label: str, options: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f'<label><span>{label}</span><select name="{name}">'
    yield from (f'<option value="{_shown(value)}">{_shown(word)}</option>' for value, word in options)
    yield "</select></label>"


def _table(groups: Sequence[Sequence[Place]]) -> Iterator[str]:
    yield '<table><caption class="unseen">Credentials, and the places where they are</caption>'
    yield '<thead><tr><th scope="col">Where</th><th scope="col">Past</th></tr></thead>'
    for group in groups:
        yield from _credential(group)
    yield "</table>"
    yield '<p class="nothing" hidden>Nothing here is like that.</p>'


def _credential(group: Sequence[Place]) -> Iterator[str]:
    worst, allowance = max(group, key=lambda item: harm(item[0]))
    name = _NAMES[harm(worst)]
    dates = [found for finding, _ in group if (found := age(finding)[:10]) != "~"]
    data = {
        "harm": int(harm(worst)),
        "kind": worst.kind,
        "status": harm_words(worst),
        "shown": "leaked" if allowance is None else "allowed",
        "places": len(group),
        "date": max(dates, default=""),
        "path": min(finding.origin.path for finding, _ in group),
    }
    said = " ".join(f'data-{key}="{_shown(str(value))}"' for key, value in data.items())
    yield f'<tbody class="{name}{"" if allowance is None else " allowed"}" {said}>'
    yield '<tr class="credential"><th scope="rowgroup" colspan="2">'
    badge = harm_words(worst) if allowance is None else "allowed"
    yield f'<span class="badge">{badge}</span> <strong>{_shown(about(worst.kind).title)}</strong> '
    yield f'{_code(worst.masked)} <span class="quiet number">{_places(len(group))}</span>'
    known = list(facts(worst))
    if known:
        yield f'<ul class="facts">{"".join(f"<li>{escape(fact)}</li>" for fact in known[:_SOME])}</ul>'
    yield from _details(worst, known[_SOME:])
    yield "</th></tr>"
    for finding, reason in group:
        yield from _place(finding, reason)
    yield "</tbody>"


def _details(finding: Finding, more: Sequence[str]) -> Iterator[str]:
    status, checked_at, identity, reason = finding.verification
    rows = [("kind", finding.kind), ("fingerprint", finding.fingerprint), ("what it is", about(finding.kind).what)]
    if status != "unchecked":
        rows.append(
            ("the Hub said", f"{status}{f', {checked_at}' if checked_at else ''}{f': {reason}' if reason else ''}")
        )
    if identity.account:
        rows.append(("account", f"{identity.account} ({identity.account_type or 'of an unknown type'})"))
    rows += [
        (name, value)
        for name, value in (
            ("role", identity.role),
            ("called", identity.display_name),
            ("created", identity.created_at),
            ("expires", identity.expires_at),
        )
        if value
    ]
    for org in identity.orgs:
        limits = f"; out of its reach: {', '.join(org.restrictions)}" if org.restrictions else ""
        rows.append(("organization", f"{org.name}: {org.role or 'role not said'}{limits}"))
    for scope in identity.permissions:
        what = f"{scope.type or ''} {scope.entity or ''}".strip()
        rows.append(("may", f"{what}: {', '.join(scope.permissions)}"))
    if identity.global_permissions:
        rows.append(("may everywhere", ", ".join(identity.global_permissions)))
    if claims := finding.claims:
        rows += [
            (name, value)
            for name, value in (
                ("issued by", claims.issuer),
                ("issued at", claims.issued_at),
                ("says it ends", claims.expires_at),
            )
            if value
        ]
    rows += [("also", fact) for fact in more]
    yield "<details><summary>Details</summary><dl>"
    for name, value in rows:
        yield f"<dt>{name}</dt><dd>{_shown(value)}</dd>"
    yield "</dl></details>"


def _place(finding: Finding, allowance: Allowance | None) -> Iterator[str]:
    at = f":{finding.line}:{finding.column}" if finding.line else ""
    where = f'{_code(finding.origin.location)}<span class="at">{at}</span>'
    if how := aside(finding):
        where += f'<span class="why">{_shown(how)}</span>'
    if allowance is not None:
        where += f'<span class="why">{_shown(allowance.reason)}, {_code(allowance.where)}</span>'
    yield f'<tr class="place"><td>{where}</td><td>{_past(finding)}</td></tr>'


def _past(finding: Finding) -> str:
    lineage = finding.origin.lineage
    if lineage is None:
        return ""
    parts = []
    if lineage.commit:
        parts.append(f'<code title="{_shown(lineage.commit)}">{_shown(lineage.commit[:12])}</code>')
    else:
        parts.append("in no commit")
    if lineage.author:
        parts.append(f"<bdi>{_shown(lineage.author)}</bdi>")
    if lineage.date:
        parts.append(f"<time>{_shown(lineage.date[:10])}</time>")
    if lineage.pushed is not None:
        word = "pushed" if lineage.pushed else "not pushed"
        parts.append(f'<span class="flag {word.replace(" ", "-")}">{word}</span>')
    if lineage.reachable is False:
        parts.append('<span class="flag">nothing leads to it</span>')
    if len(lineage.paths) > 1:
        others = ", ".join(_shown(path) for path in lineage.paths if path != finding.origin.path)
        parts.append(f'<span class="also">also {others}</span>')
    return " ".join(parts)


def _places(number: int) -> str:
    return "1 place" if number == 1 else f"{number} places"


def _code(value: str) -> str:
    return f"<code><bdi>{_shown(value)}</bdi></code>"


def _shown(value: str) -> str:
    return escape(printable(value))
