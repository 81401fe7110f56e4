"""What is packed is found by its name, what cannot be opened is said, and what is no container is left alone."""

from __future__ import annotations

import gzip
import io
import struct
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support import archives
from tests.support.credentials import user_token
from tokenguard.core.detect import detect
from tokenguard.core.unpack import Limits, is_container, unpack
from tokenguard.core.unpack.walk import Cut

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

TOKEN = user_token(3)
TEXT = f"a\nTOKEN={TOKEN}\n".encode()
CONTAINERS = archives.every_container(TOKEN)


def opened(
    data: bytes, name: str = "file", limits: Limits | None = None
) -> tuple[dict[tuple[str, ...], bytes], list[Cut]]:
    """The bytes of the members by where they are, and what was cut."""
    members = {}
    cuts = []
    for item in unpack(io.BytesIO(data), name, limits):
        if isinstance(item, Cut):
            cuts.append(item)
        else:
            members[item.inside] = b"".join(
                window.data[window.first - window.start : window.last - window.start] for window in item.windows
            )
    return members, cuts


def found(data: bytes, name: str = "file") -> set[tuple[str, ...]]:
    return {inside for inside, content in opened(data, name)[0].items() if detect(content)}


EXPECTED: dict[str, set[tuple[str, ...]]] = {
    "a.txt.gz": {("a.txt",)},
    "a.bz2": {("a",)},
    "a.xz": {("a",)},
    "a.lzma": {("a",)},
    "a.zst": {("a",)},
    "a.tar": {("d/.env",)},
    "gnu.tar": {("x" * 300,)},
    "a.tgz": {("d/.env",), ("x" * 300,)},
    "stored.zip": {("in.tar.gz", "d/.env")},
    "a.zip": {("in.tar.gz", "d/.env")},
    "bzip2.zip": {("a",)},
    "lzma.zip": {("a",)},
    "a.pyz": {("a",)},
    "a.exe": {("a",)},
    "a.pkl": {("strings",), ("packed 1", "content")},
    "a.npz": {("names.npy", "texts")},
    "a.safetensors": {("note",)},
    "a.gguf": {("note",), ("words",)},
    "a.png": {("Comment",), ("prompt",), ("workflow",)},
    "a.pdf": {("object 1, strings",), ("object 2, strings",)},
    "a.parquet": {("token",)},
    "zstd.parquet": {("token",)},
    "plain.parquet": {("token",)},
    "a.feather": {("columns",)},
}


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_what_is_packed_is_found_where_it_is(name: str) -> None:
    data = CONTAINERS[name]
    assert is_container(data[:1024], len(data), data[-22:])
    assert found(data, name) == EXPECTED[name]
    assert opened(data, name)[1] == []


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_what_can_be_read_once_holds_the_same(name: str) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    if name == "a.exe":
        return  # told by its end, which a pipe has not shown yet
    items = list(unpack(Pipe(CONTAINERS[name]), name))
    assert EXPECTED[name] <= {item.inside for item in items}
    assert not [item for item in items if isinstance(item, Cut)]


def test_a_database_shows_what_its_pages_split_and_what_runs_together(tmp_path: Path) -> None:
    data = archives.database(str(tmp_path / "x.db"), TOKEN)
    members, cuts = opened(data)
    assert [span.kind.name for span in detect(members[("users",)])] == ["user-access-token"] * 2
    assert detect(members[("plain",)])
    assert members[("users, row 1", "content")] == b"x" * 99
    assert cuts == []


def test_a_bundle_shows_its_commits_and_files_also_those_kept_as_deltas(
    repository: Repository, tmp_path: Path
) -> None:
    for number in range(3):
        content = b"line\n" * 300 + TEXT * number + b"%d\n" % number
        repository.stage("file", content)
        repository.commit(f"change {number}")
    bundle = str(tmp_path / "x.bundle")
    repository.git("gc", "--quiet")
    repository.git("bundle", "create", "--quiet", bundle, "--all")
    with open(bundle, "rb") as file:
        members, cuts = opened(file.read())
    assert sum(bool(detect(content)) for content in members.values()) == 2
    assert sum(name[0].startswith("commit ") for name in members) == 3
    assert cuts == []


@pytest.mark.parametrize(
    "data", [b"PK is no archive\n", b"BZh is text", b"%PDF- is what they begin with", b"GGUF"]
)
def test_text_that_begins_like_a_container_holds_nothing(data: bytes) -> None:
    assert opened(data) == ({}, [])


@pytest.mark.parametrize("data", [b"", b"import os\n", b"\0" * 1024, b"# v1\n", b"{}", bytes(range(256)) * 8])
def test_what_is_no_container_is_told_from_its_head(data: bytes) -> None:
    assert not is_container(data, len(data))


@pytest.mark.parametrize("name", ["a.txt.gz", "a.bz2", "a.xz", "a.zst", "a.zip", "a.tar", "a.parquet", "a.png"])
def test_a_truncated_container_is_said_to_be_damaged(name: str) -> None:
    data = CONTAINERS[name]
    # A tar ends where its blocks of zeros begin, or within the last file's.
    cut = data.index(TOKEN.encode()) if name == "a.tar" else len(data) - 9
    _, cuts = opened(data[:cut], name)
    assert cuts
    assert all(item.reason.startswith("damaged: ") for item in cuts)


def test_several_streams_and_what_follows_them_are_one_file() -> None:
    data = gzip.compress(b"x\n") + bytes(512) + gzip.compress(TEXT) + b"not packed"
    assert opened(data, "a.gz") == ({("a",): b"x\n" + TEXT}, [])


def test_an_encrypted_member_is_said_to_be_and_the_others_are_read() -> None:
    data = bytearray(archives.zipped({"secret": b"x", "open": TEXT}))
    local = data.index(b"PK\3\4")
    central = data.index(b"PK\1\2")
    data[local + 6] |= 1
    data[central + 8] |= 1
    members, cuts = opened(bytes(data))
    assert set(members) == {("open",)}
    assert cuts == [Cut(("secret",), "encrypted")]


def test_a_member_that_the_directory_does_not_name_is_read() -> None:
    data = archives.zipped({"hidden": TEXT, "named": b"x"})
    central = data.index(b"PK\1\2")
    second = data.index(b"PK\1\2", central + 4)
    end = bytearray(data[data.rindex(b"PK\5\6") :])
    end[12:16] = (int.from_bytes(end[12:16], "little") - (second - central)).to_bytes(4, "little")
    kept = data[:central] + data[second : data.rindex(b"PK\5\6")]
    end[16:20] = central.to_bytes(4, "little")
    assert zipfile.ZipFile(io.BytesIO(kept + end)).namelist() == ["named"]
    assert ("hidden",) in found(kept + bytes(end))


def test_headers_that_disagree_are_both_followed_and_it_is_said() -> None:
    data = bytearray(archives.zipped({"name": TEXT}))
    at = data.index(b"PK\3\4") + 30
    data[at : at + 4] = b"else"
    members, cuts = opened(bytes(data))
    assert set(members) == {("name",), ("else",)}
    assert cuts == [Cut(("name",), "damaged: its headers disagree")]


def test_names_stay_as_they_are() -> None:
    for name in ("../../etc/passwd", "/etc/passwd", "C:\\x", "a\nb"):
        assert set(opened(archives.tar({name: b"x"}))[0]) >= {(name,)}


def test_a_credential_in_a_header_of_a_tar_is_shown() -> None:
    assert found(gzip.compress(archives.tar({f"{TOKEN}/" + "x" * 200: b"x"})), "a.tar.gz") >= {("headers",)}


def test_an_archive_in_an_archive_in_an_archive_ends_somewhere() -> None:
    data = b"x"
    for _ in range(20):
        data = gzip.compress(data)
    _, cuts = opened(data)
    assert [cut.reason for cut in cuts] == ["nested deeper than 8 archives"]


def test_the_limits_hold_over_all_levels() -> None:
    bomb = archives.zipped({f"{number}": bytes(1_000_000) for number in range(10)})
    limits = Limits(bytes=3_000_000, ratio=0)
    _, cuts = opened(archives.zipped({"a": bomb, "b": bomb}), limits=limits)
    assert [cut.reason for cut in cuts] == ["unpacks to more than 3000000 bytes"]
    many = gzip.compress(archives.tar({str(number): b"x" for number in range(99)}))
    _, cuts = opened(many, limits=Limits(members=50))
    assert [cut.reason for cut in cuts] == ["holds more than 50 members"]


def test_entries_that_share_their_bytes_are_unpacked_once() -> None:
    data = archives.zipped({"a": TEXT})
    central, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    shifted = bytearray(data[central:end])
    shifted[42:46] = struct.pack("<L", 10)
    record = bytearray(data[end:])
    record[12:16] = struct.pack("<L", 2 * (end - central))
    members, cuts = opened(data[:end] + bytes(shifted) + bytes(record))
    assert set(members) == {("a",)}
    assert cuts == [Cut(("a",), "damaged: overlaps another member")]


def test_the_tools_of_the_system_make_the_same(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(TEXT)
    subprocess.run(["tar", "-C", str(tmp_path), "-czf", str(tmp_path / "x.tgz"), ".env"], check=True)
    assert found((tmp_path / "x.tgz").read_bytes(), "x.tgz") == {(".env",)}
