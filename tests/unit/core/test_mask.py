"""What is shown of a stream, and when."""

import base64

import pytest

from tests.support.credentials import every_kind, s3_access_key, user_token
from tokenguard.core.kinds import KINDS
from tokenguard.core.mask import Masker
from tokenguard.core.token import Token

TOKEN = user_token(5)
MASKED = f"hf_…{TOKEN[-4:]}"


def shown(*pieces: str) -> list[str]:
    """What each of `pieces` has shown, and the end."""
    masker = Masker(Token(TOKEN))
    return [masker.feed(piece.encode()).decode() for piece in pieces] + [masker.end().decode()]


@pytest.mark.parametrize(
    "text", ["Which path", "with h", "hf", "api_or", "oauth_app_secret_", "HFAK", "Token: hf_"]
)
def test_a_question_is_shown_to_its_end(text: str) -> None:
    assert shown(text) == [text, ""]


def test_behind_the_prefix_it_waits_until_it_is_clear() -> None:
    assert shown("hf_", "hub", "_download") == ["hf_", "", "hub_download", ""]
    assert shown("a hf_", TOKEN[3:20], TOKEN[20:], "\n") == ["a hf_", "", MASKED[3:], "\n", ""]


def test_another_token_is_masked_as_soon_as_it_has_ended() -> None:
    other = user_token(6)
    assert shown(other, " ") == ["hf_", f"…{other[-4:]} ", ""]
    assert shown(other) == ["hf_", f"…{other[-4:]}"]
    assert shown(other, "x\n") == ["hf_", other[3:] + "x\n", ""]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_masked_and_keeps_its_prefix(kind) -> None:  # type: ignore[no-untyped-def]
    secret = every_kind(9)[kind.name].split()[0]
    assert "".join(shown(f"<{secret}> ")) == f"<{kind.prefix}…{secret[-4:]}> "


def test_tokens_without_a_gap_are_both_masked() -> None:
    other = user_token(6)
    assert "".join(shown(*(other + TOKEN + other), "!")) == f"hf_…{other[-4:]}{MASKED}hf_…{other[-4:]}!"


def test_the_token_is_masked_within_a_word_and_in_other_forms() -> None:
    assert "".join(shown(f"x{TOKEN}y")) == f"x{MASKED}y"
    assert "".join(shown("hf%5F" + TOKEN[3:] + "&")) == "hf%5F…&"
    for before in ("", "a", "ab"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(f"{before}{TOKEN}:x".encode()).decode()
            (text,) = ["".join(shown(*encoded))]
            assert "…" in text
            assert not any(encoded[at : at + 8] in text for at in range(6, 40))


def test_what_is_cut_off_is_masked_from_its_beginning_on() -> None:
    assert shown(TOKEN[:-1]) == ["hf_", "…"]
    assert shown(TOKEN[:13], "!") == ["hf_", "…!", ""]
    assert "".join(shown(TOKEN[:7] + "***")) == TOKEN[:7] + "***"


def test_the_secret_behind_an_s3_access_key_is_masked() -> None:
    key, secret = s3_access_key(4)
    text = f"key={key}\nsecret={secret}\n"
    expected = f"key=HFAK…{key[-4:]}\nsecret=…\n"
    assert "".join(shown(*text)) == expected
    assert "".join(shown(text)) == expected
    assert "".join(shown(f"secret={secret} key={key}.")) == f"secret=… key=HFAK…{key[-4:]}."


def test_a_token_of_no_known_kind_is_masked_all_the_same() -> None:
    masker = Masker(Token("what-ever-it-is"))
    assert (masker.feed(b"it: what-ever-it-is.") + masker.end()).decode() == "it: …."
