"""What a token, and a variable, can be called."""

import pytest

from tokenguard.core.name import check_name, check_variables
from tokenguard.errors import UsageError

NAMES = ["a", "Z", "0", "work", "my.token", "my_token", "my-token", "0.", "a" * 64, "con", "HF_TOKEN", "a..b"]
NO_NAMES = [
    "",
    " ",
    ".",
    "..",
    ".hidden",
    "-option",
    "--all",
    "_x",
    "a b",
    "a/b",
    "../a",
    "a\\b",
    "a:b",
    "a" * 65,
    "a\n",
    "\na",
    "a\0",
    "é",
    "aé",
    "а",  # noqa: RUF001 -- Cyrillic
    "ａ",  # noqa: RUF001 -- full width
    "٣",
    "a\u200b",
    "a\ud800",
    "a\x1b[31m",
]

VARIABLES = ["HF_TOKEN", "_", "_1", "a", "A9", "x" * 1000]
NO_VARIABLES = ["", "1A", "A-B", "A.B", "A B", "A=B", "A\n", "\nA", "É", "AÉ", "A\0", "$A", "٣", "A٣"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_taken_as_it_is(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a token") as caught:
        check_name(name)
    assert "63 letters" in caught.value.hint


@pytest.mark.parametrize("name", VARIABLES, ids=lambda name: name[:9])
def test_a_variable_is_taken_as_it_is(name: str) -> None:
    assert check_variables([name]) == [name]


@pytest.mark.parametrize("name", NO_VARIABLES, ids=ascii)
def test_what_is_no_variable_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a variable"):
        check_variables(["HF_TOKEN", name])


def test_a_variable_that_is_named_twice_counts_once() -> None:
    assert check_variables(["B", "A", "B", "a"]) == ["B", "A", "a"]
    assert check_variables([]) == []
