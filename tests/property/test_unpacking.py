"""Whatever is done to a container: there is an answer, and it is no exception; and the work has an end."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.archives import every_container
from tests.support.credentials import user_token
from tokenguard.core.unpack import Limits, is_container, looks_packed, unpack
from tokenguard.core.unpack.walk import Cut

# What pyarrow reads may end the process; it is fuzzed by those who make it.
CONTAINERS = {name: data for name, data in every_container(user_token()).items() if name != "a.feather"}
LIMITS = Limits(bytes=4_000_000, members=1000)

WAYS = ["flip", "cut", "repeat", "drop", "number"]
changes = st.lists(
    st.tuples(
        st.sampled_from(WAYS),
        st.integers(0, 1 << 20),
        st.binary(max_size=8),
    ),
    min_size=1,
    max_size=8,
)


def changed(data: bytes, steps: list[tuple[str, int, bytes]]) -> bytes:
    for how, where, what in steps:
        at = where % (len(data) + 1)
        match how:
            case "flip":
                data = data[:at] + what + data[at + len(what) :]
            case "cut":
                data = data[:at]
            case "repeat":
                data = data[:at] + data[at // 2 : at] + data[at:]
            case "drop":
                data = data[:at] + data[at + 1 + len(what) :]
            case _:
                data = data[:at] + b"\xff\xff\xff\x7f" + data[at + 4 :]
    return data


def read(data: bytes) -> int:
    """How many bytes come out, all levels together."""
    around = b"%PDF-" + data + b"PK"
    if is_container(data[:1024], len(data), data[-22:]):
        assert looks_packed(data, 0, len(data))
        assert looks_packed(bytearray(around), 5, 5 + len(data))
    total = 0
    for item in unpack(io.BytesIO(data), "name", LIMITS):
        if isinstance(item, Cut):
            assert item.reason
        else:
            total += sum(len(window.data) for window in item.windows)
    return total


@settings(max_examples=400)
@given(st.sampled_from(sorted(CONTAINERS)), changes)
def test_a_damaged_container_gives_an_answer(name: str, steps: list[tuple[str, int, bytes]]) -> None:
    data = changed(CONTAINERS[name], steps)
    # What is not packed comes once a level; all that is, within the limit.
    assert read(data) <= LIMITS.bytes + (LIMITS.ratio + 2 * LIMITS.depth) * len(data)


@settings(max_examples=400)
@given(st.sampled_from(sorted(CONTAINERS)), st.integers(2, 300), st.binary(max_size=400))
def test_anything_behind_a_magic_gives_an_answer(name: str, kept: int, rest: bytes) -> None:
    read(CONTAINERS[name][:kept] + rest)
