"""One folder for all that is remembered: the user's choice, else the platform's."""

from pathlib import Path

import platformdirs
import pytest

from tokenguard.errors import UsageError
from tokenguard.home import home


def test_the_variable_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path / "none yet"))
    assert home() == str(tmp_path / "none yet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["kept", "./kept", " "])
def test_a_folder_that_would_be_another_in_each_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TOKENGUARD_HOME", given)
    with pytest.raises(UsageError, match="TOKENGUARD_HOME is") as caught:
        home()
    assert "whole path" in caught.value.hint


def test_the_home_of_the_user_may_be_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TOKENGUARD_HOME", "~/kept")
    assert home() == str(tmp_path / "kept")


@pytest.mark.parametrize("chosen", ["", None])
def test_without_a_choice_it_is_the_platforms_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str | None
) -> None:
    monkeypatch.delenv("TOKENGUARD_HOME")
    if chosen is not None:
        monkeypatch.setenv("TOKENGUARD_HOME", chosen)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert home() == str(tmp_path / "tokenguard")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home() == str(tmp_path / ".local" / "share" / "tokenguard")


@pytest.mark.parametrize("data", ["", "/somewhere", "/some where/else", "relative/one", None])
def test_it_is_where_platformdirs_has_it(monkeypatch: pytest.MonkeyPatch, data: str | None) -> None:
    monkeypatch.delenv("TOKENGUARD_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if data is not None:
        monkeypatch.setenv("XDG_DATA_HOME", data)
    assert home() == platformdirs.user_data_dir("tokenguard", appauthor=False)


def test_an_empty_home_is_not_the_root_of_the_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKENGUARD_HOME")
    monkeypatch.setenv("HOME", "")
    with pytest.raises(UsageError, match="HOME is empty"):
        home()
