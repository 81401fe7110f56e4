"""Sealed documents that are made in no time, and what is in them."""

from __future__ import annotations

import json
from typing import Any

from tokenguard.vault import sealed
from tokenguard.vault.sealed import KEY, Sealed

KEYS = [b"k" * 44, b"K" * 44]
SECRETS = {"work": "umbrella", "home": "teapot", "lab": "a cup of tea"}


def document(secrets: dict[str, str] = SECRETS, key: bytes = KEYS[0]) -> Sealed:
    opened = sealed.create(KEY, key)
    for name, secret in secrets.items():
        opened = sealed.put(opened, name, secret)
    return opened


def reopened(data: bytes | dict[str, Any], key: bytes = KEYS[0]) -> Sealed:
    """What the next process has of it."""
    written = data if isinstance(data, bytes) else json.dumps(data).encode()
    return sealed.unlock(sealed.read(written), KEY, key)


def all_of(opened: Sealed) -> dict[str, str | None]:
    return {name: sealed.get(opened, name) for name in opened.document["entries"]}


def copy(opened: Sealed) -> dict[str, Any]:
    """One that can be changed by hand."""
    changed: dict[str, Any] = json.loads(sealed.written(opened))
    return changed
