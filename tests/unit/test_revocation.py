"""A token is revoked when the Hub says that it is dead, and whatever used it here is told."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import every_kind, signed_token, user_token
from tests.unit.doubles import ENDPOINT, Shelf
from tokenguard import revocation
from tokenguard.core.endpoint import read_endpoint
from tokenguard.core.entry import entry_of
from tokenguard.core.identity import Identity
from tokenguard.core.token import Token
from tokenguard.errors import HubError, RejectedError, TokenguardError, UsageError, VaultError
from tokenguard.hub import Hub
from tokenguard.vault.index import Index

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenguard.revocation import Candidate

TOKEN, OTHER = Token(user_token()), Token(user_token(1))
ALICE = Identity("alice", "user", "write")
DEAD, DOWN = RejectedError("the Hub does not know it"), HubError("the Hub answers 500", "try again later")


class Oracle(Hub):
    """Answers whoami by each of `answers`, and by the last for ever; notes what is asked and posted."""

    def __init__(self, *answers: Identity | TokenguardError, refusal: HubError | None = None) -> None:
        super().__init__(read_endpoint(ENDPOINT))
        self.answers = [*answers]
        self.refusal = refusal
        self.done: list[tuple[str, Token]] = []

    def whoami_all(self, tokens: Sequence[Token]) -> list[Identity | TokenguardError]:
        (token,) = tokens
        self.done.append(("asked", token))
        return [self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]]

    def revoke(self, tokens: Sequence[Token]) -> None:
        self.done += [("posted", token) for token in tokens]
        if self.refusal:
            raise self.refusal

    @property
    def deeds(self) -> list[str]:
        return [deed for deed, _ in self.done]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, of no length."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


@pytest.fixture
def index() -> Index:
    index = Index()
    index.tokens["work"] = entry_of(TOKEN, ALICE, ENDPOINT)
    index.tokens["other"] = entry_of(OTHER, ALICE, ENDPOINT)
    return index


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody for whom nothing is kept by Hugging Face's libraries."""
    return {"HF_HOME": str(tmp_path / "hf")}


def examined(
    environment: dict[str, str], hub: Hub | None = None, index: Index | VaultError | None = None
) -> Candidate:
    return revocation.examine(TOKEN, Shelf(index or Index()), hub or Oracle(ALICE), environment)


# What it is.


def test_what_the_hub_says_of_it_comes_first(index: Index, nowhere: dict[str, str]) -> None:
    """An answer of a minute ago would not do."""
    index.answers[TOKEN.fingerprint] = index.tokens["work"]
    hub = Oracle(Identity("bob", "user", "read"))
    candidate = examined(nowhere, hub, index)
    assert (candidate.token, candidate.name, candidate.error) == (TOKEN, "work", None)
    assert candidate.entry.identity.account == index.tokens["work"].identity.account == "bob"
    assert hub.done == [("asked", TOKEN)]


@pytest.mark.parametrize("error", [DEAD, DOWN], ids=["dead", "down"])
def test_what_the_hub_does_not_say_is_told(index: Index, nowhere: dict[str, str], error: TokenguardError) -> None:
    candidate = examined(nowhere, Oracle(error), index)
    assert candidate.error is error
    assert candidate.entry.identity == ALICE
    assert index.tokens["work"].status == ("invalid" if error is DEAD else "valid")


def test_a_damaged_vault_does_not_hinder(nowhere: dict[str, str]) -> None:
    candidate = examined(nowhere, index=VaultError("damaged"))
    assert (candidate.name, candidate.error, candidate.entry.identity) == (None, None, ALICE)


REVOCABLE = {"user-access-token", "organization-token", "oauth-access-token", "jwt-access-token", "app-token"}


@pytest.mark.parametrize("kind", sorted(every_kind()))
def test_what_cannot_be_revoked_is_refused_before_anybody_is_asked(kind: str, nowhere: dict[str, str]) -> None:
    token, hub = Token(every_kind()[kind].split()[0]), Oracle(ALICE)
    if kind in REVOCABLE:
        assert revocation.examine(token, Shelf(Index()), hub, nowhere).entry.kind == kind
        return
    with pytest.raises(UsageError, match=f"no {kind} back") as caught:
        revocation.examine(token, Shelf(Index()), hub, nowhere)
    assert (f"{ENDPOINT}/settings" in caught.value.hint, hub.done) == (True, [])


def test_what_is_no_credential_of_a_known_kind_is_refused(nowhere: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="no credential back"):
        revocation.examine(Token("sk_" + "x" * 30), Shelf(Index()), Oracle(ALICE), nowhere)


# What uses it here.


def test_nothing_uses_what_is_nowhere(nowhere: dict[str, str]) -> None:
    assert examined(nowhere).uses == ()


def test_names_default_and_folders_of_the_vault(index: Index, nowhere: dict[str, str]) -> None:
    index.tokens["again"] = index.tokens["work"]
    index.default = "work"
    index.bindings = {"/srv/b": "work", "/srv/a": "work", "/srv/c": "other"}
    assert examined(nowhere, index=index).uses == (
        "in your vault as again",
        "in your vault as work, the default, bound to /srv/a, bound to /srv/b",
    )


def test_variables_of_the_environment(nowhere: dict[str, str]) -> None:
    environment = nowhere | {
        "HF_TOKEN": TOKEN.reveal(),
        "GIT_HEADER": f"Authorization: Bearer {TOKEN.reveal()}\n",
        "OTHER": OTHER.reveal(),
        "EMPTY": "",
    }
    assert examined(environment).uses == ("in this environment as GIT_HEADER", "in this environment as HF_TOKEN")


def stored(*tokens: Token) -> str:
    """huggingface_hub's file of all tokens (huggingface_hub/utils/_auth.py)."""
    return "".join(f"[{number}]\nhf_token = {token.reveal()}\n\n" for number, token in enumerate(tokens))


@pytest.mark.parametrize("place", ["HF_TOKEN_PATH", "HF_HOME", "XDG_CACHE_HOME", "HOME"])
def test_files_of_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder, environment = {
        "HF_TOKEN_PATH": (tmp_path / "a", {"HF_TOKEN_PATH": str(tmp_path / "a" / "mine")}),
        "HF_HOME": (tmp_path / "b", {"HF_HOME": str(tmp_path / "b")}),
        "XDG_CACHE_HOME": (tmp_path / "c" / "huggingface", {"XDG_CACHE_HOME": str(tmp_path / "c")}),
        "HOME": (tmp_path / "home" / ".cache" / "huggingface", {}),
    }[place]
    file = folder / ("mine" if place == "HF_TOKEN_PATH" else "token")
    folder.mkdir(parents=True)
    file.write_text(f"{TOKEN.reveal()}\n")
    assert examined(dict(environment)).uses == (f"in {file}",)
    (folder / "stored_tokens").write_text(stored(OTHER, TOKEN))
    assert examined(dict(environment)).uses == (f"in {file}", f"in {folder / 'stored_tokens'}")
    file.write_text(OTHER.reveal())
    assert examined(dict(environment)).uses == (f"in {folder / 'stored_tokens'}",)


def test_a_folder_a_pipe_and_what_is_no_text_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "token").mkdir()
    os.mkfifo(tmp_path / "stored_tokens")
    assert examined({"HF_HOME": str(tmp_path)}).uses == ()
    (tmp_path / "token").rmdir()
    (tmp_path / "token").write_bytes(b"\xff\0" + TOKEN.reveal().encode() + b"\0")
    assert examined({"HF_HOME": str(tmp_path)}).uses == (f"in {tmp_path / 'token'}",)


def test_no_use_has_a_secret_in_it(index: Index, nowhere: dict[str, str]) -> None:
    candidate = examined(nowhere | {"HF_TOKEN": TOKEN.reveal()}, index=index)
    assert TOKEN.reveal()[3:11] not in repr(candidate)


# Revoking.


def revoked(hub: Oracle, index: Index, environment: dict[str, str], error: TokenguardError | None = None) -> None:
    candidate = examined(environment, Oracle(error or ALICE), index)
    revocation.revoke(candidate, Shelf(index), hub)


def test_it_is_posted_once_and_then_asked_about(index: Index, nowhere: dict[str, str], slept: list[float]) -> None:
    hub = Oracle(DEAD)
    revoked(hub, index, nowhere)
    assert hub.done == [("posted", TOKEN), ("asked", TOKEN)]
    assert slept == [0.0]
    assert (index.tokens["work"].status, index.answers) == ("invalid", {})
    assert index.tokens["other"].status == "valid"


@pytest.mark.parametrize("before", [ALICE, DOWN], ids=["still valid", "down"])
def test_the_hub_is_given_time(
    index: Index, nowhere: dict[str, str], slept: list[float], before: Identity | TokenguardError
) -> None:
    hub = Oracle(before, before, DEAD)
    revoked(hub, index, nowhere)
    assert (hub.deeds, slept) == (["posted", "asked", "asked", "asked"], [0.0, 1.0, 3.0])
    assert index.tokens["work"].status == "invalid"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param((ALICE,), "valid all the same", id="valid"),
        pytest.param((DOWN,), "is not known: the Hub answers 500", id="down"),
        pytest.param((ALICE, DOWN), "is not known: the Hub answers 500", id="valid, then down"),
        pytest.param((DOWN, ALICE), "valid all the same", id="down, then valid"),
    ],
)
def test_what_the_hub_does_not_call_dead_is_not_called_revoked(
    index: Index,
    nowhere: dict[str, str],
    slept: list[float],
    answers: tuple[Identity | TokenguardError, ...],
    said: str,
) -> None:
    hub = Oracle(*answers)
    with pytest.raises(HubError, match=said) as caught:
        revoked(hub, index, nowhere)
    assert caught.value.hint == f"do it by hand: {ENDPOINT}/settings/tokens"
    assert hub.deeds == ["posted", "asked", "asked", "asked"]
    assert index.tokens["work"].status == "valid"


def test_what_the_hub_does_not_accept_is_asked_about_once(
    index: Index, nowhere: dict[str, str], slept: list[float]
) -> None:
    hub = Oracle(ALICE, refusal=HubError("answers 500 and has not accepted", "later"))
    with pytest.raises(HubError, match="has not accepted") as caught:
        revoked(hub, index, nowhere)
    assert (hub.deeds, slept, index.tokens["work"].status) == (["posted", "asked"], [0.0], "valid")
    assert "by hand" in caught.value.hint


def test_what_was_done_in_spite_of_an_error_is_done(
    index: Index, nowhere: dict[str, str], slept: list[float]
) -> None:
    hub = Oracle(DEAD, refusal=HubError("answers 502 and has not accepted", "later"))
    revoked(hub, index, nowhere)
    assert (hub.deeds, index.tokens["work"].status) == (["posted", "asked"], "invalid")


def test_what_was_said_before_does_not_serve_after_it(
    index: Index, nowhere: dict[str, str], slept: list[float]
) -> None:
    index.answers[TOKEN.fingerprint] = entry_of(TOKEN, ALICE, ENDPOINT)
    with pytest.raises(HubError, match="is not known"):
        revoked(Oracle(DOWN), index, nowhere)
    assert index.answers == {}


def test_what_the_hub_would_not_speak_of_can_be_revoked(
    index: Index, nowhere: dict[str, str], slept: list[float]
) -> None:
    hub = Oracle(DEAD)
    revoked(hub, index, nowhere, DOWN)
    assert (hub.deeds, index.tokens["work"].status) == (["posted", "asked"], "invalid")


def test_a_token_of_somebody_else_needs_no_vault(nowhere: dict[str, str], slept: list[float]) -> None:
    candidate = examined(nowhere, index=VaultError("damaged"))
    hub = Oracle(DEAD)
    revocation.revoke(candidate, Shelf(VaultError("damaged")), hub)
    assert hub.deeds == ["posted", "asked"]


def test_a_signed_token_is_revoked_as_others_are(nowhere: dict[str, str], slept: list[float]) -> None:
    token, hub = Token(signed_token("hf_jwt" + "_")), Oracle(DEAD)
    candidate = revocation.examine(token, Shelf(Index()), Oracle(ALICE), nowhere)
    revocation.revoke(candidate, Shelf(Index()), hub)
    assert hub.done == [("posted", token), ("asked", token)]
