"""One folder for all that is remembered: the user's choice, else the platform's."""

import os
from pathlib import Path

import pytest

from tokenguard.home import home


def test_the_variable_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path / "none yet"))
    assert home() == str(tmp_path / "none yet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["kept", "./kept", "x/../kept", "kept/"])
def test_a_relative_folder_is_that_of_the_moment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKENGUARD_HOME", given)
    assert home() == os.path.join(os.path.realpath(tmp_path), "kept")


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
