"""The sealed document: named secrets under a data key, which slots give out. Values in, values out; no disk.

The format is written down in docs/vault-file.md. Every primitive is that of `cryptography`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
from typing import Any, NamedTuple

from tokenguard.errors import VaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = "tokenguard vault"
VERSION = 1

# https://www.rfc-editor.org/rfc/rfc9106 section 4, second recommended option (three passes, four lanes), with
# twice its 64 MiB: a quarter of a second, on two cores.
KDF = {"name": "argon2id", "time": 3, "memory_kib": 128 * 1024, "lanes": 4}
# What is asked of a file that somebody else wrote: no less than OWASP's least, no more than a machine can bear.
_BOUNDS = {"time": (1, 10), "memory_kib": (19 * 1024, 1024 * 1024), "lanes": (1, 16)}
_SALT = 16
_NONCE = 12
_KEY = 32
_LONGEST_SALT = 64
# Each that is tried costs the memory and the time of the KDF.
_MOST_SLOTS = 8

PASSPHRASE = "passphrase"  # noqa: S105 -- the name of a kind of slot
KEY = "key"
"""The two kinds of slots: what a person remembers goes through the KDF, a key of full strength need not."""


class WrongSecretError(VaultError):
    """No slot opens with what was given."""


class DamagedFileError(VaultError):
    """The document is not what was written."""


class Sealed(NamedTuple):
    """A document that is open: what is on disk, and the data key that opens it."""

    document: dict[str, Any]
    data_key: bytes

    def __repr__(self) -> str:
        return "Sealed(…)"


def create(kind: str, secret: bytes, random: Callable[[int], bytes] = os.urandom) -> Sealed:
    """A new document without entries, with one slot that `secret` opens."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "id": random(16).hex(),
        "kdf": dict(KDF),
        "sequence": 0,
        "slots": [],
        "entries": {},
    }
    data_key = random(_KEY)
    document["slots"].append(_slot(document, kind, secret, data_key, random))
    return _closed(document, data_key)


def read(data: bytes) -> dict[str, Any]:
    """The document in `data`, its shape and KDF checked. Raises DamagedFileError, VaultError if it is newer."""
    try:
        document: dict[str, Any] = json.loads(data)
        if document["format"] != FORMAT:
            raise ValueError
        if type(document["version"]) is not int or document["version"] < VERSION:
            raise ValueError
        if document["version"] > VERSION:
            raise VaultError("the vault file was written by a newer tokenguard", "update this one")
        _check(document)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DamagedFileError(
            "the vault file is damaged", "put a backup of it in its place; it was left as it is"
        ) from None
    return document


def unlock(document: dict[str, Any], kind: str, secret: bytes) -> Sealed:
    """The document opened by `secret`. Raises WrongSecretError, DamagedFileError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    for slot in document["slots"]:
        if slot["kind"] != kind:
            continue
        wrapping = _wrapping_key(document, slot, secret)
        try:
            data_key = AESGCM(wrapping).decrypt(
                _bytes(slot["nonce"]), _bytes(slot["wrapped"]), _bound(document, slot)
            )
        except InvalidTag:
            continue
        return opened(document, data_key)
    raise WrongSecretError(f"that {kind} does not open the vault file", "try again; nothing was changed")


def kinds(document: dict[str, Any]) -> set[str]:
    """The kinds of secrets that there are slots for."""
    return {slot["kind"] for slot in document["slots"]}


def opened(document: dict[str, Any], data_key: bytes) -> Sealed:
    """The document opened by its data key. Raises DamagedFileError where it was changed without."""
    if not hmac.compare_digest(_mac(document, data_key), _bytes(document["mac"])):
        raise DamagedFileError(
            "the vault file is damaged: it was changed by something that does not have its key",
            "put a backup of it in its place; it was left as it is",
        )
    return Sealed(document, data_key)


def get(sealed: Sealed, name: str) -> str | None:
    """The secret called `name`, None where there is none."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    document, data_key = sealed
    entry = document["entries"].get(name)
    if entry is None:
        return None
    associated = _associated(document["id"], name, entry["sequence"])
    try:
        value = AESGCM(_derived(data_key, "entries")).decrypt(
            _bytes(entry["nonce"]), _bytes(entry["sealed"]), associated
        )
    except InvalidTag:
        raise DamagedFileError(
            "the vault file is damaged: an entry is not in its place", "restore a backup"
        ) from None
    return value.decode("utf-8", "surrogatepass")


def put(sealed: Sealed, name: str, value: str | None, random: Callable[[int], bytes] = os.urandom) -> Sealed:
    """The document with `value` under `name`, without it where it is None."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    document, data_key = sealed
    entries = {other: entry for other, entry in document["entries"].items() if other != name}
    sequence = document["sequence"] + 1
    if value is not None:
        nonce = random(_NONCE)
        associated = _associated(document["id"], name, sequence)
        secret = AESGCM(_derived(data_key, "entries")).encrypt(
            nonce, value.encode("utf-8", "surrogatepass"), associated
        )
        entries[name] = {"sequence": sequence, "nonce": _text(nonce), "sealed": _text(secret)}
    return _closed({**document, "sequence": sequence, "entries": entries}, data_key)


def with_slot(sealed: Sealed, kind: str, secret: bytes, random: Callable[[int], bytes] = os.urandom) -> Sealed:
    """The document whose slots of `kind` are replaced by one that `secret` opens."""
    document, data_key = sealed
    kdf = dict(KDF) if kind == PASSPHRASE else document["kdf"]
    document = {**document, "kdf": kdf, "sequence": document["sequence"] + 1}
    others = [slot for slot in document["slots"] if slot["kind"] != kind]
    slot = _slot(document, kind, secret, data_key, random)
    return _closed({**document, "slots": [*others, slot]}, data_key)


def written(sealed: Sealed) -> bytes:
    """The document as it is on disk."""
    return json.dumps(sealed.document, indent=1, sort_keys=True).encode("ascii") + b"\n"


def _closed(document: dict[str, Any], data_key: bytes) -> Sealed:
    return Sealed({**document, "mac": _text(_mac(document, data_key))}, data_key)


def _slot(
    document: dict[str, Any], kind: str, secret: bytes, data_key: bytes, random: Callable[[int], bytes]
) -> dict[str, str]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    slot = {"kind": kind, "salt": _text(random(_SALT)), "nonce": _text(random(_NONCE))}
    wrapping = _wrapping_key(document, slot, secret)
    wrapped = AESGCM(wrapping).encrypt(_bytes(slot["nonce"]), data_key, _bound(document, slot))
    return {**slot, "wrapped": _text(wrapped)}


def _wrapping_key(document: dict[str, Any], slot: dict[str, str], secret: bytes) -> bytes:
    if slot["kind"] == KEY:
        return _derived(secret, "slot", _bytes(slot["salt"]))
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = document["kdf"]
    try:
        return Argon2id(
            salt=_bytes(slot["salt"]),
            length=_KEY,
            iterations=kdf["time"],
            lanes=kdf["lanes"],
            memory_cost=kdf["memory_kib"],
        ).derive(secret)
    except MemoryError:
        raise VaultError(
            f"opening the vault file takes {kdf['memory_kib'] // 1024} MiB of memory and {kdf['lanes']} threads, "
            "which are not to be had",
            "raise the limit, or open it by a key (`tokenguard vault add-key`), which takes none",
        ) from None
    except UnsupportedAlgorithm:
        raise VaultError(
            "the cryptography package was built without Argon2id",
            "it takes one with OpenSSL 3.2 or newer",
        ) from None


def _derived(key: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), _KEY, salt, f"{FORMAT} {VERSION} {purpose}".encode()).derive(key)


def _mac(document: dict[str, Any], data_key: bytes) -> bytes:
    content = {name: value for name, value in document.items() if name != "mac"}
    try:
        canonical = _canonical(content)
    except RecursionError:
        raise DamagedFileError("the vault file is damaged: it was not written by tokenguard") from None
    return hmac.digest(_derived(data_key, "mac"), canonical, "sha256")


def _bound(document: dict[str, Any], slot: dict[str, str]) -> bytes:
    kdf = document["kdf"] if slot["kind"] == PASSPHRASE else None
    return _canonical([FORMAT, VERSION, document["id"], kdf, slot["kind"], slot["salt"]])


def _associated(identifier: str, name: str, sequence: int) -> bytes:
    return _canonical([identifier, name, sequence])


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _check(document: dict[str, Any]) -> None:
    kdf = document["kdf"]
    if kdf["name"] != KDF["name"] or set(kdf) != set(KDF):
        raise ValueError
    for name, (least, most) in _BOUNDS.items():
        if type(kdf[name]) is not int or not least <= kdf[name] <= most:
            raise VaultError(
                f"the vault file asks for a KDF with {name} = {kdf[name]!r}, and no less than {least} and no more "
                f"than {most} is accepted",
                "it was not written by tokenguard; restore a backup",
            )
    if type(document["sequence"]) is not int or document["sequence"] < 0:
        raise ValueError
    if not isinstance(document["entries"], dict) or not isinstance(document["slots"], list):
        raise ValueError
    if not 1 <= len(document["slots"]) <= _MOST_SLOTS:
        raise ValueError
    if len(bytes.fromhex(document["id"])) != 16 or len(_bytes(document["mac"])) != 32:
        raise ValueError
    for slot in document["slots"]:
        if slot["kind"] not in (PASSPHRASE, KEY) or not _SALT <= len(_bytes(slot["salt"])) <= _LONGEST_SALT:
            raise ValueError
        if len(_bytes(slot["nonce"])) != _NONCE or len(_bytes(slot["wrapped"])) != _KEY + 16:
            raise ValueError
    for entry in document["entries"].values():
        if (
            type(entry["sequence"]) is not int
            or len(_bytes(entry["nonce"])) != _NONCE
            or not _bytes(entry["sealed"])
        ):
            raise ValueError


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None
    if _text(data) != text:  # the last character may have bits that say nothing
        raise ValueError
    return data
