"""A container that is damaged gives an answer all the same, as tests/property tries with many more changes."""

from __future__ import annotations

import io
import random

import pytest

from tests.support.archives import every_container
from tests.support.credentials import user_token
from tokenguard.core.unpack import unpack
from tokenguard.core.unpack.limits import Limits
from tokenguard.core.unpack.walk import Cut

# What pyarrow reads may end the process.
CONTAINERS = {name: data for name, data in every_container(user_token()).items() if name != "a.feather"}
LIMITS = Limits(bytes=4_000_000, members=1000)


def answer(data: bytes) -> list[str]:
    """Why something could not be read; all else is read to its end, in bounds."""
    reasons, total = [], 0
    for item in unpack(io.BytesIO(data), "name", LIMITS):
        if isinstance(item, Cut):
            reasons.append(item.reason)
        else:
            total += sum(len(window.data) for window in item.windows)
    assert all(reasons)
    assert total <= LIMITS.bytes + (LIMITS.ratio + 2 * LIMITS.depth) * len(data)
    return reasons


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_one_that_is_cut_short_gives_an_answer(name: str) -> None:
    data = CONTAINERS[name]
    for part in range(16):
        answer(data[: len(data) * part // 16])


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_one_in_which_bytes_are_changed_gives_an_answer(name: str) -> None:
    data = CONTAINERS[name]
    rng = random.Random(name)
    for value in (b"\0", b"\1", b"\x7f", b"\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0\0\0\0\0"):
        for edge in (16, 128, len(data)):
            at = rng.randrange(min(edge, len(data)))
            answer(data[:at] + value + data[at + len(value) :])
            at = len(data) - rng.randrange(min(edge, len(data)))
            answer(data[:at] + value + data[at + len(value) :])
