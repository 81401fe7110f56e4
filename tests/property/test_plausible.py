"""Properties of the test for randomness that hold for every body."""

from __future__ import annotations

import string
from math import isfinite
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tokenguard.core.plausible import THRESHOLD, looks_random, structure_bits

if TYPE_CHECKING:
    import random

LETTERS = string.ascii_letters
SYMBOLS = LETTERS + string.digits

bodies = st.text(alphabet=SYMBOLS, min_size=1, max_size=200).map(str.encode)
patterns = st.text(alphabet=SYMBOLS, min_size=1, max_size=17)


@given(body=bodies, any_alphabet=st.booleans())
def test_every_body_has_a_finite_score_that_the_answer_follows(body: bytes, any_alphabet: bool) -> None:
    bits = structure_bits(body, any_alphabet=any_alphabet)
    assert isfinite(bits)
    assert bits >= 0
    assert looks_random(body, any_alphabet=any_alphabet) == (bits < THRESHOLD)


@given(body=bodies, more=bodies)
def test_evidence_never_shrinks_along_a_body(body: bytes, more: bytes) -> None:
    assert structure_bits(body + more) >= structure_bits(body)


@given(pattern=patterns)
def test_a_repetition_is_no_credential(pattern: str) -> None:
    assert not looks_random((pattern * 34)[:34].encode())


@given(body=st.binary(max_size=60).filter(lambda body: not body.isalnum()), any_alphabet=st.booleans())
def test_anything_else_is_an_error(body: bytes, any_alphabet: bool) -> None:
    try:
        looks_random(body, any_alphabet=any_alphabet)
    except ValueError:
        return
    raise AssertionError(body)


@settings(derandomize=True)  # of a million random bodies a few may be refused, by the guarantee
@given(rng=st.randoms(use_true_random=True), alphabet=st.sampled_from([LETTERS, SYMBOLS]))
def test_a_random_body_is_a_credential(rng: random.Random, alphabet: str) -> None:
    body = "".join(rng.choices(alphabet, k=34)).encode()
    assert looks_random(body)
    assert looks_random(body, any_alphabet=True)
