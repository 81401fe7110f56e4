"""What every keyring does that a token is kept in. Not collected by itself: a test class derives from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from keyring.errors import PasswordDeleteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyring.backend import KeyringBackend

    Opens = Callable[[], KeyringBackend]

SERVICE = "tokenguard"
ODD = [
    " ",
    "a b",
    "ünïcödé",
    "\U0001f511",
    "日本語",
    '"quoted"',
    "back\\slash",
    "line\nbreak",
    "a/b",
    "x" * 500,
]


class Contract:
    """`opens` is a fixture of the one who derives: each call is another process's view of the same keyring."""

    def test_there_is_nothing_at_first(self, opens: Opens) -> None:
        assert opens().get_password(SERVICE, "work") is None

    def test_what_is_set_is_got(self, opens: Opens) -> None:
        backend = opens()
        backend.set_password(SERVICE, "work", "umbrella")
        assert backend.get_password(SERVICE, "work") == "umbrella"
        assert opens().get_password(SERVICE, "work") == "umbrella"

    def test_what_is_set_again_is_the_new_one(self, opens: Opens) -> None:
        for secret in ("umbrella", "teapot", "teapot", "umbrella"):
            opens().set_password(SERVICE, "work", secret)
            assert opens().get_password(SERVICE, "work") == secret

    def test_what_is_deleted_is_gone(self, opens: Opens) -> None:
        backend = opens()
        backend.set_password(SERVICE, "work", "umbrella")
        backend.set_password(SERVICE, "home", "teapot")
        backend.delete_password(SERVICE, "work")
        for view in (backend, opens()):
            assert view.get_password(SERVICE, "work") is None
            assert view.get_password(SERVICE, "home") == "teapot"
        backend.set_password(SERVICE, "work", "anew")
        assert opens().get_password(SERVICE, "work") == "anew"

    def test_what_is_not_there_cannot_be_deleted(self, opens: Opens) -> None:
        backend = opens()
        with pytest.raises(PasswordDeleteError):
            backend.delete_password(SERVICE, "work")
        backend.set_password(SERVICE, "work", "umbrella")
        backend.delete_password(SERVICE, "work")
        with pytest.raises(PasswordDeleteError):
            opens().delete_password(SERVICE, "work")

    @pytest.mark.parametrize("text", ["", *ODD])
    def test_any_text_is_a_secret(self, opens: Opens, text: str) -> None:
        opens().set_password(SERVICE, "work", text)
        assert opens().get_password(SERVICE, "work") == text

    def test_any_text_is_a_name(self, opens: Opens) -> None:
        backend = opens()
        for number, name in enumerate(ODD):
            backend.set_password(SERVICE, name, f"secret {number}")
        again = opens()
        assert [again.get_password(SERVICE, name) for name in ODD] == [f"secret {n}" for n in range(len(ODD))]

    @pytest.mark.parametrize("length", [2561, 65536, 300_000])
    def test_a_secret_can_be_long(self, opens: Opens, length: int) -> None:
        secret = ("0123456789" * length)[:length]
        opens().set_password(SERVICE, "work", secret)
        assert opens().get_password(SERVICE, "work") == secret

    def test_there_can_be_many(self, opens: Opens) -> None:
        expected = {f"name {number}": f"secret {number}" for number in range(60)}
        backend = opens()
        for name, secret in expected.items():
            backend.set_password(SERVICE, name, secret)
        again = opens()
        assert {name: again.get_password(SERVICE, name) for name in expected} == expected

    def test_services_and_names_are_kept_apart(self, opens: Opens) -> None:
        backend = opens()
        keys = [("a", "b"), ("b", "a"), ("ab", "-"), ("-", "ab"), ("A", "b"), ("a", "B")]
        keys += [('a", "b', "c"), ("a", 'b", "c')]
        for number, (service, name) in enumerate(keys):
            backend.set_password(service, name, str(number))
        again = opens()
        assert [again.get_password(*key) for key in keys] == [str(number) for number in range(len(keys))]

    def test_two_who_have_it_open_see_each_other(self, opens: Opens) -> None:
        one, other = opens(), opens()
        one.set_password(SERVICE, "work", "umbrella")
        assert other.get_password(SERVICE, "work") == "umbrella"
        other.set_password(SERVICE, "home", "teapot")
        one.set_password(SERVICE, "work", "stand")
        assert (one.get_password(SERVICE, "home"), other.get_password(SERVICE, "work")) == ("teapot", "stand")
        other.delete_password(SERVICE, "work")
        assert one.get_password(SERVICE, "work") is None
