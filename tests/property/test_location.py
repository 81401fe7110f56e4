"""Lines and columns are those that counting from the beginning gives, wherever the windows were cut."""

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tokenguard.core.blob import Window
from tokenguard.core.detect import Span
from tokenguard.core.kinds import USER_ACCESS_TOKEN
from tokenguard.core.locate import Locator

TOKEN = b"token"
pieces = st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b"a",
        "é".encode(),
        "鍵".encode(),
        "🔑".encode(),
        b"\xe9",
        b"\xc3",
        b"\xf0\x9f",
        b"\x80",
        b"\0",
    ]
)
contents = st.one_of(
    st.lists(pieces, max_size=30).map(b"".join),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "ignore")),
    st.binary(max_size=60),
)


def counted(data: bytes, offset: int) -> tuple[int, int]:
    """The line and column, counted from the beginning: in characters, or bytes where they are not UTF-8."""
    before = data[data.rfind(b"\n", 0, offset) + 1 : offset]
    if b"\0" in data[:8000]:
        column = len(before)
    else:
        try:
            column = len(before.decode())
        except UnicodeDecodeError:
            column = len(before)
    return data.count(b"\n", 0, offset) + 1, column + 1


@settings(max_examples=300)
@given(
    contents, st.lists(st.integers(0, 60), max_size=4), st.lists(st.integers(0, 60), max_size=4), st.integers(0, 9)
)
def test_places_are_those_of_counting_from_the_beginning(
    content: bytes, starts: list[int], cuts: list[int], lead: int
) -> None:
    for start in starts:
        at = start % (len(content) + 1)
        content = content[:at] + TOKEN + content[at:]
    found = [match.start() for match in re.finditer(TOKEN, content)]
    edges = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    locator = Locator()
    places = []
    for first, last in pairwise(edges):
        begin = max(0, first - lead)
        window = Window(content[begin:], begin, first, last)
        own = [Span(at - begin, at - begin + 5, USER_ACCESS_TOKEN) for at in found if first <= at < last]
        places += [(place.line, place.column) for place in locator.feed(window, own)]
    assert places == [counted(content, at) for at in found]
