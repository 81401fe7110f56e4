"""`hf://…` is an account or a repository, and nothing between."""

from __future__ import annotations

import pytest

from tokenguard.core.entity import Entity
from tokenguard.core.hubname import hub_name, is_hub_name, parse_hub_name
from tokenguard.errors import UsageError

NAMES = {
    "hf://acme": Entity(None, "acme"),
    "hf://acme/": Entity(None, "acme"),
    "hf://acme/model": Entity("model", "acme", "model"),
    "hf://acme/bert-base_1.0": Entity("model", "acme", "bert-base_1.0"),
    "hf://models/acme/model": Entity("model", "acme", "model"),
    "hf://datasets/acme/x": Entity("dataset", "acme", "x"),
    "hf://spaces/acme/x": Entity("space", "acme", "x"),
    "hf://buckets/acme/x": Entity("bucket", "acme", "x"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_read_and_written_again(name: str) -> None:
    assert is_hub_name(name)
    entity = parse_hub_name(name)
    assert entity == NAMES[name]
    assert parse_hub_name(hub_name(entity)) == entity


@pytest.mark.parametrize(
    "name",
    ["", "acme", "hf:acme", "HF://acme", "hf://", "hf:///acme", "hf://datasets", "hf://datasets/acme", "hf://a/b/c",
     "hf://acme/x@main", "hf://acme/../x", "hf://acme/x?y", "hf://acme/x#y", "hf://acme\n", "hf://kernels/acme/x"],
)  # fmt: skip
def test_what_is_none_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_hub_name(name)
    assert "hf://acme/model" in (caught.value.hint or "")
