"""What the Hub says is read as it is meant, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from tokenguard.core.hubanswer import (
    Commit,
    Discussion,
    Event,
    File,
    next_page,
    read_commit,
    read_discussions,
    read_events,
    read_file,
    read_refs,
    read_variables,
)

SHA1, SHA256, XET = "a" * 40, "b" * 64, "c" * 64
FILE = {"type": "file", "path": "a/b", "size": 3, "oid": SHA1}


def test_refs_of_all_sorts_are_read() -> None:
    ref = {"name": "main", "ref": "refs/heads/main", "targetCommit": SHA1}
    pull = {"name": "1", "ref": "refs/pr/1", "targetCommit": SHA1}
    assert read_refs({"branches": [ref], "tags": [], "pullRequests": [pull]}) == [
        ("refs/heads/main", SHA1),
        ("refs/pr/1", SHA1),
    ]


def test_a_commit_has_an_author_a_date_and_a_text() -> None:
    told = {
        "id": SHA1,
        "title": "One",
        "message": "more",
        "authors": [{"user": "a"}, {"user": "b"}],
        "date": "2024",
    }
    assert read_commit(told) == Commit(SHA1, "a, b", "2024", "One\n\nmore")
    assert read_commit({"id": SHA1, "title": "One", "message": ""}) == Commit(SHA1, None, None, "One")


@pytest.mark.parametrize(
    ("entry", "content", "size"),
    [
        (FILE, f"git:{SHA1}", 3),
        (FILE | {"lfs": None}, f"git:{SHA1}", 3),
        (FILE | {"lfs": {"oid": SHA256, "size": 9, "pointerSize": 3}, "xetHash": XET}, f"sha256:{SHA256}", 9),
        ({"type": "file", "path": "a/b", "size": 3, "xetHash": XET}, f"xet:{XET}", 3),
    ],
)
def test_a_file_is_told_by_its_content(entry: dict[str, Any], content: str, size: int) -> None:
    assert read_file(entry) == File("a/b", size, content)


def test_a_folder_is_no_file() -> None:
    assert read_file({"type": "directory", "path": "a", "oid": SHA1}) is None


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            {"path": path}
            for path in ("", "/a", "a/", "a//b", "..", "a/../b", "./a", "\ud800", "a" * 5000, None, 1)
        ),
        *({"size": size} for size in (-1, True, None, "3", 1.5)),
        *({"oid": oid} for oid in ("", "a", SHA256, SHA1.upper(), f"{SHA1}\n", None)),
        {"lfs": {"oid": SHA1, "size": 1}},
        {"lfs": []},
        {"type": None},
    ],
)
def test_a_file_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_file(FILE | wrong)


def test_discussions_are_read_with_how_many_there_are() -> None:
    item = {"num": 1, "title": "One", "author": {"name": "bob"}, "createdAt": "2024"}
    deleted = {"num": 2, "title": "Two"}
    assert read_discussions({"discussions": [item, deleted], "count": 9, "start": 0}) == (
        [Discussion(1, "One", "bob", "2024"), Discussion(2, "Two")],
        9,
    )


def test_all_that_is_written_in_a_discussion_is_read() -> None:
    events = [
        {"id": "1", "type": "comment", "data": {"latest": {"raw": "text", "html": "<p>text</p>"}}},
        {"id": "2", "type": "comment", "data": {"hidden": True}},
        {"id": "3", "type": "title-change", "data": {"from": "a", "to": "b", "html": "c"}},
        {"id": "4", "type": "of-tomorrow", "data": {"new": [{"deep": "d"}, 5]}},
        {"id": "5", "type": "empty"},
    ]
    assert [event.text for event in read_events({"events": events})] == ["text", "", "a\nb", "d", ""]
    assert read_events({"events": events})[0] == Event("1", "text")


def test_a_variable_has_a_value_and_a_description() -> None:
    assert read_variables({"A": {"value": "1", "description": "one"}, "B": {"value": "2"}}) == [
        ("A", "1\none"),
        ("B", "2"),
    ]


@pytest.mark.parametrize(
    ("header", "following"),
    [
        ('<https://h/a?cursor=x>; rel="next"', "https://h/a?cursor=x"),
        ("<https://h/a>; rel=next", "https://h/a"),
        ('<https://h/a>; rel="prev", <https://h/b>; rel="next"', "https://h/b"),
        ('<https://h/a>; title="x"; rel="next"', "https://h/a"),
        ('<https://h/a>; rel="prev"', None),
        ("", None),
        ("<" * 10_000, None),
    ],
)
def test_a_listing_says_where_it_goes_on(header: str, following: str | None) -> None:
    assert next_page({"link": header}) == following


@pytest.mark.parametrize(
    "data", [{}, {"latest": None}, {"latest": {}}, {"latest": {"raw": 1}}, {"hidden": 1}], ids=str
)
def test_a_comment_without_its_text_is_no_answer(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no "):
        read_events({"events": [{"id": "1", "type": "comment", "data": data}]})
