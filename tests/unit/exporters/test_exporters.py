"""What holds of every form: the interface, the names and values that are refused, and how."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

import tokenguard.exporters
from tests.support.credentials import every_kind, user_token
from tokenguard.errors import UsageError
from tokenguard.exporters import FORMATS, exporter
from tokenguard.exporters.github import mask

SECRET = user_token()

NO_NAMES = {
    "nothing": "",
    "a digit first": "1A",
    "a hyphen": "HF-TOKEN",
    "a full stop": "HF.TOKEN",
    "a blank": "HF TOKEN",
    "an equals sign": "HF_TOKEN=x",
    "a line break at the end": "HF_TOKEN\n",
    "a command": "HF_TOKEN;id",
    "a letter that is not ASCII": "É",
    "a digit that is not ASCII": "A\u0661",
}
NO_VALUES = {
    "nothing": "",
    "NUL": f"{SECRET}\0",
    "tab": f"{SECRET}\t",
    "line feed": f"{SECRET}\n",
    "line feed within": f"{SECRET}\nEVIL=1",
    "carriage return": f"{SECRET}\r",
    "escape": f"{SECRET}\x1b[2J",
    "last of C0": f"{SECRET}\x1f",
    "DEL": f"{SECRET}\x7f",
    "first of C1": f"{SECRET}\x80",
    "next line": f"{SECRET}\x85",
    "last of C1": f"{SECRET}\x9f",
    "line separator": f"{SECRET}\u2028",
    "paragraph separator": f"{SECRET}\u2029",
    "first surrogate": f"{SECRET}\ud800",
    "last surrogate": f"{SECRET}\udfff",
}


def masked(_variables: list[str], value: str) -> str:
    return mask(value)


TAKE_A_VALUE = {form: exporter(form).export for form in FORMATS} | {"github's mask": masked}


def test_the_forms_are_those_of_the_contract() -> None:
    contract = "sh|fish|powershell|cmd|nu|csh|dotenv|docker|systemd|github|gitlab|json"
    assert contract.split("|") == list(FORMATS)


def test_every_public_module_is_a_form() -> None:
    modules = [module.name for module in pkgutil.iter_modules(tokenguard.exporters.__path__)]
    assert {name for name in modules if not name.startswith("_")} == set(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
def test_a_form_is_the_module_of_its_name(form: str) -> None:
    module: object = importlib.import_module(f"tokenguard.exporters.{form}")
    assert exporter(form) is module


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_has_the_interface(form: str) -> None:
    assert list(inspect.signature(exporter(form).export).parameters) == ["variables", "value"]
    assert list(inspect.signature(exporter(form).unset).parameters) == ["variables"]


@pytest.mark.parametrize("name", ["", "SH", "bash", "_checks", "__init__", "json.decoder", "../sh"])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no format") as caught:
        exporter(name)
    assert all(form in caught.value.hint for form in FORMATS)


def test_a_form_is_loaded_when_it_is_asked_for() -> None:
    program = (
        "import sys, tokenguard.exporters as e; before = set(sys.modules); e.exporter('fish');"
        "print(*sorted(m for m in before if m.startswith('tokenguard.exporters.')), '/',"
        "*sorted(m for m in set(sys.modules) - before if m.startswith('tokenguard.exporters.')))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    assert printed.split() == ["/", "tokenguard.exporters._checks", "tokenguard.exporters.fish"]


@pytest.mark.parametrize("form", FORMATS)
def test_every_kind_of_token_can_be_exported(form: str) -> None:
    for kind, text in every_kind().items():
        token = text.split()[0]
        written = exporter(form).export(["HF_TOKEN"], token)
        assert token in written, kind
        assert written.endswith("\n")


@pytest.mark.parametrize("form", FORMATS)
def test_a_variable_that_is_named_twice_is_written_once(form: str) -> None:
    names = ["VAR_B", "VAR_A", "VAR_B", "VAR_A"]
    for written in (exporter(form).export(names, SECRET), exporter(form).unset(names)):
        assert re.findall("VAR_[AB]", written) == ["VAR_B", "VAR_A"]


@pytest.mark.parametrize("form", FORMATS)
def test_any_name_can_be_the_name_of_a_variable(form: str) -> None:
    for name in ("_", "a", "HF_TOKEN", "__A0", "zZ_9"):
        assert name in exporter(form).export([name], "value")
        assert name in exporter(form).unset([name])


@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES)
@pytest.mark.parametrize("form", FORMATS)
def test_what_is_no_name_is_refused(form: str, name: str) -> None:
    for write in (lambda names: exporter(form).export(names, SECRET), exporter(form).unset):
        with pytest.raises(UsageError, match="cannot be the name of a variable") as caught:
            write(["HF_TOKEN", name])
        assert caught.value.hint
        assert SECRET not in repr(caught.value.args)


@pytest.mark.parametrize("value", NO_VALUES.values(), ids=NO_VALUES)
@pytest.mark.parametrize("export", TAKE_A_VALUE.values(), ids=TAKE_A_VALUE)
def test_what_is_no_line_of_text_is_refused(export: Callable[[list[str], str], str], value: str) -> None:
    with pytest.raises(UsageError, match="the value") as caught:
        export(["HF_TOKEN"], value)
    assert caught.value.hint
    assert SECRET not in "".join([*map(str, caught.value.args), caught.value.message, caught.value.hint])


@pytest.mark.parametrize("char", [" ", "~", "\xa0", "\u2027", "\u202a", "\ud7ff", "\ue000", "\U0010ffff"])
@pytest.mark.parametrize("export", TAKE_A_VALUE.values(), ids=TAKE_A_VALUE)
def test_what_is_next_to_it_is_not(export: Callable[[list[str], str], str], char: str) -> None:
    assert export(["HF_TOKEN"], f"a{char}b")
