"""The sealed document: what is put in comes out, and no change to it goes unnoticed."""

from __future__ import annotations

import base64
import itertools
import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.kdf import CHEAP
from tests.unit.vault.documents import KEYS, SECRETS, all_of, copy, document, reopened
from tokenguard.errors import VaultError
from tokenguard.vault import sealed
from tokenguard.vault.sealed import KEY, PASSPHRASE, DamagedFileError, WrongSecretError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def kdf_calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    """What every call of the KDF was asked for, from now on."""
    from cryptography.hazmat.primitives.kdf import argon2

    calls = []

    class Counted:
        def __init__(self, **options: Any) -> None:
            calls.append({name: value for name, value in options.items() if name != "salt"})
            self._kdf = Argon2id(**options)

        def derive(self, secret: bytes) -> bytes:
            return self._kdf.derive(secret)

    monkeypatch.setattr(argon2, "Argon2id", Counted)
    return calls


# Round trips

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
# What os.fsdecode makes of bytes that are no UTF-8 is a secret like any other.
VALUE = st.text(st.characters(), max_size=40)


@given(st.lists(st.tuples(TEXT, st.none() | VALUE), max_size=12))
@example([("work", "\udcff \ud800"), ("home", "\ud83d\udd11")])
def test_what_is_put_in_comes_out(changes: list[tuple[str, str | None]]) -> None:
    expected: dict[str, str] = {}
    opened = sealed.create(KEY, KEYS[0])
    for name, value in changes:
        opened = sealed.put(reopened(sealed.written(opened)), name, value)
        if value is None:
            expected.pop(name, None)
        else:
            expected[name] = value
    again = reopened(sealed.written(opened))
    assert all_of(again) == expected
    assert all(sealed.get(again, name) is None for name, _ in changes if name not in expected)
    assert again.document["sequence"] == len(changes)


@given(st.binary(min_size=1, max_size=64), st.binary(min_size=1, max_size=64))
def test_no_other_key_opens_it(right: bytes, wrong: bytes) -> None:
    data = sealed.written(sealed.put(sealed.create(KEY, right), "work", "umbrella"))
    assert sealed.get(reopened(data, right), "work") == "umbrella"
    if right != wrong:
        with pytest.raises(WrongSecretError):
            reopened(data, wrong)


def test_the_same_secret_never_looks_the_same() -> None:
    opened = document({"work": "umbrella", "home": "umbrella"})
    again = sealed.put(opened, "work", "umbrella")
    entries = [*opened.document["entries"].values(), again.document["entries"]["work"]]
    assert len({entry["nonce"] for entry in entries}) == len({entry["sealed"] for entry in entries}) == 3
    assert document().document["id"] != document().document["id"]


@pytest.mark.usefixtures("cheap")
def test_a_new_slot_takes_the_place_of_its_kind_alone() -> None:
    opened = sealed.with_slot(document(), PASSPHRASE, b"old")
    changed = sealed.with_slot(opened, PASSPHRASE, b"new")
    read = sealed.read(sealed.written(changed))
    with pytest.raises(WrongSecretError):
        sealed.unlock(read, PASSPHRASE, b"old")
    for kind, secret in ((PASSPHRASE, b"new"), (KEY, KEYS[0])):
        assert all_of(sealed.unlock(read, kind, secret)) == SECRETS
    with pytest.raises(WrongSecretError):
        sealed.unlock(read, KEY, b"new")
    assert changed.document["sequence"] == opened.document["sequence"] + 1


@pytest.mark.usefixtures("cheap")
def test_a_new_slot_at_other_costs_leaves_the_others_open(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = document()
    monkeypatch.setattr(sealed, "KDF", {**CHEAP, "time": 2})
    changed = sealed.written(sealed.with_slot(opened, PASSPHRASE, b"new"))
    assert all_of(sealed.unlock(sealed.read(changed), PASSPHRASE, b"new")) == SECRETS
    assert all_of(reopened(changed)) == SECRETS


# Damage


def test_every_flipped_bit_is_noticed() -> None:
    data = sealed.written(document({"work": "umbrella", "home": "teapot"}))
    unnoticed = []
    for position, bit in itertools.product(range(len(data)), range(8)):
        flipped = bytearray(data)
        flipped[position] ^= 1 << bit
        try:
            got = all_of(reopened(bytes(flipped)))
        except VaultError:
            continue
        unnoticed.append((position, bit, got))
    assert unnoticed == []
    assert all_of(reopened(data)) == {"work": "umbrella", "home": "teapot"}


def test_every_truncation_is_noticed() -> None:
    data = sealed.written(document())
    for length in range(len(data) - 1):  # the last is the end of the line
        with pytest.raises(DamagedFileError):
            sealed.read(data[:length])
    assert all_of(reopened(data[:-1])) == SECRETS


def test_what_is_behind_the_end_is_noticed() -> None:
    with pytest.raises(DamagedFileError):
        sealed.read(sealed.written(document()) * 2)


OTHER = document({"work": "a stranger"}, KEYS[0])
HAND: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "entries swapped": lambda new, old: new["entries"].update(
        work=new["entries"]["home"], home=new["entries"]["work"]
    ),
    "an entry copied": lambda new, old: new["entries"].update(work=new["entries"]["home"]),
    "an older entry": lambda new, old: new["entries"].update(work=old["entries"]["work"]),
    "an older entry with the sequence of the new": lambda new, old: new["entries"].update(
        work={**old["entries"]["work"], "sequence": new["entries"]["work"]["sequence"]}
    ),
    "all older entries": lambda new, old: new.update(entries=old["entries"]),
    "all older entries and their sequence": lambda new, old: new.update(
        entries=old["entries"], sequence=old["sequence"]
    ),
    "an entry removed": lambda new, old: new["entries"].pop("work"),
    "all entries removed": lambda new, old: new["entries"].clear(),
    "an entry brought back": lambda new, old: new["entries"].update(gone=old["entries"]["gone"]),
    "an entry renamed": lambda new, old: new["entries"].update(wark=new["entries"].pop("work")),
    "the sequence lowered": lambda new, old: new.update(sequence=new["sequence"] - 1),
    "the sequence raised": lambda new, old: new.update(sequence=new["sequence"] + 1),
    "an entry's sequence lowered": lambda new, old: new["entries"]["work"].update(sequence=1),
    "the mac of the older": lambda new, old: new.update(mac=old["mac"]),
    "an entry of another file": lambda new, old: new["entries"].update(OTHER.document["entries"]),
    "a slot more": lambda new, old: new["slots"].append(OTHER.document["slots"][0]),
    "a slot of another file put first": lambda new, old: new["slots"].insert(0, OTHER.document["slots"][0]),
    "a slot twice": lambda new, old: new["slots"].append(new["slots"][0]),
    "a field more": lambda new, old: new.update(comment="harmless"),
    "a field more in an entry": lambda new, old: new["entries"]["work"].update(comment="harmless"),
    "a field more in a slot": lambda new, old: new["slots"][0].update(comment="harmless"),
    "a whole number as a fraction": lambda new, old: new.update(version=1.0),
    "a number as a truth": lambda new, old: new.update(version=True),
}


@pytest.mark.parametrize("change", HAND.values(), ids=HAND)
def test_what_was_changed_by_hand_is_noticed(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    before = document({**SECRETS, "gone": "a ghost"})
    after = sealed.put(sealed.put(before, "work", "umbrella stand"), "gone", None)
    changed = copy(after)
    change(changed, copy(before))
    assert json.dumps(changed) != json.dumps(copy(after))
    with pytest.raises(DamagedFileError):
        reopened(changed)


@pytest.mark.parametrize("field", ["id", "slots"])
def test_a_slot_opens_only_the_file_it_is_from(field: str) -> None:
    """The key is the same, and nothing else. Whether it is the key that is wrong cannot be told then."""
    with pytest.raises(WrongSecretError):
        reopened({**copy(document()), field: copy(OTHER)[field]})


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize(("kind", "error"), [(PASSPHRASE, WrongSecretError), (KEY, DamagedFileError)])
def test_other_costs_open_nothing(kind: str, error: type[VaultError]) -> None:
    changed = copy(sealed.put(sealed.create(kind, KEYS[0]), "work", "umbrella"))
    changed["kdf"]["time"] = 2
    with pytest.raises(error):
        sealed.unlock(sealed.read(json.dumps(changed).encode()), kind, KEYS[0])


def test_an_entry_that_was_put_elsewhere_by_somebody_with_the_key_does_not_open() -> None:
    opened = document()
    entries = opened.document["entries"]
    moved = sealed._closed({**opened.document, "entries": {**entries, "home": entries["work"]}}, opened.data_key)
    with pytest.raises(DamagedFileError, match="not in its place"):
        sealed.get(reopened(sealed.written(moved)), "home")


MALFORMED: dict[str, list[object]] = {
    "format": [None, "", "tokenguard", 1],
    "id": [None, 1, "", "00", "x" * 32, "0" * 30, "é" * 32],
    "kdf": [None, [], {}, "argon2id", {**CHEAP, "name": "scrypt"}, {**CHEAP, "name": None}, {**CHEAP, "more": 1}],
    "sequence": [None, -1, "1", 1.0, True, []],
    "slots": [None, [], {}, 1, "x", [None], [[]], [{}], {"a": 1}],
    "entries": [None, [], 1, "x", {"work": None}, {"work": []}, {"work": "x"}, {"work": {}}],
    "mac": [None, 1, "", "AAAA", "é" * 44, "=" * 44, base64.b64encode(bytes(31)).decode()],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in MALFORMED.items() for value in values],
    ids=json.dumps,
)
def test_a_field_that_is_none_of_ours(field: str, value: object) -> None:
    with pytest.raises(DamagedFileError):
        reopened({**copy(document()), field: value})


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        *(("slots", "kind", value) for value in cast("list[object]", [None, "", "passwort", []])),
        *(("slots", "salt", value) for value in (None, 1, "", "AAAA", base64.b64encode(bytes(65)).decode())),
        *(("slots", "nonce", value) for value in (None, "", "AAAA", base64.b64encode(bytes(13)).decode())),
        *(("slots", "wrapped", value) for value in (None, "", base64.b64encode(bytes(32)).decode())),
        *(("entries", "sequence", value) for value in (None, "1", 1.5, True)),
        *(("entries", "nonce", value) for value in (None, "", "AAAA", "TE1OT1BRUlNUVVZ=")),
        *(("entries", "sealed", value) for value in (None, "", "A", "====")),
    ],
)
def test_a_part_that_is_none_of_ours(part: str, field: str, value: object) -> None:
    changed = copy(document())
    of = changed["slots"][0] if part == "slots" else changed["entries"]["work"]
    of[field] = value
    with pytest.raises(DamagedFileError):
        reopened(changed)


@pytest.mark.parametrize("part", ["format", "version", "id", "kdf", "sequence", "slots", "entries", "mac"])
def test_a_field_that_is_missing(part: str) -> None:
    changed = copy(document())
    del changed[part]
    with pytest.raises(DamagedFileError):
        sealed.read(json.dumps(changed).encode())


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 4096, b"null", b"[]", b"{}", b"1", b"\xff\xfe", b"[" * 200_000, b"9" * 5000]
)
def test_what_is_no_document(data: bytes) -> None:
    with pytest.raises(DamagedFileError) as raised:
        sealed.read(data)
    assert raised.value.hint


def test_a_field_that_is_very_deep() -> None:
    """What is just not too deep to be read may be too deep to be written for the MAC."""
    whole = json.dumps(copy(document()))[:-1]
    for depth in (100, *range(900, 1000), 5000, 20_000, 100_000):
        data = f'{whole},"more":{"[" * depth}{"]" * depth}}}'.encode()
        with pytest.raises(DamagedFileError):
            reopened(data)


def test_base64_has_one_spelling() -> None:
    """The last character of a salt of 16 bytes has bits that say nothing; an attacker has no use for them."""
    changed = copy(document())
    salt = changed["slots"][0]["salt"]
    assert salt.endswith("==")
    same = salt[:-3] + chr(ord(salt[-3]) + 1) + "=="
    assert base64.b64decode(same) == base64.b64decode(salt)
    changed["slots"][0]["salt"] = same
    with pytest.raises(DamagedFileError):
        sealed.read(json.dumps(changed).encode())


# What a file of somebody else's may ask for


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("time", value) for value in (-1, 0, 11, 2**32)),
        *(("memory_kib", value) for value in (0, 8, 19 * 1024 - 1, 1024 * 1024 + 1, 2**40)),
        *(("lanes", value) for value in (-1, 0, 17, 2**24)),
        *(
            (name, value)
            for name in ("time", "memory_kib", "lanes")
            for value in cast("list[object]", [None, "3", 3.0, True, []])
        ),
    ],
)
def test_a_kdf_out_of_bounds_is_refused_before_it_runs(
    kdf_calls: list[dict[str, int]], name: str, value: object
) -> None:
    changed = copy(document())
    changed["slots"][0]["kind"] = PASSPHRASE
    changed["kdf"] = {**CHEAP, name: value}
    with pytest.raises(VaultError, match=f"{name} = ") as raised:
        sealed.unlock(sealed.read(json.dumps(changed).encode()), PASSPHRASE, b"anything")
    assert raised.value.hint
    assert kdf_calls == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time", 1),
        ("time", 10),
        ("memory_kib", 19 * 1024),
        ("memory_kib", 1024 * 1024),
        ("lanes", 1),
        ("lanes", 16),
    ],
)
def test_a_kdf_at_its_bounds_is_accepted(name: str, value: int) -> None:
    changed = {**copy(document()), "kdf": {**CHEAP, name: value}}
    assert sealed.read(json.dumps(changed).encode())["kdf"][name] == value


@pytest.mark.parametrize("number", [0, 1, 8, 9, 10_000])
def test_there_are_one_to_eight_slots(number: int) -> None:
    """Each that is tried costs what the KDF does."""
    changed = copy(document())
    data = json.dumps({**changed, "slots": changed["slots"] * number}).encode()
    if 1 <= number <= 8:
        assert len(sealed.read(data)["slots"]) == number
    else:
        with pytest.raises(DamagedFileError):
            sealed.read(data)


def test_new_files_are_within_the_bounds() -> None:
    assert sealed.read(sealed.written(document()))["kdf"] == sealed.KDF
    # RFC 9106, section 4, the second recommended option with twice the memory.
    assert sealed.KDF == {"name": "argon2id", "time": 3, "memory_kib": 2**17, "lanes": 4}


@pytest.mark.parametrize("version", [None, 0, -1, "1", "2", 1.0, 2.0, True, [], {}])
def test_a_version_that_there_never_was_is_damage(version: object) -> None:
    with pytest.raises(DamagedFileError):
        sealed.read(json.dumps({**copy(document()), "version": version}).encode())


def test_one_of_a_newer_tokenguard_is_no_damage() -> None:
    with pytest.raises(VaultError, match="newer") as raised:
        sealed.read(json.dumps({"format": sealed.FORMAT, "version": 2, "all": "else"}).encode())
    assert not isinstance(raised.value, DamagedFileError)


# Wrong passphrases


@pytest.mark.usefixtures("cheap")
def test_a_wrong_passphrase_says_so_and_costs_what_the_right_one_does(kdf_calls: list[dict[str, int]]) -> None:
    opened = sealed.put(sealed.create(PASSPHRASE, b"right"), "work", "umbrella")
    read = sealed.read(sealed.written(opened))
    kdf_calls.clear()
    assert sealed.get(sealed.unlock(read, PASSPHRASE, b"right"), "work") == "umbrella"
    right = list(kdf_calls)
    kdf_calls.clear()
    for wrong in (b"wrong", b"", b"righ", b"right\n", b"right" * 1000):
        with pytest.raises(WrongSecretError, match="that passphrase does not open the vault file"):
            sealed.unlock(read, PASSPHRASE, wrong)
    assert right == [{"length": 32, "iterations": 1, "lanes": 1, "memory_cost": 19 * 1024}]
    assert kdf_calls == right * 5


def test_a_key_is_not_stretched(kdf_calls: list[dict[str, int]]) -> None:
    assert all_of(reopened(sealed.written(document()))) == SECRETS
    assert kdf_calls == []


# Secrecy


@pytest.mark.usefixtures("cheap")
def test_nothing_secret_is_in_the_file_or_said() -> None:
    passphrase, secret = "a passphrase of mine", "a secret of mine"
    opened = sealed.put(sealed.create(PASSPHRASE, passphrase.encode()), "work", secret)
    data = sealed.written(opened)
    secrets = [passphrase.encode(), secret.encode(), opened.data_key]
    forms = [form for it in secrets for form in (it, base64.b64encode(it)[:-3], it.hex().encode())]
    assert [form for form in forms if form in data] == []

    changed = copy(opened)
    changed["sequence"] += 1
    errors = []
    for changed_or_not, typed in ((changed, passphrase), (opened.document, "another passphrase of mine")):
        with pytest.raises(VaultError) as raised:
            sealed.unlock(changed_or_not, PASSPHRASE, typed.encode())
        errors.append(raised.value)
    assert [type(error) for error in errors] == [DamagedFileError, WrongSecretError]
    for error in errors:
        assert "of mine" not in f"{error!r} {error} {error.message} {error.hint}"
        assert error.__suppress_context__ or error.__context__ is None


def test_the_data_key_is_not_shown() -> None:
    opened = document()
    assert repr(opened.data_key) not in repr(opened)
    assert opened.data_key.hex() not in repr(opened)
