"""`--format` and `--report`: the reports that programs, services and people read, as the command writes them."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.past import leak
from tests.support.markup import Markup
from tokenguard.reporting import FORMATS

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository

HOSTILE = "::error::a<script>##[error]\n\udcff,=1.py"


def scan(machine: Machine, form: str, *arguments: str) -> Result:
    return machine.run("tokenguard", "scan", "--format", form, *arguments)


def sarif(machine: Machine, *arguments: str) -> dict[str, Any]:
    (run,) = json.loads(scan(machine, "sarif", *arguments).out)["runs"]
    return dict(run)


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_goes_to_a_file_or_to_standard_output(machine: Machine, form: str) -> None:
    machine.write(HOSTILE, machine.token())
    machine.write("b.py", f"{machine.token(1)}  # pragma: allowlist secret\n")
    there = scan(machine, form)
    machine.environment |= {"PYTHONUTF8": "1"}
    result = scan(machine, form, "--output", str(machine.home / "report"))
    assert (there.status, result.status, result.stdout) == (1, 1, b"")
    written = (machine.home / "report").read_bytes()
    machine.expect_hidden(written)
    if form not in ("json", "jsonl", "html", "gitlab-secrets"):  # which say how long it took, or when
        assert written == there.stdout
    assert written


def test_one_scan_writes_several_reports(machine: Machine) -> None:
    machine.write("in/a.py", machine.token())
    reports = ("--report", "sarif=a.sarif", "--report", "csv=a.csv", "--report", "html=a.html")
    result = machine.run("tokenguard", "scan", *reports, "in")
    assert (result.status, result.out[:8]) == (1, "in/a.py:")
    (row,) = csv.DictReader(io.StringIO((machine.folder / "a.csv").read_text(encoding="utf-8")))
    assert row["path"] == "in/a.py"
    (run,) = json.loads((machine.folder / "a.sarif").read_text())["runs"]
    assert len(run["results"]) == 1
    assert "in/a.py" in Markup((machine.folder / "a.html").read_text(encoding="utf-8")).text


@pytest.mark.parametrize("report", ["sarif", "sarif=", "=a", "yaml=a", ""])
def test_a_report_that_is_not_understood_is_refused_before_the_scan(machine: Machine, report: str) -> None:
    machine.write("a.py", machine.token())
    result = machine.run("tokenguard", "scan", "--report", report)
    assert (result.status, result.stdout) == (2, b"")
    assert "FORMAT=FILE" in result.talk


@pytest.mark.parametrize("file", ["missing/report", "/dev/full"])
def test_a_report_that_cannot_be_written_is_a_failure(machine: Machine, file: str) -> None:
    machine.write("a.py", "clean")
    result = machine.run("tokenguard", "scan", "--report", f"sarif={file}")
    assert result.status == 3
    assert "cannot be written" in result.talk
    assert "Traceback" not in result.talk


def test_sarif_is_of_the_files_that_are_there(machine: Machine) -> None:
    machine.write("a b/é#.py", f"\n\n  é = '{machine.token()}'\n")
    run = sarif(machine)
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/%C3%A9%23.py"
    assert place["region"] == {"startLine": 3, "startColumn": 8, "endColumn": 45}
    assert run["invocations"][0]["executionSuccessful"] is True


def test_sarif_says_what_could_not_be_read(machine: Machine) -> None:
    (invocation,) = sarif(machine, "missing.py")["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    assert "missing.py" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_stays_when_lines_move(machine: Machine) -> None:
    token = machine.token()
    machine.write("a.py", f"{token}\n")
    (before,) = sarif(machine)["results"]
    machine.write("a.py", f"# one\n# two\n\nx = '{token}'\n")
    (after,) = sarif(machine)["results"]
    assert before["locations"] != after["locations"]
    for name in ("ruleId", "fingerprints", "partialFingerprints"):
        assert before[name] == after[name]


def test_a_history_has_its_commits_in_every_form(machine: Machine, repository: Repository) -> None:
    commit = leak(repository, machine.token())
    folder = str(repository.top)
    (result,) = sarif(machine, "--history", folder)["results"]
    assert result["properties"]["commit"] == commit
    (secret,) = json.loads(scan(machine, "gitlab-secrets", "--history", folder).out)["vulnerabilities"]
    assert secret["location"]["commit"]["sha"] == commit
    (row,) = csv.DictReader(io.StringIO(scan(machine, "csv", "--history", folder).out))
    assert row["commit"] == commit
    assert commit[:12] in Markup(scan(machine, "html", "--history", folder).out).text


def test_gitlab_knows_the_commit_of_its_job(machine: Machine) -> None:
    machine.write("a.py", machine.token())
    machine.environment |= {"CI_COMMIT_SHA": "f" * 40}
    (secret,) = json.loads(scan(machine, "gitlab-secrets").out)["vulnerabilities"]
    assert secret["location"] == {"file": "a.py", "commit": {"sha": "f" * 40}, "start_line": 1, "end_line": 1}


def test_github_has_annotations_and_a_summary_after_what_is_there(machine: Machine) -> None:
    token = machine.token()
    machine.write("in/a.py", token)
    summary = machine.write("summary.md", "what was there\n")
    machine.environment |= {"GITHUB_STEP_SUMMARY": str(summary)}
    result = scan(machine, "github", "in")
    assert result.out.startswith("::error file=in/a.py,line=1,col=1,endColumn=38,title=")
    said = summary.read_text()
    machine.expect_hidden(said.encode())
    assert said.startswith("what was there\n### tokenguard: 1 leaked credential")
    scan(machine, "text", "in")
    assert summary.read_text() == said


def test_a_summary_that_cannot_be_written_is_a_failure(machine: Machine) -> None:
    machine.environment |= {"GITHUB_STEP_SUMMARY": str(machine.folder)}
    machine.write("a.py", "clean")
    assert scan(machine, "github").status == 3


@pytest.mark.parametrize("form", ["text", "github"])
def test_no_file_of_the_repository_gives_the_runner_a_command(machine: Machine, form: str) -> None:
    machine.write("::error::x.py", machine.token())
    machine.write("##[add-mask]y.py", machine.token(1))
    machine.environment |= {"GITHUB_ACTIONS": "true"}
    result = scan(machine, form, "::error::x.py", "##[add-mask]y.py", "::warning::missing", "##[error]missing")
    assert result.status == 3
    lines = (result.out + result.talk).splitlines()
    assert len(lines) > 4
    for line in lines:
        ours = line.startswith(("::error file=", "::warning file="))
        assert ours == (form == "github" and line.lstrip().startswith("::"))
        assert ours or "##[" not in line
    assert sum(line.startswith("::error file=%3A%3Aerror%3A%3Ax.py") for line in lines) == (form == "github")


@pytest.mark.parametrize(
    "options", [("--report", "json=o", "--report", "html=o"), ("--output", "o", "--report", "csv=./o")]
)
def test_two_reports_cannot_go_to_one_file(machine: Machine, options: tuple[str, ...]) -> None:
    machine.write("a.py", machine.token())
    assert machine.run("tokenguard", "scan", *options).status == 2
    assert not (machine.folder / "o").exists()
