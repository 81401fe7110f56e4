"""Whatever a token is, nothing but `reveal` shows it."""

from __future__ import annotations

import json
import pickle
import random
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.credentials import ALNUM, every_kind
from tokenguard.core.entry import Row, entry_of
from tokenguard.core.identity import Identity
from tokenguard.core.kinds import KINDS, S3_ACCESS_KEY
from tokenguard.core.name import check_name
from tokenguard.core.token import Token, read_token
from tokenguard.errors import UsageError
from tokenguard.render.tokens import details, document, table, verdict_lines

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
# A masked token shows four characters; twice as many are a leak.
TOO_MANY = 8

seeds = st.integers(0, 2**32)
credential = st.builds(
    lambda kind, seed: every_kind(seed)[kind].split()[0], st.sampled_from(sorted(every_kind())), seeds
)
# By a seed: what Hypothesis draws is simple, and forty zeros also stand in the text around them.
prefixed = st.builds(
    lambda kind, seed, length: kind.prefix + "".join(random.Random(seed).choices(ALNUM, k=length)),
    st.sampled_from(KINDS),
    seeds,
    st.integers(20, 60),
)
secrets = credential | prefixed
around = st.text(st.sampled_from(" \t\r\n\ufeff\xa0\"'=:/\\\0é\udcff"), max_size=5)


def expect_hidden(text: str, secret: str) -> None:
    """The last four characters may be seen."""
    body = secret.removeprefix(max((k.prefix for k in KINDS if secret.startswith(k.prefix)), key=len, default=""))
    assert not any(body[at : at + TOO_MANY] in text for at in range(len(body) - TOO_MANY + 1)), "it is shown"


def identities(secret: str) -> list[Identity | None]:
    return [None, Identity("alice", "user", "write", "laptop", expires_at="2030-01-01T00:00:00.000Z")]


@given(secrets)
def test_no_rendering_of_a_token_shows_it(secret: str) -> None:
    token = Token(secret)
    renderings = [repr(token), str(token), f"{token}", f"{token!r:>80}", f"{token:^80}", "%s %r" % (token, token)]  # noqa: UP031
    renderings += [repr([token]), repr({token: token}), repr(ValueError(token)), json.dumps(token, default=str)]
    for rendering in renderings:
        expect_hidden(rendering, secret)


@given(secrets)
def test_no_row_of_a_token_shows_it(secret: str) -> None:
    token = Token(secret)
    for identity in identities(secret):
        row = Row("work", entry_of(token, identity, "https://huggingface.co"), is_default=True)
        assert row.entry.fingerprint == token.fingerprint
        texts = [*table([row], NOW), *details(row, NOW), *verdict_lines([row], NOW)]
        texts += [document([row]), document([row], validated=True), json.dumps(row.entry), repr(row)]
        for text in texts:
            expect_hidden(text, secret)


@given(secrets)
def test_a_token_goes_into_no_pickle_document_or_dictionary(secret: str) -> None:
    token = Token(secret)
    calls: list[Callable[[Any], object]] = [pickle.dumps, json.dumps, vars]
    calls += [dict, list, iter, bytes, len]
    for call in calls:
        with pytest.raises((TypeError, AttributeError)) as caught:
            call(token)
        expect_hidden(str(caught.value), secret)
    assert not hasattr(token, "__dict__")


@given(around, secrets, around)
def test_a_token_is_read_or_refused_without_a_word_of_it(before: str, secret: str, after: str) -> None:
    try:
        token = read_token(before + secret + after)
    except UsageError as error:
        expect_hidden(f"{error} {error!r} {error.args} {error.hint} {error.__cause__}", secret)
    else:
        # What is no white space may stand at its end.
        assert token.reveal().startswith(secret)
        assert token.kind is not None


@given(credential.filter(lambda secret: not secret.startswith(S3_ACCESS_KEY.prefix)), around)
def test_a_token_that_is_meant_for_a_name_is_not_repeated(secret: str, after: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_name(secret + after)
    expect_hidden(f"{caught.value} {caught.value.hint}", secret)


beginnings = st.sampled_from(["", *(kind.prefix for kind in KINDS)])


@given(st.builds(str.__add__, beginnings, st.text(st.characters(categories=["L", "N", "Z"]), max_size=80)))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    words = text.lstrip("\ufeff").split()
    prefixes = {kind.prefix for kind in KINDS}
    if (
        len(words) == 1
        and words[0].startswith(tuple(prefixes))
        and words[0].isascii()
        and words[0] not in prefixes
    ):
        assert read_token(text).reveal() == words[0]
    else:
        with pytest.raises(UsageError):
            read_token(text)


@given(st.text(max_size=80))
def test_any_text_is_a_name_as_the_contract_has_it_or_refused(text: str) -> None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
        assert check_name(text) == text
    else:
        with pytest.raises(UsageError):
            check_name(text)


@given(secrets, secrets)
def test_tokens_are_the_same_where_their_secrets_are(one: str, other: str) -> None:
    assert (Token(one) == Token(other)) == (one == other) == (Token(one).fingerprint == Token(other).fingerprint)
    assert hash(Token(one)) == hash(Token(one))
