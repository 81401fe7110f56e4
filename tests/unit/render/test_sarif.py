"""A Report as SARIF 2.1.0, as its schema and GitHub want it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.credentials import every_kind
from tests.support.reports import COMMIT, HOSTILE, LINEAGE, finding, full, live
from tests.support.sarif import judge, needs_schema
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.finding import Allowance, Allowed, Claims, Finding, Verification
from tokenguard.core.report import Report
from tokenguard.render.sarif import document


def run_of(report: Report) -> dict[str, Any]:
    (run,) = json.loads(document(report, "1.2.3"))["runs"]
    return dict(run)


def results_of(*findings: Finding) -> list[dict[str, Any]]:
    return list(run_of(Report(findings=findings))["results"])


def result_of(found: Finding) -> dict[str, Any]:
    (result,) = results_of(found)
    return result


@pytest.mark.unmeasured
@needs_schema
@pytest.mark.parametrize("report", [Report(), Report(findings=(finding(),)), full()], ids=["none", "one", "full"])
def test_it_is_as_the_schema_has_it(report: Report) -> None:
    parsed = json.loads(document(report, "1.2.3", by_credential=True))
    assert [error.message for error in judge().iter_errors(parsed)] == []


@pytest.mark.unmeasured
@needs_schema
def test_the_schema_would_object() -> None:
    parsed = json.loads(document(full(), "1.2.3"))
    del parsed["runs"][0]["results"][0]["message"]
    assert not judge().is_valid(parsed)


def test_it_has_what_every_reader_wants() -> None:
    parsed = json.loads(document(full(), "1.2.3"))
    assert parsed["version"] == "2.1.0"
    assert parsed["$schema"].endswith("/sarif-schema-2.1.0.json")
    (run,) = parsed["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("tokenguard", "1.2.3")
    assert run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        assert result["message"]["text"]
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_each_kind_that_occurs_is_a_rule_with_help() -> None:
    findings = [finding(f"{kind}.py", kind) for kind in every_kind()]
    driver = run_of(Report(findings=tuple(findings * 2)))["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == list(every_kind())
    for rule in driver["rules"]:
        assert "https://huggingface.co/settings/tokens" in rule["help"]["text"]
        assert "`tokenguard revoke`" in rule["help"]["markdown"]
        assert rule["shortDescription"]["text"] in rule["fullDescription"]["text"]
        assert "security" in rule["properties"]["tags"]
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
        assert rule["defaultConfiguration"] == {"level": "error"}


def test_a_kind_that_is_not_ours_has_a_rule_too() -> None:
    run = run_of(Report(findings=(finding()._replace(kind="AWS Access Key"),)))
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["AWS Access Key"]


@pytest.mark.parametrize(
    ("found", "level"),
    [
        pytest.param(finding(verification=live()), "error", id="live"),
        pytest.param(finding(), "error", id="not asked"),
        pytest.param(finding(verification=Verification("unknown")), "error", id="not known"),
        pytest.param(finding(verification=Verification("dead")), "note", id="dead"),
        pytest.param(finding()._replace(claims=Claims(expired=True)), "note", id="expired"),
    ],
)
def test_the_level_is_by_the_harm(found: Finding, level: str) -> None:
    assert result_of(found)["level"] == level


def test_the_message_says_what_is_known() -> None:
    found = finding(verification=live(), known_as="work", lineage=LINEAGE)
    said = result_of(found)["message"]["text"]
    for words in ("hf_…", "in your vault as work", "live, of alice (write)", "can push to", "commit 0123456789ab"):
        assert words in said


def test_a_message_of_others_is_no_link_and_no_placeholder() -> None:
    hostile = live()._replace(identity=live().identity._replace(account="[x](1) {0} \\"))
    said = result_of(finding(verification=hostile))["message"]["text"]
    assert r"\[x\](1) {{0}} \\" in said


def test_the_region_is_in_code_points() -> None:
    location = result_of(finding())["locations"][0]["physicalLocation"]
    assert location["region"] == {"startLine": 2, "startColumn": 3, "endColumn": 40}


def test_where_there_are_no_lines_there_is_no_region() -> None:
    location = result_of(finding()._replace(line=0))["locations"][0]["physicalLocation"]
    assert "region" not in location


@pytest.mark.parametrize(
    ("path", "artifact"),
    [
        ("a b/c#d%.py", {"uri": "a%20b/c%23d%25.py", "uriBaseId": "%SRCROOT%"}),
        ("./caf\udce9.py", {"uri": "caf%E9.py", "uriBaseId": "%SRCROOT%"}),
        ("/tmp/é", {"uri": "file:///tmp/%C3%A9"}),
    ],
)
def test_paths_are_uris(path: str, artifact: dict[str, str]) -> None:
    assert result_of(finding(path))["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


def prints(found: Finding, *others: Finding) -> tuple[dict[str, str], dict[str, str]]:
    result = results_of(*others, found)[-1]
    return result["partialFingerprints"], result["fingerprints"]


def test_fingerprints_stay_when_lines_move_and_are_those_of_one_credential_in_one_file() -> None:
    there = prints(finding())
    assert prints(finding()._replace(line=70, column=9)) == there
    assert prints(finding(verification=live(), known_as="work")) == there
    assert prints(finding("b.py")) != there
    assert prints(finding(seed=1)) != there
    assert prints(finding()._replace(line=9), finding()) != there  # the second one in that file
    assert there[0]["tokenguardFingerprint/v1"] == finding().fingerprint


def test_the_fingerprint_that_github_reads_has_its_form_and_is_one_for_all_versions() -> None:
    older = finding(lineage=LINEAGE)
    newer = finding(lineage=LINEAGE._replace(commit="f" * 40))
    (one, one_in_full), (other, other_in_full) = prints(older), prints(newer, older)
    assert re.fullmatch("[0-9a-f]{16}:1", one["primaryLocationLineHash"])
    assert one == other
    assert one_in_full != other_in_full


def test_what_is_allowed_is_suppressed() -> None:
    allowed = (
        Allowed(finding(), Allowance("pragma: allowlist secret", "a.py:2")),
        Allowed(finding("b.py"), Allowance("tokenguard: allow", "b.py:2")),
        Allowed(finding("c.py"), Allowance("allowed fingerprint", "pyproject.toml")),
    )
    results = run_of(Report(findings=(finding(seed=1),), allowed=allowed))["results"]
    assert "suppressions" not in results[0]
    assert [result["suppressions"][0]["kind"] for result in results[1:]] == ["inSource", "inSource", "external"]
    assert results[3]["suppressions"][0]["justification"] == "allowed fingerprint, pyproject.toml"


def test_what_was_not_read_makes_the_run_a_failure() -> None:
    (clean,) = run_of(Report())["invocations"]
    assert (clean["executionSuccessful"], clean["exitCode"]) == (True, 0)
    report = Report(unreadable=(Unreadable(Origin("b.bin"), "Permission denied"),), notes=("a note",))
    (invocation,) = run_of(report)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    error, note = invocation["toolExecutionNotifications"]
    assert (error["level"], note["level"]) == ("error", "note")
    assert "b.bin could not be read: Permission denied" in error["message"]["text"]
    assert error["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "b.bin"


def test_a_history_has_its_commits() -> None:
    properties = result_of(finding(lineage=LINEAGE))["properties"]
    assert (properties["commit"], properties["pushed"]) == (COMMIT, True)
    assert "commit" not in result_of(finding())["properties"]


def test_it_is_ascii_without_halves_of_characters() -> None:
    rendered = document(full(), "1")
    assert rendered.isascii()
    json.dumps(json.loads(rendered), ensure_ascii=False).encode()  # fails for a lone surrogate
    assert HOSTILE not in rendered
