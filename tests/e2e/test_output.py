"""What `tokenguard scan` prints, and what becomes of it where that cannot be written."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.hub import ok, whoami_user
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from tests.e2e.desk import Desk
    from tests.e2e.machine import Machine


def test_text_has_a_line_for_each_finding_and_talk_goes_elsewhere(machine: Machine) -> None:
    one, other = machine.token(1), machine.token(2)
    machine.write("a.py", f"x\n  {one}\n")
    machine.write("b.py", f"{other}\n")
    result = machine.run("tokenguard", "scan")
    assert result.out == (
        f"a.py:2:3: user-access-token hf_…{one[-4:]}\nb.py:1:1: user-access-token hf_…{other[-4:]}\n"
    )
    assert "2 leaked credentials (scanned 2 files, " in result.talk
    assert "https://huggingface.co/settings/tokens" in result.talk


def test_quiet_says_nothing_but_the_findings(machine: Machine) -> None:
    machine.write("a.py", machine.token())
    result = machine.run("tokenguard", "scan", "--quiet")
    assert result.out.startswith("a.py:1:1: ")
    assert result.stderr == b""


def test_quiet_still_says_what_was_not_read(machine: Machine) -> None:
    result = machine.run("tokenguard", "scan", "-q", "missing.py")
    assert (result.status, result.stdout) == (3, b"")
    assert "not read: missing.py" in result.talk


def test_json_is_the_documented_document(machine: Machine) -> None:
    token = machine.token()
    machine.write("é.py", f'x = "{token}"\n')
    result = machine.run("tokenguard", "scan", "--format", "json")
    assert result.stdout.isascii()
    document = json.loads(result.stdout)
    assert list(document) == ["schema", "tool", "summary", "findings", "allowed", "unreadable"]
    assert document["schema"] == 1
    assert document["tool"]["name"] == "tokenguard"
    summary = document["summary"]
    assert isinstance(summary.pop("seconds"), float)
    expected = {"files": 1, "blobs": 1, "bytes": 44, "findings": 1, "allowed": 0, "unreadable": 0}
    assert expected.items() <= summary.items()
    (finding,) = document["findings"]
    assert finding.pop("fingerprint").startswith("sha256:")
    assert finding == {
        "kind": "user-access-token",
        "masked": f"hf_…{token[-4:]}",
        "path": "é.py",
        "line": 1,
        "column": 6,
        "end_column": 43,
        "inside": [],
        "decoded": [],
        "claims": None,
        "cell": None,
        "output": None,
        "commit": None,
        "author": None,
        "date": None,
        "paths": [],
        "reachable": None,
        "pushed": None,
        "known_as": None,
        "verification": {"status": "unchecked"},
    }


def test_jsonl_has_an_object_a_line_and_the_summary_last(machine: Machine) -> None:
    machine.write("a.py", machine.token())
    machine.write("b.py", f"{machine.token(1)}  # pragma: allowlist secret\n")
    result = machine.run("tokenguard", "scan", "--format", "jsonl", "a.py", "b.py", "missing.py")
    assert result.status == 3
    assert result.stdout.isascii()
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [item["type"] for item in objects] == ["finding", "allowed", "unreadable", "summary"]
    assert objects[0]["path"] == "a.py"
    assert objects[1]["allowance"]["where"] == "b.py:1"
    assert objects[2]["path"] == "missing.py"
    assert (objects[3]["findings"], objects[3]["schema"]) == (1, 1)


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_name_that_is_not_utf8_can_be_printed(machine: Machine, form: str) -> None:
    name = b"not \xff utf-8.py"
    machine.write(name, machine.token())
    result = machine.run("tokenguard", "scan", "--format", form)
    assert result.status == 1
    if form == "text":
        assert result.out.startswith("not \\xff utf-8.py:1:1: ")
    else:
        document = json.loads(result.stdout.splitlines()[0] if form == "jsonl" else result.stdout)
        finding = document if form == "jsonl" else document["findings"][0]
        assert os.fsencode(finding["path"]) == name


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_cannot_show_a_character_ends_no_scan(machine: Machine, encoding: str) -> None:
    machine.write("✓.py", machine.token())
    result = machine.run("tokenguard", "scan", environment={"PYTHONIOENCODING": encoding})
    assert result.status == 1
    assert result.stdout.startswith(b"\\u2713.py:1:1: ")


def test_a_file_can_take_the_report(machine: Machine) -> None:
    machine.write("in/a.py", machine.token())
    result = machine.run("tokenguard", "scan", "--format", "json", "--output", "report.json", "in")
    assert (result.status, result.stdout) == (1, b"")
    report = (machine.folder / "report.json").read_bytes()
    machine.expect_hidden(report)
    assert json.loads(report)["findings"][0]["path"] == "in/a.py"


@pytest.mark.parametrize("output", ["missing/report", "/dev/full"])
def test_a_report_that_cannot_be_written_is_a_failure(machine: Machine, output: str) -> None:
    machine.write("in/a.py", machine.token())
    result = machine.run("tokenguard", "scan", "--output", output, "in")
    assert result.status == 3
    assert "Traceback" not in result.talk


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_full_disk_is_a_failure(machine: Machine, form: str) -> None:
    machine.write("a.py", machine.token())
    result = machine.run("sh", "-c", f"exec tokenguard scan --format {form} >/dev/full")
    assert result.status == 3
    assert "Traceback" not in result.talk
    assert "No space left" in result.talk


@pytest.mark.parametrize("leaks", [1, 1000])
@pytest.mark.parametrize("options", [[], ["--format", "text"], ["--format", "json"]], ids=" ".join)
def test_a_reader_that_has_gone_is_a_failure(machine: Machine, options: list[str], leaks: int) -> None:
    machine.write("a.py", f"{machine.token()}\n" * leaks)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        process = subprocess.run(
            ["tokenguard", "scan", *options],
            cwd=machine.folder,
            env=machine.environment,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
    finally:
        os.close(writer)
    machine.expect_hidden(process.stderr)
    assert process.returncode == 3
    assert b"Traceback" not in process.stderr
    assert b"Exception ignored" not in process.stderr


def test_without_standard_output_findings_are_a_failure(machine: Machine) -> None:
    machine.write("a.py", machine.token())
    result = machine.run("sh", "-c", "exec tokenguard scan >&-")
    assert result.status == 3
    assert "Traceback" not in result.talk


@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/full"])
def test_without_standard_error_the_answer_is_the_same(machine: Machine, stream: str) -> None:
    machine.write("clean/a.py", "clean\n")
    machine.write("leak/a.py", machine.token())
    assert machine.run("sh", "-c", f"exec tokenguard scan clean {stream}").status == 0
    result = machine.run("sh", "-c", f"exec tokenguard scan leak {stream}")
    assert result.status == 1
    assert result.out.startswith("leak/a.py:1:1: ")


def test_exit_zero_is_for_findings_and_not_for_failures(machine: Machine) -> None:
    machine.write("a.py", machine.token())
    found = machine.run("tokenguard", "scan", "--exit-zero")
    assert found.status == 0
    assert found.out.startswith("a.py:1:1: ")
    assert machine.run("tokenguard", "scan", "--exit-zero", "a.py", "missing.py").status == 3


def test_a_scan_with_and_without_options_say_the_same(machine: Machine) -> None:
    """The one without is the command's short way, which does not wait for click."""
    machine.write("a.py", f"\n{machine.token()}\n")
    machine.write("b.py", f"{machine.token(1)} # pragma: allowlist secret\n")
    for paths in ([], ["a.py"], ["b.py"], ["a.py", "missing.py"]):
        short = machine.run("tokenguard", "scan", *paths)
        long = machine.run("tokenguard", "scan", "--format", "text", *paths)
        assert short == long
        assert short.status == {(): 1, ("a.py",): 1, ("b.py",): 0}.get(tuple(paths), 3)


def test_without_standard_error_tokens_are_looked_after_all_the_same(desk: Desk) -> None:
    old, new, unknown = (desk.token(seed) for seed in range(3))
    for token in (old, new):
        desk.hub.answer(token, ok(whoami_user()))
    for status, stdin, arguments in [
        (0, old, ("add", "work", "--stdin")),
        (1, unknown, ("add", "other", "--stdin")),
        (4, old, ("add", "work", "--stdin")),
        (0, None, ("validate", "work")),
        (1, unknown, ("validate", "--stdin")),
        (2, old, ("rotate", "work", "--stdin")),
        (0, new, ("rotate", "work", "--stdin")),
    ]:
        given = None if stdin is None else stdin.encode()
        result = desk.run("sh", "-c", 'exec "$@" 2>/dev/full', "sh", "tokenguard", *arguments, stdin=given)
        assert result.status == status, arguments
        assert (b"valid" in result.stdout) == (arguments[0] == "validate"), arguments
    assert desk.kept() == {"work": new}
