"""Tokens for Python programs: `auth` puts the header on requests to the Hub's hosts, and on no others."""

import os
import pickle
from collections.abc import Callable, Collection
from pathlib import Path

import httpx
import pytest
import requests

import tokenguard
from tests.support.credentials import user_token
from tokenguard.access import HubAuth
from tokenguard.core.token import Token

SECRET = user_token()
HEADER = f"Bearer {SECRET}"
ENDPOINT = "https://hub.example.com:8443/hub"

OFFICIAL = [
    "https://huggingface.co",
    "https://huggingface.co/api/whoami-v2",
    "https://huggingface.co:443/x",
    "https://huggingface.co:8443/x",
    "https://HuggingFace.CO/x",
    "HTTPS://huggingface.co/x",
    "https://api-inference.huggingface.co/models/x",
    "https://router.huggingface.co/v1",
    "https://a.b.huggingface.co",
    "https://hf.co/x",
    "https://x.endpoints.huggingface.cloud",
    "https://x.us-east-1.aws.endpoints.huggingface.cloud/v1?a=b#c",
    "https://user@huggingface.co/x",
    "https://user:password@huggingface.co/x",
]
NEVER = [
    "http://huggingface.co",
    "http://hf.co",
    "http://huggingface.co:443",
    "http://router.huggingface.co",
    "http://x.endpoints.huggingface.cloud",
    "http://hub.example.com:8443/hub",
    "https://evilhuggingface.co",
    "https://evil-huggingface.co",
    "https://huggingface.co.evil.com",
    "https://huggingface.com",
    "https://huggingface.co@evil.com",
    "https://huggingface.co:443@evil.com/",
    "https://huggingface.co%40evil.com",
    "https://evil.com/huggingface.co",
    "https://evil.com/@huggingface.co",
    "https://evil.com?@huggingface.co",
    "https://evil.com#@huggingface.co",
    "https://evil.com?x=.huggingface.co",
    "https://evil.com#.huggingface.co",
    "https://hf.space",
    "https://acme-app.hf.space",
    "https://huggingface.co.hf.space",
    "https://evilhf.co",
    "https://huggingface.cloud",
    "https://evil.huggingface.cloud",
    "https://evilendpoints.huggingface.cloud",
    "https://sub.hub.example.com",
    "https://evil.com",
    "https://127.0.0.1",
    "http://127.0.0.1",
    "http://localhost:8080",
    "http://[::1]:8080",
    "https://[::1]",
    "https://[2001:db8::1]",
    "http://localhost.evil.com",
    "http://127.0.0.1.evil.com",
]
# What two parsers could read as two hosts: whoever sends it must come to the same one as `auth`.
ODD = [
    *("https://evil.com\\@huggingface.co/x", "https://huggingface.co\\@evil.com/x", "https://evil.com\\.huggingface.co/"),
    *("https://evil.com\t.huggingface.co", "https://huggingface.co\n.evil.com", "https://evil.com\r\n@huggingface.co"),
    *("https://evil.com%2f.huggingface.co", "https://evil.com%23.huggingface.co", "https://evil.com%00.huggingface.co"),
    *("https://huggingface.co%2eevil.com", "https://huggingface%2eco", "https://evil.com;.huggingface.co"),
    *("https://user@evil.com@huggingface.co/", "https://user@huggingface.co@evil.com/"),
    *("https://evil.com:443:huggingface.co", "https://evil.com:@huggingface.co", "https://:@huggingface.co"),
    *("https://evil.com\uff0f.huggingface.co", "https://huggingface\u3002co", "https://\uff48uggingface.co"),
    *("https://evil.com\u2044.huggingface.co", "https://evil\u3002huggingface.co", "https://hf\uff0eco"),
    *("https://huggingface.co.", "https://huggingface.co..", "https://.huggingface.co", "https:///huggingface.co"),
    *("https:huggingface.co", "https:/huggingface.co", "https:\\\\huggingface.co", "https://[huggingface.co]"),
    *("https://evil.com/..//huggingface.co", "https://evil.com//huggingface.co", "//huggingface.co"),
    *(" https://evil.com", "https://evil.com ", "https://huggingface.co ", "https://xn--huggingface.co"),
    *("http://hub.example.com@127.0.0.1", "http://127.0.0.1@evil.com", "http://[::1]@evil.com", "http://[::1%25x]/"),
]  # fmt: skip


Send = Callable[[str, HubAuth], "str | None"]
Ask = Callable[..., object]


class Request:
    """A request of yet another library."""

    def __init__(self, url: object) -> None:
        self.url = url
        self.headers: dict[str, str] = {}


def by_any(url: str, auth: HubAuth) -> str | None:
    return auth(Request(url)).headers.get("Authorization")


def by_requests(url: str, auth: HubAuth) -> str | None:
    header: str | None = requests.Request("GET", url, auth=auth).prepare().headers.get("Authorization")
    return header


def by_httpx(url: str, auth: HubAuth) -> str | None:
    header: str | None = auth(httpx.Request("GET", url)).headers.get("Authorization")
    return header


SENDERS = [by_any, by_requests, by_httpx]


@pytest.fixture(autouse=True)
def _official(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    for name in ("http_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def hub_auth(hosts: Collection[str] = ()) -> HubAuth:
    return HubAuth(Token(SECRET), hosts)


@pytest.mark.parametrize("url", OFFICIAL)
@pytest.mark.parametrize("send", SENDERS)
def test_the_hub_gets_the_header(send: Send, url: str) -> None:
    assert send(url, hub_auth()) == HEADER


@pytest.mark.parametrize("url", NEVER)
@pytest.mark.parametrize("send", SENDERS)
def test_nobody_else_gets_the_header(send: Send, url: str) -> None:
    assert send(url, hub_auth()) is None


@pytest.mark.parametrize("url", ODD, ids=ascii)
def test_whoever_gets_the_header_is_who_is_asked(url: str) -> None:
    """`requests` and `httpx` connect to the host in what they have made of the URL, or refuse it."""
    reached = []
    try:
        prepared = requests.Request("GET", url, auth=hub_auth()).prepare()
        pool = requests.adapters.HTTPAdapter().build_connection_pool_key_attributes(prepared, verify=True)
        reached.append((pool[0]["scheme"], pool[0]["host"], prepared.headers.get("Authorization")))
    except requests.RequestException:
        reached.append(("", "", None))
    try:
        request = httpx.Request("GET", url)
        header = hub_auth()(request).headers.get("Authorization")
        reached.append((request.url.scheme, request.url.raw_host.decode(), header))
    except (httpx.InvalidURL, UnicodeError):
        reached.append(("", "", None))
    for scheme, host, header in reached:
        assert header in (None, HEADER)
        if header is not None:
            assert scheme == "https"
            assert host in ("huggingface.co", "hf.co") or host.endswith(".huggingface.co")


@pytest.mark.parametrize("url", ["https://hub.example.com", "https://HUB.example.com:1/x"])
@pytest.mark.parametrize("send", SENDERS)
def test_the_endpoint_gets_the_header(monkeypatch: pytest.MonkeyPatch, send: Send, url: str) -> None:
    assert send(url, hub_auth()) is None
    monkeypatch.setenv("HF_ENDPOINT", ENDPOINT)
    assert send(url, hub_auth()) == HEADER
    assert send("https://huggingface.co", hub_auth()) == HEADER
    assert send("http://hub.example.com:8443/hub", hub_auth()) is None


@pytest.mark.parametrize(
    ("endpoint", "url", "others"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/x", ["http://localhost:8080", "http://127.0.0.2:8080"]),
        ("http://localhost:8080", "http://localhost:8080/x", ["http://127.0.0.1:8080", "http://localhost.evil"]),
        ("http://[::1]:8080", "http://[::1]:8080/x", ["http://[::2]:8080/x", "http://127.0.0.1:8080"]),
    ],
)
@pytest.mark.parametrize("send", SENDERS)
def test_an_endpoint_on_this_very_machine_gets_it_over_http(
    monkeypatch: pytest.MonkeyPatch, send: Send, endpoint: str, url: str, others: list[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    assert send(url, hub_auth()) == HEADER
    assert [send(other, hub_auth()) for other in others] == [None] * len(others)


@pytest.mark.parametrize("send", SENDERS)
def test_another_port_of_this_very_machine_gets_nothing(monkeypatch: pytest.MonkeyPatch, send: Send) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:8080")
    assert send("http://127.0.0.1:8080/x", hub_auth()) == HEADER
    for url in ("http://127.0.0.1:8081/x", "http://127.0.0.1/x", "http://127.0.0.1:80/x"):
        assert send(url, hub_auth()) is None


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("send", SENDERS)
def test_no_proxy_is_shown_what_stays_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, send: Send, variable: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:8080")
    url = "http://127.0.0.1:8080/x"
    monkeypatch.setenv(variable, "http://proxy.example:3128")
    assert send(url, hub_auth()) is None
    assert send("http://127.0.0.1:8081", hub_auth(["127.0.0.1"])) is None
    assert send("https://huggingface.co", hub_auth()) == HEADER  # of which a proxy sees nothing
    for hosts in ("127.0.0.1", "example.com,127.0.0.1", "*"):
        monkeypatch.setenv("NO_PROXY", hosts)
        assert send(url, hub_auth()) == HEADER
    monkeypatch.setenv("NO_PROXY", "example.com")
    assert send(url, hub_auth()) is None


@pytest.mark.parametrize("hosts", [["proxy.example"], ("Proxy.Example",), {"proxy.example"}, "proxy.example"])
@pytest.mark.parametrize("send", SENDERS)
def test_hosts_adds_others_by_their_full_names(send: Send, hosts: Collection[str]) -> None:
    auth = hub_auth(hosts)
    assert send("https://proxy.example:8080/x", auth) == HEADER
    assert send("https://huggingface.co", auth) == HEADER
    for other in ("http://proxy.example", "https://sub.proxy.example", "https://proxy.example.evil.com"):
        assert send(other, auth) is None


@pytest.mark.parametrize(
    "host", ["https://example.org", "example.org:8443", "*.hf.space", "", "a b", "-a", "example.org/", "user@a"]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(tokenguard.UsageError, match="no name of a host"):
        hub_auth([host])


def test_no_hosts_add_none() -> None:
    assert HubAuth(Token(SECRET), None) == HubAuth(Token(SECRET), [])


def test_a_space_gets_it_by_its_full_name_alone() -> None:
    auth = hub_auth(["acme-app.hf.space"])
    assert by_any("https://acme-app.hf.space", auth) == HEADER
    assert by_any("https://other.hf.space", auth) is None


def test_a_host_on_this_very_machine_is_added_over_http() -> None:
    assert by_any("http://localhost:8080", hub_auth(["localhost"])) == HEADER


def test_what_a_request_carries_to_others_is_left_alone() -> None:
    request = Request("https://example.com")
    request.headers["Authorization"] = "Basic x"
    assert hub_auth()(request) is request
    assert request.headers == {"Authorization": "Basic x"}


@pytest.mark.parametrize("url", ["", "/", "huggingface.co", "ftp://huggingface.co", "ws://huggingface.co", None])
def test_what_is_no_address_of_the_web_gets_nothing(url: object) -> None:
    assert hub_auth()(Request(url)).headers == {}


def test_an_endpoint_in_the_clear_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example.com")
    with pytest.raises(tokenguard.UsageError, match="HF_ENDPOINT begins with http://"):
        hub_auth()


def test_no_rendering_shows_the_token() -> None:
    auth = hub_auth(["proxy.example"])
    assert (repr(auth), str(auth), f"{auth}") == ("HubAuth(…)",) * 3
    assert SECRET not in repr(vars(auth))
    session = requests.Session()
    session.auth = auth
    with pytest.raises(TypeError, match="not pickled") as caught:
        pickle.dumps(session)
    assert SECRET not in str(caught.value)


def test_the_same_is_equal() -> None:
    assert hub_auth(["a"]) == hub_auth(["A"])
    assert hash(hub_auth(["a"])) == hash(hub_auth(["A"]))
    assert hub_auth() != hub_auth(["a"])
    assert hub_auth() != HubAuth(Token(user_token(1)))
    assert hub_auth() != "HubAuth(…)"


@pytest.fixture
def _nothing_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path))
    for name in ("TOKENGUARD_TOKEN", "TOKENGUARD_VAULT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_nothing_kept")
@pytest.mark.parametrize("ask", [tokenguard.get_token, tokenguard.auth])
def test_without_a_token_it_is_an_error_of_the_vault(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(tokenguard.VaultError, match="no token is chosen"):
        ask()
    with pytest.raises(tokenguard.VaultError, match="no token called work"):
        ask("work")
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("_nothing_kept")
@pytest.mark.parametrize("ask", [tokenguard.get_token, tokenguard.auth])
def test_a_token_in_the_place_of_a_name_is_not_repeated(ask: Ask) -> None:
    """The traceback of a program goes to its log."""
    with pytest.raises(tokenguard.TokenguardError) as caught:
        ask(SECRET)
    assert SECRET[3:] not in f"{caught.value} {caught.value.hint}"


@pytest.mark.usefixtures("_nothing_kept")
@pytest.mark.parametrize("ask", [tokenguard.get_token, tokenguard.auth])
@pytest.mark.parametrize("name", ["", " ", "-", "copied badly"])
def test_what_is_no_name_is_an_error_and_not_the_default(ask: Ask, name: str) -> None:
    name = SECRET[:-4] if name == "copied badly" else name
    with pytest.raises(tokenguard.UsageError) as caught:
        ask(name)
    assert SECRET[3:11] not in f"{caught.value} {caught.value.hint}"


@pytest.mark.usefixtures("_nothing_kept")
def test_a_token_in_the_variable_for_a_name_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENGUARD_TOKEN", SECRET)
    with pytest.raises(tokenguard.TokenguardError) as caught:
        tokenguard.get_token()
    assert SECRET[3:] not in f"{caught.value} {caught.value.hint}"
