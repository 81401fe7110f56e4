"""One of several credentials is named by its fingerprint, or as much of it as tells it from the others."""

from __future__ import annotations

import pytest

from tests.support.credentials import user_token
from tokenguard.core.fingerprint import named_by
from tokenguard.core.token import Token
from tokenguard.errors import UsageError


def fingerprints(*digits: str) -> dict[str, Token]:
    return {f"sha256:{start}{'0' * (64 - len(start))}": Token(user_token(n)) for n, start in enumerate(digits)}


FOUND = fingerprints("1f2e3d4c5", "1f2e3d4c6", "aaaaaaaa")


@pytest.mark.parametrize(
    ("fingerprint", "number"),
    [
        ("aaaaaaaa", 2),
        ("sha256:aaaaaaaa", 2),
        ("1f2e3d4c5", 0),
        ("sha256:1f2e3d4c6", 1),
        ("1f2e3d4c6" + "0" * 55, 1),
        ("sha256:1f2e3d4c6" + "0" * 55, 1),
    ],
)
def test_a_fingerprint_or_its_beginning_names_a_token(fingerprint: str, number: int) -> None:
    assert named_by(fingerprint, FOUND).reveal() == user_token(number)


@pytest.mark.parametrize(
    ("fingerprint", "said"),
    [
        ("1f2e3d4c", "2 credentials"),
        ("sha256:1f2e3d4c", "2 credentials"),
        ("bbbbbbbb", "no credential"),
        ("f2e3d4c5", "no credential"),
        ("1f2e3d4c5" + "0" * 56, "no credential"),
        *((text, "is no fingerprint") for text in ("", "sha256:", "1f2e3d4", "sha256:1f2e3d4", "sha1:1f2e3d4c")),
        *((text, "is no fingerprint") for text in ("1f2e3d4g", "g1f2e3d4c", "1f2eg3d4c5", "work", "*" * 8)),
        *(
            (text, "is no fingerprint")
            for text in ("1f2e3d4c ", "sha256:sha256:1f2e3d4c", "\uff11f2e3d4c", "0x1f2e3d4c")
        ),
    ],
)
def test_what_names_none_or_several_is_refused(fingerprint: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        named_by(fingerprint, FOUND)
    assert caught.value.hint


def test_of_no_tokens_none_is_named() -> None:
    with pytest.raises(UsageError, match="no credential"):
        named_by("1f2e3d4c", {})
