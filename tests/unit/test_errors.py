"""Exit codes are a promise: the enum and the document say the same."""

import re
from pathlib import Path

import pytest

import tokenguard.errors
from tokenguard.errors import ExitCode, IncompleteError, TokenguardError, UsageError

DOCUMENT = Path(__file__).parents[2] / "docs" / "exit-codes.md"


def test_the_exit_codes_are_those_of_the_contract() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "CLEAN": 0,
        "FOUND": 1,
        "USAGE": 2,
        "INCOMPLETE": 3,
        "VAULT": 4,
        "HUB": 5,
        "BUG": 70,
        "INTERRUPTED": 130,
    }


def test_the_document_lists_the_exit_codes() -> None:
    rows = re.findall(r"^\| *(\d+) *\| *`(\w+)` *\| *\S.*\|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(code.value, code.name) for code in ExitCode]


@pytest.mark.parametrize(("error", "code"), [(UsageError, ExitCode.USAGE), (IncompleteError, ExitCode.INCOMPLETE)])
def test_an_error_knows_its_message_hint_and_exit_code(error: type[TokenguardError], code: ExitCode) -> None:
    raised = error("it is wrong", "put it right")
    assert (raised.message, raised.hint, raised.exit_code) == ("it is wrong", "put it right", code)
    assert str(raised) == "it is wrong"
    assert error("it is wrong").hint == ""


def test_no_error_exits_as_clean_and_only_a_rejected_token_as_found() -> None:
    errors = [item for item in vars(tokenguard.errors).values() if isinstance(item, type)]
    codes = {item.__name__: item.exit_code for item in errors if issubclass(item, TokenguardError)}
    assert ExitCode.CLEAN not in codes.values()
    assert [name for name, code in codes.items() if code == ExitCode.FOUND] == ["RejectedError"]
