"""A Report for a job of GitHub Actions: annotations on standard output, and the summary of the job in Markdown.

https://docs.github.com/en/actions/writing-workflows/choosing-what-your-workflow-does/workflow-commands-for-github-actions
"""

from __future__ import annotations

from tokenguard.core.abilities import Harm, harm
from tokenguard.core.printable import printable
from tokenguard.render import text
from tokenguard.render.about import CURES, about, harm_words, known, worst_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.finding import Finding
    from tokenguard.core.report import Report

# GitHub shows so many annotations of a type and step.
_MOST_ANNOTATIONS = 10
# A summary may have 1 MiB.
_MOST_ROWS = 100
_LONGEST_CELL = 200


def commands(report: Report) -> Iterator[str]:
    """A workflow command for each of the worst Findings and for what was not read; a plain line for the rest."""
    findings = worst_first(report.findings)
    for finding in findings[:_MOST_ANNOTATIONS]:
        yield _annotation(finding)
    for origin, reason in report.unreadable[:_MOST_ANNOTATIONS]:
        said = f"{printable(origin.location)} could not be read, so the answer is not known: {printable(reason)}"
        yield _command("warning", said, file=_file(origin.path), title="tokenguard: not read")
    if left := len(findings) - _MOST_ANNOTATIONS:
        if left > 0:
            yield _command("notice", f"{left} more, in the log and in the summary", title="tokenguard")
        for finding in findings[_MOST_ANNOTATIONS:]:
            yield inert(text.finding_line(finding, color=False))


def summary(report: Report) -> Iterator[str]:
    """The lines of the job's summary."""
    yield f"### tokenguard: {_escaped(text.summary(report))}"
    yield ""
    if report.findings:
        yield from _table(worst_first(report.findings))
        yield ""
        yield from (f"{at}. {cure}" for at, cure in enumerate(CURES, 1))
        yield ""
    if report.unreadable:
        yield "**Not read**, so that the answer is not known:"
        yield ""
        for origin, reason in report.unreadable[:_MOST_ROWS]:
            yield f"- {_code(origin.location)}: {_escaped(reason)}"
        yield from _left(len(report.unreadable))
        yield ""
    if report.allowed:
        yield f"<details><summary>Allowed: {len(report.allowed)}</summary>"
        yield ""
        for finding, (reason, where) in report.allowed[:_MOST_ROWS]:
            yield f"- {_code(_place(finding))}: {_escaped(reason)}, {_code(where)}"
        yield from _left(len(report.allowed))
        yield ""
        yield "</details>"
        yield ""


def inert(line: str) -> str:
    """`line` so that the runner takes it for no workflow command.

    It takes `::` at the beginning for one, and the older `##[` anywhere (ActionCommand.cs of actions/runner).
    """
    line = line.replace("##[", "## [")
    return f". {line}" if line.lstrip().startswith("::") else line


def _annotation(finding: Finding) -> str:
    properties = {"file": _file(finding.origin.path)}
    if finding.line:
        properties |= {
            "line": str(finding.line),
            "col": str(finding.column),
            "endColumn": str(finding.end_column),
        }
    title = f"{about(finding.kind).title} ({harm_words(finding)})"
    details = known(finding)
    said = f"{printable(finding.masked)}{f': {details}' if details else ''}\n{CURES[0]}"
    level = "notice" if harm(finding) == Harm.NONE else "error"
    return _command(level, said, **properties, title=title)


def _command(name: str, message: str, **properties: str) -> str:
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {said}::{_data(message)}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _file(path: str) -> str:
    return printable(path).removeprefix("./")


def _table(findings: list[Finding]) -> Iterator[str]:
    yield "| | credential | where | what is known |"
    yield "|---|---|---|---|"
    for finding in findings[:_MOST_ROWS]:
        cells = (
            harm_words(finding),
            f"{_escaped(finding.kind)} {_code(finding.masked)}",
            _code(_place(finding)),
            _escaped(known(finding)),
        )
        yield f"| {' | '.join(cells)} |"
    yield from _left(len(findings))


def _left(number: int) -> Iterator[str]:
    if number > _MOST_ROWS:
        yield ""
        yield f"… and {number - _MOST_ROWS} more."


def _place(finding: Finding) -> str:
    location = _file(finding.origin.location)
    return f"{location}:{finding.line}" if finding.line else location


def _code(value: str) -> str:
    # GitHub makes no links of names, numbers and addresses in it.
    return f"<code>{_escaped(value)}</code>"


def _escaped(value: str) -> str:
    """Text of others as Markdown that is no more than text: all that could be syntax is a character reference."""
    value = printable(value)
    if len(value) > _LONGEST_CELL:
        value = f"{value[:_LONGEST_CELL]}…"
    return "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in value)
