"""action.yml and the template for GitLab: they are what their services read, and do what they should in bash."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.e2e.past import commit, leak, take_out
from tests.support.repository import scripts

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured

TOP = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((TOP / "action.yml").read_text(encoding="utf-8"))
TEMPLATE: dict[str, Any] = yaml.safe_load(
    (TOP / "templates" / "tokenguard.gitlab-ci.yml").read_text(encoding="utf-8")
)
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SCRIPTS = {step["id"]: step for step in STEPS if "run" in step}
DEFAULTS = {name: said["default"] for name, said in ACTION["inputs"].items()}


class Runner:
    """What runs the steps of the action: their expressions are `inputs`, outputs of steps, and the like."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.temporary = machine.home / "runner"
        self.temporary.mkdir(parents=True)
        self.outputs: dict[str, dict[str, str]] = {"install": {"bin": str(scripts())}}
        self.inputs = dict(DEFAULTS)
        machine.environment |= {"RUNNER_TEMP": str(self.temporary), "GITHUB_ACTIONS": "true"}

    def event(self, name: str, event: Any = None) -> None:
        path = self.temporary / "event.json"
        path.write_text(json.dumps(event or {}))
        self.machine.environment |= {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)}

    def step(self, name: str, cwd: Path) -> Result:
        """Runs a step as GitHub does: `bash --noprofile --norc -eo pipefail FILE`."""
        step = SCRIPTS[name]
        assert step["shell"] == "bash"
        script = self.temporary / f"{name}.sh"
        script.write_text(step["run"])
        output = self.temporary / f"{name}.output"
        output.touch()
        environment = {key: self._value(str(value)) for key, value in step["env"].items()}
        result = self.machine.run(
            *("bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)),
            cwd=cwd,
            environment=environment | {"GITHUB_OUTPUT": str(output)},
        )
        self.outputs[name] = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return result

    def scan(self, repository: Repository, **inputs: str) -> tuple[Result, int]:
        """How the scan and the whole action end."""
        self.inputs |= {key.replace("_", "-"): value for key, value in inputs.items()}
        result = self.step("scan", repository.top)
        assert result.status == 0, result.talk
        return result, self.step("judge", repository.top).status

    def sarif(self) -> list[str]:
        """The paths of the results that would be uploaded."""
        (run,) = json.loads(Path(self.outputs["scan"]["sarif"]).read_text())["runs"]
        return [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]

    def _value(self, text: str) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: self._expression(match[1]), text)

    def _expression(self, name: str) -> str:
        match name.split("."):
            case ["inputs", key]:
                return str(self.inputs[key])
            case ["steps", "python", "outputs", "python-path"]:
                return sys.executable
            case ["steps", step, "outputs", key]:
                return self.outputs[step].get(key, "")
            case ["github", "action_path"]:
                return str(TOP)
        raise AssertionError(name)


@pytest.fixture
def runner(machine: Machine) -> Runner:
    return Runner(machine)


@pytest.fixture
def request_of(runner: Runner, repository: Repository) -> Repository:
    """A repository in which an old leak is on main, and a pull request has leaked and taken it out again."""
    leak(repository, runner.machine.token(90), "old.py")
    base = repository.head
    leak(repository, runner.machine.token(), "leak.py")
    head = take_out(repository, "leak.py")
    runner.event("pull_request", {"pull_request": {"base": {"sha": base}, "head": {"sha": head}}})
    return repository


def test_a_pull_request_is_read_for_what_it_brings_in(runner: Runner, request_of: Repository) -> None:
    summary = runner.temporary / "summary.md"
    runner.machine.environment |= {"GITHUB_STEP_SUMMARY": str(summary)}
    result, status = runner.scan(request_of)
    assert status == 1
    assert [line for line in result.out.splitlines() if line.startswith("::error file=leak.py,line=1,")]
    assert "old.py" not in result.out
    assert runner.sarif() == ["leak.py"]
    assert "leak" in summary.read_text()
    assert runner.outputs["scan"]["exit-status"] == "1"


def test_findings_fail_it_only_where_they_should_and_failures_always(
    runner: Runner, request_of: Repository
) -> None:
    assert runner.scan(request_of, fail_on_findings="false")[1] == 0
    assert runner.scan(request_of, range="", path="missing", fail_on_findings="false")[1] == 3
    runner.outputs["scan"] = {}  # it was never run
    assert runner.step("judge", request_of.top).status == 70


def test_a_push_that_is_clean_passes(runner: Runner, request_of: Repository) -> None:
    before = request_of.head
    after = commit(request_of)
    event = {"before": before, "after": after, "ref": "refs/heads/main", "repository": {"default_branch": "main"}}
    runner.event("push", event)
    result, status = runner.scan(request_of)
    assert (status, result.out, runner.sarif()) == (0, "", [])


@pytest.mark.parametrize("event", ["schedule", "workflow_dispatch"])
def test_an_event_about_no_commits_is_about_the_work_tree_or_all(
    runner: Runner, request_of: Repository, event: str
) -> None:
    runner.event(event)
    runner.scan(request_of)
    assert runner.sarif() == ["old.py"]
    runner.scan(request_of, history="true")
    assert runner.sarif() == ["leak.py", "old.py"]
    runner.scan(request_of, history="false", range="HEAD~1..HEAD")
    assert runner.sarif() == []


def test_a_shallow_clone_fails_and_uploads_nothing(runner: Runner, request_of: Repository) -> None:
    event = {"pull_request": {"base": {"sha": "1" * 40}, "head": {"sha": "2" * 40}}}
    runner.event("pull_request", event)
    _, status = runner.scan(request_of)
    assert status == 2
    assert "sarif" not in runner.outputs["scan"]


@pytest.mark.parametrize("name", ["path", "range"])
@pytest.mark.parametrize("said", ["$(touch run)", "`touch run`", "; touch run", "--help", "'\"", "a\nb"])
def test_no_input_is_run_or_becomes_an_option(
    runner: Runner, request_of: Repository, name: str, said: str
) -> None:
    result, status = runner.scan(request_of, **{name: said})
    assert status in (2, 3)
    assert "Usage: tokenguard scan [OPTIONS]" not in result.out
    assert not (request_of.top / "run").exists()


def test_it_installs_itself_from_its_own_checkout(runner: Runner, request_of: Repository) -> None:
    request_of.write("pip.py", "raise SystemExit('the pip of the repository was run')")
    assert runner.step("prepare", request_of.top).status == 0
    assert re.fullmatch("[0-9a-f]{64}", runner.outputs["prepare"]["digest"])
    result = runner.step("install", request_of.top)
    assert result.status == 0, result.talk
    folder = Path(runner.outputs["install"]["bin"])
    assert folder.is_relative_to(runner.temporary)
    assert runner.scan(request_of)[1] == 1


def test_no_expression_stands_in_a_script() -> None:
    assert [name for name, step in SCRIPTS.items() if "${{" in step["run"]] == []
    assert SCRIPTS.keys() == {"prepare", "install", "scan", "judge"}


def test_scripts_are_bash_and_every_input_is_used(machine: Machine) -> None:
    for name, step in SCRIPTS.items():
        assert machine.run("bash", "-n", "-c", step["run"]).status == 0, name
    text = json.dumps(STEPS)
    assert [name for name in DEFAULTS if f"inputs.{name}" not in text] == []


def test_what_it_uses_is_pinned() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert len(used) == 3
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@(v\d+|[0-9a-f]{40})", name)] == []


def test_the_documentation_names_every_input_and_output() -> None:
    said = (TOP / "docs" / "ci.md").read_text(encoding="utf-8")
    for name in (*DEFAULTS, *ACTION["outputs"]):
        assert f"`{name}`" in said, name


def test_the_template_writes_the_reports_that_it_hands_over(machine: Machine, repository: Repository) -> None:
    base = commit(repository)
    head = leak(repository, machine.token())
    job = TEMPLATE["tokenguard"]
    for line in (*job["before_script"], *job["script"]):
        assert machine.run("bash", "-n", "-c", line).status == 0
    (script,) = job["script"]
    machine.environment |= {
        "TOKENGUARD_SCAN": job["variables"]["TOKENGUARD_SCAN"],
        "CI_COMMIT_SHA": head,
        "CI_COMMIT_BRANCH": "main",
        "CI_DEFAULT_BRANCH": "main",
        "CI_COMMIT_BEFORE_SHA": base,
    }
    command = script.replace("/tmp/tokenguard/bin/", "")
    assert machine.run("bash", "-c", command, cwd=repository.top).status == 1
    reports = job["artifacts"]["reports"]
    (item,) = json.loads((repository.top / reports["codequality"]).read_text())
    assert item["location"] == {"path": "leak.py", "lines": {"begin": 1}}
    (secret,) = json.loads((repository.top / reports["secret_detection"]).read_text())["vulnerabilities"]
    assert secret["location"]["commit"]["sha"] == head
    assert (repository.top / job["artifacts"]["paths"][0]).exists()
