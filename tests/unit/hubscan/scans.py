"""Scans of what is on the Hub, by somebody whose token it takes, and what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.credentials import user_token
from tokenguard.core.endpoint import read_endpoint
from tokenguard.core.token import Token
from tokenguard.hub import Hub
from tokenguard.hubscan import scan_hub

if TYPE_CHECKING:
    from tests.support.hubsource import Library
    from tokenguard.core.report import Report

READER = user_token(1)
SECRET = user_token()
LEAK = f"token = '{SECRET}'\n".encode()
MIB = 1 << 20


def scan(library: Library, name: str, max_size: int | None = None, patience: float = 330) -> Report:
    hub = Hub(read_endpoint(library.endpoint))
    return scan_hub(name, hub=hub, token=Token(READER), max_size=max_size, patience=patience)


def places(report: Report) -> list[str]:
    return [finding.origin.location for finding in report.findings]


def unread(report: Report) -> list[tuple[str, str]]:
    return [(origin.location, reason) for origin, reason in report.unreadable]
