"""The Hub of the tests answers as it is told, and lets nobody hang."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING

import pytest

from tests.support import credentials, hub
from tests.support.repository import TIMEOUT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = credentials.user_token(1)
CONFIG = f"/{hub.REPOSITORY}/resolve/main/config.json"


@pytest.fixture
def served() -> Iterator[hub.Hub]:
    with hub.Hub() as it:
        yield it


class Reply:
    """What the Hub sends to one request."""

    def __init__(
        self, endpoint: str, token: str | None = TOKEN, path: str = hub.WHOAMI, method: str = "GET"
    ) -> None:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc, timeout=TIMEOUT)
        try:
            connection.request(method, path, headers={} if token is None else {"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            self.status = response.status
            self.headers = response.headers
            self.body = response.read()
        finally:
            connection.close()


def test_answers_and_notes(served: hub.Hub) -> None:
    served.answer(TOKEN, hub.limited(retry_after="7"), hub.ok(hub.whoami_user("read", orgs=[hub.organization()])))

    first, second, third = (Reply(served.endpoint) for _ in range(3))
    unknown = Reply(served.endpoint, None)

    assert (first.status, first.headers["RateLimit"], first.headers["Retry-After"]) == (429, '"api";r=0;t=55', "7")
    assert second.body == third.body
    assert json.loads(second.body)["auth"]["accessToken"]["role"] == "read"
    assert (unknown.status, unknown.headers["X-Error-Message"]) == (
        401,
        "Invalid credentials in Authorization header",
    )
    assert [(request.method, request.token) for request in served.asked()] == [("GET", TOKEN)] * 3 + [
        ("GET", None)
    ]


def test_redirects_to_the_same_path_elsewhere(served: hub.Hub) -> None:
    with hub.Hub() as other:
        served.answer(TOKEN, hub.redirect(other.endpoint, 307))
        assert Reply(served.endpoint).headers["Location"] == other.endpoint + hub.WHOAMI


@pytest.mark.parametrize("sized", [True, False])
def test_sends_what_is_too_much(served: hub.Hub, sized: bool) -> None:
    served.answer(TOKEN, hub.huge(1 << 20, sized=sized))
    reply = Reply(served.endpoint)
    assert len(reply.body) > 1 << 20
    assert json.loads(reply.body) == hub.whoami_user()
    assert ("Content-Length" in reply.headers) == sized


def test_closes_without_an_answer(served: hub.Hub) -> None:
    served.answer(TOKEN, hub.hang_up())
    with pytest.raises(http.client.RemoteDisconnected):
        Reply(served.endpoint)


def test_nobody_listens_on_a_closed_port() -> None:
    with pytest.raises(ConnectionRefusedError):
        Reply(hub.closed_port())


def _hung(endpoint: str) -> None:
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        Reply(endpoint)


def test_whoever_hangs_on_it_is_let_go() -> None:
    with hub.Hub() as served:
        clients = []
        for answer in (hub.slow(TIMEOUT), hub.drip(seconds=TIMEOUT)):
            served.answer(TOKEN, answer)
            clients.append(threading.Thread(target=_hung, args=(served.endpoint,)))
            clients[-1].start()
            while len(served.requests) < len(clients):
                time.sleep(0.001)
        idle = http.client.HTTPConnection(urllib.parse.urlsplit(served.endpoint).netloc, timeout=TIMEOUT)
        idle.request("GET", hub.WHOAMI)
        idle.getresponse().read()
    assert idle.sock.recv(1) == b""
    idle.close()
    for client in clients:
        client.join()


def test_only_who_may_sees_the_repository(served: hub.Hub) -> None:
    served.answer(TOKEN, hub.ok(hub.whoami_user()))
    head = Reply(served.endpoint, path=CONFIG, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(Reply(served.endpoint, path=CONFIG).body)
    stranger = Reply(served.endpoint, None, CONFIG)
    assert (stranger.status, stranger.headers["X-Error-Code"]) == (401, "RepoNotFound")


DOWNLOAD = """
import huggingface_hub
print(huggingface_hub.whoami()["name"], huggingface_hub.hf_hub_download("acme/private-model", "config.json"))
"""


@pytest.mark.parametrize("known", [True, False])
def test_the_official_client_takes_it_for_the_hub(served: hub.Hub, tmp_path: Path, known: bool) -> None:
    if known:
        served.answer(TOKEN, hub.ok(hub.whoami_user()))
    told = {"HF_ENDPOINT": served.endpoint, "HF_HOME": str(tmp_path), "HF_TOKEN": TOKEN}
    client = subprocess.run(
        [sys.executable, "-c", DOWNLOAD], env=environment(tmp_path) | told, capture_output=True, timeout=TIMEOUT
    )
    if known:
        assert client.stdout.startswith(b"alice "), client.stderr
    else:
        assert b"Invalid user token" in client.stderr
