"""Archives whose records contradict each other are told: programs go by one or the other."""

import struct

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
