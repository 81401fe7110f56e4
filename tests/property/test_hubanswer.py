"""Whatever a Hub says is read or is a ValueError; nothing else ever comes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tokenguard.core import hubanswer

if TYPE_CHECKING:
    from collections.abc import Callable

SHA1 = "a" * 40
READERS = (
    hubanswer.read_repo,
    hubanswer.read_refs,
    hubanswer.read_commit,
    hubanswer.read_file,
    hubanswer.read_discussions,
    hubanswer.read_events,
    hubanswer.read_variables,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(SHA1),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "path", "size", "oid", "lfs", "events", "data", "branches", "discussions"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from(READERS))
def test_whatever_is_said_is_read_or_refused(answer: object, read: Callable[[object], object]) -> None:
    try:
        read(answer)
    except ValueError as error:
        assert str(error)  # noqa: PT017 -- that it is raised is one of two good ends
