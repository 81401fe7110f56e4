"""What a permission is about, as it is written."""

from __future__ import annotations

import pytest

from tokenguard.core.entity import Entity, parse, same
from tokenguard.errors import UsageError


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("acme", Entity(None, "acme")),
        ("acme/model", Entity(None, "acme", "model")),
        ("acme/model-7b.v1_0", Entity(None, "acme", "model-7b.v1_0")),
        ("models/acme/x", Entity("model", "acme", "x")),
        ("model/acme/x", Entity("model", "acme", "x")),
        ("datasets/acme/x", Entity("dataset", "acme", "x")),
        ("dataset/acme/x", Entity("dataset", "acme", "x")),
        ("spaces/acme/x", Entity("space", "acme", "x")),
        ("buckets/acme/x", Entity("bucket", "acme", "x")),
        ("collections/acme/x", Entity("collection", "acme", "x")),
        ("kernels/acme/x", Entity("kernel", "acme", "x")),
        # These words are no paths of the Hub, so that somebody may be called so.
        ("model", Entity(None, "model")),
        ("space/x", Entity(None, "space", "x")),
        ("datasetsandmore/x", Entity(None, "datasetsandmore", "x")),
    ],
)
def test_an_entity_is_read(text: str, entity: Entity) -> None:
    assert parse(text) == entity


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "acme/", "/model", "acme//x", "a/b/c", "models/acme/x/y", "model s/acme/x", "x y", "acme\n"),
        *(
            "datasets",
            "datasets/x",
            "models/",
            "models/datasets/x",
            "-acme",
            "acme.",
            "acmé",
            "acme:x",
            "hf://acme",
        ),
    ],
)
def test_anything_else_is_an_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert repr(text) in caught.value.message
    assert "acme/x" in caught.value.hint


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        (Entity(None, "acme"), "acme"),
        (Entity(None, "acme", "x"), "acme/x"),
        (Entity("model", "acme", "x"), "acme/x"),
        (Entity("dataset", "acme", "x"), "datasets/acme/x"),
        (Entity("model", "", "gpt2"), "gpt2"),
    ],
)
def test_an_entity_is_written_as_the_hub_does(entity: Entity, text: str) -> None:
    assert str(entity) == f"{entity}" == text


@pytest.mark.parametrize(
    ("one", "other", "covers"),
    [
        ("acme", "acme", True),
        ("acme", "ACME", True),
        ("acme", "acme/x", True),
        ("acme", "acmes", False),
        ("acme", "globex/x", False),
        ("acme/x", "acme", False),
        ("acme/x", "Acme/X", True),
        ("acme/x", "acme/y", False),
        ("acme/x", "globex/x", False),
        ("acme/x", "datasets/acme/x", True),
        ("datasets/acme/x", "acme/x", True),
        ("datasets/acme/x", "datasets/acme/x", True),
        ("datasets/acme/x", "models/acme/x", False),
    ],
)
def test_one_covers_another(one: str, other: str, covers: bool) -> None:
    assert parse(one).covers(parse(other)) is covers


def test_nothing_is_not_the_same_as_nothing() -> None:
    assert same("Acme", "acme")
    assert not same(None, None)
    assert not same("acme", None)
