"""Whatever git is made to ask: an answer goes to the Hub's hosts, or there is none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support import credentials
from tokenguard.core.endpoint import read_endpoint
from tokenguard.core.gitcredential import answer, read_request
from tokenguard.core.token import Token
from tokenguard.errors import UsageError

HUB = {"https://huggingface.co", "https://hf.co", "https://hub.example.com:8443"}
KEYS = st.sampled_from(["protocol", "host", "path", "username", "capability[]", "wwwauth[]", "password"])
NEAR = st.sampled_from(
    [
        "https",
        "http",
        "huggingface.co",
        "hf.co",
        "hub.example.com:8443",
        "evil.example",
        "authtype",
        "\r",
        "\0",
        ".",
    ]
)
VALUES = st.lists(NEAR | st.text(max_size=3), max_size=3).map("".join) | NEAR
LINES = st.lists(st.tuples(KEYS, VALUES).map("=".join) | st.text(max_size=8), max_size=6).map("\n".join)


@given(LINES)
def test_an_answer_is_for_the_one_host_that_git_has_named(lines: str) -> None:
    endpoint = read_endpoint("https://hub.example.com:8443")
    try:
        request = read_request(lines.encode("utf-8", "surrogatepass"))
    except UsageError:
        return
    request.repository(endpoint)
    if request.is_for(endpoint):
        given = [
            line for line in lines.partition("\n\n")[0].split("\n") if line.startswith(("protocol=", "host="))
        ]
        named = dict(line.split("=", 1) for line in given)
        assert len(given) == 2
        assert f"{named['protocol']}://{named['host']}".lower() in HUB


@given(LINES, st.none() | st.integers(min_value=0))
def test_an_answer_is_lines_of_which_git_knows_each(lines: str, expires: int | None) -> None:
    try:
        request = read_request(lines.encode("utf-8", "surrogatepass"))
    except UsageError:
        return
    said = answer(request, Token(credentials.user_token()), expires).splitlines()
    keys = {line.partition("=")[0] for line in said} - {"password_expiry_utc"}
    basic, bearer = {"username", "password"}, {"capability[]", "authtype", "credential", "ephemeral"}
    assert keys in ([basic, bearer] if "capability[]=authtype" in lines else [basic])
