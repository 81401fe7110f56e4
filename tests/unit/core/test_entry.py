"""What is known about a token without its secret."""

import pytest

from tests.support.credentials import every_kind, signed_token, user_token
from tokenguard.core import moment
from tokenguard.core.entry import Entry, Row, entry_of, with_verdicts
from tokenguard.core.identity import Identity, Scope
from tokenguard.core.permissions import parse
from tokenguard.core.token import Token
from tokenguard.errors import ExitCode, HubError, RejectedError

NOW = "2026-01-01T00:00:00.000Z"
ENDPOINT = "https://hub.example.com"
READER = Identity("alice", "user", "read")
FINE = Identity("alice", "user", "fineGrained", permissions=(Scope("alice", "user", ("repo.content.read",)),))
# What OAuth gave is not told.
OAUTH = Identity("alice", "user")


@pytest.fixture(autouse=True)
def _standing_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment, "now", lambda: NOW)


@pytest.mark.parametrize("kind", every_kind())
def test_an_entry_names_the_kind_and_has_no_secret(kind: str) -> None:
    secret = every_kind()[kind].split()[0]
    entry = entry_of(Token(secret), READER, ENDPOINT)
    assert (entry.kind, entry.fingerprint) == (kind, Token(secret).fingerprint)
    assert entry.masked.endswith(f"…{secret[-4:]}")
    assert secret.rpartition("_")[2][:8] not in repr(entry)


def test_a_token_of_no_kind_has_an_entry() -> None:
    entry = entry_of(Token("correct horse"))
    assert (entry.kind, entry.masked) == (None, "…orse")


def test_nothing_is_known_of_a_token_that_nobody_was_asked_about() -> None:
    token = Token(user_token())
    assert entry_of(token) == Entry(token.fingerprint, token.masked("hf_"), "user-access-token")
    # Nor is it where somebody was, who did not say.
    assert entry_of(token, None, ENDPOINT) == entry_of(token)


def test_what_the_hub_said_is_dated() -> None:
    entry = entry_of(Token(user_token()), FINE, ENDPOINT)
    assert (entry.status, entry.validated_at, entry.endpoint, entry.identity) == ("valid", NOW, ENDPOINT, FINE)


@pytest.mark.parametrize(
    ("said", "expected"),
    [(None, "2026-09-21T14:13:20.000Z"), ("2030-01-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z")],
)
def test_a_signed_token_says_when_it_ends_where_the_hub_does_not(said: str | None, expected: str) -> None:
    token = Token(signed_token("hf_jwt" + "_"))
    assert entry_of(token).identity == Identity(expires_at="2026-09-21T14:13:20.000Z")
    assert entry_of(token, READER._replace(expires_at=said)).identity.expires_at == expected


def row(identity: Identity) -> Row:
    return Row("work", entry_of(Token(user_token()), identity, ENDPOINT), is_default=True, bound=("/srv",))


@pytest.mark.parametrize(
    ("identity", "wanted", "allowed", "error", "said"),
    [
        (FINE, ["read:alice"], [True], None, []),
        (FINE, ["read:alice", "write:alice"], [True, False], RejectedError, ["repo.write:alice"]),
        (FINE, ["write:alice", "jobs"], [False, False], RejectedError, ["repo.write:alice", "job.write"]),
        (OAUTH, ["read:acme"], [None], HubError, ["nobody can say", "repo.content.read:acme"]),
        (OAUTH, ["read:acme", "user.billing.read:acme"], [None, False], RejectedError, ["user.billing.read"]),
    ],
)
def test_a_row_answers_what_was_asked(
    identity: Identity,
    wanted: list[str],
    allowed: list[bool | None],
    error: type[Exception] | None,
    said: list[str],
) -> None:
    answered = with_verdicts(row(identity), [parse(text, set()) for text in wanted])
    assert [verdict.allowed for _, verdict in answered.verdicts] == allowed
    assert [permission for permission, _ in answered.verdicts] == [parse(text, set()) for text in wanted]
    assert answered._replace(verdicts=(), error=None) == row(identity)
    assert answered.error is None if error is None else type(answered.error) is error
    for text in said:
        assert answered.error is not None
        assert text in answered.error.message


def test_what_is_allowed_is_not_named_among_what_is_lacking() -> None:
    answered = with_verdicts(row(FINE), [parse("read:alice", set()), parse("write:alice", set())])
    assert answered.error is not None
    assert "repo.content.read" not in answered.error.message
    assert answered.error.exit_code == ExitCode.FOUND


@pytest.mark.parametrize("error", [RejectedError("revoked"), HubError("down")])
def test_a_row_in_error_stays_as_it_is(error: RejectedError | HubError) -> None:
    given = row(FINE)._replace(error=error)
    assert with_verdicts(given, [parse("write:alice", set())]) is given
    assert with_verdicts(row(FINE), []) == row(FINE)
