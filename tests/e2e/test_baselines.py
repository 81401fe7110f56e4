"""detect-secrets' baseline, read and written by tokenguard, and worked on by detect-secrets itself."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.terminal import at_terminal
from tests.support.credentials import every_kind, user_token

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository

NAME = ".secrets.baseline"


def update(machine: Machine, cwd: Path | None = None, *more: str) -> Result:
    return machine.run("tokenguard", "scan", "--baseline", NAME, "--update-baseline", *more, cwd=cwd)


def document(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def test_what_it_has_is_allowed_however_the_lines_move(machine: Machine) -> None:
    machine.write("a.py", f'token = "{machine.token()}"\n')
    assert update(machine).status == 0
    before = (machine.folder / NAME).read_bytes()
    machine.write("a.py", "\n" * 40 + f'token = "{machine.token()}"\n')
    scan = machine.scan("--baseline", NAME)
    assert scan.status == 0
    assert scan.document["allowed"][0]["allowance"] == {"reason": "baseline", "where": f"{NAME}: a.py"}
    assert update(machine).status == 0
    assert (machine.folder / NAME).read_bytes() == before
    machine.write("b.py", f'token = "{machine.token()}"\n')
    assert machine.scan("--baseline", NAME).paths == ["b.py"]


def test_it_counts_wherever_it_is_looked_for(machine: Machine, repository: Repository) -> None:
    repository.stage("src/a.py", f'token = "{machine.token()}"\n')
    assert update(machine, repository.top).status == 0
    place = str(repository.top / NAME)
    assert machine.scan("--staged", "--baseline", place, cwd=repository.top / "src").status == 0
    repository.commit()
    repository.git("mv", "src/a.py", "b.py")
    repository.git("rm", "-qf", "b.py")
    repository.commit()
    assert machine.scan("--history", "--baseline", place, cwd=repository.top).status == 0
    assert machine.scan("--range", "HEAD~1..HEAD", "--baseline", place, cwd=repository.top).status == 0
    token = machine.token().encode()
    named = ("--stdin", "--stdin-name", "src/a.py", "--baseline", place)
    assert machine.scan(*named, cwd=repository.top, stdin=token).status == 0
    assert machine.scan("--stdin", "--baseline", place, cwd=repository.top, stdin=token).status == 1


def test_what_is_gone_is_removed_and_what_was_not_read_is_kept(machine: Machine) -> None:
    for name in ("a.py", "b.py", "c.py"):
        machine.write(name, f'token = "{machine.token()}"\n')
    assert update(machine).status == 0
    machine.write("a.py", "clean\n")
    machine.write("b.py", "clean\n")
    (machine.folder / "c.py").unlink()
    assert update(machine, None, "a.py").status == 0
    assert list(document(machine.folder / NAME)["results"]) == ["b.py", "c.py"]
    assert update(machine).status == 0
    assert document(machine.folder / NAME)["results"] == {}


def test_an_audit_works_on_it_and_its_labels_stay(machine: Machine) -> None:
    machine.write("a.py", f'api = HfApi(token="{user_token()}")\n')
    machine.write(".env", f"HF_TOKEN={user_token(1)}\n")
    machine.write("b.sh", f"curl -u :{user_token(2)} x\n")
    assert update(machine).status == 0
    typed = [("repository?", answer) for answer in ("n\n", "y\n", "y\n")]
    shown = at_terminal(machine, "detect-secrets", "audit", NAME, typed=typed)
    assert shown.status == 0, shown.out
    labels = {
        name: entries[0]["is_secret"] for name, entries in document(machine.folder / NAME)["results"].items()
    }
    assert labels == {".env": True, "a.py": False, "b.sh": False}
    before = (machine.folder / NAME).read_bytes()
    result = machine.run("tokenguard", "scan", "--baseline", NAME, "-v")
    assert result.status == 0
    assert "where an audit calls it a real secret" in result.talk
    machine.write("a.py", f'\n\napi = HfApi(token="{user_token()}")\n')
    assert update(machine).status == 0
    assert (machine.folder / NAME).read_bytes() == before
    machine.write("a.py", "clean\n")
    assert update(machine).status == 0
    assert list(document(machine.folder / NAME)["results"]) == [".env", "b.sh"]


def test_the_commands_of_detect_secrets_work_on_it(machine: Machine, repository: Repository) -> None:
    repository.stage("a.py", f'token = "{user_token()}"\n')
    repository.stage(".env", f"HF_TOKEN={user_token(1)}\n")
    assert update(machine, repository.top).status == 0
    repository.git("add", NAME)
    hook = machine.run("detect-secrets-hook", "--baseline", NAME, "a.py", ".env", cwd=repository.top)
    assert hook.status == 0, hook.out
    stats = machine.run("detect-secrets", "audit", "--stats", "--json", NAME, cwd=repository.top)
    assert json.loads(stats.out)["Base64HighEntropyString"]["stats"]["raw"]["unknown"] == 2
    report = machine.run("detect-secrets", "audit", "--report", NAME, cwd=repository.top)
    assert {item["secrets"] for item in json.loads(report.out)["results"]} == {user_token(), user_token(1)}
    again = machine.run("detect-secrets", "scan", "--baseline", NAME, cwd=repository.top)
    assert again.status == 0, again.talk
    assert machine.scan("--baseline", NAME, cwd=repository.top).status == 0


def test_what_detect_secrets_wrote_is_kept(machine: Machine, repository: Repository) -> None:
    repository.stage("a.py", 'password = "correct horse 7"\n')
    made = machine.run("detect-secrets", "scan", cwd=repository.top)
    place = repository.top / NAME
    place.write_bytes(made.stdout)
    place.chmod(0o640)
    before = document(place)
    repository.write("b.py", f'token = "{machine.token()}"\n')
    assert update(machine, repository.top).status == 0
    after = document(place)
    assert after["results"].pop("b.py")
    assert after["results"] == before["results"]
    assert after["plugins_used"] == before["plugins_used"]
    assert place.stat().st_mode & 0o777 == 0o640
    repository.write("b.py", "clean\n")
    assert update(machine, repository.top).status == 0
    assert {**document(place), "generated_at": ""} == {**before, "generated_at": ""}


@pytest.mark.parametrize("content", ["{}", "", '{"version": 1', "<<<<<<< a\n{}\n"])
def test_a_damaged_one_is_an_error_and_stays(machine: Machine, content: str) -> None:
    machine.write("a.py", machine.token())
    machine.write(NAME, content)
    for more in ((), ("--update-baseline",)):
        result = machine.run("tokenguard", "scan", "--baseline", NAME, *more)
        assert result.status == 2
        assert "is no baseline of detect-secrets" in result.talk
    assert (machine.folder / NAME).read_text() == content


def test_one_that_is_missing_or_no_file_is_an_error(machine: Machine) -> None:
    assert machine.run("tokenguard", "scan", "--baseline", NAME).status == 2
    os.mkfifo(machine.folder / NAME)
    assert machine.run("tokenguard", "scan", "--baseline", NAME, "--update-baseline").status == 2


@pytest.mark.parametrize("more", [("--history",), ("--stdin",), ("--range", "A..B")])
def test_it_is_written_for_files_as_they_are_alone(machine: Machine, more: tuple[str, ...]) -> None:
    assert machine.run("tokenguard", "scan", "--baseline", NAME, "--update-baseline", *more).status == 2
    assert machine.run("tokenguard", "scan", "--update-baseline").status == 2


def test_the_configuration_can_name_one_for_scans_and_hooks(machine: Machine, repository: Repository) -> None:
    repository.stage("a.py", f'token = "{machine.token()}"\n')
    assert update(machine, repository.top).status == 0
    assert machine.run("tokenguard-hook", "pre-commit", cwd=repository.top).status == 1
    repository.write(".tokenguard.toml", f'baseline = "{NAME}"\n')
    assert machine.run("tokenguard-hook", "pre-commit", cwd=repository.top).status == 0
    assert machine.scan(cwd=repository.top).status == 0
    assert machine.scan("--no-config", cwd=repository.top).status == 1
    repository.write(NAME, "{}")
    assert machine.run("tokenguard-hook", "pre-commit", cwd=repository.top).status == 2
    repository.write(".tokenguard.toml", 'baseline = "../elsewhere"\n')
    assert machine.run("tokenguard-hook", "pre-commit", cwd=repository.top).status == 2


def test_the_plugin_finds_every_kind(machine: Machine, repository: Repository) -> None:
    kinds = every_kind()
    for kind, text in kinds.items():
        repository.stage(f"{kind}.txt", text + "\n")
    path = machine.run("python", "-c", "import tokenguard.bridge as b; print(b.plugin_file())").out.strip()
    result = machine.run("detect-secrets", "scan", "-p", path, cwd=repository.top)
    found = {
        name.removesuffix(".txt")
        for name, entries in json.loads(result.out)["results"].items()
        if any(entry["type"] == "Hugging Face Token" for entry in entries)
    }
    assert found == set(kinds)
