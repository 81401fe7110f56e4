"""A token is handed to what reads variables: one text for standard output, or two places in a GitHub workflow."""

import re
from pathlib import Path

import pytest

from tests.support.credentials import user_token
from tokenguard.core.token import Token
from tokenguard.errors import IncompleteError, UsageError
from tokenguard.exporters import FORMATS, exporter
from tokenguard.handing import export

SECRET = user_token()
OLD = "HUGGING_FACE_HUB_TOKEN"
SHELLS = ("sh", "fish", "powershell", "cmd", "nu", "csh")
STREAMED = [form for form in FORMATS if form != "github"]


@pytest.mark.parametrize("form", STREAMED)
def test_a_token_goes_to_standard_output(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    export(form, ["HF_TOKEN", "OTHER"], Token(SECRET), {})
    assert capsys.readouterr() == (exporter(form).export(["HF_TOKEN", "OTHER"], SECRET), "")


@pytest.mark.parametrize("form", STREAMED)
def test_what_takes_it_away_goes_to_standard_output(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    export(form, ["HF_TOKEN", "OTHER"], None, {})
    assert capsys.readouterr() == (exporter(form).unset(["HF_TOKEN", "OTHER"]), "")


@pytest.mark.parametrize("token", [Token(SECRET), None], ids=["export", "unset"])
@pytest.mark.parametrize("form", STREAMED)
def test_the_old_variable_is_unset_in_shells_alone(
    form: str, token: Token | None, capsys: pytest.CaptureFixture[str]
) -> None:
    export(form, ["HF_TOKEN"], token, {})
    without = capsys.readouterr().out
    export(form, ["HF_TOKEN"], token, {OLD: "x"})
    more = exporter(form).unset([OLD]) if form in SHELLS else ""
    assert capsys.readouterr().out == without + more


@pytest.mark.parametrize("variables", [["OTHER"], ["HF_TOKEN", OLD], [OLD]], ids=" ".join)
@pytest.mark.parametrize("form", SHELLS)
def test_the_old_variable_stays_where_it_is_not_in_the_way(
    form: str, variables: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    export(form, variables, Token(SECRET), {OLD: "x"})
    assert capsys.readouterr().out == exporter(form).export(variables, SECRET)


@pytest.mark.parametrize("form", FORMATS)
def test_a_name_that_is_none_writes_nothing(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "env"
    for token in (Token(SECRET), None):
        with pytest.raises(UsageError, match="cannot be the name of a variable"):
            export(form, ["1HF", "HF_TOKEN"], token, {"GITHUB_ENV": str(file)})
    assert capsys.readouterr() == ("", "")
    assert not file.exists()


@pytest.mark.parametrize("before", [b"A=b\n", b"A=b"], ids=["a line", "a line without its end"])
def test_github_masks_on_standard_output_and_appends_to_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: bytes
) -> None:
    file = tmp_path / "env"
    file.write_bytes(before)
    export("github", ["HF_TOKEN", "OTHER"], Token(SECRET), {"GITHUB_ENV": str(file)})
    assert capsys.readouterr() == (f"::add-mask::{SECRET}\n", "")
    text = file.read_bytes().decode()
    assert re.fullmatch(
        rf"A=b\nHF_TOKEN<<(ghadelimiter_\w+)\n{SECRET}\n\1\nOTHER<<(ghadelimiter_\w+)\n{SECRET}\n\2\n", text
    )
    assert "add-mask" not in text


def test_github_takes_it_away_without_a_mask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "env"
    export("github", ["HF_TOKEN"], None, {"GITHUB_ENV": str(file), OLD: "x"})
    assert capsys.readouterr() == ("", "")
    assert file.read_bytes() == b"HF_TOKEN=\n"


@pytest.mark.parametrize("environment", [{}, {"GITHUB_ENV": ""}], ids=str)
@pytest.mark.parametrize("token", [Token(SECRET), None], ids=["export", "unset"])
def test_outside_of_a_workflow_nothing_is_written(
    environment: dict[str, str], token: Token | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="GITHUB_ENV is not set"):
        export("github", ["HF_TOKEN"], token, environment)
    assert capsys.readouterr() == ("", "")


def test_the_mask_stands_where_the_file_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(IncompleteError, match="cannot be written: Is a directory") as caught:
        export("github", ["HF_TOKEN"], Token(SECRET), {"GITHUB_ENV": str(tmp_path)})
    assert SECRET not in str(caught.value)
    assert capsys.readouterr().out == f"::add-mask::{SECRET}\n"


def test_an_unknown_format_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="there is no format"):
        export("ini", ["HF_TOKEN"], Token(SECRET), {})
    assert capsys.readouterr() == ("", "")
