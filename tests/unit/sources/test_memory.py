"""What is remembered of a repository is what was kept, by this user and for these rules; or nothing is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.credentials import every_kind
from tokenguard.sources import memory
from tokenguard.sources.memory import Known, Memory

if TYPE_CHECKING:
    from collections.abc import Callable

SOME = Known(
    clean=frozenset([b"0" * 40, b"f" * 40, b"0123456789" * 4]),
    unclean=frozenset([b"1" * 40]),
    tips=frozenset([b"f" * 40]),
)
OTHER = Known(clean=frozenset([b"e" * 40]))


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the user's key is, or will be."""
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path / "user"))
    return tmp_path / "user"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "git").mkdir()
    return tmp_path / "git"


@pytest.fixture
def kept(folder: Path) -> Memory:
    """One in which SOME are kept."""
    kept = Memory(str(folder))
    kept.keep(SOME)
    assert kept.recall() == SOME
    return kept


def known(width: int) -> st.SearchStrategy[Known]:
    name = st.binary(min_size=width, max_size=width).map(lambda name: name.hex().encode())
    return st.builds(Known, *[st.frozensets(name, max_size=12)] * 3)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # every example has the same user
)
@given(st.one_of(known(20), known(32)))
def test_what_is_kept_is_recalled(some: Known) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Memory(folder).keep(some)
        assert Memory(folder).recall() == some
        assert os.listdir(folder) == ["tokenguard-history"]


def test_that_nothing_is_clean_is_kept_too(kept: Memory) -> None:
    kept.keep(Known())
    assert kept.recall() == Known()


def test_at_first_nothing_is_known(folder: Path, user: Path) -> None:
    assert Memory(str(folder)).recall() == Known()
    assert list(folder.iterdir()) == []
    assert not user.exists()


def test_what_is_kept_replaces_what_was(kept: Memory) -> None:
    kept.keep(OTHER)
    assert kept.recall() == OTHER


@pytest.mark.parametrize("width", [40, 64])
def test_names_are_kept_in_half_their_letters(folder: Path, width: int) -> None:
    Memory(str(folder)).keep(Known(clean=frozenset([b"f" * width, b"0" * width])))
    content = (folder / "tokenguard-history").read_bytes().partition(b"\n")[2][:-32]
    assert sorted([content[: width // 2], content[width // 2 :]]) == [b"\0" * (width // 2), b"\xff" * (width // 2)]


def test_only_the_user_can_read_it_and_the_key(kept: Memory, user: Path) -> None:
    (key,) = user.iterdir()
    for path in (Path(kept.path), key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key.stat().st_size == 32


def test_no_flipped_bit_is_believed(kept: Memory) -> None:
    content = Path(kept.path).read_bytes()
    believed = []
    for bit in range(len(content) * 8):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        Path(kept.path).write_bytes(changed)
        if kept.recall() != Known():
            believed.append(bit)
    assert believed == []


def test_no_part_of_it_is_believed(kept: Memory) -> None:
    content = Path(kept.path).read_bytes()
    for length in range(len(content)):
        for part in (content[:length], content[len(content) - length :]):
            Path(kept.path).write_bytes(part)
            assert kept.recall() == Known(), length


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (b'"rules": "', b'"rules": "0'),
        (b'"width": 20', b'"width": 0'),
        (b"{", b"\n{"),
        (b"{", b"{ "),
    ],
)
def test_no_other_header_is_believed(kept: Memory, there: bytes, instead: bytes) -> None:
    content = Path(kept.path).read_bytes()
    assert there in content.partition(b"\n")[0]
    Path(kept.path).write_bytes(content.replace(there, instead, 1))
    assert kept.recall() == Known()


def test_what_is_none_at_all_is_not_believed(kept: Memory) -> None:
    for content in (b"", b"x", os.urandom(1000)):
        Path(kept.path).write_bytes(content)
        assert kept.recall() == Known()


@pytest.mark.parametrize("more", [b"\0", b"\n", b"\0" * 20, b"\0" * 32])
def test_nor_is_it_with_more_at_its_end(kept: Memory, more: bytes) -> None:
    content = Path(kept.path).read_bytes()
    for changed in (content + more, content[:-32] + more + content[-32:]):
        Path(kept.path).write_bytes(changed)
        assert kept.recall() == Known()


def test_what_another_user_keeps_is_not_believed(
    kept: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path / "another"))
    assert kept.recall() == Known()
    kept.keep(SOME)
    assert kept.recall() == SOME
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path / "user"))
    assert kept.recall() == Known()


@pytest.mark.parametrize("name", ["rules", "_FORMAT"])
def test_what_other_rules_found_clean_is_not_believed(
    kept: Memory, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    other: object = (lambda: "of another release") if name == "rules" else 2
    with monkeypatch.context() as patch:
        patch.setattr(memory, name, other)
        assert kept.recall() == Known()
    assert kept.recall() == SOME


def test_the_rules_are_all_that_a_search_loads() -> None:
    code = """
import base64, gzip, io, sys
from tokenguard.core.hidden import is_encoded_in, is_packed_in
from tokenguard.core.detect import detect
for line in sys.stdin.buffer:
    assert detect(line)
    assert is_encoded_in(base64.b64encode(line), [])
    assert is_packed_in(io.BytesIO(gzip.compress(line)))
print(*(name.partition(".")[2] for name in sys.modules if name.startswith("tokenguard.core.")))
"""
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        input="\n".join(every_kind().values()).encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    names = set(loaded.stdout.decode().split()) - {"core.decode", "core.unpack"}
    assert {"core.detect", "core.decode.runs", "core.unpack.compressed"} < names <= set(memory._rule_modules())


def test_a_change_in_any_rule_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {memory.rules()}
    names = memory._rule_modules()
    for left_out in names:
        some = [name for name in names if name != left_out]
        monkeypatch.setattr(memory, "_rule_modules", lambda some=some: some)
        digests.add(memory.rules())
        monkeypatch.undo()
    assert len(digests) == len(names) + 1


@pytest.mark.parametrize("place", ["none", "file/within", "file"])
def test_where_it_cannot_be_written_nothing_is_remembered(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    nowhere = Memory(str(tmp_path / place))
    nowhere.keep(SOME)
    assert nowhere.recall() == Known()


def test_a_user_without_a_home_remembers_nothing(folder: Path, user: Path) -> None:
    user.write_bytes(b"a file where the folder should be")
    Memory(str(folder)).keep(SOME)
    assert Memory(str(folder)).recall() == Known()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("key", [b"", b"k" * 31])
def test_a_key_that_is_too_short_is_made_anew(kept: Memory, user: Path, key: bytes) -> None:
    (user / "history.key").write_bytes(key)
    assert kept.recall() == Known()
    kept.keep(SOME)
    assert kept.recall() == SOME
    assert (user / "history.key").stat().st_size == 32


def a_fifo(path: Path, _: bytes) -> None:
    os.mkfifo(path)


def a_link(path: Path, content: bytes) -> None:
    """To a file that would be believed."""
    path.with_name("elsewhere").write_bytes(content)
    path.symlink_to("elsewhere")


def a_folder(path: Path, _: bytes) -> None:
    (path / "within").mkdir(parents=True)


def a_huge_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.truncate(path, (1 << 30) + 1)


def a_link_to_nowhere(path: Path, _: bytes) -> None:
    path.symlink_to("/nowhere/at all")


def a_device(path: Path, _: bytes) -> None:
    path.symlink_to("/dev/zero")


HOSTILE = [a_fifo, a_link, a_folder, a_huge_file, a_link_to_nowhere, a_device]


@pytest.mark.parametrize("make", HOSTILE)
def test_what_is_no_file_of_ours_is_not_read(kept: Memory, make: Callable[[Path, bytes], None]) -> None:
    path = Path(kept.path)
    content = path.read_bytes()
    path.unlink()
    make(path, content)
    assert kept.recall() == Known()


@pytest.mark.parametrize("make", HOSTILE)
def test_it_is_replaced_and_nothing_is_written_through_it(
    kept: Memory, make: Callable[[Path, bytes], None]
) -> None:
    path = Path(kept.path)
    content = path.read_bytes()
    path.unlink()
    make(path, content)
    kept.keep(OTHER)
    if make is a_folder:
        assert kept.recall() == Known()
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    else:
        assert kept.recall() == OTHER
    if make is a_link:
        assert path.with_name("elsewhere").read_bytes() == content


@pytest.mark.parametrize("make", HOSTILE)
def test_what_is_no_key_opens_nothing(kept: Memory, user: Path, make: Callable[[Path, bytes], None]) -> None:
    key = user / "history.key"
    content = key.read_bytes()
    key.unlink()
    make(key, content)
    assert kept.recall() == Known()
    kept.keep(SOME)  # does not wait, and says nothing
