from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tests.support.credentials import user_token
from tests.unit.checks.workstation import workstation
from tokenguard.checks.tokens import tokens
from tokenguard.checks.vaults import orphans, state
from tokenguard.core import moment
from tokenguard.core.ailment import Ailment, Reconcile
from tokenguard.core.blob import Unreadable
from tokenguard.core.entry import entry_of
from tokenguard.core.identity import Identity
from tokenguard.core.standing import VaultState
from tokenguard.core.token import Token
from tokenguard.errors import VaultError
from tokenguard.vault.index import Index
from tokenguard.vault.strays import Strays

PROBLEM = VaultState("file", "backend", "/home/vault.json", None, 1, "the vault file is gone")
KEYRING = VaultState("keyring", "backend", None, False, 1, None)


def days(number: float) -> str:
    return moment.written(datetime.now(timezone.utc) + timedelta(days=number))


def told(status: str = "valid", **identity: str) -> list[Ailment]:
    """What is said of a token of which the Hub has said this."""
    index = Index()
    entry = entry_of(Token(user_token()), Identity("alice", **{"role": "read", "created_at": days(-3)} | identity))  # type: ignore[arg-type]
    index.tokens["work"] = entry._replace(status=status)
    return list(tokens(workstation({}, index)))


def test_a_vault_in_order_is_not_mentioned() -> None:
    there = workstation()
    assert [*state(there), *orphans(there)] == []


def test_a_vault_that_cannot_be_used_is_told_once() -> None:
    there = workstation(vault=PROBLEM, strays=AssertionError())
    (ailment,) = state(there)
    assert ailment.what == "the vault file is gone"
    assert list(orphans(there)) == []


def test_what_is_pending_or_nameless_can_be_put_right() -> None:
    found = list(orphans(workstation(strays=Strays(begun=("a",), left=("b",), nameless=("c",)))))
    assert [ailment.known_as for ailment in found if isinstance(ailment, Ailment)] == ["a", "b", "c"]
    assert all(isinstance(ailment, Ailment) and ailment.cure == Reconcile() for ailment in found)


@pytest.mark.parametrize(("vault", "cure"), [(KEYRING, None), (KEYRING._replace(kind="file"), Reconcile())])
def test_a_name_without_a_secret_is_forgotten_only_where_that_is_certain(
    vault: VaultState, cure: Reconcile | None
) -> None:
    (ailment,) = orphans(workstation(vault=vault, strays=Strays(lost=("work",))))
    assert isinstance(ailment, Ailment)
    assert (ailment.cure, ailment.command) == (cure, "tokenguard remove work")


def test_another_token_under_a_name_is_for_somebody_to_judge() -> None:
    (ailment,) = orphans(workstation(strays=Strays(other=("work",))))
    assert isinstance(ailment, Ailment)
    assert (ailment.cure, ailment.command) == (None, "tokenguard add work --replace")


def test_a_locked_keyring_leaves_the_question_open() -> None:
    (found,) = orphans(workstation(vault=KEYRING, strays=VaultError("the keyring is locked")))
    assert isinstance(found, Unreadable)


def test_a_young_token_that_reads_is_not_mentioned() -> None:
    assert told() == []
    assert told(expires_at=days(1)) == []
    assert told(created_at="long ago", expires_at="some day") == []


@pytest.mark.parametrize(
    ("status", "identity", "what", "command", "is_advice"),
    [
        ("invalid", {}, "is rejected by the Hub", "tokenguard rotate work", False),
        ("valid", {"expires_at": days(-1)}, "has expired", "tokenguard rotate work", False),
        ("unchecked", {}, "was never validated", "tokenguard validate work", True),
        ("valid", {"created_at": days(-366)}, "is 1 year old", "tokenguard rotate work", True),
        ("valid", {"created_at": days(-800)}, "is 2 years old", "tokenguard rotate work", True),
        ("valid", {"role": "write"}, "is a write token, and can push to alice", "tokenguard new", True),
        ("valid", {"role": "god"}, "is a god token, and can", "tokenguard new", True),
    ],
)
def test_what_is_said_of_a_token(
    status: str, identity: dict[str, str], what: str, command: str, is_advice: bool
) -> None:
    (ailment,) = told(status, **identity)
    assert what in ailment.what
    assert ailment.what.startswith("work (alice) ")
    assert ailment.command.startswith(command)
    assert (ailment.is_advice, ailment.known_as) == (is_advice, "work")


def test_a_dead_token_is_not_said_to_be_old_as_well() -> None:
    assert len(told("invalid", created_at=days(-800), role="write")) == 1


def test_a_refusal_is_worth_asking_about() -> None:
    (ailment,) = tokens(workstation(refusals=(("work", "2026-01-01T00:00:00.000Z"),)))
    assert (ailment.command, ailment.is_advice) == ("tokenguard validate work --fresh", True)
