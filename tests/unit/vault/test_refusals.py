"""What is remembered of tokens that git says the Hub has refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tokenguard.core.entry import Entry
from tokenguard.errors import VaultError
from tokenguard.vault.index import Index, Store

if TYPE_CHECKING:
    from pathlib import Path

EARLY, LATE = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"


def index(**validated: str | None) -> Index:
    """An Index with tokens that the Hub has called valid then, or never."""
    index = Index()
    for name, moment in validated.items():
        status = "unchecked" if moment is None else "valid"
        index.tokens[name] = Entry(f"sha256:{name}", "hf_…", status=status, validated_at=moment)
    return index


def test_a_refusal_holds_until_the_hub_says_otherwise() -> None:
    known = index(never=None, before=EARLY, after="2026-01-03T00:00:00.000Z", other=EARLY)
    for name in ("never", "before", "after"):
        known.note_refusal(f"sha256:{name}", LATE)
    refused = {name: known.refused_at(name) for name in known.tokens}
    assert refused == {"never": LATE, "before": LATE, "after": None, "other": None}
    known.tokens["after"] = known.tokens["after"]._replace(status="invalid")
    assert known.refused_at("after") == LATE
    with pytest.raises(VaultError):
        known.refused_at("nobody")


def test_of_tokens_that_are_gone_nothing_is_remembered() -> None:
    known = index(a=None, b=None)
    known.note_refusal("sha256:stranger", LATE)
    assert known.refusals == {}
    known.note_refusal("sha256:a", EARLY)
    known.note_refusal("sha256:b", LATE)
    known.tokens["a2"] = known.tokens["a"]
    known.forget("a")
    assert known.refused_at("a2") == EARLY
    known.forget("a2")
    assert known.refusals == {"sha256:b": LATE}
    # One that was replaced is gone with the next.
    known.tokens["b"] = known.tokens["b"]._replace(fingerprint="sha256:new")
    known.note_refusal("sha256:new", LATE)
    assert known.refusals == {"sha256:new": LATE}


def test_it_is_written_and_read_again(tmp_path: Path) -> None:
    known = index(a=None)
    known.note_refusal("sha256:a", LATE)
    store = Store(str(tmp_path / "home"))
    lock = store.lock()
    try:
        store.write(known)
    finally:
        lock.release()
    assert store.read().refused_at("a") == LATE
