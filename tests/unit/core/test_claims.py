"""What a signed token says of itself is read as it stands, whatever that is; nobody has checked it."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone

import pytest

from tests.support.credentials import every_kind, signed_token, user_token
from tokenguard.core import moment
from tokenguard.core.claims import read_claims
from tokenguard.core.finding import Claims
from tokenguard.core.token import Token

# 2026-01-01T00:00:00Z
NEW_YEAR = 1767225600


class Clock(datetime):
    @classmethod
    def now(cls, tz: object = None) -> Clock:
        return cls(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _standing_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment, "datetime", Clock)


def claims(**payload: object) -> Claims:
    """Those of a token with `payload` beside what each has: `sub`, `exp` and `scope`."""
    found = read_claims(Token(signed_token("hf_jwt" + "_", 0, **payload)))
    assert found is not None
    return found


def of_bytes(payload: bytes) -> Claims | None:
    """Those of a token with this payload, which need not be JSON."""
    header, _, signature = signed_token("hf_jwt" + "_").split(".")
    return read_claims(Token(f"{header}.{base64.urlsafe_b64encode(payload).rstrip(b'=').decode()}.{signature}"))


@pytest.mark.parametrize("prefix", ["hf_oauth" + "_", "hf_jwt" + "_", "hf_s3" + "_"])
def test_all_that_a_token_says(prefix: str) -> None:
    token = signed_token(
        prefix,
        iss="https://huggingface.co",
        sub="alice",
        oauthApp="a1b2",
        resource="acme/model",
        scope="openid write-repos",
        iat=NEW_YEAR - 3600,
        exp=NEW_YEAR + 3600,
    )
    assert read_claims(Token(token)) == Claims(
        issuer="https://huggingface.co",
        subject="alice",
        app="a1b2",
        resource="acme/model",
        scopes=("openid", "write-repos"),
        issued_at="2025-12-31T23:00:00.000Z",
        expires_at="2026-01-01T01:00:00.000Z",
        expired=False,
    )


@pytest.mark.parametrize("kind", sorted(every_kind()))
def test_only_what_has_a_signature_says_something(kind: str) -> None:
    said = read_claims(Token(every_kind()[kind].split()[0]))
    assert (said is not None) == (kind in ("oauth-access-token", "jwt-access-token", "s3-session-token"))


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "...", "a.b.c", "hf_jwt_a.b.c", "hf_jwt_eyJ.eyJ.eyJ", user_token() + "..", "\udcff.é.\0"),
        # Two parts, four, and those of a JWE (RFC 7516), of which nothing can be read.
        *(signed_token("hf_jwt" + "_").rpartition(".")[0], signed_token("hf_jwt" + "_") + ".x", "a.b.c.d.e"),
    ],
    ids=ascii,
)
def test_what_is_no_jws_says_nothing(text: str) -> None:
    if not text.isascii():
        text = text.encode("ascii", "backslashreplace").decode()
    assert read_claims(Token(text)) is None


@pytest.mark.parametrize(
    "payload",
    [b"", b"\0\xff", b"null", b"1", b'"a"', b"[]", b"[{}]", b"{", b'{"exp":}', b"[" * 15000, b'{"a":' * 3000],
    ids=lambda payload: ascii(payload[:12]),
)
def test_a_payload_that_is_no_object_says_nothing(payload: bytes) -> None:
    assert of_bytes(payload) is None


def test_an_empty_object_leaves_all_open() -> None:
    assert of_bytes(b"{}") == Claims()


@pytest.mark.parametrize(
    ("exp", "expires_at", "expired"),
    [
        pytest.param(NEW_YEAR - 1, "2025-12-31T23:59:59.000Z", True, id="a second ago"),
        pytest.param(NEW_YEAR, "2026-01-01T00:00:00.000Z", False, id="now"),
        pytest.param(NEW_YEAR + 1, "2026-01-01T00:00:01.000Z", False, id="in a second"),
        pytest.param(NEW_YEAR - 0.5, "2025-12-31T23:59:59.000Z", True, id="half a second ago"),
        pytest.param(0, "1970-01-01T00:00:00.000Z", True, id="the epoch"),
        pytest.param(-40000000000, "0702-06-15T00:53:20.000Z", True, id="before the year 1000"),
        pytest.param(253402300799, "9999-12-31T23:59:59.000Z", False, id="the last second"),
        pytest.param(253402300800, None, None, id="after the last second"),
        pytest.param(10**30, None, None, id="far beyond it"),
        pytest.param(10**4000, None, None, id="4,000 digits"),
        pytest.param(1e308, None, None, id="a huge float"),
        pytest.param(float("inf"), None, None, id="Infinity"),
        pytest.param(float("nan"), None, None, id="NaN"),
        pytest.param(None, None, None, id="null"),
        pytest.param(True, None, None, id="true"),
        pytest.param(str(NEW_YEAR), None, None, id="a string"),
        pytest.param([NEW_YEAR], None, None, id="a list"),
        pytest.param({"at": NEW_YEAR}, None, None, id="an object"),
    ],
)
def test_whether_it_is_over(exp: object, expires_at: str | None, expired: bool | None) -> None:
    said = claims(exp=exp, iat=exp)
    assert (said.expires_at, said.expired, said.issued_at) == (expires_at, expired, expires_at)


def test_one_without_an_end_is_neither_over_nor_not() -> None:
    said = of_bytes(b'{"sub": "alice"}')
    assert said is not None
    assert (said.subject, said.expires_at, said.expired) == ("alice", None, None)


def test_a_number_with_more_digits_than_python_reads_makes_it_no_jws() -> None:
    """sys.set_int_max_str_digits: 4,300, from Python 3.10.7 on."""
    assert of_bytes(b'{"exp": %s}' % (b"9" * 14000)) in (None, Claims())


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        pytest.param("openid  write-repos\tjobs\n", ("openid", "write-repos", "jobs"), id="a string, RFC 8693"),
        pytest.param(["openid", "write-repos"], ("openid", "write-repos"), id="a list"),
        pytest.param(["openid", 7, None, ["a"], {"b": 1}], ("openid",), id="a list with all sorts"),
        pytest.param("", (), id="empty"),
        pytest.param([], (), id="empty list"),
        pytest.param(None, (), id="null"),
        pytest.param(7, (), id="a number"),
        pytest.param({"openid": True}, (), id="an object"),
    ],
)
def test_scopes_are_words(scope: object, scopes: tuple[str, ...]) -> None:
    assert claims(scope=scope).scopes == scopes


NAMES = [
    pytest.param("a1b2", "a1b2", id="a string"),
    pytest.param({"name": "App", "id": "a1b2"}, "App", id="an object with a name"),
    pytest.param({"_id": "a1b2"}, "a1b2", id="an object with an _id"),
    pytest.param({"name": None, "sub": 7, "id": "a1b2"}, "a1b2", id="an object whose name is none"),
    pytest.param({"url": "x"}, None, id="another object"),
    pytest.param({}, None, id="an empty object"),
    pytest.param({"name": {"name": "deep"}}, None, id="an object in an object"),
    pytest.param(["a", "b"], "a b", id="a list"),
    pytest.param(["a", 7, None, {"name": "x"}], "a", id="a list with all sorts"),
    pytest.param([], None, id="an empty list"),
    pytest.param([7], None, id="a list of numbers"),
    pytest.param(7, None, id="a number"),
    pytest.param(True, None, id="true"),
    pytest.param(None, None, id="null"),
]


@pytest.mark.parametrize(("value", "text"), NAMES)
def test_names_are_strings_objects_or_lists(value: object, text: str | None) -> None:
    said = claims(oauthApp=value, iss=value, sub=value, resource=value)
    assert (said.app, said.issuer, said.subject, said.resource) == (text,) * 4


@pytest.mark.parametrize(("value", "text"), NAMES)
def test_the_audience_is_the_resource_where_there_is_no_other(value: object, text: str | None) -> None:
    assert claims(aud=value).resource == text
    assert claims(resource="acme/model", aud=value).resource == "acme/model"
    assert claims(resource="", aud=value).resource == text


HOSTILE = "\x1b]0;x\x07\x9b31m\r\n\u202e\ud800\0" + user_token(5) + " " + signed_token("hf_jwt" + "_", 6)


def test_what_is_hostile_is_kept_as_it_is_for_whoever_shows_it() -> None:
    said = claims(sub=HOSTILE, oauthApp={"name": HOSTILE}, aud=[HOSTILE], scope=[HOSTILE])
    assert (said.subject, said.app, said.resource, said.scopes) == (HOSTILE, HOSTILE, HOSTILE, (HOSTILE,))


def test_what_is_nested_deeply_does_no_harm() -> None:
    value: object = "x"
    for _ in range(500):
        value = {"name": value}
    assert claims(oauthApp=value, scope=[value], aud=value).app is None


def test_of_two_of_the_same_name_the_last_counts() -> None:
    """So says json, as RFC 8259 section 4 leaves it open."""
    payload = json.dumps({"sub": "alice"})[:-1] + ', "sub": "bob"}'
    said = of_bytes(payload.encode())
    assert said is not None
    assert said.subject == "bob"
