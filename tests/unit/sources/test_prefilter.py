"""What holds a credential is never passed over, whichever search there is on this machine."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.credentials import every_kind
from tokenguard.core.detect import detect
from tokenguard.sources import prefilter
from tokenguard.sources.prefilter import by_expressions, by_hyperscan

SEARCHES = [by_expressions()]
if importlib.util.find_spec("hyperscan"):
    SEARCHES.append(by_hyperscan())

credentials = st.builds(
    lambda kind, seed: every_kind(seed)[kind].encode(),
    st.sampled_from(sorted(every_kind())),
    st.integers(0, 2**32),
)
noise = st.one_of(
    st.binary(max_size=60), st.sampled_from([b"hf_", b"HFAK", b"\n", b"%20", b"=", b"\0", b"\xc3\xa9"])
)
contents = st.lists(st.one_of(noise, credentials), max_size=5)


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
    monkeypatch.setattr(prefilter, "by_hyperscan", lambda: pytest.fail("it was loaded"))
    assert prefilter.prefilter(10)(bytearray(every_kind()["user-access-token"].encode()), 0, 37)


def test_without_the_library_python_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "hyperscan", None)
    assert prefilter.prefilter(10**6)(bytearray(every_kind()["app-token"].encode()), 0, 39)
