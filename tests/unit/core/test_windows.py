"""Windows over a stream: nothing is lost between them, and each sees around its edges."""

import io

import pytest

from tests.support.credentials import user_token
from tokenguard.core.blob import Blob, Origin
from tokenguard.core.detect import LEAD, TAIL
from tokenguard.core.finding import Finding
from tokenguard.core.scan import scan_blob
from tokenguard.core.windows import Once, windows_from
from tokenguard.files import WINDOW

SIZES = [
    0,
    1,
    WINDOW,
    WINDOW + TAIL - 1,
    WINDOW + TAIL,
    WINDOW + TAIL + 1,
    2 * WINDOW + TAIL,
    2 * WINDOW + TAIL + 1,
]


def marked(size: int) -> bytes:
    """Bytes in which every 8 tell their offset, so that windows that are mixed up show."""
    return b"".join(number.to_bytes(8, "big") for number in range(-(-size // 8)))[:size]


@pytest.mark.unmeasured
@pytest.mark.parametrize("size", SIZES)
def test_windows_adjoin_and_hold_what_is_around_them(size: int) -> None:
    content = marked(size)
    windows = list(windows_from(io.BytesIO(content).read))
    assert windows[0].first == 0
    assert windows[-1].last == size
    assert [window.is_last for window in windows] == [False] * (len(windows) - 1) + [True]
    assert [window.first for window in windows[1:]] == [window.last for window in windows[:-1]]
    for window in windows:
        assert window.start == max(0, window.first - LEAD)
        assert window.data == content[window.start : window.start + len(window.data)]
        assert len(window.data) == min(size, window.last + TAIL) - window.start


@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_a_pipe_may_give_little_at_a_time(piece: int) -> None:
    content = marked(20_000)
    stream = io.BytesIO(content)
    (window,) = windows_from(lambda most: stream.read(min(most, piece)))
    assert window.data == content


@pytest.mark.parametrize("offset", [WINDOW - 20, WINDOW + TAIL - 20, WINDOW + TAIL])
def test_a_credential_at_the_edge_of_windows_is_found_once(offset: int) -> None:
    content = b"\n" * offset + user_token().encode() + b"\n" * (WINDOW - 1000)
    found = list(scan_blob(Blob(Origin("-"), windows_from(io.BytesIO(content).read)), {}))
    assert [(item.line, item.column) for item in found if isinstance(item, Finding)] == [(offset + 1, 1)]


def test_what_is_read_once_can_be_looked_ahead_in_and_not_sought_in() -> None:
    content = marked(WINDOW + 100_000)
    source = io.BytesIO(content)
    file = Once(lambda most: source.read(min(most, 1000)))
    assert content.startswith(file.peek(1024)[:1024])
    assert len(file.peek(1024)) >= 1024
    assert not file.seekable()
    assert b"".join(w.data[w.first - w.start : w.last - w.start] for w in windows_from(file.read)) == content
    assert file.taken == len(content)
