"""Whatever is found, and wherever: no form of a Report shows a credential or obeys what it reports."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.credentials import every_kind
from tests.support.markup import Markup
from tests.support.reports import reports
from tests.support.sarif import HAS_SCHEMA, judge
from tokenguard.render import github, gitlab, html, sarif, text
from tokenguard.render import json as documents
from tokenguard.render.csv import HEADER, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenguard.core.report import Report

NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
SCAN = gitlab.Scan("1", NOW)
# A masked credential shows four characters; twice as many are a leak.
TOO_MANY = 8

FORMS: dict[str, Callable[[Report], str]] = {
    "text": lambda report: "\n".join(text.finding_lines(report, color=False)),
    "talk": lambda report: "\n".join((*text.unreadable_lines(report, color=False), *text.allowed_lines(report))),
    "json": lambda report: documents.document(report, "1"),
    "jsonl": lambda report: "\n".join(documents.lines(report, "1")),
    "sarif": lambda report: sarif.document(report, "1"),
    "github": lambda report: "\n".join(github.commands(report)),
    "github summary": lambda report: "\n".join(github.summary(report)),
    "gitlab": gitlab.quality,
    "gitlab-secrets": lambda report: gitlab.secrets(report, SCAN),
    "html": lambda report: "\n".join(html.document(report, "1", "2026-01-31T12:00:00.000Z")),
    "csv": lambda report: "".join(rows(report)),
}

OURS = {
    *("html", "head", "meta", "title", "style", "script", "body", "header", "main", "section", "div", "span", "p"),
    *("h1", "h2", "dl", "dt", "dd", "ul", "ol", "li", "details", "summary", "strong", "code", "bdi", "time", "a"),
    *("form", "label", "input", "select", "option", "button", "output"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
}
KINDS = every_kind()
drawn = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.tuples(st.just(KINDS[kind].split()[0]), reports(KINDS[kind], kind))
)


def no_form_shows_a_credential(secret: str, report: Report) -> None:
    body = max(re.split("[_.]", secret), key=len)
    for form, render in FORMS.items():
        shown = re.sub(r"&#(\d+);", lambda match: chr(int(match[1])), render(report))
        assert not any(body[at : at + TOO_MANY] in shown for at in range(len(body) - TOO_MANY + 1)), form


def sarif_is_as_its_schema_has_it(report: Report) -> None:
    parsed = json.loads(sarif.document(report, "1"))
    assert [error.message for error in judge().iter_errors(parsed)] == []


def every_uri_is_one(report: Report) -> None:
    (run,) = json.loads(sarif.document(report, "1"))["runs"]
    places = [*run["results"], *run["invocations"][0]["toolExecutionNotifications"]]
    for location in (location for place in places for location in place.get("locations", [])):
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(file://)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})*", uri)


def the_runner_of_github_obeys_annotations_alone(report: Report) -> None:
    for line in github.commands(report):
        assert re.fullmatch(r"::(error|warning|notice) [^\r\n:]*::[^\r\n]*", line)
        said = line.split("::")[1].partition(" ")[2]
        names = {pair.partition("=")[0] for pair in said.split(",")}
        assert names <= {"file", "line", "col", "endColumn", "title"}


def a_spreadsheet_has_as_many_cells_in_each_row_and_no_formula(report: Report) -> None:
    table = list(csv.reader(io.StringIO("".join(rows(report)), newline=""), strict=True))
    assert len(table) == 1 + len(report.findings) + len(report.allowed) + len(report.unreadable)
    for row in table:
        assert len(row) == len(HEADER)
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def a_page_has_no_element_and_no_attribute_but_ours(report: Report) -> None:
    page = Markup(FORMS["html"](report))
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert page.names() <= OURS
    assert len(page.all("tr", **{"class": "place"})) == len(report.findings) + len(report.allowed)


# To draw a report takes longer than to look at it.
@settings(max_examples=60)
@given(drawn)
def test_every_form_is_what_it_should_be(case: tuple[str, Report]) -> None:
    secret, report = case
    no_form_shows_a_credential(secret, report)
    if HAS_SCHEMA:
        sarif_is_as_its_schema_has_it(report)
    every_uri_is_one(report)
    the_runner_of_github_obeys_annotations_alone(report)
    a_spreadsheet_has_as_many_cells_in_each_row_and_no_formula(report)
    a_page_has_no_element_and_no_attribute_but_ours(report)
