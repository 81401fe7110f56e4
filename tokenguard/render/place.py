"""Where a Finding stands, in words that are fit to be shown."""

from __future__ import annotations

from tokenguard.core.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.finding import Finding


def place(finding: Finding) -> str:
    """`path > member:line:column`, as far as there are members and lines."""
    at = f":{finding.line}:{finding.column}" if finding.line else ""
    return f"{printable(finding.origin.location)}{at}"


def aside(finding: Finding) -> str:
    """The cell of a notebook, its output, and how it is encoded; empty where there is none of it."""
    parts = [f"cell {finding.cell}"] if finding.cell else []
    parts += [f"output {finding.output}"] if finding.output else []
    parts += [" of ".join(reversed(finding.decoded))] if finding.decoded else []
    return ", ".join(parts)
