"""A Report as a table for spreadsheets."""

from __future__ import annotations

import csv
import io

import pytest

from tests.support.reports import LINEAGE, finding, full, live
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.finding import Allowance, Allowed, Claims
from tokenguard.core.report import Report
from tokenguard.render.csv import HEADER, rows


def read(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(rows(report)), newline="")))


def test_the_header_comes_first_and_lines_end_as_in_rfc_4180() -> None:
    text = "".join(rows(full()))
    assert text.startswith("type,harm,kind,masked,path,line,")
    assert text.count("\r\n") == text.count("\n") == 1 + 5 + 2 + 1
    assert "".join(rows(Report())) == ",".join(HEADER) + "\r\n"


def test_a_finding_is_a_row() -> None:
    (row,) = read(Report(findings=(finding(lineage=LINEAGE, verification=live(), known_as="work"),)))
    assert (row["type"], row["harm"], row["kind"]) == ("finding", "live and powerful", "user-access-token")
    assert (row["path"], row["line"], row["column"], row["end_column"]) == ("a.py", "2", "3", "40")
    assert (row["known_as"], row["verification"], row["account"], row["role"]) == (
        "work",
        "live",
        "alice",
        "write",
    )
    assert row["abilities"].startswith("can administer the organization acme; can push to ")
    assert (row["commit"], row["pushed"], row["reachable"]) == (LINEAGE.commit, "yes", "yes")


def test_what_is_not_known_is_empty() -> None:
    (row,) = read(Report(findings=(finding(),)))
    assert {row[name] for name in ("known_as", "account", "abilities", "commit", "pushed", "reason")} == {""}


def test_what_a_signed_token_says_is_there() -> None:
    claims = Claims(subject="bob", app="app", resource="acme/x", scopes=("a", "b"), expires_at="2030-01-01")
    (row,) = read(Report(findings=(finding()._replace(claims=claims),)))
    assert (row["account"], row["app"], row["resource"], row["scopes"]) == ("bob", "app", "acme/x", "a b")
    assert row["expires_at"] == "2030-01-01"


def test_what_is_allowed_and_what_was_not_read_are_rows_with_their_reasons() -> None:
    report = Report(
        allowed=(Allowed(finding(), Allowance("allowed fingerprint", "pyproject.toml")),),
        unreadable=(Unreadable(Origin("b.bin"), "Permission denied"),),
    )
    allowed, unreadable = read(report)
    assert (allowed["type"], allowed["reason"], allowed["where"]) == (
        "allowed",
        "allowed fingerprint",
        "pyproject.toml",
    )
    assert (unreadable["type"], unreadable["path"], unreadable["reason"]) == (
        "unreadable",
        "b.bin",
        "Permission denied",
    )


@pytest.mark.parametrize("path", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("x","y")'])
def test_no_cell_is_a_formula(path: str) -> None:
    (row,) = read(Report(findings=(finding(path),)))
    assert row["path"] == f"'{path}"


def test_a_tab_or_a_line_end_in_a_name_is_shown() -> None:
    (row,) = read(Report(findings=(finding("\t=1\r\n\udcff"),)))
    assert row["path"] == r"\x09=1\x0d\x0a\xff"
