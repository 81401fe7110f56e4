"""A Report for GitLab: Code Quality, and Secret Detection as its schema 15.0.4 has it."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any

import pytest

from tests.support.reports import COMMIT, LINEAGE, finding, full, live
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.finding import Finding, Verification
from tokenguard.core.report import Report
from tokenguard.render.gitlab import Scan, quality, secrets

SCAN = Scan("1.2.3", datetime(2026, 1, 31, 12, 0, 1, tzinfo=timezone.utc))


def qualities(*findings: Finding) -> list[dict[str, Any]]:
    return list(json.loads(quality(Report(findings=findings))))


def detected(report: Report, scan: Scan = SCAN) -> dict[str, Any]:
    return dict(json.loads(secrets(report, scan)))


def test_code_quality_has_an_item_for_each_finding() -> None:
    (item,) = qualities(finding("./dir/a.py", verification=live(), known_as="work"))
    assert item.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
    assert item["check_name"] == "user-access-token"
    assert item["location"] == {"path": "dir/a.py", "lines": {"begin": 2}}
    assert item["severity"] == "blocker"
    for words in ("Hugging Face user access token hf_…", "in your vault as work", "live, of alice"):
        assert words in item["description"]


@pytest.mark.parametrize(
    ("verification", "severity", "secret_severity"),
    [
        (live(), "blocker", "Critical"),
        (Verification("live"), "critical", "Critical"),
        (Verification(), "major", "High"),
        (Verification("dead"), "info", "Info"),
    ],
)
def test_severity_is_by_the_harm(verification: Verification, severity: str, secret_severity: str) -> None:
    found = finding(verification=verification)
    assert qualities(found)[0]["severity"] == severity
    assert detected(Report(findings=(found,)))["vulnerabilities"][0]["severity"] == secret_severity


def test_fingerprints_are_unique_and_stay_when_lines_move() -> None:
    here = (finding(), finding()._replace(line=9), finding("b.py"), finding(seed=1), finding(lineage=LINEAGE))
    moved = [found._replace(line=(found.line or 0) + 7, column=1) for found in here]
    before, after = ([item["fingerprint"] for item in qualities(*found)] for found in (here, moved))
    assert before == after
    assert len(set(before)) == len(here)
    identifiers = [item["id"] for item in detected(Report(findings=here))["vulnerabilities"]]
    assert len(set(identifiers)) == len(here)


def test_what_was_not_read_is_an_item_and_fails_the_scan() -> None:
    report = Report(unreadable=(Unreadable(Origin("b"), "is locked"),))
    (item,) = json.loads(quality(report))
    assert (item["check_name"], item["location"]) == ("unreadable", {"path": "b", "lines": {"begin": 1}})
    scan = detected(report)["scan"]
    assert scan["status"] == "failure"
    assert scan["messages"] == [{"level": "warn", "value": "b could not be read: is locked"}]


def test_a_clean_scan_is_an_empty_report() -> None:
    assert json.loads(quality(Report())) == []
    assert detected(Report())["vulnerabilities"] == []


def test_secret_detection_has_what_its_schema_requires() -> None:
    report = detected(full())
    assert report["version"] == "15.0.4"
    assert re.match("https?://.+", report["schema"])
    scan = report["scan"]
    assert {"analyzer", "scanner", "type", "start_time", "end_time", "status"} <= scan.keys()
    assert (scan["type"], scan["status"]) == ("secret_detection", "failure")
    for name in ("analyzer", "scanner"):
        assert scan[name] == {
            "id": "tokenguard",
            "name": "tokenguard",
            "version": "1.2.3",
            "vendor": {"name": "tokenguard"},
        }
    assert (scan["start_time"], scan["end_time"]) == ("2026-01-31T11:59:59", "2026-01-31T12:00:01")
    for item in report["vulnerabilities"]:
        assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", item["id"])
        assert 0 < len(item["name"]) <= 255
        assert len(item["description"]) <= 1048576
        assert len(item["solution"]) <= 7000
        assert item["severity"] in ("Info", "Unknown", "Low", "Medium", "High", "Critical")
        assert item["identifiers"]
        for identifier in item["identifiers"]:
            assert all(identifier[key] for key in ("type", "name", "value"))
            assert re.match("https?://.+", identifier.get("url", "https://x"))
        assert all(re.match("https?://.+", link["url"]) for link in item["links"])
        assert item["location"]["commit"]["sha"]
        assert "raw_source_code_extract" not in item


def test_the_commit_is_the_one_that_brought_it_in_else_that_of_the_job() -> None:
    report = Report(findings=(finding(lineage=LINEAGE), finding("b.py")))
    old, new = detected(report, SCAN._replace(commit="f" * 40))["vulnerabilities"]
    assert old["location"]["commit"] == {"sha": COMMIT, "author": LINEAGE.author, "date": LINEAGE.date}
    assert new["location"] == {"file": "b.py", "commit": {"sha": "f" * 40}, "start_line": 2, "end_line": 2}
    assert detected(report)["vulnerabilities"][1]["location"]["commit"]["sha"] == "0000000"


def test_where_there_are_no_lines_there_are_none() -> None:
    (item,) = detected(Report(findings=(finding()._replace(line=0),)))["vulnerabilities"]
    assert "start_line" not in item["location"]
