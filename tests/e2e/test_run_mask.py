"""`tokenguard run --mask`: what the program writes passes through, and a terminal stays a terminal."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.screen import COLUMNS, ROWS, Screen
from tests.e2e.server import Server
from tests.support import credentials
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = ("tokenguard", "run", "--mask", "--")
SHELL = ("bash", "--noprofile", "--norc", "-i")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests: none of them changes it."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.use_key()
    server.add("work", 5, "--default")
    yield server
    server.forget()


def python(code: str) -> tuple[str, ...]:
    return (*RUN, sys.executable, "-c", code)


def test_the_token_is_masked_in_both_streams_and_they_stay_apart(server: Server) -> None:
    script = 'echo "out $HF_TOKEN."; echo "err $HF_TOKEN." >&2; printf %s "$HF_TOKEN" | base64; exit 7'
    result = server.run(*RUN, "sh", "-c", script)
    assert result.status == 7
    out, encoded = result.stdout.decode().splitlines()
    assert out == f"out hf_…{server.token(5)[-4:]}."
    assert encoded.startswith("aGZf…")
    assert result.talk == f"err hf_…{server.token(5)[-4:]}.\n"


def test_every_other_credential_is_masked_as_well(server: Server) -> None:
    for kind, text in credentials.every_kind(8).items():
        for word in text.split():
            server.secret(word)
        result = server.run("sh", "-c", 'exec "$@" <<E\n' + text + "\nE", "sh", *RUN, "cat")
        assert (result.status, "…" in result.out) == (0, True), kind


def test_a_token_in_many_pieces_is_masked(server: Server) -> None:
    code = """
import os, time
for byte in os.environb[b"HF_TOKEN"] + b"!":
    os.write(1, bytes([byte]))
    time.sleep(0.001)
"""
    assert server.run(*python(code)).out == f"hf_…{server.token(5)[-4:]}!"


def test_what_is_no_token_is_as_it_was(server: Server) -> None:
    data = bytes(range(256)) * 4096 + os.urandom(100_000)
    result = server.run(*RUN, "sh", "-c", "tee /dev/stderr", stdin=data)
    assert (result.status, result.stdout, result.stderr) == (0, data, data)


def test_streams_that_go_to_one_place_stay_in_order(server: Server) -> None:
    script = "for n in 1 2 3 4 5 6 7 8 9; do echo o$n; echo e$n >&2; done"
    result = server.run("sh", "-c", 'exec "$@" 2>&1', "sh", *RUN, "sh", "-c", script)
    assert result.out.split() == [f"{stream}{number}" for number in range(1, 10) for stream in "oe"]


def test_in_memory_the_token_is_masked_too(server: Server) -> None:
    command = ("tokenguard", "run", "--mask", "--via", "file", "--", "sh", "-c")
    result = server.run(*command, 'cat "$HF_TOKEN_PATH"; (cat $HF_TOKEN_PATH); env | grep -c ^HF_TOKEN=')
    assert result.out == f"hf_…{server.token(5)[-4:]}" * 2 + "0\n", result.talk


@pytest.mark.parametrize(("command", "status"), [("no-such-command", 127), ("/", 126), ("./none", 127)])
def test_what_cannot_be_run_is_told_as_ever(server: Server, command: str, status: int) -> None:
    without = server.run("tokenguard", "run", "--", command)
    assert server.run(*RUN, command) == without
    assert without.status == status


def test_a_script_that_the_system_does_not_run_has_its_reason(server: Server) -> None:
    server.write("wrong", "#!/no/such/interpreter\n").chmod(0o755)
    assert server.run(*RUN, "./wrong") == server.run("tokenguard", "run", "--", "./wrong")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGINT])
def test_a_signal_that_ends_the_program_ends_tokenguard(server: Server, number: int) -> None:
    assert server.run(*RUN, "sh", "-c", f"kill -{number} $$").status == -number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_to_tokenguard_is_the_programs(server: Server, number: int) -> None:
    code = f"""
import signal, sys
signal.signal({number}, lambda *_: sys.exit(9))
print("ready", flush=True)
while True: signal.pause()
"""
    process = subprocess.Popen(
        python(code),
        env=server.environment,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(TIMEOUT) == 9


def test_a_reader_that_goes_ends_the_program_as_ever(server: Server) -> None:
    result = server.run("bash", "-c", '"$@" | head -n 1; echo "${PIPESTATUS[0]}"', "bash", *RUN, "yes")
    assert result.out == f"y\n{128 + signal.SIGPIPE}\n"


def test_what_is_left_behind_is_masked_and_not_waited_for(server: Server) -> None:
    script = '(read _ <go; echo "late $HF_TOKEN") & echo ready'
    os.mkfifo(server.folder / "go")
    process = subprocess.Popen(
        (*RUN, "sh", "-c", script), cwd=server.folder, env=server.environment, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.wait(TIMEOUT) == 0
        server.write("go", "\n")
        assert process.stdout.read().decode() == f"ready\nlate hf_…{server.token(5)[-4:]}\n"


def test_a_terminal_stays_one_with_its_size_and_its_colours(server: Server) -> None:
    code = r"""
import os
tty = {os.ttyname(n) for n in range(3)}
controlling = os.open("/dev/tty", os.O_RDWR)
is_mine = os.tcgetpgrp(controlling) == os.getpgrp()
print([os.isatty(n) for n in range(3)], len(tty), is_mine, *os.get_terminal_size())
print("\x1b[31mred\x1b[0m", os.environ["HF_TOKEN"])
"""
    with Screen(server, *python(code)) as screen:
        screen.expect(f"[True, True, True] 1 True {COLUMNS} {ROWS}\r\n")
        screen.expect(f"\x1b[31mred\x1b[0m hf_…{server.token(5)[-4:]}\r\n")
        assert screen.end() == 0


def test_a_question_is_seen_and_answered_and_a_password_is_not_shown(server: Server) -> None:
    code = 'import getpass; print("a", input("Which path"), getpass.getpass("Secret? ") == "hush"); exit(3)'
    with Screen(server, *python(code)) as screen:
        screen.expect("Which path")
        screen.type("here\r")
        screen.expect("Secret? ")
        screen.type("hush\r")
        screen.expect("a here True\r\n")
        assert screen.end() == 3
        assert b"hush" not in screen.shown


def test_ctrl_c_and_ctrl_d_are_the_programs(server: Server) -> None:
    code = """
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: os.write(1, b"interrupted\\n"))
os.write(1, b"ready\\n")
for line in sys.stdin:
    os.write(1, b"got %r\\n" % line.encode())
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGINT)
"""
    with Screen(server, *python(code)) as screen:
        screen.expect("ready")
        screen.type("\x03")
        screen.type("line\r")
        screen.expect(r"got b'line\n'")
        assert b"interrupted" in screen.shown
        screen.type("\x04")
        assert screen.end() == -signal.SIGINT


def test_the_program_hears_of_a_new_size(server: Server) -> None:
    code = """
import os, signal
def changed(*_):
    size = tuple(os.get_terminal_size())
    if size == (44, 11):
        os.write(1, b"44 11\\n")
        os._exit(0)
signal.signal(signal.SIGWINCH, changed)
print("ready", flush=True)
while True: signal.pause()
"""
    for redirected in (False, True):
        command = ("sh", "-c", 'exec "$@" </dev/null', "sh") if redirected else ()
        with Screen(server, *command, *python(code)) as screen:
            screen.expect("ready")
            screen.resize(11, 44)
            screen.expect("44 11\r\n")
            assert screen.end() == 0


def test_ctrl_z_stops_the_job_and_fg_takes_it_up_again(server: Server) -> None:
    code = """
import os, sys
print("begun", flush=True)
for line in sys.stdin:
    print("got", line.strip(), os.environ["HF_TOKEN"], flush=True)
"""
    server.write("job.py", code)
    with Screen(server, *SHELL) as screen:
        screen.expect("$ ")
        screen.type(f"tokenguard run --mask -- {sys.executable} job.py\r")
        screen.expect("begun")
        screen.type("one\r")
        screen.expect(f"got one hf_…{server.token(5)[-4:]}")
        screen.type("\x1a")
        screen.expect("Stopped")
        screen.expect("$ ")
        screen.type("stty -a | grep -c ' icanon'; jobs\r")  # the shell has its terminal as it was
        screen.expect("\n1\r\n")
        screen.expect("tokenguard run --mask")
        screen.type("fg\r")
        screen.expect("job.py\r\n")
        screen.type("two\r")
        screen.expect("got two")
        screen.type("\x04")
        screen.expect("$ ")
        screen.type("echo status $?; stty -a | grep -c ' icanon'\r")
        screen.expect("status 0")
        screen.expect("\n1\r\n")
        screen.type("exit\r")
        assert screen.end() == 0


def test_a_job_in_the_background_does_not_take_the_terminal(server: Server) -> None:
    with Screen(server, *SHELL) as screen:
        screen.expect("$ ")
        screen.type(f"tokenguard run --mask -- {sys.executable} -c 'print(21 * 2)' & wait; echo status $?\r")
        screen.expect("\n42\r\n")
        screen.expect("status 0\r\n")
        screen.type("exit\r")
        assert screen.end() == 0


def test_standard_error_can_go_elsewhere_and_standard_output_too(server: Server) -> None:
    code = """
import os
os.write(1, os.environb[b"HF_TOKEN"] + b"\\n")
os.write(2, b"%d %d %s\\n" % (os.isatty(1), os.isatty(2), os.environb[b"HF_TOKEN"]))
"""
    masked = f"hf_…{server.token(5)[-4:]}"
    for redirection in ("2>file", ">file"):
        screen = Screen(server, "sh", "-c", f'exec "$@" {redirection}', "sh", *python(code))
        with screen:
            assert screen.end() == 0
            shown, kept = screen.shown.decode(), (server.folder / "file").read_text()
        if redirection == ">file":
            assert (kept, shown) == (f"{masked}\n", f"0 1 {masked}\r\n")
        else:
            assert (shown, kept) == (f"{masked}\r\n", f"1 0 {masked}\n")


def test_a_terminal_that_goes_takes_the_program_along(server: Server) -> None:
    code = """
import os, signal
signal.signal(signal.SIGHUP, lambda *_: (open("gone", "w").close(), os._exit(0)))
print("ready", flush=True)
while True: signal.pause()
"""
    with Screen(server, *python(code)) as screen:
        screen.expect("ready")
        screen.hang_up()
        with contextlib.suppress(subprocess.TimeoutExpired):
            screen.process.wait(TIMEOUT)
    assert (server.folder / "gone").exists()


def test_nothing_runs_before_the_options_are_right(server: Server) -> None:
    assert server.run("tokenguard", "run", "--mask").status == 2
    assert server.run("tokenguard", "run", "nobody", "--mask", "--", "echo", "done").status == 4
