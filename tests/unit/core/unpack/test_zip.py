"""Archives whose records contradict each other are told: programs go by one or the other."""

import struct
import zlib

import pytest

from tests.support.archives import zipped
from tests.support.credentials import user_token
from tokenguard.core.blob import Origin, Unreadable, in_memory
from tokenguard.core.finding import Finding
from tokenguard.core.scan import scan_deep

END = 22


def outcome(data: bytes) -> tuple[int, list[str]]:
    """How many credentials are found, and why something is not read."""
    items = list(scan_deep(in_memory(Origin("x.zip"), data), {}))
    found = [item for item in items if isinstance(item, Finding)]
    return len(found), [item.reason for item in items if isinstance(item, Unreadable)]


def with_entries(data: bytes, change: dict[int, bytes], *, twice: bool) -> bytes:
    """`data`, an archive of one member, with `change` (by offset) in its entry, or in one before it."""
    length, start = struct.unpack_from("<LL", data, len(data) - END + 12)
    entry = data[start : start + length]
    changed = bytearray(entry)
    for at, part in change.items():
        changed[at : at + len(part)] = part
    entries = bytes(changed) + (entry if twice else b"")
    count = struct.pack("<HHL", 1 + twice, 1 + twice, len(entries))
    return data[:start] + entries + data[-END:-14] + count + data[-6:]


def test_two_entries_for_one_member_that_disagree() -> None:
    data = zipped({"a": user_token().encode()})
    assert outcome(data) == (1, [])
    empty = with_entries(data, {10: bytes(2), 20: bytes(8)}, twice=True)
    assert outcome(empty)[1] != []
    assert outcome(with_entries(data, {}, twice=True)) == (1, [])


def test_an_entry_that_says_nothing_is_there_of_what_was_streamed() -> None:
    data = zipped({"a": user_token().encode()})
    streamed = data[:6] + struct.pack("<H", 8) + data[8:14] + bytes(12) + data[26:]
    empty = with_entries(streamed, {8: struct.pack("<H", 8), 16: bytes(12)}, twice=False)
    assert outcome(empty)[1] != []


@pytest.mark.parametrize("name", [b"", b"\1a", b"\n" * 40])
def test_members_that_no_directory_names_have_any_name(name: bytes) -> None:
    body = user_token().encode()
    packed = zlib.compress(body, wbits=-15)
    header = struct.pack(
        "<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, zlib.crc32(body), len(packed), len(body), len(name), 0
    )
    data = header + name + packed + b"PK\5\6" + bytes(18)
    assert outcome(data) == (1, [])
    # A directory that somebody put into the comment of the right one hides nothing.
    assert outcome(data[:-2] + b"\x16\0" + b"PK\5\6" + bytes(18)) == (1, [])


def test_what_a_program_has_of_the_kind_is_no_member() -> None:
    code = b"PK\3\4" + b"\xff\x8b" * 40
    assert outcome(code * 9 + zipped({"a": user_token().encode()})) == (1, [])


def test_what_follows_in_a_member_is_not_passed_over() -> None:
    data = zipped({"a": b"nothing"})
    behind = zlib.compress(user_token().encode(), wbits=-15)
    at = data.index(b"PK\1\2")
    stored = struct.unpack_from("<L", data, 18)[0] + len(behind)
    header = data[:18] + struct.pack("<L", stored) + data[22:at]
    entry = data[at : at + 20] + struct.pack("<L", stored) + data[at + 24 : -END]
    end = data[-END:-6] + struct.pack("<L", at + len(behind)) + data[-2:]
    assert outcome(header + behind + entry + end) == (0, ["damaged: something follows where it should end"])


def test_a_member_that_says_it_is_empty_and_that_it_is_not() -> None:
    data = bytearray(zipped({"a": user_token().encode()}))
    at = data.index(b"PK\1\2")
    data[18:22] = data[at + 20 : at + 24] = bytes(4)
    assert outcome(bytes(data))[1] != []
