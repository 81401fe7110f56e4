"""What is encoded, split or packed is found in every source, by the hook too, and left alone by --shallow."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING

import pytest

from tests.support.archives import tar, zipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.machine import Machine, Scan
    from tests.support.repository import Repository

PATHS = ["deploy.yaml", "dist.tar.gz", "split.py", "train.ipynb"]


@pytest.fixture
def files(machine: Machine) -> dict[str, bytes]:
    """Files with a credential each, by their path."""
    tokens = [machine.token(seed).encode() for seed in range(4)]
    cells = [{"cell_type": "code", "source": "x", "outputs": [{"text": [tokens[3].decode()]}]}]
    return {
        "deploy.yaml": b"data:\n  token: " + base64.b64encode(tokens[0]) + b"\n",
        "dist.tar.gz": gzip.compress(tar({"in.zip": zipped({"d/.env": b"A=1\nB=" + tokens[1] + b"\n"})})),
        "split.py": b"t = 'hf_' + '%b'\n" % tokens[2][3:],
        "train.ipynb": json.dumps({"cells": cells, "nbformat": 4}, indent=1).encode(),
    }


def in_folder(machine: Machine, repository: Repository, files: dict[str, bytes], *options: str) -> Scan:
    for path, data in files.items():
        repository.write(path, data)
    return machine.scan(*options, cwd=repository.top)


def staged(machine: Machine, repository: Repository, files: dict[str, bytes], *options: str) -> Scan:
    for path, data in files.items():
        repository.stage(path, data)
    return machine.scan("--staged", *options, cwd=repository.top)


def in_history(machine: Machine, repository: Repository, files: dict[str, bytes], *options: str) -> Scan:
    staged(machine, repository, files)
    repository.commit("all of it")
    repository.git("rm", "-r", "--quiet", ".")
    repository.commit("gone")
    return machine.scan("--history", *options, cwd=repository.top)


def in_range(machine: Machine, repository: Repository, files: dict[str, bytes], *options: str) -> Scan:
    repository.commit("first")
    first = repository.head
    in_history(machine, repository, files)
    return machine.scan("--since", first, *options, cwd=repository.top)


SOURCES = [in_folder, staged, in_history, in_range]


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_looked_into(
    machine: Machine, repository: Repository, files: dict[str, bytes], source: Callable[..., Scan]
) -> None:
    scan = source(machine, repository, files)
    assert scan.status == 1
    assert scan.unreadable == {}
    told = {item["path"]: item for item in scan.findings}
    assert sorted(told) == PATHS
    assert told["deploy.yaml"]["decoded"] == ["base64"]
    assert (told["deploy.yaml"]["line"], told["deploy.yaml"]["column"]) == (2, 10)
    assert (told["dist.tar.gz"]["inside"], told["dist.tar.gz"]["line"]) == (["in.zip", "d/.env"], 2)
    assert told["split.py"]["decoded"] == ["concatenation"]
    assert (told["train.ipynb"]["cell"], told["train.ipynb"]["output"]) == (1, 1)


@pytest.mark.parametrize("source", SOURCES)
def test_shallow_looks_into_nothing(
    machine: Machine, repository: Repository, files: dict[str, bytes], source: Callable[..., Scan]
) -> None:
    scan = source(machine, repository, files, "--shallow")
    assert scan.paths == ["train.ipynb"]


def test_a_shallow_scan_of_a_history_makes_nothing_clean(
    machine: Machine, repository: Repository, files: dict[str, bytes]
) -> None:
    assert len(in_history(machine, repository, files, "--shallow").findings) == 1
    assert len(machine.scan("--history", cwd=repository.top).findings) == 4


def test_standard_input_is_looked_into(machine: Machine, files: dict[str, bytes]) -> None:
    result = machine.run("tokenguard", "scan", "--stdin", "--format", "json", stdin=files["dist.tar.gz"])
    assert result.status == 1
    document = json.loads(result.out)
    assert document["findings"][0]["inside"] == ["in.zip", "d/.env"]
    assert document["summary"]["bytes"] == len(files["dist.tar.gz"])


def test_the_hook_refuses_it_and_says_where(
    machine: Machine, repository: Repository, files: dict[str, bytes]
) -> None:
    staged(machine, repository, files)
    hook = machine.run("tokenguard-hook", "pre-commit", cwd=repository.top)
    assert hook.status == 1
    assert "deploy.yaml:2:10: user-access-token" in hook.talk
    assert "(base64)" in hook.talk
    assert "dist.tar.gz > in.zip > d/.env:2:3: user-access-token" in hook.talk
    assert "(cell 1, output 1)" in hook.talk


@pytest.mark.parametrize("damage", ["cut", "encrypted"])
def test_what_cannot_be_opened_is_not_called_clean(machine: Machine, damage: str) -> None:
    data = zipped({"a": b"x" * 1000, "b": machine.token().encode()})
    if damage == "cut":
        data = data[: len(data) // 2]
    else:
        at = data.index(b"PK\1\2")
        data = data[: at + 8] + b"\1" + data[at + 9 :]  # its first flag in the directory
    machine.write("a.zip", data)
    scan = machine.scan()
    assert scan.status == 3
    assert set(scan.unreadable) == {"a.zip"}
    assert machine.scan("--shallow").status == 0


def test_a_name_in_an_archive_is_shown_as_text(machine: Machine) -> None:
    machine.write("a.zip", zipped({"\x1b[31m\n::error::x": machine.token().encode()}))
    for form in ("text", "github", "sarif", "gitlab", "csv", "html", "jsonl"):
        result = machine.run("tokenguard", "scan", "--format", form)
        assert result.status == 1
        assert b"\x1b" not in result.stdout + result.stderr
        assert b"\n::error::x" not in result.stdout


def test_redact_says_what_it_cannot_take_out(machine: Machine, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        machine.write(path, data)
    result = machine.run("tokenguard", "redact", ".")
    assert result.status == 3
    assert "deploy.yaml: holds one in line 2, as base64" in result.talk
    assert "dist.tar.gz > in.zip > d/.env: holds one in line 2" in result.talk
    for path in ("deploy.yaml", "dist.tar.gz", "split.py"):
        assert (machine.folder / path).read_bytes() == files[path]
    assert (machine.folder / "train.ipynb").read_bytes() != files["train.ipynb"]
