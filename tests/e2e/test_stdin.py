"""`tokenguard scan --stdin`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.machine import Machine

WINDOW = 8 * 1024 * 1024


def test_a_token_on_standard_input_is_found(machine: Machine) -> None:
    scan = machine.scan("--stdin", stdin=f"one\ntwo {machine.token()}\n".encode())
    assert (scan.status, scan.places) == (1, [("<stdin>", 2, 5)])


def test_standard_input_can_be_given_a_name(machine: Machine) -> None:
    scan = machine.scan("--stdin", "--stdin-name", "train.log", stdin=machine.token().encode())
    assert scan.paths == ["train.log"]


def test_clean_input_is_clean_and_says_how_much_it_was(machine: Machine) -> None:
    scan = machine.scan("--stdin", stdin=b"clean\n")
    assert scan.status == 0
    assert "scanned 1 file, 6 bytes" in scan.talk


def test_a_token_is_found_wherever_it_lies_in_a_long_stream(machine: Machine) -> None:
    tokens = [machine.token(seed).encode() for seed in range(4)]
    offsets = [WINDOW - 20, 2 * WINDOW - len(tokens[0]), 2 * WINDOW + 1, 20_000_000]
    data = bytearray(b" " * (20_000_000 + len(tokens[0])))
    for token, offset in zip(tokens, offsets, strict=True):
        data[offset : offset + len(token)] = token
    scan = machine.scan("--stdin", stdin=bytes(data))
    assert scan.places == [("<stdin>", 1, offset + 1) for offset in offsets]
    assert scan.document["summary"]["bytes"] == len(data)


@pytest.mark.parametrize("arguments", [["--staged"], ["."], ["--staged", "."]])
def test_standard_input_goes_with_no_other_source(machine: Machine, arguments: list[str]) -> None:
    result = machine.run("tokenguard", "scan", "--stdin", *arguments, stdin=b"")
    assert result.status == 2
    assert "--stdin" in result.talk


def test_without_standard_input_there_is_no_answer(machine: Machine) -> None:
    result = machine.run("sh", "-c", "exec tokenguard scan --stdin <&-")
    assert result.status == 3
    assert "Traceback" not in result.talk
