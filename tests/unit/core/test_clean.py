"""What is known to be clean: the same bytes alone, and no more of them than fit."""

import random

from tokenguard.core.clean import Clean


def test_what_was_added_is_known() -> None:
    clean = Clean()
    clean.add(b"one")
    assert b"one" in clean
    assert bytes(bytearray(b"one")) in clean
    assert b"onE" not in clean


def test_what_is_large_is_not_kept() -> None:
    clean = Clean()
    clean.add(bytes(1024 * 1024 + 1))
    assert bytes(1024 * 1024 + 1) not in clean


def test_no_more_is_kept_than_fits() -> None:
    clean = Clean()
    texts = [random.Random(seed).randbytes(1024 * 1024) for seed in range(18)]
    for text in texts:
        clean.add(text)
    assert texts[-1] in clean
    assert sum(text in clean for text in texts) <= 17


def test_small_ones_count_for_what_they_take() -> None:
    clean = Clean()
    for number in range(200_000):
        clean.add(number.to_bytes(3, "big"))
    assert (199_999).to_bytes(3, "big") in clean
    assert (0).to_bytes(3, "big") not in clean
