"""What the index and the keyring of a Desk have, and whether they agree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.credentials import fingerprint

if TYPE_CHECKING:
    from tests.e2e.desk import Desk

ADD = ("--stdin", "--no-validate")


def entries(desk: Desk) -> dict[str, str]:
    """The fingerprints in the index, by name."""
    return {name: row["fingerprint"] for name, row in desk.listed().items()}


def expect_agreement(desk: Desk) -> dict[str, str]:
    """Fails unless the index and the keyring have the same tokens; gives them by name."""
    listed = entries(desk)
    kept = desk.kept()
    assert listed == {name: fingerprint(token) for name, token in kept.items()}
    if desk.index.exists():
        assert json.loads(desk.index.read_bytes())["intents"] == {}
    return kept
