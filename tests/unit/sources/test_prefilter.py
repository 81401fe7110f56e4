"""What holds a credential is never passed over, whichever search there is on this machine."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.credentials import every_kind
from tokenguard.core.decode import decode
from tokenguard.core.detect import detect
from tokenguard.sources import prefilter
from tokenguard.sources.prefilter import by_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

IS_INSTALLED = importlib.util.find_spec("hyperscan") is not None
SEARCHES, DEEP = [by_expressions()], [by_expressions(deep=True)]
if IS_INSTALLED:
    from tokenguard.sources import database

    SEARCHES.append(database.search(deep=False) or by_expressions())
    DEEP.append(database.search(deep=True) or by_expressions(deep=True))

credentials = st.builds(
    lambda kind, seed: every_kind(seed)[kind].encode(),
    st.sampled_from(sorted(every_kind())),
    st.integers(0, 2**32),
)
noise = st.one_of(
    st.binary(max_size=60), st.sampled_from([b"hf_", b"HFAK", b"\n", b"%20", b"=", b"\0", b"\xc3\xa9"])
)
contents = st.lists(st.one_of(noise, credentials), max_size=5)


@pytest.mark.unmeasured
@settings(max_examples=300, deadline=None)
@given(contents, st.sampled_from([b"", b"\n", b"=", b" "]), st.integers(0, 200), st.binary(max_size=50))
def test_whatever_is_detected_is_held_possible(parts: list[bytes], gap: bytes, cut: int, around: bytes) -> None:
    content = gap.join(parts)
    content = content[: len(content) - cut] if cut < 100 else content
    buffer = bytearray(around + content + b"\n" + around)
    for may_hold in SEARCHES:
        if detect(content):
            assert may_hold(buffer, len(around), len(around) + len(content) + 1)


@pytest.mark.parametrize("kind", sorted(every_kind()))
def test_one_that_fills_the_stretch_is_held_possible_and_what_is_beside_it_is_not(kind: str) -> None:
    secret = every_kind()[kind].encode()
    buffer = bytearray(secret + b"clean" * 10 + secret)
    for may_hold in SEARCHES:
        assert may_hold(buffer, 0, len(secret))
        assert not may_hold(buffer, len(secret), len(secret) + 50)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.binary(max_size=200))
def test_what_has_no_anchor_is_passed_over(content: bytes) -> None:
    buffer = bytearray(content.replace(b"_", b"-").replace(b"HFAK", b""))
    assert not any(may_hold(buffer, 0, len(buffer)) for may_hold in SEARCHES)


def test_few_objects_do_not_wait_for_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.__import__", lambda name, *_: pytest.fail(f"{name} was loaded"))
    assert prefilter.by_hyperscan(10) is None


def test_without_the_library_python_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenguard.sources.database", None)
    monkeypatch.delattr("tokenguard.sources.database", raising=False)
    assert prefilter.by_hyperscan(10**6) is None
    assert prefilter.prefilter(10**6)(bytearray(every_kind()["app-token"].encode()), 0, 39)


ways: list[Callable[[bytes], bytes]] = [
    *(base64.b64encode, base64.encodebytes, lambda text: text.hex().encode(), lambda text: text),
    *(lambda text: text.decode("latin-1").encode("utf-16-le"), lambda text: text.replace(b"_", b"%5F")),
    *(lambda text: text.replace(b"f", b"\\u0066"), lambda text: text.replace(b"_", b"&#95;")),
    *(
        lambda text: "".join(f"\\x{byte:02x}" for byte in text).encode(),
        lambda text: text.replace(b"_", b'_" + "'),
    ),
    *(lambda text: text[:1] + b'" + "' + text[1:], lambda text: text[:9] + b"=\n" + text[9:]),
    *(lambda text: text.replace(b"\n", b"\n    "), lambda text: text[:2] + b"=5F" + text[3:]),
    *(lambda text: text[:12] + b"\\\n" + text[12:], lambda text: text[:12] + b"%41" + text[13:]),
]


@pytest.mark.unmeasured
@settings(max_examples=600, deadline=None)
@given(
    credentials, st.lists(st.sampled_from(ways), max_size=3), st.binary(max_size=60), st.sampled_from(b" \"'\n")
)
def test_whatever_is_decoded_is_held_possible(
    content: bytes, chain: list[Callable[[bytes], bytes]], around: bytes, edge: int
) -> None:
    for way in chain:
        content = around + bytes((edge,)) + way(content) + bytes((edge,))
    buffer = bytearray(b"before" + content + b"\n")
    for may_hold in DEEP:
        if detect(content) or decode(content).found:
            assert may_hold(buffer, 6, 7 + len(content))


def test_the_deep_search_passes_over_what_holds_nothing() -> None:
    buffer = bytearray(
        b"import os\n" + hashlib.sha512(b"").hexdigest().encode() + b"\n" + base64.b64encode(bytes(99))
    )
    assert not any(may_hold(buffer, 0, len(buffer)) for may_hold in DEEP[1:])


@pytest.mark.parametrize("gap", [1, 127, 128, 130])
def test_pieces_may_be_far_from_each_other(gap: int) -> None:
    secret = every_kind()["user-access-token"]
    data = f'token = ("{secret[:2]}"{" " * gap}"{secret[2:]}")\n'.encode()
    assert decode(data).found
    assert all(may_hold(data, 0, len(data)) for may_hold in DEEP)
