"""`tokenguard scan hf://…` as a person runs it, against a Hub on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.desk import Desk
from tests.e2e.terminal import at_terminal
from tests.support.hub import ok, whoami_user
from tests.support.hubsource import Library
from tests.support.secret_service import SecretService

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine


def test_names_and_files_are_one_report(machine: Machine, library: Library) -> None:
    token, reader = machine.token(1), machine.token(2)
    leak = f"t = '{token}'\n".encode()
    library.add("acme/model", run__py=leak)
    library.add("acme/x", "dataset", README__md=b"# Data\n")
    machine.write("here/a.py", leak)
    machine.environment["HF_TOKEN"] = reader
    library.answer(token, ok(whoami_user()))
    scan = machine.scan(
        "hf://acme/model/",
        "hf://datasets/acme/x",
        "hf://acme/model",
        f"file://{machine.folder}/here",
        "--only",
        "live",
        "--report",
        "sarif=s",
    )
    assert scan.status == 1
    assert [path.replace(str(machine.folder), "") for path in scan.paths] == [
        "/here/a.py",
        "hf://acme/model/run.py",
    ]
    assert {finding["verification"]["status"] for finding in scan.findings} == {"live"}
    assert {request.token for request in library.requests if "acme" in request.path} == {reader}
    results = json.loads((machine.folder / "s").read_text())["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in results]
    assert places[1] == {"uri": "hf://acme/model/run.py"}
    # A second time, only what has something in it.
    library.requests.clear()
    assert machine.scan("hf://datasets/acme/x").document["summary"]["blobs"] == 1
    assert not [request for request in library.requests if "/resolve/" in request.path]
    assert machine.scan("hf://datasets/acme/x", "--fresh").document["summary"]["blobs"] == 2


def test_a_token_of_the_vault_reads(tmp_path: Path) -> None:
    with Library() as library, SecretService() as service:
        desk = Desk(tmp_path, library, service)
        token = desk.add("work")
        desk.environment["HF_TOKEN"] = desk.token(7)
        library.add("acme/model", a=f"'{token}'".encode())
        library.requests.clear()
        scan = desk.scan("hf://acme/model", "--token", "work")
        assert [finding["known_as"] for finding in scan.findings] == ["work"]
        assert {request.token for request in library.requests} == {token}
        assert desk.run("tokenguard", "scan", "hf://acme/model", "--token", "none").status == 4


def test_a_bar_and_what_to_do_are_shown_at_a_terminal(machine: Machine, library: Library) -> None:
    library.add("acme/model", a=f"'{machine.token()}'".encode(), b=b"b")
    result = at_terminal(machine, "tokenguard", "scan", "hf://acme/model")
    assert result.status == 1
    assert b"files  [" in result.stdout
    assert b"2/2" in result.stdout
    assert b"tokenguard revoke --stdin" in result.stdout


def test_what_cannot_be_had_is_told(machine: Machine, library: Library) -> None:
    result = machine.run("tokenguard", "scan", "hf://acme/none")
    assert result.status == 3
    assert "there is none of this name, or it is not shown to whoever asks" in result.talk


@pytest.mark.parametrize(
    "arguments",
    [
        ["hf://acme/a/b/c/d"],
        ["hf://acme/model", "--staged"],
        ["hf://acme/model", "--history"],
        ["hf://acme/model", "--ignored"],
        ["hf://acme/model", "--baseline", "x"],
        ["s3://bucket", "--token", "work"],
        ["s3://bucket", "--fresh"],
        [".", "--token", "work"],
        ["s3://key:secret@bucket/x"],
        ["simplecache::s3://bucket/x"],
        ["nosuch://bucket"],
    ],
)
def test_what_makes_no_sense_is_refused(machine: Machine, arguments: list[str]) -> None:
    result = machine.run("tokenguard", "scan", *arguments)
    assert (result.status, result.stdout) == (2, b"")
    assert "secret@" not in result.talk
