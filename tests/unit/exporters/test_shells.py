"""The lines for shells. Those that are installed read them in tests/e2e; the others, by their rules, here."""

import re

import pytest
from hypothesis import given, settings

from tests.unit.exporters import readers
from tests.unit.exporters.hostile import KNOWN, values
from tokenguard.errors import UsageError
from tokenguard.exporters import cmd, csh, exporter, nu, powershell

EXPORTS = {
    "sh": "export HF_TOKEN='abc'\nexport OTHER='abc'\n",
    "fish": "set -gx HF_TOKEN 'abc'\nset -gx OTHER 'abc'\n",
    "powershell": "$Env:HF_TOKEN = 'abc'\n$Env:OTHER = 'abc'\n",
    "cmd": 'set "HF_TOKEN=abc"\nset "OTHER=abc"\n',
    "nu": '$env.HF_TOKEN = "abc"\n$env.OTHER = "abc"\n',
    "csh": "setenv HF_TOKEN 'abc';\nsetenv OTHER 'abc';\n",
}
UNSETS = {
    "sh": "unset HF_TOKEN\nunset OTHER\n",
    "fish": "set -e HF_TOKEN; or true\nset -e OTHER; or true\n",
    "powershell": "".join(
        f"Remove-Item Env:{name} -ErrorAction SilentlyContinue\n" for name in ("HF_TOKEN", "OTHER")
    ),
    "cmd": 'set "HF_TOKEN="\nset "OTHER="\n',
    "nu": "hide-env -i HF_TOKEN\nhide-env -i OTHER\n",
    "csh": "unsetenv HF_TOKEN;\nunsetenv OTHER;\n",
}
QUOTED = {
    "sh": ("=ls it's $x", r"export A='=ls it'\''s $x'"),
    "fish": (r"it's \ $x", r"set -gx A 'it\'s \\ $x'"),
    "powershell": (
        "it's \u2018\u2019\u201a\u201b `$x",
        "$Env:A = 'it''s \u2018\u2018\u2019\u2019\u201a\u201a\u201b\u201b `$x'",
    ),
    "cmd": ("a&b ^c|d<e>f'", 'set "A=a&b ^c|d<e>f\'"'),
    "nu": (r'it\'s "é" $x', r'$env.A = "it\\' + r"'s \"é\" $x" + '"'),
    "csh": (r"it's \ !é$", r"setenv A 'it'\''s'\ ''\\''\ ''\!'é'\$'';"),
}


@pytest.mark.parametrize("form", EXPORTS)
def test_there_is_a_line_for_every_variable(form: str) -> None:
    assert exporter(form).export(["HF_TOKEN", "OTHER"], "abc") == EXPORTS[form]


@pytest.mark.parametrize("form", UNSETS)
def test_a_variable_is_unset_as_the_shell_does_it(form: str) -> None:
    assert exporter(form).unset(["HF_TOKEN", "OTHER"]) == UNSETS[form]


@pytest.mark.parametrize("form", QUOTED)
def test_what_is_special_is_quoted(form: str) -> None:
    value, line = QUOTED[form]
    assert exporter(form).export(["A"], value) == line + "\n"


@settings(deadline=None)
@given(value=values())
def test_powershell_reads_any_value(value: str) -> None:
    assert readers.powershell(powershell.export(["A", "B"], value)) == {"A": value, "B": value}


@settings(deadline=None)
@given(value=values())
def test_nushell_reads_any_value(value: str) -> None:
    assert readers.nu(nu.export(["A", "B"], value)) == {"A": value, "B": value}


@settings(deadline=None)
@given(value=values(without='"%!'))
def test_cmd_reads_any_value_that_it_is_given(value: str) -> None:
    assert readers.cmd(cmd.export(["A", "B"], value)) == {"A": value, "B": value}


def test_known_values_are_read_as_they_were() -> None:
    for value in KNOWN:
        assert readers.powershell(powershell.export(["A"], value)) == {"A": value}
        assert readers.nu(nu.export(["A"], value)) == {"A": value}


@pytest.mark.parametrize("value", ['hunter2"', "hunter2%", "%hunter2%", "hunter2!"])
def test_cmd_is_refused_what_it_would_expand(value: str) -> None:
    with pytest.raises(UsageError, match="cmd") as caught:
        cmd.export(["A"], value)
    assert "powershell" in caught.value.hint
    assert "hunter2" not in str(caught.value)


def test_csh_is_refused_a_brace() -> None:
    with pytest.raises(UsageError, match="csh") as caught:
        csh.export(["A"], "{hunter2}")
    assert caught.value.hint
    assert "hunter2" not in str(caught.value)


@settings(deadline=None)
@given(value=values(without="{"))
def test_csh_has_only_plain_characters_within_quotes(value: str) -> None:
    line = csh.export(["A"], value)
    assert re.fullmatch(r"setenv A '[\w.:/=+@,-]*'(?:\\.'[\w.:/=+@,-]*')*;\n", line)
