"""What git asks of a credential helper: which hosts are answered, what the path leads to, how it is answered."""

from __future__ import annotations

import pytest

from tests.support import credentials
from tokenguard.core.endpoint import read_endpoint
from tokenguard.core.entity import Entity
from tokenguard.core.gitcredential import LARGEST, answer, read_request
from tokenguard.core.token import Token
from tokenguard.errors import UsageError

OFFICIAL = read_endpoint("")
LOCAL = read_endpoint("http://127.0.0.1:8123")
OTHER = read_endpoint("https://hub.example.com:8443/hf")


def asked(host: str = "huggingface.co", protocol: str = "https", *more: str) -> bytes:
    return "\n".join([f"protocol={protocol}", f"host={host}", *more, "", ""]).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("endpoint", "protocol", "host"),
    [
        (OFFICIAL, "https", "huggingface.co"),
        (OFFICIAL, "https", "hf.co"),
        (OFFICIAL, "https", "HuggingFace.CO"),
        (OTHER, "https", "huggingface.co"),
        (OTHER, "https", "hub.example.com:8443"),
        (LOCAL, "http", "127.0.0.1:8123"),
        (read_endpoint("http://[::1]:80"), "http", "[::1]:80"),
    ],
)
def test_the_hub_is_answered(endpoint: object, protocol: str, host: str) -> None:
    assert read_request(asked(host, protocol)).is_for(endpoint)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("protocol", "host"),
    [
        ("http", "huggingface.co"),
        ("http", "hf.co"),
        ("", "huggingface.co"),
        ("HTTPS", "huggingface.co"),
        ("ssh", "huggingface.co"),
        ("ftps", "huggingface.co"),
        ("https://huggingface.co/", ""),
        ("https", ""),
        ("https", "evil.example"),
        ("https", "huggingface.co.evil.example"),
        ("https", "evilhuggingface.co"),
        ("https", "evil.example/huggingface.co"),
        ("https", "huggingface.co@evil.example"),
        ("https", "evil.example@huggingface.co"),
        ("https", "evil.example#huggingface.co"),
        ("https", "evil.example?huggingface.co"),
        ("https", "evil.example\\huggingface.co"),
        ("https", "huggingface.co/"),
        ("https", "huggingface.co:443"),
        ("https", "huggingface.co:8443"),
        ("https", "huggingface.co:"),
        ("https", "huggingface.co."),
        ("https", ".huggingface.co"),
        ("https", "www.huggingface.co"),
        ("https", "alice-space.hf.space"),
        ("https", " huggingface.co"),
        ("https", "huggingface.co "),
        ("https", "huggingface.co\t"),
        ("https", "huggingface%2eco"),
        ("https", "huggingface。co"),
        ("https", "huggіngface.co"),  # noqa: RUF001 -- a Cyrillic letter, on purpose
        ("https", "xn--huggngface-e8h.co"),
        ("https", "\u017fhf.co"),
        ("https", "hf.co\udcff"),
        ("https", "127.0.0.1:8123"),
        ("http", "127.0.0.1"),
        ("http", "127.0.0.1:8124"),
        ("http", "127.0.0.2:8123"),
        ("http", "localhost:8123"),
    ],
)
def test_nobody_else_is(protocol: str, host: str) -> None:
    assert not read_request(asked(host, protocol)).is_for(LOCAL)


def test_a_letter_that_only_looks_like_one_in_lower_case_is_another_host() -> None:
    endpoint = read_endpoint("https://kernels.example.com")
    assert read_request(asked("KERNELS.example.com")).is_for(endpoint)
    assert not read_request(asked("\u212aernels.example.com")).is_for(endpoint)


@pytest.mark.parametrize(
    "data",
    [
        b"protocol=https\nhost=evil.example\nhost=huggingface.co\n\n",
        b"protocol=https\nprotocol=https\nhost=huggingface.co\n\n",
        b"host=huggingface.co\nprotocol=https\npath=a/b\npath=c/d\n\n",
        b"protocol=https\r\nhost=huggingface.co\r\n\r\n",
        b"protocol=https\nhost=huggingface.co\r\n\n",
        b"protocol=https\nhost=huggingface.co\rhost=evil.example\n\n",
        b"protocol=https\nhost=huggingface.co\0.evil.example\n\n",
        b"protocol=https\nhost=huggingface.co\nnonsense\n\n",
        b"\0",
    ],
)
def test_what_git_would_not_write_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        read_request(data)
    assert "evil" not in caught.value.message + caught.value.hint


def test_what_is_not_known_is_ignored_and_an_empty_line_ends_it() -> None:
    data = asked("hf.co", "https", "quantum=1", "quantum=2", "colours[]=red", "=", "a=b=c")
    request = read_request(data + b"host=evil.example\n")
    assert (request.protocol, request.host, request.path) == ("https", "hf.co", "")
    assert read_request(b"") == read_request(b"\n") == read_request(b"quantum=1")


def test_no_more_is_read_than_git_sends() -> None:
    assert read_request(b"x=1\n" * LARGEST + asked()).host == ""


@pytest.mark.parametrize(
    ("path", "entity"),
    [
        ("alice/model", Entity("model", "alice", "model")),
        ("alice/model.git", Entity("model", "alice", "model")),
        ("/alice/model/", Entity("model", "alice", "model")),
        ("alice/model.git/info/lfs", Entity("model", "alice", "model")),
        ("alice/model.git/info/lfs/objects/batch", Entity("model", "alice", "model")),
        ("datasets/alice/x", Entity("dataset", "alice", "x")),
        ("spaces/acme/demo.git/info/lfs", Entity("space", "acme", "demo")),
        ("buckets/acme/b", Entity("bucket", "acme", "b")),
        ("models/acme/b", Entity("model", "acme", "b")),
        ("", None),
        ("gpt2", None),
        ("datasets/squad", None),
        ("datasets", None),
        ("alice/", None),
        ("alice//model", None),
        ("alice/../bob/model", None),
        ("alice/model/../../bob/x", None),
        ("al ice/model", None),
        ("\udcff/model", None),
    ],
)
def test_a_path_leads_to_a_repository(path: str, entity: Entity | None) -> None:
    assert read_request(asked("hf.co", "https", f"path={path}")).repository(OFFICIAL) == entity


def test_an_endpoint_may_have_the_hub_in_a_folder() -> None:
    request = read_request(asked("hub.example.com:8443", "https", "path=hf/datasets/alice/x"))
    assert request.repository(OTHER) == Entity("dataset", "alice", "x")


TOKEN = credentials.user_token(1)
BASIC = f"username=hf_user\npassword={TOKEN}\n"
BEARER = f"capability[]=authtype\nauthtype=Bearer\ncredential={TOKEN}\nephemeral=1\n"


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ([], BASIC),
        (["capability[]=state"], BASIC),
        (["capability[]=authtype"], BEARER),
        (["capability[]=authtype", "capability[]=state"], BEARER),
        (["capability[]=authtype", "capability[]="], BASIC),
        (["capability[]=authtype", "wwwauth[]=Bearer"], BEARER),
        (["capability[]=authtype", 'wwwauth[]=Basic realm="a"', 'wwwauth[]=bearer realm="a"'], BEARER),
        (["capability[]=authtype", 'wwwauth[]=Basic realm="a"'], BASIC),
        (["wwwauth[]=Bearer"], BASIC),
    ],
)
def test_a_header_is_given_to_who_understands_it(more: list[str], lines: str) -> None:
    assert answer(read_request(asked("hf.co", "https", *more)), Token(TOKEN), None) == lines


def test_git_is_told_when_it_ends() -> None:
    assert answer(read_request(asked()), Token(TOKEN), 1790000000) == f"{BASIC}password_expiry_utc=1790000000\n"


@pytest.mark.parametrize("value", ["a\nhost=evil.example", "a\rb", "a\0b", "é", "a\u2028b"])
def test_what_would_be_more_than_a_line_is_not_handed_over(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        answer(read_request(asked()), Token(value), None)
    assert value not in caught.value.message


def test_what_is_to_be_erased_is_told_either_way() -> None:
    assert read_request(asked("hf.co", "https", "username=hf_user", "password=a")).secret == "a"
    assert read_request(asked("hf.co", "https", "authtype=Bearer", "credential=b")).secret == "b"
    assert read_request(asked()).secret == ""
