"""What a repository can say of its own scanning: what is allowed and what is left out, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import fingerprint

if TYPE_CHECKING:
    from tests.e2e.machine import Machine
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured

SCANS = (["tokenguard-hook", "pre-commit"], ["tokenguard", "scan", "--staged"], ["tokenguard", "scan"])
FILES = {"pyproject.toml": "[tool.tokenguard]\n", ".tokenguard.toml": ""}


def exits(machine: Machine, repository: Repository) -> tuple[int, str]:
    """The status that every way to scan here ends with, and what the last of them says."""
    results = [machine.run(*command, cwd=repository.top) for command in SCANS]
    (status,) = {result.status for result in results}
    return status, results[-1].talk


@pytest.mark.parametrize("file", FILES)
def test_a_fingerprint_can_be_allowed(machine: Machine, repository: Repository, file: str) -> None:
    allowed, other = machine.token(1), machine.token(2)
    repository.stage(file, f'{FILES[file]}allow = ["{fingerprint(allowed)}"]\n')
    repository.stage("src/a.py", f"x = '{allowed}'\n")
    assert exits(machine, repository)[0] == 0
    repository.stage("src/b.py", f"x = '{other}'\n")
    assert exits(machine, repository)[0] == 1
    scan = machine.scan(cwd=repository.top)
    assert scan.paths == ["src/b.py"]
    (item,) = scan.document["allowed"]
    assert item["path"] == "src/a.py"
    assert item["allowance"] == {"reason": "allowed fingerprint", "where": file}


@pytest.mark.parametrize("file", FILES)
def test_files_can_be_left_out_and_that_is_told(machine: Machine, repository: Repository, file: str) -> None:
    repository.stage(file, f'{FILES[file]}exclude = ["tests/data/**", "*.lock", "/top.py"]\n')
    for path in ("tests/data/deep/a.py", "src/uv.lock", "top.py"):
        repository.stage(path, machine.token())
    status, talk = exits(machine, repository)
    assert status == 0
    assert "3 files excluded by the configuration" in talk
    for path in ("src/top.py", "src/tests/data/a.py", "tests/data.py"):
        repository.stage(path, machine.token())
    assert exits(machine, repository)[0] == 1
    assert machine.scan(cwd=repository.top).paths == ["src/tests/data/a.py", "src/top.py", "tests/data.py"]


def test_a_file_that_is_named_outright_is_read_though_it_is_left_out(
    machine: Machine, repository: Repository
) -> None:
    repository.stage(".tokenguard.toml", 'exclude = ["*.py"]\n')
    repository.stage("a.py", machine.token())
    assert machine.scan(cwd=repository.top).status == 0
    assert machine.scan("a.py", cwd=repository.top).paths == ["a.py"]
    assert machine.scan(".", "a.py", cwd=repository.top).paths == ["a.py"]


def test_where_all_is_left_out_nothing_is_said_to_be_clean(machine: Machine, repository: Repository) -> None:
    repository.stage(".tokenguard.toml", 'exclude = ["*.toml"]\n')
    status, talk = exits(machine, repository)
    assert status == 0
    assert "nothing to scan: 1 file excluded by the configuration" in talk
    assert "no leaked" not in talk


def test_the_configuration_of_the_top_holds_within(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage(".tokenguard.toml", f'allow = ["{fingerprint(token)}"]\nexclude = ["src/deep/left/"]\n')
    repository.stage("src/deep/a.py", token)
    repository.stage("src/deep/left/b.py", machine.token(1))
    for arguments, folder in (
        ([], repository.top / "src" / "deep"),
        (["src"], repository.top),
        (["a.py"], repository.top / "src" / "deep"),
        (["--staged"], repository.top / "src" / "deep"),
    ):
        assert machine.scan(*arguments, cwd=folder).status == 0, (arguments, folder)


def test_the_nearest_configuration_holds(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage("pyproject.toml", f'[tool.tokenguard]\nallow = ["{fingerprint(token)}"]\n')
    repository.stage("src/pyproject.toml", "[project]\nname = 'no tokenguard'\n")
    repository.stage("src/a.py", token)
    assert machine.scan("src", cwd=repository.top).status == 0
    repository.stage("src/.tokenguard.toml", "allow = []\n")
    assert machine.scan("src", cwd=repository.top).status == 1


def test_a_configuration_outside_the_work_tree_is_not_read(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    machine.write(".tokenguard.toml", f'allow = ["{fingerprint(token)}"]\nexclude = ["*.py"]\n')
    repository.stage("a.py", token)
    assert exits(machine, repository)[0] == 1


def test_a_configuration_above_a_folder_without_git_is_not_read(machine: Machine) -> None:
    machine.write(".tokenguard.toml", 'exclude = ["*.py"]\n')
    machine.write("folder/a.py", machine.token())
    assert machine.scan("folder").status == 1


def test_no_config_reads_none(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage(".tokenguard.toml", f'allow = ["{fingerprint(token)}"]\nexclude = ["b.py"]\nnonsense = 1\n')
    repository.stage("a.py", token)
    repository.stage("b.py", token)
    for arguments in ([], ["--staged"]):
        assert machine.scan("--no-config", *arguments, cwd=repository.top).paths == ["a.py", "b.py"]
    assert machine.scan("--no-config", "--stdin", cwd=repository.top, stdin=token.encode()).status == 1


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (".tokenguard.toml", "disable = true\n", "unknown key 'disable'"),
        ("pyproject.toml", "this is no TOML\n", "not valid TOML"),
    ],
)
def test_a_wrong_configuration_is_an_error(
    machine: Machine, repository: Repository, file: str, text: str, words: str
) -> None:
    """What else can be wrong with it is in tests/unit/test_config.py."""
    repository.stage(file, FILES[file] + text)
    repository.stage("a.py", machine.token())
    status, talk = exits(machine, repository)
    assert status == 2
    assert file in talk
    assert words in talk
    assert "Traceback" not in talk


@pytest.mark.parametrize("text", ["{} = 1\n", 'allow = ["{}"]\n', "{}\n", "x = {}\n"])
def test_an_error_in_the_configuration_shows_no_token(machine: Machine, repository: Repository, text: str) -> None:
    """People paste the token where its fingerprint belongs."""
    repository.stage(".tokenguard.toml", text.format(machine.token()))
    assert exits(machine, repository)[0] == 2


def test_a_configuration_that_is_no_file_is_an_error(machine: Machine, repository: Repository) -> None:
    (repository.top / ".tokenguard.toml").mkdir()
    status, talk = exits(machine, repository)
    assert status == 2
    assert ".tokenguard.toml" in talk


def test_a_configuration_that_is_not_utf8_is_an_error(machine: Machine, repository: Repository) -> None:
    repository.stage(".tokenguard.toml", b'exclude = ["\xff"]\n')
    assert exits(machine, repository)[0] == 2


def test_a_pyproject_of_others_is_none_of_our_business(machine: Machine, repository: Repository) -> None:
    repository.stage("pyproject.toml", "this is no TOML\n")
    repository.stage("a.py", "clean\n")
    assert exits(machine, repository)[0] == 0


@pytest.mark.parametrize("pattern", ["*", "**", "**/*", "/**"])
def test_a_configuration_cannot_switch_the_scanner_off(
    machine: Machine, repository: Repository, pattern: str
) -> None:
    repository.stage(".tokenguard.toml", f'exclude = ["{pattern}"]\n')
    repository.stage("a.py", machine.token())
    status, talk = exits(machine, repository)
    assert status == 2
    assert "exclude leaves everything out" in talk
