"""The Hub is asked where there is something to learn, and what it says is remembered if that can be done."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import user_token
from tests.unit.doubles import ENDPOINT, Oracle, Shelf
from tokenguard import validation
from tokenguard.core import moment
from tokenguard.core.entry import Entry, entry_of
from tokenguard.core.identity import Identity
from tokenguard.core.permissions import parse
from tokenguard.core.token import Token
from tokenguard.errors import HubError, RejectedError, TokenguardError, VaultError
from tokenguard.vault.index import Index
from tokenguard.vault.vault import Vault

if TYPE_CHECKING:
    from pathlib import Path

    from tokenguard.validation import Validation

WORK, OTHER, LOOSE = (Token(user_token(seed)) for seed in range(3))
ALICE, BOB = Identity("alice", "user", "write"), Identity("bob", "user", "read")
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
LOCKED = VaultError("the keyring is locked")


class Clock(datetime):
    @classmethod
    def now(cls, tz: object = None) -> Clock:
        return cls(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _standing_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment, "datetime", Clock)


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def index() -> Index:
    """With two tokens that were added a year ago."""
    index = Index()
    for name, token in {"work": WORK, "other": OTHER}.items():
        index.tokens[name] = entry_of(token, ALICE, ENDPOINT)._replace(validated_at=ago(86400 * 365))
    index.default = "work"
    return index


def answer(index: Index, token: Token, seconds: float, identity: Identity = ALICE, url: str = ENDPOINT) -> None:
    """Has the Hub have said something so many seconds ago."""
    entry = entry_of(token, identity, url)._replace(validated_at=ago(seconds))
    index.answers[token.fingerprint] = entry


def statuses(result: Validation) -> list[tuple[str | None, str, str | None]]:
    return [(row.name, row.entry.status, row.error.message if row.error else None) for row in result.rows]


# What is asked.


@pytest.mark.parametrize(
    ("seconds", "is_asked"),
    [
        (0, False),
        (0.5, False),
        (59.9, False),
        (60, True),
        (60.1, True),
        (86400, True),
        (-0.1, True),
        (-3600, True),
    ],
)
def test_an_answer_of_the_last_minute_serves_again(index: Index, seconds: float, is_asked: bool) -> None:
    """One from a time to come does not: somebody has put the clock back."""
    answer(index, WORK, seconds, BOB)
    hub = Oracle({WORK: ALICE})
    result = validation.validate(index, hub, [("work", WORK)])
    assert hub.asked == [WORK] * is_asked
    assert result.rows[0].entry.identity == (ALICE if is_asked else BOB)
    # Also what is used again is noted: the token may have been named since.
    assert result.learnt == {WORK.fingerprint: result.rows[0].entry}


@pytest.mark.parametrize("validated_at", [None, "", "yesterday", "2026-01-01T00:00:00"])
def test_an_answer_of_no_known_time_does_not_serve(index: Index, validated_at: str | None) -> None:
    index.answers[WORK.fingerprint] = entry_of(WORK, ALICE, ENDPOINT)._replace(validated_at=validated_at)
    hub = Oracle({WORK: ALICE})
    validation.validate(index, hub, [("work", WORK)])
    assert hub.asked == [WORK]


@pytest.mark.parametrize("url", ["https://huggingface.co", f"{ENDPOINT}:8443", f"{ENDPOINT}/hub"])
def test_an_answer_of_another_hub_does_not_serve(index: Index, url: str) -> None:
    answer(index, WORK, 1)
    hub = Oracle(url=url)
    assert statuses(validation.validate(index, hub, [("work", WORK)])) == [("work", "invalid", "unknown")]
    assert hub.asked == [WORK]


def test_when_a_token_was_added_is_no_answer(index: Index) -> None:
    index.tokens["work"] = index.tokens["work"]._replace(validated_at=ago(1))
    hub = Oracle({WORK: ALICE})
    validation.validate(index, hub, [("work", WORK)])
    assert hub.asked == [WORK]


def test_fresh_asks_again(index: Index) -> None:
    answer(index, WORK, 1)
    hub = Oracle({WORK: BOB})
    result = validation.validate(index, hub, [("work", WORK)], fresh=True)
    assert (hub.asked, result.rows[0].entry.identity) == ([WORK], BOB)


def test_a_token_is_asked_about_once_wherever_it_comes_from(index: Index) -> None:
    hub = Oracle({WORK: ALICE, LOOSE: BOB})
    result = validation.validate(index, hub, [("work", WORK), (None, LOOSE), (None, WORK), (None, LOOSE)])
    assert hub.asked == [WORK, LOOSE]
    assert [row.name for row in result.rows] == ["work", None, "work", None]
    assert [row.entry.identity for row in result.rows] == [ALICE, BOB, ALICE, BOB]


def test_nothing_is_asked_about_nothing(index: Index) -> None:
    hub = Oracle()
    assert validation.validate(index, hub, [("work", LOCKED)]).learnt == {}
    assert validation.validate(index, hub, []) == ([], {})
    assert hub.asked == []


# What is answered, and learnt.


def test_rows_come_in_the_order_asked_for_and_keep_what_is_known(index: Index) -> None:
    index.tokens["third"] = entry_of(LOOSE, BOB, ENDPOINT)
    hub = Oracle({WORK: BOB, LOOSE: HubError("down")})
    targets: list[tuple[str | None, Token | TokenguardError]] = [
        ("third", LOOSE),
        ("nobody", LOCKED),
        ("other", OTHER),
        ("work", WORK),
        ("other", LOCKED),
    ]
    result = validation.validate(index, hub, targets)
    assert statuses(result) == [
        ("third", "unknown", "down"),
        ("nobody", "unknown", "the keyring is locked"),
        ("other", "invalid", "unknown"),
        ("work", "valid", None),
        ("other", "unknown", "the keyring is locked"),
    ]
    assert [row.entry.identity.account for row in result.rows] == ["bob", None, "alice", "bob", "alice"]
    assert [row.is_default for row in result.rows] == [False, False, False, True, False]
    # A no is learnt, what nobody said is not.
    learnt = {
        entry.fingerprint: (entry.status, entry.validated_at, entry.endpoint) for entry in result.learnt.values()
    }
    assert learnt == {
        WORK.fingerprint: ("valid", moment.now(), ENDPOINT),
        OTHER.fingerprint: ("invalid", moment.now(), ENDPOINT),
    }
    assert list(result.learnt) == list(learnt)


def test_permissions_are_answered_from_an_answer_that_serves(index: Index) -> None:
    answer(index, WORK, 1, BOB)
    hub = Oracle()
    (row,) = validation.validate(index, hub, [("work", WORK)], [parse("write", set())]).rows
    assert isinstance(row.error, RejectedError)
    assert (row.entry.status, len(row.verdicts), hub.asked) == ("valid", 1, [])
    (row,) = validation.validate(index, hub, [("other", OTHER)], [parse("write", set())]).rows
    assert (row.entry.status, row.verdicts) == ("invalid", ())


# What is remembered.


def test_an_answer_is_remembered_under_every_name_and_for_a_minute(index: Index) -> None:
    index.tokens["same"] = index.tokens["work"]
    answer(index, OTHER, 59)
    answer(index, Token(user_token(7)), 60)
    learnt = {token.fingerprint: entry_of(token, BOB, ENDPOINT) for token in (WORK, LOOSE)}
    shelf = Shelf(index)
    validation.remember(shelf, learnt)
    accounts = {name: entry.identity.account for name, entry in index.tokens.items()}
    assert accounts == {"work": "bob", "other": "alice", "same": "bob"}
    assert list(index.answers) == [OTHER.fingerprint, WORK.fingerprint, LOOSE.fingerprint]
    assert shelf.patience == [1.0]


def test_a_no_is_remembered_of_the_token_and_asked_again(index: Index) -> None:
    answer(index, WORK, 1)
    result = validation.validate(index, Oracle(), [("work", WORK)], fresh=True)
    validation.remember(Shelf(index), result.learnt)
    assert (index.tokens["work"].status, index.answers) == ("invalid", {})


def test_a_vault_that_is_busy_is_passed_over_in_silence(index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    before = dict(index.tokens)
    shelf = Shelf(index, is_busy=True)
    validation.remember(shelf, {WORK.fingerprint: Entry(WORK.fingerprint, "")})
    assert (index.tokens, index.answers, len(shelf.patience)) == (before, {}, 1)
    assert capsys.readouterr() == ("", "")


def test_a_vault_that_cannot_be_written_is_passed_over_in_silence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    vault = Vault(str(tmp_path / "file"), {})
    with pytest.raises(VaultError):
        vault.change(lambda _: None)
    validation.remember(vault, {WORK.fingerprint: entry_of(WORK)})
    assert (tmp_path / "file").read_text() == "no folder"


def test_nothing_learnt_is_not_remembered(index: Index) -> None:
    shelf = Shelf(index)
    validation.remember(shelf, {})
    assert shelf.patience == []


def test_another_hub_that_does_not_know_a_token_says_nothing_about_it(index: Index) -> None:
    known = index.tokens["work"] = entry_of(WORK, ALICE, ENDPOINT)
    result = validation.validate(index, Oracle(url="https://huggingface.co"), [("work", WORK)])
    assert statuses(result) == [("work", "invalid", "unknown")]
    validation.remember(Shelf(index), result.learnt)
    assert index.tokens["work"] == known
    result = validation.validate(index, Oracle(), [("work", WORK)])
    validation.remember(Shelf(index), result.learnt)
    assert index.tokens["work"].status == "invalid"
