"""A Token shows itself to nobody who does not ask for it by name."""

import copy
import hashlib
import pickle
from collections.abc import Callable
from dataclasses import asdict, dataclass

import pytest

from tests.support.credentials import organization_token, user_token
from tokenguard.core.token import Token

SECRET = user_token()

RENDERINGS: dict[str, Callable[[Token], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": format,
    "f-string": lambda token: f"{token}{token!r}{token!s}{token!a}{token:>60}",
    "%": lambda token: "%s %r %a" % (token, token, token),  # noqa: UP031 -- the way of old code
    "str.format": lambda token: "{} {!r} {:50}".format(token, token, token),  # noqa: UP032 -- the same
    "list": lambda token: str([token]),
    "dict": lambda token: repr({token: token}),
    "exception": lambda token: repr(ValueError(token)),
}


@pytest.mark.parametrize("render", RENDERINGS.values(), ids=RENDERINGS)
def test_no_rendering_shows_the_secret(render: Callable[[Token], str]) -> None:
    rendered = render(Token(SECRET))
    assert "Token(…)" in rendered.replace("\\u2026", "…")
    assert SECRET[3:] not in rendered
    assert SECRET[-4:] not in rendered


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_token_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Token(SECRET), protocol)


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_a_token_is_not_copied(copier: Callable[[Token], Token]) -> None:
    with pytest.raises(TypeError) as caught:
        copier(Token(SECRET))
    assert SECRET not in str(caught.value)


def test_a_dataclass_with_a_token_does_not_unfold_it() -> None:
    @dataclass
    class Holder:
        token: Token

    assert SECRET not in repr(Holder(Token(SECRET)))
    with pytest.raises(TypeError, match="not pickled"):
        asdict(Holder(Token(SECRET)))


def test_a_token_has_no_dict_to_look_into() -> None:
    with pytest.raises(TypeError, match="__dict__"):
        vars(Token(SECRET))


def test_a_token_is_revealed_on_demand() -> None:
    assert Token(SECRET).reveal() == SECRET


def test_the_fingerprint_is_the_sha256() -> None:
    assert Token(SECRET).fingerprint == "sha256:" + hashlib.sha256(SECRET.encode()).hexdigest()


def test_the_masked_form_is_the_prefix_and_the_last_four() -> None:
    assert Token(SECRET).masked("hf_") == "hf_…" + SECRET[-4:]
    assert Token(organization_token()).masked("api_org_") == "api_org_…" + organization_token()[-4:]


def test_tokens_are_equal_by_value() -> None:
    assert Token(SECRET) == Token(SECRET)
    assert Token(SECRET) != Token(user_token(1))
    assert len({Token(SECRET), Token(SECRET), Token(user_token(1))}) == 2


def test_a_token_is_no_string() -> None:
    assert Token(SECRET) != SECRET
    assert Token(SECRET) not in [SECRET]


def test_a_token_that_is_not_ascii_compares_too() -> None:
    assert Token("é") == Token("é")
    assert Token("é") != Token("e")
