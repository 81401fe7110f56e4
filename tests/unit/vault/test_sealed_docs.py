"""What docs/vault-file.md promises of the sealed document, and whoever goes by it can open one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.unit.vault.documents import KEYS, all_of
from tokenguard.vault import sealed
from tokenguard.vault.sealed import KEY, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = Path(__file__).parents[3] / "docs" / "vault-file.md"


def known_answer() -> tuple[bytes, str, str, str]:
    """The file in the docs, its passphrase, the name of its entry and the secret."""
    text = DOCUMENT.read_text().partition("## Known answer")[2]
    told = re.search(r"Passphrase `([^`]+)`; the secret of `([^`]+)` is `([^`]+)`", text)
    written = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert told
    assert written
    return (written[1].encode(), *told.group(1, 2, 3))  # type: ignore[return-value]  # three strings


def counting() -> Callable[[int], bytes]:
    """The random bytes of the docs."""
    numbers = itertools.count()
    return lambda count: bytes(itertools.islice(numbers, count))


def test_what_is_in_the_docs_opens() -> None:
    data, passphrase, name, secret = known_answer()
    opened = sealed.unlock(sealed.read(data), PASSPHRASE, passphrase.encode())
    assert all_of(opened) == {name: secret}
    assert json.loads(name) == ["tokenguard", "work"]


def test_what_is_in_the_docs_is_what_is_written() -> None:
    data, passphrase, name, secret = known_answer()
    random = counting()
    opened = sealed.put(sealed.create(PASSPHRASE, passphrase.encode(), random), name, secret, random)
    assert json.loads(sealed.written(opened)) == json.loads(data)


def test_the_docs_tell_the_bounds_and_the_costs() -> None:
    text = " ".join(DOCUMENT.read_text().split())
    new = "`time` {time}, `memory_kib` {memory_kib}, `lanes` {lanes}".format(**sealed.KDF)
    assert f"New files have {new}" in text
    for name, (least, most) in sealed._BOUNDS.items():
        assert f"`{name}` {least} to {most}" in text


def independently(data: bytes, kind: str, secret: bytes, name: str) -> str:
    """Reads an entry by the docs, with nothing of tokenguard's."""

    def hkdf(key: bytes, purpose: str, salt: bytes | None = None) -> bytes:
        return HKDF(SHA256(), 32, salt, f"tokenguard vault 1 {purpose}".encode()).derive(key)

    def canonical(value: object) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()

    raw = base64.b64decode
    vault = json.loads(data)
    kdf = vault["kdf"]
    (slot,) = [slot for slot in vault["slots"] if slot["kind"] == kind]
    if kind == "passphrase":
        costs = {"iterations": kdf["time"], "memory_cost": kdf["memory_kib"], "lanes": kdf["lanes"]}
        wrapping = Argon2id(salt=raw(slot["salt"]), length=32, **costs).derive(secret)
    else:
        wrapping = hkdf(secret, "slot", raw(slot["salt"]))
    costs_bound = kdf if kind == "passphrase" else None
    bound = canonical([vault["format"], vault["version"], vault["id"], costs_bound, slot["kind"], slot["salt"]])
    data_key = AESGCM(wrapping).decrypt(raw(slot["nonce"]), raw(slot["wrapped"]), bound)
    content = canonical({field: value for field, value in vault.items() if field != "mac"})
    assert raw(vault["mac"]) == hmac.new(hkdf(data_key, "mac"), content, hashlib.sha256).digest()
    entry = vault["entries"][name]
    associated = canonical([vault["id"], name, entry["sequence"]])
    cipher = AESGCM(hkdf(data_key, "entries"))
    return cipher.decrypt(raw(entry["nonce"]), raw(entry["sealed"]), associated).decode()


def test_another_program_can_read_what_is_in_the_docs() -> None:
    data, passphrase, name, secret = known_answer()
    assert independently(data, "passphrase", passphrase.encode(), name) == secret


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("kind", [PASSPHRASE, KEY])
def test_another_program_can_read_what_was_written(kind: str) -> None:
    opened = sealed.create(kind, KEYS[0])
    for name in ("work", "ünïcödé \U0001f511"):
        opened = sealed.put(opened, name, f"the secret of {name}")
        data = sealed.written(opened)
        assert data.isascii()
        assert independently(data, kind, KEYS[0], name) == f"the secret of {name}"
