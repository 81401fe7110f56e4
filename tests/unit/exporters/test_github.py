"""GitHub Actions: a line for the log, and here-documents for a file."""

import re
import secrets

import pytest
from hypothesis import given, settings

from tests.unit.exporters import readers
from tests.unit.exporters.hostile import KNOWN, values
from tokenguard.exporters import github


def test_every_variable_has_a_here_document() -> None:
    text = github.export(["HF_TOKEN", "OTHER"], "abc")
    assert re.fullmatch(r"HF_TOKEN<<(\w{40,})\nabc\n\1\nOTHER<<(\w{40,})\nabc\n\2\n", text)


def test_the_end_of_a_here_document_cannot_be_foreseen() -> None:
    assert len({github.export(["A"], "abc") for _ in range(10)}) == 10


def test_the_end_of_a_here_document_is_not_in_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["one", "two", "three"])
    monkeypatch.setattr(secrets, "token_hex", lambda _count: next(drawn))
    value = "ghadelimiter_one ghadelimiter_two"
    assert github.export(["A"], value) == f"A<<ghadelimiter_three\n{value}\nghadelimiter_three\n"


@settings(deadline=None)
@given(value=values())
def test_a_runner_reads_and_masks_any_value(value: str) -> None:
    assert readers.github(github.export(["A", "B"], value)) == {"A": value, "B": value}
    assert readers.github_mask(github.mask(value)) == value


def test_a_runner_reads_and_masks_known_values() -> None:
    for value in KNOWN:
        assert readers.github(github.export(["A"], value)) == {"A": value}
        assert readers.github_mask(github.mask(value)) == value


def test_the_mask_is_a_workflow_command() -> None:
    assert github.mask("abc") == "::add-mask::abc\n"
    assert github.mask("a%0Ab") == "::add-mask::a%250Ab\n"
