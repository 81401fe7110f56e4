"""A token as people type, pipe and export it; what it says of itself."""

import base64
import json

import pytest

from tests.support import credentials
from tests.support.credentials import signed_token, user_token
from tokenguard.core.kinds import KINDS
from tokenguard.core.token import Token, read_token
from tokenguard.errors import UsageError

SECRET = user_token()
OAUTH = "hf_oauth" + "_"


@pytest.mark.parametrize(
    "around", ["{}", "{}\n", "{}\r\n", "  {}\t", "\n\n{}\n\n", "\ufeff{}\r\n", "\ufeff {}", "{}\xa0"], ids=ascii
)
def test_what_is_around_it_is_not_part_of_it(around: str) -> None:
    assert read_token(around.format(SECRET)).reveal() == SECRET


@pytest.mark.parametrize("kind", credentials.every_kind())
def test_every_kind_is_taken_and_known(kind: str) -> None:
    text = credentials.every_kind()[kind].split()[0]
    token = read_token(text)
    assert token.reveal() == text
    assert token.kind is not None
    assert token.kind.name == kind


def test_there_is_a_credential_for_every_kind() -> None:
    assert {kind.name for kind in KINDS} == set(credentials.every_kind())


@pytest.mark.parametrize("text", ["", " ", "\n", "\ufeff", "\ufeff\r\n", "\t\xa0"], ids=ascii)
def test_nothing_is_no_token(text: str) -> None:
    with pytest.raises(UsageError, match=r"^no token was given$"):
        read_token(text)


@pytest.mark.parametrize(
    "text",
    ["{0} {1}", "{0}\n{1}", "export HF_TOKEN={0}\nexport X={1}", "user {0}", "{0}\u2028{1}", "{0}\x0b{1}"],
    ids=ascii,
)
def test_more_than_one_word_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError, match="more than one word") as caught:
        read_token(text.format(SECRET, user_token(1)))
    expect_unsaid(caught.value, SECRET, user_token(1))


@pytest.mark.parametrize(
    "text",
    [
        "{}é",
        "{}\x00",
        "{}\x1b[0m",
        "{}\x7f",
        "\ufeff\ufeffx{}",
        "{}\u200b",
        "{}\udcff",
        "x{}",
        "HF_TOKEN={}",
        "'{}'",
        "Bearer{}",
        "HF_{}",
        "Hf_{}",
        "https://user:{}@huggingface.co",
        "{}" + "a" * 16 * 1024,
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_what_is_no_token_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError, match=r"^that is no Hugging Face token$") as caught:
        read_token(text.format(SECRET))
    expect_unsaid(caught.value, SECRET)


def test_the_hint_names_what_tokens_begin_with() -> None:
    with pytest.raises(UsageError) as caught:
        read_token("sk-" + "a" * 40)
    assert all(kind.prefix in caught.value.hint for kind in KINDS)


def test_a_signed_token_of_many_scopes_is_taken() -> None:
    text = signed_token(OAUTH, scope=" ".join(f"scope-{number}" for number in range(600)))
    assert len(text) > 8000
    assert read_token(text).reveal() == text


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("hf" + "_", "user-access-token"),
        (OAUTH, "oauth-access-token"),
        (OAUTH + "_refresh_", "oauth-refresh-token"),
        ("hf_jwt" + "_", "jwt-access-token"),
        ("api_org" + "_", "organization-token"),
        ("HF" + "AK", "s3-access-key"),
        ("hf_unheard_of" + "_", "user-access-token"),
        ("sk-", None),
        ("", None),
    ],
)
def test_the_longest_prefix_tells_the_kind(prefix: str, kind: str | None) -> None:
    found = Token(prefix + "x" * 34).kind
    assert (found and found.name) == kind


@pytest.mark.parametrize(
    ("expiry", "expected"),
    [
        (1790000000, "2026-09-21T14:13:20.000Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (32503680000, "3000-01-01T00:00:00.000Z"),
        (None, None),
        ("1790000000", None),
        ([1790000000], None),
        ({}, None),
        (10**30, None),
        (10**15, None),
        (-(10**30), None),
    ],
    ids=str,
)
@pytest.mark.parametrize("prefix", [OAUTH, "hf_jwt" + "_", "hf_s3" + "_"])
def test_a_signed_token_tells_when_it_ends(prefix: str, expiry: object, expected: str | None) -> None:
    assert Token(signed_token(prefix, exp=expiry)).expires_at == expected


def test_a_moment_between_two_seconds_is_told_too() -> None:
    """RFC 7519 section 2: a NumericDate may have a fraction."""
    expires_at = Token(signed_token(OAUTH, exp=1790000000.5)).expires_at
    assert expires_at is not None
    assert expires_at.startswith("2026-09-21T14:13:20")


@pytest.mark.parametrize("expiry", [True, False])
def test_yes_and_no_are_no_moments(expiry: bool) -> None:
    assert Token(signed_token(OAUTH, exp=expiry)).expires_at is None


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"1", b"{", b"\xff", b'{"exp": NaN}', b"{}", b"[" * 9000], ids=lambda data: data[:9]
)
def test_a_payload_that_is_none_tells_nothing(payload: bytes) -> None:
    part = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    assert Token(f"{OAUTH}eyJ.{part}.sig").expires_at is None


@pytest.mark.parametrize("text", [SECRET, "a.b", "a.b.c.d", "..", ".é.", "a.=.c", ""])
def test_what_is_not_signed_tells_nothing(text: str) -> None:
    assert Token(text).expires_at is None


def test_without_exp_it_tells_nothing() -> None:
    header, _, signature = signed_token(OAUTH).split(".")
    part = base64.urlsafe_b64encode(json.dumps({"sub": "alice"}).encode()).rstrip(b"=").decode()
    assert Token(f"{header}.{part}.{signature}").expires_at is None


def expect_unsaid(error: UsageError, *secrets: str) -> None:
    said = f"{error.message} {error.hint} {error!r} {error.args}"
    for secret in secrets:
        body = secret.rpartition("_")[2]
        assert not any(body[at : at + 8] in said for at in range(len(body) - 7))
