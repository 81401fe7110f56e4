"""Windows know where the Blob ends."""

import pytest

from tokenguard.core.blob import Window, whole


@pytest.mark.parametrize(
    ("window", "is_last"),
    [
        pytest.param(Window(b"", 0, 0, 0), True, id="empty"),
        pytest.param(Window(b"abc", 0, 0, 3), True, id="whole"),
        pytest.param(Window(b"abc", 0, 0, 2), False, id="more to come"),
        pytest.param(Window(b"abc", 7, 8, 10), True, id="end"),
        pytest.param(Window(b"abc", 7, 8, 9), False, id="middle"),
    ],
)
def test_a_window_is_the_last_where_its_range_ends_with_its_data(window: Window, is_last: bool) -> None:
    assert window.is_last is is_last


@pytest.mark.parametrize("data", [b"", b"a", b"a" * 1000])
def test_what_is_in_memory_is_one_window(data: bytes) -> None:
    (window,) = whole(data)
    assert window == Window(data, 0, 0, len(data))
    assert window.is_last
