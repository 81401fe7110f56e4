"""Paths as URIs."""

import pytest

from tests.support.credentials import user_token
from tokenguard.render.uri import file_uri, relative_uri


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        pytest.param("a/b.py", "a/b.py", id="plain"),
        pytest.param("./a", "a", id="from here"),
        pytest.param("a b", "a%20b", id="space"),
        pytest.param("#a?b%c", "%23a%3Fb%25c", id="fragment, query, percent"),
        pytest.param("é/鍵", "%C3%A9/%E9%8D%B5", id="UTF-8"),
        pytest.param("\udcff\udc80", "%FF%80", id="bytes that are not UTF-8"),
        pytest.param("\ud83d", "%ED%A0%BD", id="half a character"),
        pytest.param("c:d", "c%3Ad", id="no scheme"),
        pytest.param("a\nb\x1b", "a%0Ab%1B", id="control"),
    ],
)
def test_relative(path: str, uri: str) -> None:
    assert relative_uri(path) == uri


def test_absolute() -> None:
    assert relative_uri("/a/b") is None
    assert file_uri("/a/b c") == "file:///a/b%20c"


def test_a_token_in_a_path_is_masked() -> None:
    token = user_token()
    assert token[3:11] not in f"{relative_uri(f'a/{token}')} {file_uri(f'/{token}')}"
