"""What a token is called that nobody has named."""

from __future__ import annotations

import pytest

from tests.support.credentials import user_token
from tokenguard.core.name import check_name
from tokenguard.core.places.naming import name_for


@pytest.mark.parametrize(
    ("account", "label", "name"),
    [
        ("alice", "laptop", "alice-laptop"),
        ("alice", "My Laptop (old)", "alice-My-Laptop-old"),
        ("alice", None, "alice"),
        (None, "ci", "ci"),
        ("alice", "Alice", "alice"),
        ("alice", "../../x\x1b[31m", "alice-x-31m"),
        ("alice", "日本語", "alice"),
        (None, "日本語", "imported"),
        (None, None, "imported"),
        ("--", "", "imported"),
        ("a" * 60, "b" * 60, "a" * 60 + "-bbb"),
        ("a" * 63, "b", "a" * 63),
        (None, user_token(), "imported"),
        ("alice", user_token(), "alice"),
    ],
)
def test_it_is_made_of_account_and_display_name(account: str | None, label: str | None, name: str) -> None:
    assert check_name(name_for(account, label, [])) == name


def test_no_two_are_alike() -> None:
    taken: list[str] = ["ALICE-CI"]
    for _ in range(3):
        taken.append(check_name(name_for("alice", "ci", taken)))
    assert taken == ["ALICE-CI", "alice-ci-2", "alice-ci-3", "alice-ci-4"]
    assert name_for("a" * 64, None, ["a" * 64]) == "a" * 62 + "-2"
