"""Where tokens may be sent: an address that nobody can read in two ways, and never in the clear."""

import pytest

from tokenguard.core.endpoint import OFFICIAL, Endpoint, is_at, is_hub, is_loopback, keeps_files, read_endpoint
from tokenguard.errors import UsageError

ENDPOINTS = {
    "": Endpoint("https://huggingface.co", "huggingface.co"),
    "https://huggingface.co": Endpoint("https://huggingface.co", "huggingface.co"),
    "https://huggingface.co/": Endpoint("https://huggingface.co", "huggingface.co"),
    "https://huggingface.co///": Endpoint("https://huggingface.co", "huggingface.co"),
    "https://Hub.Example.COM": Endpoint("https://Hub.Example.COM", "hub.example.com"),
    "https://hub.example.com:8443": Endpoint("https://hub.example.com:8443", "hub.example.com"),
    "https://hub.example.com:65535": Endpoint("https://hub.example.com:65535", "hub.example.com"),
    "https://example.com/hub/": Endpoint("https://example.com/hub", "example.com"),
    "https://example.com/a-b/~c/d.e": Endpoint("https://example.com/a-b/~c/d.e", "example.com"),
    "https://192.0.2.1": Endpoint("https://192.0.2.1", "192.0.2.1"),
    "https://[2001:DB8::1]:8443": Endpoint("https://[2001:DB8::1]:8443", "2001:db8::1"),
    "http://localhost": Endpoint("http://localhost", "localhost"),
    "http://LOCALHOST:8080": Endpoint("http://LOCALHOST:8080", "localhost"),
    "http://127.0.0.1:8080/": Endpoint("http://127.0.0.1:8080", "127.0.0.1"),
    "http://127.1.2.3": Endpoint("http://127.1.2.3", "127.1.2.3"),
    "http://[::1]:8080": Endpoint("http://[::1]:8080", "::1"),
    "https://localhost": Endpoint("https://localhost", "localhost"),
}

IN_THE_CLEAR = [
    "http://huggingface.co",
    "http://hub.example.com:8080",
    "http://127.0.0.1.evil.com",
    "http://127.0.0.1evil.com",
    "http://localhost.evil",
    "http://evil.localhost.com",
    "http://notlocalhost",
    "http://localhost.",
    "http://127.0.0.1.",
    "http://127.1",
    "http://128.0.0.1",
    "http://0.0.0.0",
    "http://127.0.0.1.1",
    "http://0127.0.0.1",
    "http://2130706433",
    "http://0x7f.0.0.1",
    "http://10.0.0.1",
    "http://169.254.169.254",
    "http://[::2]",
    "http://[::ffff:7f00:1]",
    "http://127.0.0.999",  # no address, so a name that somebody answers for
    "http://127.999.0.1",
]

NOT_PLAIN = [
    "huggingface.co",
    "//huggingface.co",
    "ftp://huggingface.co",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https:huggingface.co",
    "https:/huggingface.co",
    "https://",
    "/",
    " ",
    "https://huggingface.co ",
    " https://huggingface.co",
    "https://huggingface.co\n",
    "https://huggingface.co\r\nX: y",
    "https://huggingface.co/a\nb",
    "https://hugging\tface.co",
    "https://huggingface.co\0",
    "https://user@huggingface.co",
    "https://user:password@huggingface.co",
    "http://127.0.0.1@evil.com",
    "http://127.0.0.1:80@evil.com",
    "http://localhost:password@evil.com",
    "https://huggingface.co#@evil.com",
    "https://huggingface.co?@evil.com",
    "https://huggingface.co/?a=b",
    "https://huggingface.co/#a",
    "https://huggingface.co/a b",
    "https://huggingface.co/%0d%0a",
    "https://huggingface.co\\@evil.com",
    "https://evil.com\\.huggingface.co",
    "http://localhost\\.evil.com",
    "http:\\\\localhost",
    "https://huggingface.co;evil.com",
    "https://huggingface.co,evil.com",
    "https://hugging_face.co",
    "https://huggingface%2eco",
    "https://h\u00fcggingface.co",
    "https://huggingface\u3002co",  # a full stop to IDNA
    "https://\uff48uggingface.co",  # an h to it
    "http://localho\u017ft",  # an s to it
    "http://loca\u02e1host",
    "https://[huggingface.co]",
    "https://[::1",
    "https://::1",
    "http://[::1%25eth0]",
    "http://[::1]evil.com",
    "http://[::1].evil.com",
    "http://[::1]@evil.com",
    "https://huggingface.co:",
    "https://huggingface.co:port",
    "https://huggingface.co:443:443",
    "https://huggingface.co:443443",
    "https://huggingface.co:65536",
    "https://huggingface.co:99999",
    "http://127.0.0.1:99999",
    "https://huggingface.co:٤٤٣",
    "https://huggingface.co:-1",
]


@pytest.mark.parametrize("text", ENDPOINTS)
def test_a_plain_address_is_an_endpoint(text: str) -> None:
    assert read_endpoint(text) == ENDPOINTS[text]


@pytest.mark.parametrize("text", IN_THE_CLEAR)
def test_no_token_goes_over_http_to_another_machine(text: str) -> None:
    with pytest.raises(UsageError, match="begins with http://"):
        read_endpoint(text)
    assert read_endpoint(text.replace("http", "https", 1)).url.startswith("https://")


@pytest.mark.parametrize("text", NOT_PLAIN, ids=ascii)
def test_what_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="HF_ENDPOINT is not an address") as caught:
        read_endpoint(text)
    assert OFFICIAL in caught.value.hint


@pytest.mark.parametrize("scheme", ["HTTP", "Https", "hTTp"])
def test_a_scheme_is_written_small(scheme: str) -> None:
    with pytest.raises(UsageError):
        read_endpoint(f"{scheme}://localhost")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("", False),
        ("localhost.evil", False),
        ("evil.localhost", False),
        ("127.0.0.1.evil.com", False),
        ("127.0.0.1\n", False),
        ("127.0.0", False),
        ("1127.0.0.1", False),
        ("127.0.0.256", False),
        ("127.0.0.٣", False),
        ("::2", False),
        ("0.0.0.0", False),
    ],
)
def test_this_very_machine_is_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
    assert Endpoint(f"https://{host}", host).is_loopback is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("hub.example.com", True),
        ("huggingface.co", True),
        ("router.huggingface.co", True),
        ("api-inference.huggingface.co", True),
        ("a.b.huggingface.co", True),
        ("hf.co", True),
        ("x.endpoints.huggingface.cloud", True),
        ("x.us-east-1.aws.endpoints.huggingface.cloud", True),
        ("", False),
        ("example.com", False),
        ("sub.hub.example.com", False),
        ("evilhuggingface.co", False),
        ("huggingface.co.evil.com", False),
        ("huggingface.com", False),
        ("huggingface.cloud", False),
        ("x.huggingface.cloud", False),
        ("evilendpoints.huggingface.cloud", False),
        ("hf.space", False),
        ("acme-app.hf.space", False),
        ("huggingface.co.hf.space", False),
        ("evilhf.co", False),
    ],
)
def test_the_hosts_of_the_hub_are_known(host: str, expected: bool) -> None:
    assert is_hub(host, read_endpoint("https://hub.example.com")) is expected


STORES = {
    "https://huggingface.co/a": True,
    "https://hf.co/a": True,
    "https://us.aws.cdn.hf.co/a?signature=x": True,
    "https://cdn-lfs.huggingface.co/a": True,
    "HTTPS://CDN-LFS.HF.CO/a": False,  # nobody writes it so
    "http://cdn-lfs.hf.co/a": False,
    "https://cdn-lfs.hf.co:444/a": False,
    "https://cdn-lfs.hf.co": False,
    "https://nothf.co/a": False,
    "https://hf.co.example.com/a": False,
    "https://acme.hf.space/a": False,
    "https://hf.co@example.com/a": False,
    "https://us.hf.co\\@example.com/a": False,
    "https://127.0.0.1/a": False,
    "//hf.co/a": False,
    "file:///a": False,
    "": False,
}


@pytest.mark.parametrize("url", STORES)
def test_files_are_kept_at_the_hub_and_its_storage(url: str) -> None:
    assert keeps_files(url, read_endpoint("")) is STORES[url]


def test_a_hub_on_this_machine_may_keep_files_beside_it() -> None:
    endpoint = read_endpoint("http://127.0.0.1:8080")
    assert keeps_files("http://127.0.0.1:9090/a", endpoint)
    assert not is_at("http://127.0.0.1:9090/a", endpoint)
    assert not is_at("http://127.0.0.1:80800/a", endpoint)
    assert is_at("http://127.0.0.1:8080/a", endpoint)
    assert not keeps_files("http://192.0.2.1:9090/a", endpoint)


def test_another_hub_keeps_files_at_hugging_face_and_has_its_token_for_itself() -> None:
    endpoint = read_endpoint("https://hub.example.com/hub")
    assert keeps_files("https://us.aws.cdn.hf.co/a", endpoint)
    assert not is_at("https://huggingface.co/a", endpoint)
    assert is_at("https://hub.example.com/other", endpoint)
