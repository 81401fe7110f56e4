"""`tokenguard run`: the program takes the place of tokenguard, and it alone gets to see the token."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.desk import DEFAULT, OLD_TOKEN, WORK, Desk, furnished
from tests.e2e.machine import write_script
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OLD = "HUGGING_FACE_HUB_TOKEN"

# A process that shows, wherever it stands: what it was started with, and what the memory holds.
SHOW = """
import fcntl, os, sys
path = os.environ["HF_TOKEN_PATH"]
print(os.environ.get("HF_TOKEN"), os.environ.get("HUGGING_FACE_HUB_TOKEN"))
for _ in range(2):
    print(open(path).read())
for attempt in ("r+b", "wb", "ab"):
    try:
        with open(path, attempt) as file:
            file.write(b"x")
        print("written")
    except PermissionError:
        print("sealed")
"""
# Starts SHOW as a child and as a grandchild, whose parent has closed all that it inherited.
GENERATIONS = """
import subprocess, sys
show = sys.argv[1]
sys.stdout.flush()
subprocess.run([sys.executable, "-c", show], check=True)
again = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"
subprocess.run([sys.executable, "-c", again, show], check=True)
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests: none of them changes it."""
    with furnished(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


def variables(desk: Desk, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that a child is given."""
    result = desk.hand_over("tokenguard", "run", *arguments, "--", "env", "-0", environment=environment)
    assert result.status == 0, result.talk
    pairs = (entry.split("=", 1) for entry in result.stdout.decode().split("\0") if entry)
    return dict(pairs)


@contextlib.contextmanager
def running(desk: Desk, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`tokenguard run`, which is killed in the end if it is still there."""
    process = subprocess.Popen(
        ["tokenguard", "run", *arguments],
        cwd=desk.folder,
        env=desk.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("name", ["", "work", "home"])
def test_the_token_is_in_the_childs_environment(desk: Desk, name: str) -> None:
    # Not a parameter of the test: pytest puts those into the environment.
    token = WORK if name == "work" else DEFAULT
    given = variables(desk, *name.split())
    assert given["HF_TOKEN"] == token
    assert {variable for variable, value in given.items() if token in value} == {"HF_TOKEN"}


def test_the_rest_of_the_environment_is_as_it_was(desk: Desk) -> None:
    odd = {"A": "", "B": "a=b\nc", "C": "é"}
    given = variables(desk, environment=odd)
    # `sh`, through which the test starts it, has a word to say.
    del given["HF_TOKEN"]
    for variable in ("PWD", "OLDPWD", "SHLVL", "_"):
        given.pop(variable, None)
    expected = {
        key: value for key, value in (desk.environment | odd).items() if key not in ("PWD", "OLDPWD", "SHLVL", "_")
    }
    assert given == expected


def test_bytes_that_are_no_text_pass_through_the_environment(desk: Desk) -> None:
    result = desk.hand_over(
        "tokenguard", "run", "--", "printenv", "ODD", environment={"ODD": os.fsdecode(b"\xff\xfe")}
    )
    assert (result.status, result.stdout) == (0, b"\xff\xfe\n")


def test_the_name_in_the_variable_is_meant_where_none_is_given(desk: Desk) -> None:
    assert variables(desk, environment={"TOKENGUARD_TOKEN": "work"})["HF_TOKEN"] == WORK
    assert variables(desk, "home", environment={"TOKENGUARD_TOKEN": "work"})["HF_TOKEN"] == DEFAULT


def test_a_token_that_was_there_is_replaced(desk: Desk) -> None:
    assert variables(desk, "work", environment={"HF_TOKEN": OLD_TOKEN})["HF_TOKEN"] == WORK


def test_several_variables_hold_the_token(desk: Desk) -> None:
    given = variables(desk, "--var", "HF_TOKEN", "--var=HUGGINGFACEHUB_API_TOKEN", "work", "--var", "HF_TOKEN")
    assert {variable for variable, value in given.items() if WORK in value} == {
        "HF_TOKEN",
        "HUGGINGFACEHUB_API_TOKEN",
    }


def test_the_old_variable_is_gone_where_it_would_be_in_the_way(desk: Desk) -> None:
    there = {OLD: OLD_TOKEN}
    assert OLD not in variables(desk, environment=there)
    assert OLD not in variables(desk, "--var", "X", "--var", "HF_TOKEN", environment=there)


def test_the_old_variable_stays_where_another_is_asked_for(desk: Desk) -> None:
    given = variables(desk, "--var", "X", environment={OLD: OLD_TOKEN})
    assert (given["X"], given[OLD]) == (DEFAULT, OLD_TOKEN)
    assert "HF_TOKEN" not in given


@pytest.mark.parametrize("variable", ["HF_OIDC_RESOURCE", "HF_HUB_DISABLE_IMPLICIT_TOKEN"])
def test_what_keeps_libraries_from_the_token_is_warned_about(desk: Desk, variable: str) -> None:
    for via in ("env", "file"):
        result = desk.tokenguard("run", "--via", via, "--", "echo", "done", environment={variable: "1"})
        assert (result.status, result.stdout) == (0, b"done\n")
        assert result.talk.startswith(f"tokenguard: {variable} is set: ")
        assert result.talk.count("\n") == 1


def test_otherwise_nothing_is_said(desk: Desk) -> None:
    assert desk.tokenguard("run", "--", "true") == (0, b"", b"")


@pytest.mark.parametrize("status", [0, 1, 7, 70, 130, 255])
def test_the_exit_status_is_the_childs(desk: Desk, status: int) -> None:
    assert desk.tokenguard("run", "--", "sh", "-c", f"exit {status}").status == status


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGPIPE, signal.SIGINT])
def test_the_signal_that_ends_it_is_the_childs(desk: Desk, number: int) -> None:
    script = f"ulimit -c 0; kill -{number} $$"
    assert desk.tokenguard("run", "--", "sh", "-c", script).status == -number


def test_the_child_is_the_process_that_was_started(desk: Desk) -> None:
    with running(desk, "--", "sh", "-c", "echo $$ $PPID") as process:
        stdout, stderr = process.communicate(timeout=TIMEOUT)
    assert (stdout.split(), stderr) == ([b"%d" % process.pid, b"%d" % os.getpid()], b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_reach_the_child(desk: Desk, number: int) -> None:
    script = f"trap 'echo caught; exit 7' {number}; echo ready; while :; do sleep 0.05; done"
    with running(desk, "--", "sh", "-c", script) as process:
        assert line_of(process) == b"ready\n"
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, stdout, stderr) == (7, b"caught\n", b"")


def test_no_signal_is_ignored_that_was_not(desk: Desk) -> None:
    """Python ignores some, and what is ignored is inherited."""
    look = ("grep", "-E", "^Sig(Ign|Blk):", "/proc/self/status")
    result = desk.tokenguard("run", "--", *look)
    assert result.status == 0
    assert result.out == desk.run(*look).out
    ignored = int(result.out.partition("SigIgn:")[2].split()[0], 16)
    assert not ignored & (1 << signal.SIGPIPE - 1)


def test_a_pipe_that_is_closed_ends_the_child(desk: Desk) -> None:
    result = desk.run("bash", "-c", "tokenguard run -- yes | head -n 1; echo ${PIPESTATUS[0]}")
    assert result.out == f"y\n{128 + signal.SIGPIPE}\n"
    assert result.stderr == b""


def test_a_signal_that_is_ignored_stays_ignored(desk: Desk) -> None:
    result = desk.run("sh", "-c", "trap '' HUP; exec tokenguard run -- sh -c 'kill -HUP $$; echo alive'")
    assert (result.status, result.out) == (0, "alive\n")


def test_the_streams_are_the_childs(desk: Desk) -> None:
    data = bytes(range(256)) * 4096
    result = desk.tokenguard("run", "--", "sh", "-c", "tee /dev/stderr", stdin=data)
    assert (result.status, result.stdout, result.stderr) == (0, data, data)


def test_standard_input_is_not_read_from(desk: Desk) -> None:
    """Whoever comes next in a script finds it as it was."""
    result = desk.run("sh", "-c", "tokenguard run -- true; cat", stdin=b"one\ntwo\n")
    assert result.stdout == b"one\ntwo\n"


def test_no_descriptor_is_handed_on_but_the_standard_ones(desk: Desk) -> None:
    """One to the keyring, say."""
    assert desk.tokenguard("run", "--", "sh", "-c", "ls /proc/$$/fd").out.split() == ["0", "1", "2"]


def test_descriptors_of_the_caller_are_handed_on(desk: Desk) -> None:
    script = "exec 7<<-E\n\tfrom seven\n\tE\nexec tokenguard run -- cat /proc/self/fd/7"
    assert desk.run("sh", "-c", script).out == "from seven\n"


def test_a_terminal_stays_one(desk: Desk) -> None:
    code = "import os, sys; print([os.isatty(n) for n in range(3)], os.get_terminal_size(), os.ttyname(0))"
    leader, follower = pty.openpty()
    name = os.ttyname(follower)
    process = subprocess.Popen(
        ["tokenguard", "run", "--", sys.executable, "-c", code],
        cwd=desk.folder,
        env=desk.environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    output = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while data := os.read(leader, 4096):
            output += data
    os.close(leader)
    assert process.wait(TIMEOUT) == 0
    assert output.decode() == f"[True, True, True] os.terminal_size(columns=0, lines=0) {name}\r\n"


def test_the_folder_is_the_callers(desk: Desk) -> None:
    below = desk.folder / "a folder"
    below.mkdir()
    assert desk.tokenguard("run", "--", "pwd", cwd=below).out == f"{below}\n"


def test_a_command_that_is_not_there_is_127(desk: Desk) -> None:
    for command in ("no-such-command", "./none", "/no/such/command"):
        result = desk.tokenguard("run", "--", command)
        assert (result.status, result.stdout) == (127, b"")
        assert result.talk == f"tokenguard: there is no command called {command}\n"


def test_a_command_that_cannot_be_run_is_126(desk: Desk) -> None:
    plain = desk.write("plain", "#!/bin/sh\n")
    wrong = desk.write("wrong", "#!/no/such/interpreter\n")
    wrong.chmod(0o755)
    for command in (str(plain), str(wrong), str(desk.folder), "./plain"):
        result = desk.tokenguard("run", "--", command)
        assert (result.status, result.stdout) == (126, b""), command
        assert result.talk.startswith(f"tokenguard: {command} cannot be run")


def test_a_script_without_an_interpreter_runs_as_it_does_from_a_shell(desk: Desk) -> None:
    script = desk.write("script", "echo $#\n")
    script.chmod(0o755)
    assert desk.run("sh", "-c", './script "$@"', "sh", "a", "b").out == "2\n"
    assert desk.tokenguard("run", "--", "./script", "a", "b").out == "2\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--"],
        ["work"],
        ["work", "--"],
        ["work", "true"],
        ["true"],
        ["work", "env", "A=b"],
        ["work", "home", "--", "true"],
        ["--var", "--", "true"],
        ["--via", "--", "true"],
        ["--via", "fax", "--", "true"],
        ["--unknown", "--", "true"],
        ["--var", "1A", "--", "true"],
        ["--var", "", "--", "true"],
        ["--var", "A=B", "--", "true"],
        ["--via", "file", "--var", "HF_TOKEN", "--", "true"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_runs_nothing(desk: Desk, arguments: list[str]) -> None:
    result = desk.tokenguard("run", *arguments)
    assert (result.status, result.stdout) == (2, b"")
    assert result.talk


def test_what_stands_behind_the_dashes_is_the_commands(desk: Desk) -> None:
    write_script(desk.folder / "bin" / "arguments", 'for one; do echo "[$one]"; done')
    given = ["--var", "X", "-h", "--help", "--", "work", "", "a b", "-", "--via=file", "*", "é", "--"]
    result = desk.tokenguard("run", "--", desk.folder / "bin" / "arguments", *given)
    assert (result.status, result.out) == (0, "".join(f"[{one}]\n" for one in given))


def test_an_argument_that_is_no_text_is_the_commands_too(desk: Desk) -> None:
    assert desk.tokenguard("run", "--", "printf", "%s", b"\xff\x01\n").stdout == b"\xff\x01\n"


def test_a_token_among_the_commands_arguments_is_refused(desk: Desk) -> None:
    result = desk.tokenguard("run", "--", "echo", desk.token(5))
    assert (result.status, result.stdout) == (2, b"")


@pytest.mark.parametrize("via", ["env", "file"])
def test_without_the_token_nothing_is_run(desk: Desk, via: str) -> None:
    result = desk.tokenguard("run", "nobody", "--via", via, "--", "echo", "done")
    assert (result.status, result.stdout) == (4, b"")
    assert "nobody" in result.talk


@pytest.mark.parametrize("generations", [1, 2, 3])
def test_memory_is_read_again_and_again_and_by_grandchildren(desk: Desk, generations: int) -> None:
    command = [sys.executable, "-c", SHOW]
    if generations > 1:
        command = [sys.executable, "-c", GENERATIONS, SHOW]
    result = desk.hand_over(
        "tokenguard", "run", "work", "--via", "file", "--", *command,
        environment={"HF_TOKEN": OLD_TOKEN, OLD: OLD_TOKEN},
    )  # fmt: skip
    assert result.status == 0, result.talk
    times = 1 if generations == 1 else 2
    assert result.out.splitlines() == ["None None", WORK, WORK, "sealed", "sealed", "sealed"] * times


def test_memory_stays_where_it_is_whatever_a_shell_opens(desk: Desk) -> None:
    """Scripts take the descriptors from 3 to 9 without looking, and would have their file read as a token."""
    script = 'for n in 3 4 5 6 7 8 9; do eval "exec $n>file$n"; done; cat $HF_TOKEN_PATH'
    result = desk.hand_over("tokenguard", "run", "--via", "file", "--", "sh", "-c", script)
    assert (result.status, result.out) == (0, DEFAULT)


def test_memory_needs_no_more_descriptors_than_there_may_be(desk: Desk) -> None:
    script = 'ulimit -n 64 && exec tokenguard run work --via file -- sh -c "cat \\$HF_TOKEN_PATH"'
    result = desk.hand_over("sh", "-c", script)
    assert (result.status, result.out) == (0, WORK), result.talk


def test_no_token_is_in_any_environment_or_on_any_disk(desk: Desk) -> None:
    """As others see the processes: the child, and its child."""
    script = "sh -c 'echo $$ $PPID; read _; exit 0'; exit 7"
    with running(desk, "--via", "file", "--", "sh", "-c", script) as process:
        grandchild, child = line_of(process).decode().split()
        assert int(child) == process.pid
        for pid in (child, grandchild):
            environ = Path(f"/proc/{pid}/environ").read_bytes()
            assert b"HF_TOKEN_PATH=/proc/" in environ
            desk.expect_hidden(environ)
            desk.expect_hidden(Path(f"/proc/{pid}/cmdline").read_bytes())
        for path in desk.home.parent.rglob("*"):
            if path.is_file() and path.name != "handed over":
                desk.expect_hidden(path.read_bytes())
        process.communicate(b"\n", timeout=TIMEOUT)
    assert process.returncode == 7


def test_huggingface_hub_reads_the_memory(desk: Desk) -> None:
    command = (sys.executable, "-c", "import huggingface_hub; print(*[huggingface_hub.get_token()] * 2)")
    result = desk.hand_over("tokenguard", "run", "work", "--via", "file", "--", *command)
    assert (result.status, result.out) == (0, f"{WORK} {WORK}\n"), result.talk


@pytest.mark.parametrize("via", ["env", "file"])
def test_no_token_is_in_a_command_line(desk: Desk, via: str) -> None:
    """Of any process, from the start to the end."""
    with running(desk, "--via", via, "--", "sh", "-c", "echo ready; read _") as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        deadline = time.monotonic() + TIMEOUT
        while (line := line_of(process)) != b"ready\n":
            assert not line
            assert time.monotonic() < deadline
            look_at_command_lines(desk)
        assert process.pid in look_at_command_lines(desk)
        process.communicate(b"\n", timeout=TIMEOUT)
    assert process.returncode == 0


def look_at_command_lines(desk: Desk) -> set[int]:
    """The processes whose command lines were looked at."""
    seen = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # gone
            desk.expect_hidden(path.read_bytes())
            seen.add(int(path.parent.name))
    return seen
