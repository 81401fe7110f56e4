"""What hyperscan has compiled is there the next time, and never believed where it is something else."""

from __future__ import annotations

import base64
import importlib

import pytest

from tests.support.credentials import user_token

pytest.importorskip("hyperscan", reason="there are no wheels of hyperscan for this machine")
from tokenguard.sources import database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

ENCODED = base64.b64encode(b"token: " + user_token().encode())
CLEAN = base64.b64encode(b"import os\n" * 20)


def is_right(*, deep: bool = True) -> bool:
    """Whether a search that is made now tells one from the other."""
    database.search.cache_clear()
    may_hold = database.search(deep=deep)
    assert may_hold is not None
    return may_hold(ENCODED, 0, len(ENCODED)) is deep and not may_hold(CLEAN, 0, len(CLEAN))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is made with the first use."""
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def kept(home: Path) -> Path:
    """Where it is kept, and is."""
    assert is_right()
    (path,) = home.iterdir()
    return path


def test_it_is_compiled_once(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_compiled", lambda **_: pytest.fail("compiled again"))
    assert kept.stat().st_mode & 0o777 == 0o600
    assert is_right()


def test_the_plain_and_the_deep_one_are_two(kept: Path) -> None:
    assert is_right(deep=False)
    assert len(list(kept.parent.iterdir())) == 2
    assert is_right()


@pytest.mark.parametrize("cut", [0, 10, 200, 100_000])
def test_half_a_file_is_not_believed(kept: Path, cut: int) -> None:
    kept.write_bytes(kept.read_bytes()[:cut])
    assert is_right()


@pytest.mark.parametrize("at", [0, 70, 1_000, 300_000])
def test_a_damaged_file_is_made_anew(kept: Path, at: int) -> None:
    whole = kept.read_bytes()
    kept.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
    assert is_right()
    assert kept.read_bytes() == whole


def test_that_of_other_rules_is_made_anew(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept.read_bytes()
    monkeypatch.setattr(database, "_MODULES", ("core.detect",))
    assert is_right()
    assert kept.read_bytes() != before


def test_where_it_cannot_be_kept_it_is_not_at_hand(home: Path) -> None:
    assert database.is_at_hand(deep=True)
    home.rmdir()
    home.write_bytes(b"a file where the folder should be")
    assert not database.is_at_hand(deep=True)
    assert is_right()


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_can_write_is_made_anew(kept: Path, mode: int) -> None:
    kept.chmod(mode)
    assert is_right()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_where_the_library_does_not_run_there_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise importlib.import_module("hyperscan").HyperscanError("the processor lacks an instruction")

    monkeypatch.setattr(database, "_compiled", fail)
    database.search.cache_clear()
    assert database.search(deep=True) is None
    database.search.cache_clear()
    assert not home.exists()
