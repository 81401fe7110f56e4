"""The boundary of every command: each failure has its exit code, and no secret gets out on the way."""

import os
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.support.credentials import every_kind, s3_access_key, user_token
from tokenguard.core.redact import redact
from tokenguard.errors import ExitCode, IncompleteError, TokenguardError, UsageError
from tokenguard.process import end, holds_credential, run

TOKEN = user_token()
MASKED = "hf_…" + TOKEN[-4:]


@pytest.fixture
def kept_stdout() -> Iterator[None]:
    """Puts descriptor 1 back, which `run` lets go of where writing failed."""
    kept = os.dup(1)
    yield
    os.dup2(kept, 1)
    os.close(kept)


def failing(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize("status", [0, 1, 3, ExitCode.FOUND])
def test_the_status_of_a_command_is_handed_on(status: int) -> None:
    assert run(lambda: status) == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(UsageError("m"), ExitCode.USAGE, id="usage"),
        pytest.param(IncompleteError("m"), ExitCode.INCOMPLETE, id="incomplete"),
        pytest.param(TokenguardError("m"), ExitCode.BUG, id="ours"),
        pytest.param(KeyboardInterrupt(), ExitCode.INTERRUPTED, id="interrupted"),
        pytest.param(OSError(28, "No space left on device"), ExitCode.INCOMPLETE, id="disk full"),
        pytest.param(BrokenPipeError(32, "Broken pipe"), ExitCode.INCOMPLETE, id="broken pipe"),
        pytest.param(ValueError("m"), ExitCode.BUG, id="value"),
        pytest.param(RecursionError("m"), ExitCode.BUG, id="recursion"),
        pytest.param(MemoryError(), ExitCode.BUG, id="memory"),
        pytest.param(AssertionError("m"), ExitCode.BUG, id="assertion"),
        pytest.param(ValueError("\ud83d"), ExitCode.BUG, id="lone surrogate"),
    ],
)
@pytest.mark.usefixtures("kept_stdout", "capsys")
def test_every_failure_has_its_exit_code(error: BaseException, status: ExitCode) -> None:
    assert run(failing(error)) == status


def test_a_failure_is_told_on_stderr_with_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    run(failing(UsageError("it is wrong", "put it right")))
    run(failing(IncompleteError("it is gone")))
    captured = capsys.readouterr()
    assert captured.err == "tokenguard: it is wrong\n  put it right\ntokenguard: it is gone\n"
    assert captured.out == ""


def test_an_interruption_is_not_talked_about(capsys: pytest.CaptureFixture[str]) -> None:
    run(failing(KeyboardInterrupt()))
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("kept_stdout")
def test_a_failure_of_the_system_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    run(failing(OSError(28, "No space left on device")))
    assert capsys.readouterr().err == "tokenguard: not all could be done: [Errno 28] No space left on device\n"


def test_a_bug_is_told_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    run(failing(ValueError("something else")))
    captured = capsys.readouterr()
    assert captured.err.startswith("Traceback (most recent call last):\n")
    assert "ValueError: something else\ntokenguard: this is a bug in tokenguard" in captured.err
    assert captured.out == ""


def _chained() -> int:
    try:
        raise ValueError(f"cannot use {TOKEN}")
    except ValueError as error:
        raise RuntimeError("failed") from error


def _in_handling() -> int:
    try:
        raise KeyError(TOKEN)
    except KeyError:
        raise RuntimeError(f"and {TOKEN!r}") from None


def _as_bytes() -> int:
    raise ValueError(b"\xff" + TOKEN.encode())


def _as_json() -> int:
    raise ValueError({"a": f"x\n{TOKEN}"})


def _as_escapes() -> int:
    raise ValueError(f"é\x1b[31m{TOKEN}\x1b[0m\udcff")


TELLING = {
    "usage": failing(UsageError(f"unknown {TOKEN}")),
    "hint": failing(UsageError("unknown", f"not {TOKEN}")),
    "incomplete": failing(IncompleteError(f"{TOKEN}: is gone")),
    "system": failing(FileNotFoundError(2, "No such file or directory", TOKEN)),
    "bug": failing(ValueError(TOKEN)),
    "cause": _chained,
    "context": _in_handling,
    "bytes": _as_bytes,
    "JSON": _as_json,
    "escapes": _as_escapes,
}


@pytest.mark.parametrize("command", TELLING.values(), ids=TELLING)
@pytest.mark.usefixtures("kept_stdout")
def test_a_token_in_what_went_wrong_is_redacted(
    command: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    run(command)
    captured = capsys.readouterr()
    assert TOKEN not in captured.out + captured.err
    assert "…" + TOKEN[-4:] in captured.err.replace("\\u2026", "…")


def test_what_a_terminal_cannot_show_ends_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> int:
        sys.stdout.write("a\udcffb\n")
        sys.stderr.write("c\ud800d\n")
        return 0

    assert run(command) == 0
    assert capsys.readouterr() == ("a\\udcffb\n", "c\\ud800d\n")


def test_a_stream_of_another_make_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    class Stream:
        def write(self, text: str) -> None:
            written.append(text)

        def flush(self) -> None:
            written.append("flushed")

    monkeypatch.setattr(sys, "stdout", Stream())
    assert run(lambda: 0) == 0
    assert written == ["flushed"]


@pytest.mark.usefixtures("kept_stdout")
def test_output_that_cannot_be_flushed_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open("/dev/full", "w") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)

        def command() -> int:
            full.write("data\n")
            return 0

        assert run(command) == ExitCode.INCOMPLETE
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # so that closing it succeeds
    assert "No space left on device" in capsys.readouterr().err


FAILURES = {
    "usage": (UsageError("m", "h"), ExitCode.USAGE),
    "incomplete": (IncompleteError("m"), ExitCode.INCOMPLETE),
    "system": (OSError(28, "No space left on device"), ExitCode.INCOMPLETE),
    "bug": (ValueError("m"), ExitCode.BUG),
}


@pytest.mark.parametrize(("error", "status"), FAILURES.values(), ids=FAILURES)
@pytest.mark.usefixtures("kept_stdout")
def test_a_failure_that_cannot_be_told_has_its_exit_code_all_the_same(
    error: Exception, status: ExitCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/full", "w", buffering=1) as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", full)
        try:
            assert run(failing(error)) == status
        finally:
            os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # so that closing it succeeds


@pytest.mark.parametrize("status", [0, 3])
def test_the_end_of_a_process_keeps_what_was_written_and_the_status(status: int) -> None:
    answer, pipe = os.pipe()
    child = os.fork()
    if not child:
        sys.stdout = os.fdopen(pipe, "w")
        sys.stdout.write("data")
        end(status)
    os.close(pipe)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == status
    assert os.read(answer, 10) == b"data"
    os.close(answer)


@pytest.mark.parametrize("kind", every_kind())
def test_every_kind_is_redacted(kind: str) -> None:
    secret = every_kind()[kind].split()[0]
    redacted = redact(f"before '{every_kind()[kind]}' after")
    assert secret not in redacted
    assert redacted.startswith("before '")
    assert redacted.endswith("' after")
    assert f"…{secret[-4:]}" in redacted


def test_the_secret_of_an_s3_key_is_redacted_with_the_key() -> None:
    key, secret = s3_access_key()
    assert secret not in redact(f"aws_access_key_id={key}\naws_secret_access_key={secret}\n")


def test_all_tokens_are_redacted_and_nothing_else() -> None:
    text = f"é {TOKEN}, {user_token(1)}\udcff\n{TOKEN}"
    assert redact(text) == f"é {MASKED}, hf_…{user_token(1)[-4:]}\udcff\n{MASKED}"


@pytest.mark.parametrize("text", ["", "nothing", "é\udcff\n", "\ud83d", "hf_" + "x" * 34])
def test_text_without_a_token_is_left_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("argument", ["{}", "--token={}", "https://u:{}@huggingface.co", "\udcff{}"])
def test_an_argument_with_a_token_is_recognised(argument: str) -> None:
    assert holds_credential(argument.format(TOKEN))


@pytest.mark.parametrize("argument", ["", "scan", "hf_" + "x" * 34, "\udcff", "a" * 10_000])
def test_an_argument_without_a_token_is_none(argument: str) -> None:
    assert not holds_credential(argument)
