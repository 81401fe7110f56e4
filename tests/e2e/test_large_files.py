"""Files of any size, in bounded memory, with places that are right however far in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.machine import Machine

pytestmark = pytest.mark.unmeasured

WINDOW = 8 * 1024 * 1024

# Runs a command, and says as its last line how many bytes the largest of its processes had in memory.
MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL).returncode
unit = 1 if sys.platform == "darwin" else 1024
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit, file=sys.stderr)
sys.exit(status)
"""


def test_columns_are_characters_however_long_the_line(machine: Machine) -> None:
    token = machine.token()
    machine.write("ascii.json", "x" * 3_999_999 + f'"{token}"' + "y" * 1_000_000)
    machine.write("text.json", "é" * 2_000_000 + f"✓ {token} ✓ {token}\n")
    assert machine.scan().places == [
        ("ascii.json", 1, 4_000_001),
        ("text.json", 1, 2_000_003),
        ("text.json", 1, 2_000_003 + len(token) + 3),
    ]


def test_columns_are_bytes_where_a_file_is_not_text(machine: Machine) -> None:
    machine.write("weights.bin", b"\0\xc3\xa9\n" + b"\xff\xfe " + machine.token().encode())
    assert machine.scan().places == [("weights.bin", 2, 4)]


def test_a_token_is_found_wherever_it_lies_in_a_large_file(machine: Machine) -> None:
    token = machine.token().encode()
    offsets = [WINDOW + distance for distance in (-len(token), 1 - len(token), -20, -1, 0, 1, 20)]
    for offset in offsets:
        machine.write(f"{offset}.bin", b"\n" * (offset - 1) + b" " + token + b"\n" * 100_000)
    assert machine.scan().places == [(f"{offset}.bin", offset, 2) for offset in offsets]


def test_a_file_of_any_size_is_read_to_its_end_in_little_memory(machine: Machine) -> None:
    size = 512 * 1024**2
    path = machine.folder / "disk.img"
    tokens = [machine.token(seed).encode() for seed in range(4)]
    offsets = [WINDOW - 20, 50 * WINDOW - 1, size // 5 * 4, size - len(tokens[0])]
    with path.open("wb") as file:
        file.truncate(size)
        for token, offset in zip(tokens, offsets, strict=True):
            file.seek(offset)
            file.write(token)
    scan = machine.scan("disk.img", through=[sys.executable, "-c", MEASURED])
    assert scan.places == [("disk.img", 1, offset + 1) for offset in offsets]
    assert scan.document["summary"]["bytes"] == size
    assert int(scan.talk.splitlines()[-1]) < 200 * 1024**2
