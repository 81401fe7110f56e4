"""Signed tokens that can be read, and what only looks like one."""

import base64

import pytest

from tests.support.credentials import signed_token
from tokenguard.core.jws import is_jws

OBJECT = '{"alg": "none"}'


def compact(header: str | bytes, payload: str | bytes) -> bytes:
    parts = [part if isinstance(part, bytes) else part.encode() for part in (header, payload)]
    return b".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts), b"c2lnbmF0dXJl"])


def test_a_header_and_a_payload_that_are_objects_make_a_signed_token() -> None:
    assert is_jws(signed_token("").encode())
    assert is_jws(compact(OBJECT, OBJECT))


@pytest.mark.parametrize("padding", range(4))
def test_any_length_is_read_without_padding(padding: int) -> None:
    assert is_jws(compact(OBJECT, f'{{"a": "{"x" * padding}"}}'))


def test_the_url_alphabet_is_read() -> None:
    payload = '{"a": "' + "\u00bf\u00ff\u00be\u03ff\u07bf" * 3 + '"}'
    assert b"-" in compact(OBJECT, payload) or b"_" in compact(OBJECT, payload)
    assert is_jws(compact(OBJECT, payload))


NOT_OBJECTS = {
    "empty": b"",
    "number": b"1",
    "list": b"[]",
    "string": b'"{}"',
    "cut": b'{"a": 1',
    "two": b"{}{}",
    "words": b"hello",
    "bytes": b"\xff\xfe\xfd",
    "deep": b'{"a":' * 3000,
    "deep list": b"[" * 12_000,
}


@pytest.mark.parametrize("part", NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_anything_else_is_none(part: bytes) -> None:
    assert not is_jws(compact(part, OBJECT))
    assert not is_jws(compact(OBJECT, part))


def test_base64_of_an_impossible_length_is_none() -> None:
    assert not is_jws(b"eyJhb.eyJhb.x")
