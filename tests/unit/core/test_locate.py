"""Lines and columns, as an editor counts them."""

import pytest

from tests.support.credentials import user_token
from tokenguard.core.blob import Window, whole
from tokenguard.core.detect import Span
from tokenguard.core.kinds import USER_ACCESS_TOKEN
from tokenguard.core.locate import Locator, Place

TOKEN = user_token().encode()

BEFORE = {
    "nothing": (b"", 1, 1),
    "one line": (b"a = ", 1, 5),
    "newline": (b"\n", 2, 1),
    "third line": (b"a\nb\n  ", 3, 3),
    "CRLF": (b"a\r\nb\r\n ", 3, 2),
    "CR alone ends no line": (b"a\rb ", 1, 5),
    "empty lines": (b"\n\n\n", 4, 1),
    "tab is one column": (b"\t\t", 1, 3),
    "two-byte characters": ("clé=".encode(), 1, 5),
    "three-byte characters": ("鍵は".encode(), 1, 3),
    "four-byte characters": ("🔑 ".encode(), 1, 3),
    "combining characters count": ("e\u0301 ".encode(), 1, 4),
    "byte order mark counts": ("\ufeff".encode(), 1, 2),
    "line separators end no line": ("a\u2028b\u0085c\x0b\x0c".encode(), 1, 8),
    "multi-byte on an earlier line": ("é\n ".encode(), 2, 2),
    "latin-1": (b"cl\xe9 = ", 1, 7),
    "latin-1 right before": (b"cl\xe9", 1, 4),
    "latin-1 beside UTF-8": ("é".encode() + b"\xe9 ", 1, 5),
    "latin-1 on an earlier line": (b"\xe9\n" + "é".encode(), 2, 2),
    "a lone continuation byte": (b"\x80", 1, 2),
    "a surrogate is not UTF-8": (b"\xed\xa0\x80 ", 1, 5),
    "binary": ("\0é ".encode(), 1, 5),
    "binary on an earlier line": ("\0\né ".encode(), 2, 4),
    "NUL beyond what git looks at": (b"a" * 8000 + b"\n\0" + "é".encode(), 2, 3),
    "NUL at the end of what git looks at": (b"a" * 7999 + b"\0\n" + "é".encode(), 2, 3),
}


def places(data: bytes, *starts: int) -> list[Place]:
    (window,) = whole(data)
    spans = [Span(start, start + len(TOKEN), USER_ACCESS_TOKEN) for start in starts]
    return list(Locator().feed(window, spans))


@pytest.mark.parametrize(("before", "line", "column"), BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("after", [b"", b"\n", b"\r\nmore", "é".encode(), b"\xe9"])
def test_the_place_is_after(before: bytes, line: int, column: int, after: bytes) -> None:
    (place,) = places(before + TOKEN + after, len(before))
    assert (place.line, place.column, place.end_column) == (line, column, column + len(TOKEN))


def test_several_on_one_line_have_their_own_columns() -> None:
    data = "é ".encode() + TOKEN + " → ".encode() + TOKEN + b" " + TOKEN
    found = places(data, 3, 3 + 37 + 5, 3 + 37 + 5 + 38)
    assert [(place.line, place.column) for place in found] == [(1, 3), (1, 43), (1, 81)]


def test_the_second_on_a_line_that_is_not_utf8_is_counted_in_bytes() -> None:
    data = "é ".encode() + TOKEN + b" \xe9 " + TOKEN
    assert [place.column for place in places(data, 3, 43)] == [3, 44]


def test_several_lines_are_counted_once() -> None:
    data = (TOKEN + b"\n") * 3
    assert [(place.line, place.column) for place in places(data, 0, 38, 76)] == [(1, 1), (2, 1), (3, 1)]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_window_may_end_anywhere(cut: int) -> None:
    before = "a\né🔑é ".encode()
    data = before + TOKEN
    assert len(before) == 11
    locator = Locator()
    assert list(locator.feed(Window(data, 0, 0, cut), [])) == []
    span = Span(len(before) - cut, len(data) - cut, USER_ACCESS_TOKEN)
    (place,) = locator.feed(Window(data[cut:], cut, cut, len(data)), [span])
    assert (place.line, place.column) == (2, 5)


def test_a_character_may_be_cut_by_several_windows() -> None:
    data = "🔑".encode() + TOKEN
    locator = Locator()
    for first in range(4):
        assert list(locator.feed(Window(data[first:], first, first, first + 1), [])) == []
    (place,) = locator.feed(Window(data, 0, 4, len(data)), [Span(4, len(data), USER_ACCESS_TOKEN)])
    assert place.column == 2


def test_a_window_may_begin_before_its_own_range() -> None:
    data = b"ab\ncd\n" + TOKEN
    locator = Locator()
    assert list(locator.feed(Window(data, 0, 0, 4), [])) == []
    (place,) = locator.feed(Window(data[2:], 2, 4, len(data)), [Span(4, len(data) - 2, USER_ACCESS_TOKEN)])
    assert (place.line, place.column, place.above) == (3, 1, b"cd")


def test_a_binary_blob_stays_binary_in_later_windows() -> None:
    data = b"\0" + "é".encode() + TOKEN
    locator = Locator()
    assert list(locator.feed(Window(data, 0, 0, 1), [])) == []
    (place,) = locator.feed(Window(data[1:], 1, 1, len(data)), [Span(2, len(data) - 1, USER_ACCESS_TOKEN)])
    assert place.column == 4


@pytest.mark.parametrize(
    ("before", "after", "text", "above"),
    [
        pytest.param(b"", b"", b"|", b"", id="alone"),
        pytest.param(b"a ", b" b", b"a | b", b"", id="one line"),
        pytest.param(b"x\ny\na ", b" b\nz", b"a | b", b"y", id="lines"),
        pytest.param(b"\n", b"\n", b"|", b"", id="an empty line above"),
        pytest.param(b"y\r\n", b"\r\nz", b"|\r", b"y\r", id="CRLF"),
        pytest.param(b"y\n", b"", b"|", b"y", id="no newline at the end"),
    ],
)
def test_the_lines_around_are_told(before: bytes, after: bytes, text: bytes, above: bytes) -> None:
    (place,) = places(before + TOKEN + after, len(before))
    assert (place.text, place.above) == (text.replace(b"|", TOKEN), above)


def test_of_a_line_of_megabytes_only_the_neighbourhood_is_told() -> None:
    long = b"a" * 1_000_000
    (place,) = places(b"above\n" + long + TOKEN + long, 6 + len(long))
    assert TOKEN in place.text
    assert len(place.text) < 10_000
    assert place.above == b""


def test_of_a_long_line_above_its_end_is_told() -> None:
    above = b"a" * 1_000_000 + b" # the end"
    (place,) = places(above + b"\n" + TOKEN, len(above) + 1)
    assert place.above.endswith(b" # the end")
    assert len(place.above) < 10_000


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_its_mark_counts_characters(codec: str) -> None:
    data = f"\ufeffclé\r\n鍵 = '{TOKEN.decode()}' # x".encode(codec)
    start = data.index(TOKEN.decode().encode(codec))
    (place,) = Locator().feed(whole(data)[0], [Span(start, start + 2 * len(TOKEN), USER_ACCESS_TOKEN)])
    assert (place.line, place.column, place.end_column) == (2, 6, 6 + len(TOKEN))
    assert b"' # x" in place.text


def test_without_its_mark_utf_16_counts_bytes() -> None:
    data = f"a = '{TOKEN.decode()}".encode("utf-16-le")
    (place,) = Locator().feed(whole(data)[0], [Span(10, len(data), USER_ACCESS_TOKEN)])
    assert (place.line, place.column, place.end_column) == (1, 11, 11 + 2 * len(TOKEN))


def test_what_goes_on_over_lines_ends_with_the_first() -> None:
    data = b"key: aGZf\n  bbbb\n"
    (place,) = Locator().feed(whole(data)[0], [Span(5, 16, USER_ACCESS_TOKEN)])
    assert (place.line, place.column, place.end_column) == (1, 6, 10)
