"""Each answer of the Hub means what it means: valid, not valid, or not known, which is not the same as invalid."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.utils._http import default_client_factory

import tokenguard.hub
from tests.support import hub as double
from tests.support.credentials import user_token
from tokenguard.core.endpoint import read_endpoint
from tokenguard.core.identity import Identity
from tokenguard.core.token import Token
from tokenguard.errors import HubError, RejectedError, TokenguardError
from tokenguard.hub import Hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = user_token()


@pytest.fixture
def served() -> Iterator[double.Hub]:
    with double.Hub() as it:
        yield it
        huggingface_hub.set_client_factory(default_client_factory)  # which closes the connections, too


@pytest.fixture
def hub(served: double.Hub) -> Hub:
    return Hub(read_endpoint(served.endpoint))


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, of no length."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def failure(hub: Hub, secret: str = SECRET) -> TokenguardError:
    with pytest.raises(TokenguardError) as caught:
        hub.whoami(Token(secret))
    assert secret[3:] not in f"{caught.value.message} {caught.value.hint}"
    return caught.value


def test_a_valid_token_has_an_identity(served: double.Hub, hub: Hub) -> None:
    served.answer(SECRET, double.ok(double.whoami_user("read", orgs=[double.organization("acme")])))
    identity = hub.whoami(Token(SECRET))
    assert (identity.account, identity.role, identity.orgs[0].name) == ("alice", "read", "acme")


def test_the_token_is_in_one_header_and_nowhere_else(served: double.Hub, hub: Hub) -> None:
    served.answer(SECRET, double.ok(double.whoami_user()))
    hub.whoami(Token(SECRET))
    (request,) = served.requests
    assert (request.method, request.path, request.token, request.body) == ("GET", double.WHOAMI, SECRET, b"")
    assert [name for name, value in request.headers.items() if SECRET in value] == ["authorization"]


def test_401_is_a_token_that_is_not_valid(served: double.Hub, hub: Hub) -> None:
    error = failure(hub)
    assert isinstance(error, RejectedError)
    assert f"{served.endpoint}/settings/tokens" in error.hint
    assert len(served.requests) == 1


UNKNOWN = {
    "403": (double.forbidden("blocked by acme"), "it exists, and may not ask (blocked by acme)"),
    "429": (double.limited(), "rate limit is spent"),
    "500": (double.broken(), "answers 500"),
    "502": (double.broken(502), "answers 502"),
    "404": (double.broken(404), "answers 404"),
    "418": (double.broken(418), "answers 418"),
    "204": (double.Answer(204), "answers 204"),
    "206": (double.ok(double.whoami_user())._replace(status=206), "answers 206"),
    "captive portal": (double.garbage(), "does not answer as the Hub does"),
    "no object": (double.wrong_json(), "does not answer as the Hub does"),
    "no name": (double.ok({"type": "user"}), "does not answer as the Hub does"),
    "name of another type": (double.ok({"name": ["alice"]}), "does not answer as the Hub does"),
    "nothing": (double.Answer(200), "does not answer as the Hub does"),
    "deep": (double.Answer(200, b"[" * 100_000), "does not answer as the Hub does"),
    "huge": (double.huge(8 << 20), "does not answer as the Hub does"),
    "hang up": (double.hang_up(), "could not be asked"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_every_other_answer_says_nothing_about_the_token(served: double.Hub, hub: Hub, case: str) -> None:
    answer, said = UNKNOWN[case]
    served.answer(SECRET, answer)
    error = failure(hub)
    assert isinstance(error, HubError)
    assert said in error.message
    assert error.hint


def test_a_page_that_wants_a_login_is_no_answer_of_the_hub(served: double.Hub, hub: Hub) -> None:
    served.answer(SECRET, double.Answer(401, b"<html>Log in</html>", {"Content-Type": "text/html; charset=utf-8"}))
    assert isinstance(failure(hub), HubError)


def test_a_hub_that_never_answers_is_not_asked_hundreds_of_times(
    served: double.Hub, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenguard.hub, "_ANSWER", 0.2)
    secrets = [user_token(seed) for seed in range(30)]
    for secret in secrets:
        served.answer(secret, double.slow(30))
    answers = hub.whoami_all([Token(secret) for secret in secrets])
    assert all(isinstance(answer, HubError) for answer in answers)
    assert len(served.asked()) < len(secrets)


def test_an_answer_without_end_is_not_read_to_its_end(served: double.Hub, hub: Hub) -> None:
    """One that does not say how long it is."""
    served.answer(SECRET, double.huge(8 << 20, sized=False))
    assert "does not answer as the Hub does" in failure(hub).message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(served: double.Hub, hub: Hub, status: int) -> None:
    with double.Hub() as other:
        other.answer(SECRET, double.ok(double.whoami_user()))
        served.answer(SECRET, double.redirect(other.endpoint, status))
        assert "sends the question elsewhere" in failure(hub).message
        assert other.requests == []


def test_where_nobody_listens_nothing_is_known() -> None:
    error = failure(Hub(read_endpoint(double.closed_port())))
    assert isinstance(error, HubError)
    assert "could not be asked" in error.message


@pytest.mark.parametrize("answer", [double.slow(60), double.drip(seconds=60)], ids=["slow", "drip"])
def test_an_answer_that_does_not_come_is_not_waited_for(
    served: double.Hub, hub: Hub, monkeypatch: pytest.MonkeyPatch, answer: double.Answer
) -> None:
    served.answer(SECRET, double.ok(double.whoami_user()), answer)
    hub.whoami(Token(SECRET))  # what is loaded is not waited for
    monkeypatch.setattr(tokenguard.hub, "_ANSWER", 0.2)
    error = failure(hub)
    assert isinstance(error, HubError)
    assert "no answer within 0.2 seconds" in error.message


def test_offline_nothing_is_known(served: double.Hub, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    error = failure(hub)
    assert isinstance(error, HubError)
    assert "offline" in error.message
    assert error.hint == "unset HF_HUB_OFFLINE to ask it"
    assert served.requests == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_no_proxy_is_shown_what_stays_on_this_machine(
    served: double.Hub, hub: Hub, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    served.answer(SECRET, double.ok(double.whoami_user()))
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    with double.Hub() as proxy:
        monkeypatch.setenv(variable, proxy.endpoint)
        assert hub.whoami(Token(SECRET)).account == "alice"
        assert proxy.requests == []


def test_a_limit_that_opens_soon_is_waited_for(served: double.Hub, hub: Hub, slept: list[float]) -> None:
    served.answer(SECRET, double.limited(reset=3), double.ok(double.whoami_user()))
    assert hub.whoami(Token(SECRET)).account == "alice"
    assert 3.0 in slept
    assert len(served.requests) == 2


def test_a_limit_is_waited_for_once(served: double.Hub, hub: Hub, slept: list[float]) -> None:
    served.answer(SECRET, double.limited(reset=1))
    assert "rate limit" in failure(hub).message
    assert len(served.requests) == 2
    assert [pause for pause in slept if pause] == [1.0]


def test_a_limit_that_opens_late_is_told_and_not_asked_again(
    served: double.Hub, hub: Hub, slept: list[float]
) -> None:
    served.answer(SECRET, double.limited(reset=55))
    assert failure(hub).hint == "try again in 55 seconds"
    assert failure(hub, user_token(1)).hint in ("try again in 55 seconds", "try again in 54 seconds")
    assert len(served.requests) == 1
    assert [pause for pause in slept if pause] == []


def test_a_limit_that_is_spent_by_a_right_answer_is_kept_to(served: double.Hub, hub: Hub) -> None:
    served.answer(SECRET, double.ok(double.whoami_user(), RateLimit='"api";r=0;t=55'))
    assert hub.whoami(Token(SECRET)).account == "alice"
    assert isinstance(failure(hub), HubError)
    assert len(served.requests) == 1


@pytest.mark.parametrize(
    ("retry_after", "hint"),
    [
        ("7", "try again in 7 seconds"),
        ("600", "try again in 600 seconds"),
        ("Wed, 21 Oct 2065 07:28:00 GMT", "try again in 55 seconds"),
        ("", "try again in 55 seconds"),
        ("-7", "try again in 55 seconds"),
        ("1e3", "try again in 55 seconds"),
        ("nan", "try again in 55 seconds"),
        ("inf", "try again in 55 seconds"),
    ],
)
def test_retry_after_counts_before_the_limit(
    served: double.Hub, hub: Hub, slept: list[float], retry_after: str, hint: str
) -> None:
    served.answer(SECRET, double.limited(55, retry_after))
    assert failure(hub).hint == hint
    assert [pause for pause in slept if pause] == []


def test_a_limit_without_a_time_is_told(served: double.Hub, hub: Hub) -> None:
    served.answer(SECRET, double.broken(429))
    assert failure(hub).hint == "try again later"


def test_a_hostile_wait_is_told_and_not_waited_for(served: double.Hub, hub: Hub, slept: list[float]) -> None:
    served.answer(SECRET, double.limited(retry_after="9" * 400))
    assert isinstance(failure(hub), HubError)
    assert isinstance(failure(hub), HubError)
    assert len(served.requests) == 1
    assert [pause for pause in slept if pause] == []


def test_many_are_asked_about_in_order(served: double.Hub, hub: Hub) -> None:
    secrets = [user_token(seed) for seed in range(20)]
    for number, secret in enumerate(secrets):
        served.answer(secret, double.ok(double.whoami_user(name=f"user-{number}")))
    served.answer(secrets[3], double.unauthorized())
    served.answer(secrets[5], double.broken())
    answers = hub.whoami_all([Token(secret) for secret in secrets])
    assert isinstance(answers[3], RejectedError)
    assert isinstance(answers[5], HubError)
    rest = [answer for number, answer in enumerate(answers) if number not in (3, 5)]
    assert [answer.account for answer in rest if isinstance(answer, Identity)] == [
        f"user-{number}" for number in range(20) if number not in (3, 5)
    ]


def test_none_is_asked_about_without_a_request(served: double.Hub, hub: Hub) -> None:
    assert hub.whoami_all([]) == []
    assert served.requests == []


@pytest.mark.parametrize(
    "answer",
    [double.forbidden, double.unauthorized, lambda message: double._error(500, message)],
    ids=["403", "401", "500"],
)
@pytest.mark.parametrize("before", [0, 170, 186, 189, 192, 195])
def test_a_hub_that_says_the_token_back_is_not_repeated(
    served: double.Hub, hub: Hub, answer: Callable[[str], double.Answer], before: int
) -> None:
    """Nor is what the cut of a long message leaves of it."""
    served.answer(SECRET, answer("x" * (before - 1) + " " * bool(before) + SECRET))
    with pytest.raises(TokenguardError) as caught:
        hub.whoami(Token(SECRET))
    said = f"{caught.value.message} {caught.value.hint}"
    assert not any(SECRET[at : at + 8] in said for at in range(3, len(SECRET) - 7))


# Revoking.


def refusal(hub: Hub, *secrets: str) -> HubError:
    """How a revocation fails, without a word of what was to be revoked."""
    with pytest.raises(HubError) as caught:
        hub.revoke([Token(secret) for secret in secrets or (SECRET,)])
    said = f"{caught.value.message} {caught.value.hint}"
    assert not any(secret[3:11] in said for secret in secrets or (SECRET,))
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("status", [200, 202, 204])
def test_tokens_are_posted_in_the_body_and_nowhere_else(
    served: double.Hub, hub: Hub, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Whoever may be logged in here: it is no matter of an account."""
    monkeypatch.setenv("HF_TOKEN", user_token(9))
    served.to_revoke = double.Answer(status)
    hub.revoke([Token(SECRET), Token(user_token(1))])
    (request,) = served.requests
    assert (request.method, request.path) == ("POST", double.REVOKE)
    assert json.loads(request.body) == {"credentials": [SECRET, user_token(1)]}
    assert request.headers["content-type"] == "application/json"
    assert int(request.headers["content-length"]) == len(request.body)
    assert {"authorization", "cookie", "transfer-encoding"}.isdisjoint(request.headers)
    assert SECRET not in str(request.headers)


def test_what_is_revoked_is_rejected_afterwards(served: double.Hub, hub: Hub) -> None:
    served.answer(SECRET, double.ok(double.whoami_user()))
    assert hub.whoami(Token(SECRET)).account == "alice"
    hub.revoke([Token(SECRET)])
    assert isinstance(failure(hub), RejectedError)
    assert [request.method for request in served.requests] == ["GET", "POST", "GET"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503])
def test_whoever_does_not_accept_has_not_revoked(served: double.Hub, hub: Hub, status: int) -> None:
    """401 is about whoever asks, and never says that the token is dead."""
    served.to_revoke = double.broken(status)
    assert f"answers {status} and has not accepted" in refusal(hub).message
    assert len(served.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_is_posted_follows_no_redirect(served: double.Hub, hub: Hub, status: int) -> None:
    with double.Hub() as other:
        served.to_revoke = double.redirect(other.endpoint, status)
        assert f"answers {status} and has not accepted" in refusal(hub).message
        assert other.requests == []
    assert len(served.requests) == 1


def test_an_answer_to_a_revocation_that_does_not_come_is_not_waited_for(
    served: double.Hub, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.answer(SECRET, double.ok(double.whoami_user()))
    hub.whoami(Token(SECRET))  # what is loaded is not waited for
    monkeypatch.setattr(tokenguard.hub, "_ANSWER", 0.2)
    served.to_revoke = double.Answer(202, delay=60)
    assert "no answer within 0.2 seconds" in refusal(hub).message


def test_a_hang_up_is_no_revocation(served: double.Hub, hub: Hub) -> None:
    served.to_revoke = double.hang_up()
    assert "could not be asked" in refusal(hub).message
    assert len(served.asked(double.REVOKE)) == 1


def test_nothing_is_posted_where_nobody_listens() -> None:
    assert "could not be asked" in refusal(Hub(read_endpoint(double.closed_port()))).message


def test_offline_nothing_is_posted(served: double.Hub, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    error = refusal(hub)
    assert ("offline" in error.message, error.hint) == (True, "unset HF_HUB_OFFLINE to ask it")
    assert served.requests == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_no_proxy_is_shown_what_is_posted_on_this_machine(
    served: double.Hub, hub: Hub, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    with double.Hub() as proxy:
        monkeypatch.setenv(variable, proxy.endpoint)
        hub.revoke([Token(SECRET)])
        assert proxy.requests == []
    assert len(served.asked(double.REVOKE)) == 1


@pytest.mark.parametrize("answer", [double.Answer(202), double.broken()], ids=["202", "500"])
def test_what_the_library_says_in_debugging_has_nothing_that_is_posted(
    served: double.Hub,
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    answer: double.Answer,
) -> None:
    """It shows every request as a call of curl, the body included."""
    monkeypatch.setattr(constants, "HF_DEBUG", True)
    monkeypatch.setattr(logging.getLogger("huggingface_hub"), "propagate", True)
    served.to_revoke = answer
    with caplog.at_level(logging.DEBUG, "huggingface_hub"):
        try:
            hub.revoke([Token(SECRET)])
        except HubError:
            assert answer.status == 500
    assert "curl -X POST" in caplog.text
    assert SECRET[3:11] not in caplog.text


@pytest.mark.parametrize(
    ("number", "sizes"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
def test_many_are_posted_a_hundred_at_a_time(served: double.Hub, hub: Hub, number: int, sizes: list[int]) -> None:
    secrets = [user_token(seed) for seed in range(number)]
    hub.revoke([Token(secret) for secret in secrets])
    posted = [json.loads(request.body)["credentials"] for request in served.requests]
    assert [len(some) for some in posted] == sizes
    assert [secret for some in posted for secret in some] == secrets


def test_what_follows_a_refusal_is_not_posted(served: double.Hub, hub: Hub) -> None:
    served.to_revoke = double.broken(429)
    refusal(hub, *(user_token(seed) for seed in range(101)))
    assert len(served.requests) == 1
