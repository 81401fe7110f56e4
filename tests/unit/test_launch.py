"""A program gets the token in its environment or in memory, and takes the place of whoever starts it."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.credentials import user_token
from tests.support.repository import TIMEOUT
from tokenguard import launch
from tokenguard.core.mask import Masker
from tokenguard.core.token import Token
from tokenguard.errors import UsageError

BECOME = """
import sys
from tokenguard import launch
launch.launch(["program", "an argument"], {"PATH": sys.argv[1], "A": "b"})
"""
INTERRUPT = """
import os, signal
os.kill(os.getppid(), signal.SIGINT)
raise SystemExit(int(os.environ["STATUS"]))
"""
SECRET = user_token()
OLD_SECRET = user_token(1)
OLD = "HUGGING_FACE_HUB_TOKEN"


@pytest.fixture
def memory() -> Iterator[dict[str, str]]:
    """The environment of a program that gets the token in memory."""
    environment = launch.in_memory({"A": "b", "HF_TOKEN": OLD_SECRET, OLD: OLD_SECRET}, Token(SECRET))
    yield environment
    os.close(int(environment["HF_TOKEN_PATH"].rpartition("/")[2]))


@pytest.fixture
def _signals() -> Iterator[None]:
    """Puts back what becoming another program, or waiting for one, changes."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (["HF_TOKEN"], {"A": "b", "HF_TOKEN": SECRET}),
        (["OTHER"], {"A": "b", "OTHER": SECRET, OLD: OLD_SECRET}),
        (["OTHER", "HF_TOKEN"], {"A": "b", "OTHER": SECRET, "HF_TOKEN": SECRET}),
        (["HF_TOKEN", OLD], {"A": "b", "HF_TOKEN": SECRET, OLD: SECRET}),
        ([OLD], {"A": "b", OLD: SECRET}),
        (["A"], {"A": SECRET, OLD: OLD_SECRET}),
    ],
    ids=lambda value: " ".join(value),
)
def test_the_variables_hold_the_token_and_the_old_one_is_not_in_its_way(
    variables: list[str], expected: dict[str, str]
) -> None:
    given = {"A": "b", OLD: OLD_SECRET}
    assert launch.in_environment(given, variables, Token(SECRET)) == expected
    assert given == {"A": "b", OLD: OLD_SECRET}


def test_what_is_in_memory_is_not_in_the_environment(memory: dict[str, str]) -> None:
    assert set(memory) == {"A", "HF_TOKEN_PATH"}
    assert not any(secret in value for value in memory.values() for secret in (SECRET, OLD_SECRET))


def test_memory_is_read_again_and_again_by_this_process_and_others(memory: dict[str, str]) -> None:
    path = memory["HF_TOKEN_PATH"]
    assert [Path(path).read_text() for _ in range(3)] == [SECRET] * 3
    read_twice = subprocess.run(["cat", path, path], capture_output=True, check=True, timeout=TIMEOUT)
    assert read_twice.stdout.decode() == SECRET * 2


def test_memory_is_inherited(memory: dict[str, str]) -> None:
    assert os.get_inheritable(int(memory["HF_TOKEN_PATH"].rpartition("/")[2]))


def test_memory_is_sealed(memory: dict[str, str]) -> None:
    path = memory["HF_TOKEN_PATH"]
    descriptor = int(path.rpartition("/")[2])
    wanted = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    assert fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & wanted == wanted
    with pytest.raises(PermissionError):
        os.pwrite(descriptor, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 0)
    with pytest.raises(PermissionError):
        Path(path).write_text("x")
    assert Path(path).read_text() == SECRET


def test_without_such_memory_there_is_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    with pytest.raises(UsageError, match="--via file needs Linux") as caught:
        launch.in_memory({}, Token(SECRET))
    assert "--via env" in caught.value.hint


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, []),
        ({"HF_OIDC_RESOURCE": ""}, []),
        ({"HF_OIDC_RESOURCE": "acme/model"}, ["HF_OIDC_RESOURCE"]),
        ({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, ["HF_HUB_DISABLE_IMPLICIT_TOKEN"]),
        ({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "true"}, ["HF_HUB_DISABLE_IMPLICIT_TOKEN"]),
        ({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "Yes"}, ["HF_HUB_DISABLE_IMPLICIT_TOKEN"]),
        ({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "on"}, ["HF_HUB_DISABLE_IMPLICIT_TOKEN"]),
        ({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "0"}, []),
        ({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "false"}, []),
        (
            {"HF_OIDC_RESOURCE": "a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"},
            ["HF_OIDC_RESOURCE", "HF_HUB_DISABLE_IMPLICIT_TOKEN"],
        ),
    ],
    ids=str,
)
def test_what_keeps_libraries_from_the_token_is_told(environment: dict[str, str], named: list[str]) -> None:
    assert [warning.split()[0] for warning in launch.warnings(environment)] == named


def refusal(*command: str, path: str | None = os.environ["PATH"]) -> tuple[int, str]:
    with pytest.raises(launch.LaunchError) as caught:
        launch.launch(command, {} if path is None else {"PATH": path})
    return caught.value.exit_code, caught.value.message


@pytest.mark.parametrize("path", [os.environ["PATH"], "", None])
def test_a_command_that_is_not_there_is_127(path: str | None) -> None:
    assert refusal("no-such-command", path=path) == (127, "there is no command called no-such-command")


def test_a_path_that_is_not_there_is_127(tmp_path: Path) -> None:
    assert refusal(str(tmp_path / "none"))[0] == 127


def test_an_empty_command_is_127() -> None:
    assert refusal("")[0] == 127


def test_what_cannot_be_run_is_126(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("#!/bin/sh\n")
    for path in (tmp_path / "file", tmp_path):
        assert refusal(str(path)) == (126, f"{path} cannot be run")


@pytest.mark.usefixtures("_signals")
def test_what_the_system_refuses_to_run_is_126_with_its_reason(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    assert refusal(str(program)) == (126, f"{program} cannot be run: No such file or directory")


def test_a_program_is_found_on_the_path_of_its_own_environment(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$1 $A $#"\nexit 7\n')
    program.chmod(0o755)
    started = subprocess.run(
        [
            sys.executable,
            "-c",
            BECOME,
            str(tmp_path),
        ],
        capture_output=True,
        timeout=TIMEOUT,
    )
    assert (started.returncode, started.stdout) == (7, b"an argument b 1\n"), started.stderr


@pytest.mark.usefixtures("_signals")
def test_where_there_is_no_exec_the_status_is_waited_for() -> None:
    """Ctrl-C goes to both, and is the program's to answer."""
    assert launch._wait_for([sys.executable, "-c", INTERRUPT], os.environ | {"STATUS": "7"}) == 7


@pytest.mark.usefixtures("_signals")
def test_where_there_is_no_exec_output_is_masked_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    script = f"import sys; sys.stdout.write('o {SECRET}'); sys.stderr.write('e {SECRET}\\n'); sys.exit(7)"
    status = launch._wait_for([sys.executable, "-c", script], os.environ, lambda: Masker(Token(SECRET)))
    masked = f"hf_…{SECRET[-4:]}"
    assert (status, *capfd.readouterr()) == (7, f"o {masked}", f"e {masked}\n")
