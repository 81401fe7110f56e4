from __future__ import annotations

import pytest

from tests.support.credentials import user_token
from tests.unit.checks.workstation import workstation
from tokenguard.checks.variables import misspelt, shadowing
from tokenguard.core.entry import Row, entry_of
from tokenguard.core.identity import Identity
from tokenguard.core.standing import Choice
from tokenguard.core.token import Token
from tokenguard.errors import VaultError
from tokenguard.vault.index import Index

FIRST, SECOND = user_token(), user_token(1)


def remembered() -> Index:
    index = Index()
    for name, secret, account in (("work", FIRST, "alice"), ("lab", SECOND, "bob")):
        index.tokens[name] = entry_of(Token(secret), Identity(account, role="write"))
    return index


def test_where_all_is_well_nothing_is_said() -> None:
    for environment in ({}, {"HF_TOKEN": FIRST}, {"HF_HOME": "/somewhere", "HF_TOKEN": FIRST}):
        there = workstation(environment)
        assert [*shadowing(there), *misspelt(there)] == []


def test_a_variable_that_hides_the_default_is_said_in_one_line() -> None:
    index = remembered()
    there = workstation(
        {"HF_TOKEN": FIRST}, index, choice=Choice("lab", "default"), row=Row("lab", index.tokens["lab"], True)
    )
    (ailment,) = shadowing(there)
    assert ailment.what == "HF_TOKEN in your environment (alice, write) hides the default token lab (bob)"
    assert (ailment.command, ailment.cure, ailment.is_advice) == ("unset HF_TOKEN", None, False)


def test_a_file_that_hides_a_bound_token_is_to_be_imported() -> None:
    index = remembered()
    there = workstation(
        {}, index, file=FIRST, choice=Choice("lab", "binding", "/srv"), row=Row("lab", index.tokens["lab"])
    )
    (ailment,) = shadowing(there)
    assert ailment.what == "the token file /home/token (alice, write) hides the token bound here, lab (bob)"
    assert ailment.command == "tokenguard import --delete"


@pytest.mark.parametrize(
    ("environment", "what", "command"),
    [
        ({"HF_TOKEN": FIRST, "HUGGING_FACE_HUB_TOKEN": SECOND}, "hides HUGGING_FACE_HUB_TOKEN", "unset HF_TOKEN"),
        ({"HF_TOKEN": " "}, "HF_TOKEN is white space alone", "unset HF_TOKEN"),
        ({"HF_TOKEN": "hunter2"}, "what is in HF_TOKEN is no Hugging Face token", "unset HF_TOKEN"),
        ({"HF_OIDC_RESOURCE": "a/b"}, "HF_OIDC_RESOURCE is set: there is no identity", "unset HF_OIDC_RESOURCE"),
    ],
)
def test_what_is_odd_in_the_libraries_own_variables(environment: dict[str, str], what: str, command: str) -> None:
    (ailment,) = shadowing(workstation(environment))
    assert what in ailment.what
    assert (ailment.command, ailment.is_advice) == (command, False)
    assert "hunter2" not in str(ailment)


def test_a_token_file_with_something_else_is_told() -> None:
    (ailment,) = shadowing(workstation({}, file="<html>"))
    assert ailment.command == "rm /home/token"
    assert list(shadowing(workstation({}, file=" \n"))) == []


def test_forbidden_implicit_use_is_worth_a_thought() -> None:
    (ailment,) = shadowing(workstation({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "yes"}))
    assert ailment.is_advice


def test_a_name_that_is_none_is_told() -> None:
    reason = VaultError("there is no token called gone")
    (ailment,) = shadowing(workstation({"TOKENGUARD_TOKEN": "gone"}, no_choice=reason))
    assert ailment.what == "TOKENGUARD_TOKEN is of no use: there is no token called gone"
    assert list(shadowing(workstation({}, no_choice=reason))) == []


def test_a_misspelt_variable_is_told_with_whose_token_it_has() -> None:
    (ailment,) = misspelt(workstation({"HF_TOKENS": f" {FIRST}\n"}, remembered()))
    assert f"HF_TOKENS has a token, hf_…{FIRST[-4:]} (alice, in your vault as work)" == ailment.what
    assert (ailment.known_as, ailment.is_advice) == ("work", False)
    assert "unset HF_TOKENS" in ailment.command
    assert FIRST not in str(ailment)


def test_a_misspelt_variable_beside_the_right_one_does_no_harm() -> None:
    (ailment,) = misspelt(workstation({"HF_API_TOKEN": FIRST, "HF_TOKEN": FIRST}))
    assert ailment.is_advice
    (ailment,) = misspelt(workstation({"HUGGINGFACEHUB_API_TOKEN": FIRST}))
    assert "LangChain" in ailment.why
    assert ailment.is_advice


@pytest.mark.parametrize("value", ["", " ", "1", "hf" + "_x", "not a token"])
def test_a_misspelt_variable_with_something_else_is_somebody_elses(value: str) -> None:
    assert list(misspelt(workstation({"HF_TOKENS": value}))) == []
