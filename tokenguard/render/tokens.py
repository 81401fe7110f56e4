"""Tokens as they are shown, to people and to programs: everything but the secret."""

from __future__ import annotations

from datetime import timedelta

from tokenguard.core import moment
from tokenguard.core.identity import to_document
from tokenguard.core.printable import printable
from tokenguard.core.redact import redact_suspects, redact_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from tokenguard.core.entry import Row
    from tokenguard.core.identity import Org

SCHEMA = 1

_WIDEST = 40
_COLUMNS = ("NAME", "ACCOUNT", "ROLE", "AGE", "EXPIRES", "VALIDATED", "")


def table(rows: Sequence[Row], now: datetime) -> Iterator[str]:
    """A line for each token below a line of headings; `now` has a time zone."""
    cells = [_COLUMNS, *(_cells(row, now) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_COLUMNS))]
    for line in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def details(row: Row, now: datetime) -> Iterator[str]:
    """All that is known about one token, a line or more for each thing."""
    entry, identity = row.entry, row.entry.identity
    facts: list[tuple[str, str]] = [
        ("name", row.name or "-"),
        ("chosen", ", ".join([*(["everywhere (default)"] if row.is_default else []), *row.bound]) or "no"),
        ("token", f"{entry.masked}  {entry.kind or 'of no known kind'}"),
        ("fingerprint", entry.fingerprint),
        ("status", _status(row, now)),
        ("account", _account(row)),
        ("role", identity.role or "-"),
        ("called", identity.display_name or "-"),
        ("created", _moment(identity.created_at, now)),
        ("expires", _moment(identity.expires_at, now)),
        ("gated", {True: "can read", False: "cannot read", None: "-"}[identity.gated]),
    ]
    facts += [("org", _org(org)) for org in identity.orgs]
    facts += [
        ("may", f"{scope.type or ''} {scope.entity or ''}: {', '.join(scope.permissions)}".strip())
        for scope in identity.permissions
    ]
    if identity.global_permissions:
        facts.append(("may", f"everywhere: {', '.join(identity.global_permissions)}"))
    for what, value in facts:
        yield f"{what:<12} {printable(value)}"


def verdict_lines(rows: Iterable[Row], now: datetime) -> Iterator[str]:
    """A line for each token that was validated: what the Hub says of it, and what it lacks."""
    for row in rows:
        yield printable(f"{row.name or row.entry.masked}: {_verdict(row, now)}")


def document(rows: Iterable[Row], *, validated: bool = False) -> str:
    """All tokens as one JSON document; `validated` adds what only `tokenguard validate` knows."""
    import json

    tokens = [redact_values(_object(row, validated=validated)) for row in rows]
    return json.dumps({"schema": SCHEMA, "tokens": tokens}, indent=2)


def _object(row: Row, *, validated: bool) -> dict[str, object]:
    entry = row.entry
    fields: dict[str, object] = {
        "name": row.name,
        "fingerprint": entry.fingerprint or None,
        "masked": entry.masked or None,
        "kind": entry.kind,
        "validated_at": entry.validated_at,
        "status": entry.status,
        **to_document(entry.identity),
        "default": row.is_default,
        "bound": list(row.bound),
    }
    if validated and row.verdicts:
        fields["can"] = {str(permission): verdict.allowed for permission, verdict in row.verdicts}
    if row.error is not None:
        fields["error"] = redact_suspects(row.error.message)
    return fields


def _cells(row: Row, now: datetime) -> tuple[str, ...]:
    identity = row.entry.identity
    marks = [*(["default"] if row.is_default else []), *row.bound]
    return (
        printable(row.name or ""),
        _short(printable(identity.account or "-")),
        printable(identity.role or "-"),
        _ago(identity.created_at, now) or "-",
        _when(identity.expires_at, now) or "-",
        _status(row, now),
        printable(", ".join(marks)),
    )


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _verdict(row: Row, now: datetime) -> str:
    identity = row.entry.identity
    if row.entry.status != "valid":
        return f"{printable(row.entry.status)}{f' ({row.error.message})' if row.error else ''}"
    said = f"valid, {_account(row)}, {identity.role or 'role not said'}"
    if when := _when(identity.expires_at, now):
        said += f", expires {when}"
    return f"{said}; {row.error.message}" if row.error else said


def _status(row: Row, now: datetime) -> str:
    ago = _ago(row.entry.validated_at, now)
    status = printable(row.entry.status)
    return f"{status} {ago} ago" if ago else status


def _account(row: Row) -> str:
    identity = row.entry.identity
    if identity.account is None:
        return "-"
    return f"{identity.account} ({identity.account_type})" if identity.account_type else identity.account


def _org(org: Org) -> str:
    said = f"{org.name}: {org.role or 'role not said'}"
    return f"{said}; out of this token's reach: {', '.join(org.restrictions)}" if org.restrictions else said


def _moment(text: str | None, now: datetime) -> str:
    if text is None:
        return "-"
    when = _when(text, now)
    return f"{text} ({when})" if when else text


def _when(text: str | None, now: datetime) -> str | None:
    then = moment.read(text)
    if then is None:
        return None
    return f"in {_span(then - now)}" if then >= now else f"{_span(now - then)} ago"


def _ago(text: str | None, now: datetime) -> str | None:
    then = moment.read(text)
    return None if then is None else _span(max(now - then, timedelta()))


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
