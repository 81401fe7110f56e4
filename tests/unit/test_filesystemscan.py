"""What a driver of fsspec lists is read, whatever it lists; what it cannot give is told."""

from __future__ import annotations

import io
import json
import struct
import sys
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from fsspec import register_implementation
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.registry import _registry
from fsspec.spec import AbstractFileSystem

from tests.support.credentials import user_token
from tokenguard.account import Search
from tokenguard.errors import ExitCode, UsageError
from tokenguard.filesystemscan import scan_filesystem
from tokenguard.sources import filesystem
from tokenguard.sources import store as drivers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tokenguard.core.report import Report
    from tokenguard.core.token import Token

SECRET = user_token()
LEAK = f"token = '{SECRET}'\n".encode()
MIB = 1 << 20


class Store(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A server with folders: what each lists by `ls`, and what is in the files."""

    protocol = "store"
    folders: ClassVar[dict[str, list[Any]]] = {}
    files: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[tuple[str, int | None, int | None]]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.removeprefix("store://")

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        if path in self.folders:
            return {"name": path, "type": "directory", "size": 0}
        return file(path) if path in self.files else missing()

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        return [one() if callable(one) else one for one in self.folders[path]]

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        self.asked.append((path, start, end))
        data = self.files[path]
        return bytes(data() if callable(data) else data[start:end])

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        return io.BytesIO(self.files[path])


def missing() -> dict[str, Any]:
    raise FileNotFoundError("no")


def file(name: str, size: int | None = len(LEAK), kind: str = "file") -> dict[str, Any]:
    return {"name": name, "type": kind, "size": size}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Store]]:
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path))
    monkeypatch.setattr(Store, "folders", {})
    monkeypatch.setattr(Store, "files", {})
    monkeypatch.setattr(Store, "asked", [])
    register_implementation("store", Store, clobber=True)
    yield Store
    _registry.pop("store")


def fill(store: type[Store], **files: bytes) -> None:
    """Puts files into the folder `box`."""
    store.files |= {f"box/{name}": data for name, data in files.items()}
    store.folders["box"] = [file(f"box/{name}", len(data)) for name, data in files.items()]


def places(report: Report) -> list[str]:
    return [finding.origin.location for finding in report.findings]


def unread(report: Report) -> list[tuple[str, str]]:
    return [(origin.location, reason) for origin, reason in report.unreadable]


def test_files_in_folders_are_read(store: type[Store]) -> None:
    fill(store, a=LEAK, b=b"clean")
    store.folders["box"].append(file("box/deep", 0, "directory"))
    store.folders["box/deep"] = [file("box/deep/c")]
    store.files["box/deep/c"] = LEAK
    held: dict[str, Token] = {}
    told: list[tuple[int, int, int]] = []
    report = scan_filesystem("store://box/", progress=lambda *now: told.append(now), search=Search(held))
    assert places(report) == ["store://box/a", "store://box/deep/c"]
    assert (report.tally.files, report.tally.bytes, report.exit_code) == (3, 2 * len(LEAK) + 5, ExitCode.FOUND)
    assert [token.reveal() for token in held.values()] == [SECRET]
    assert (told[0], told[-1]) == ((0, 1, 0), (3, 3, report.tally.bytes))


def test_a_file_is_read_that_is_named(store: type[Store]) -> None:
    store.files["box/a"] = LEAK
    assert places(scan_filesystem("store://box/a")) == ["store://box/a"]


def test_what_is_not_there_is_told() -> None:
    assert unread(scan_filesystem("store://box")) == [("store://box", "it is not there")]


def test_an_empty_folder_is_told(store: type[Store]) -> None:
    fill(store)
    assert unread(scan_filesystem("store://box")) == [
        ("store://box", "there is nothing of this name, or it is not shown")
    ]


def test_a_listing_that_lies_ends(store: type[Store]) -> None:
    fill(store, a=LEAK)
    store.folders["box"] += [
        file("box", 0, "directory"),  # itself
        file("box/", 0, "directory"),
        file("other/x"),
        file("box/../../etc/passwd"),
        file("box/link", 0, "link"),
        file("box/pipe", 0, "other"),
        file("box/full/", 7),
        file("box/empty/", 0),
        {"type": "file"},
        "nothing",
    ]
    report = scan_filesystem("store://box")
    assert places(report) == ["store://box/a"]
    assert unread(report) == [
        ("store://box", "the store lists in it what is not in it"),
        ("store://box", "the store lists in it what is not in it"),
        ("store://box", "the store lists in it what is not in it"),
        ("store://box/full/", "its name ends with a slash, and drivers do not open it"),
        ("store://box/pipe", "it is neither file nor folder"),
    ]
    assert report.notes == ("1 links in store://box were not followed",)


class Endless(dict[str, list[Any]]):
    """Each folder has itself in it, once more."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> list[Any]:
        return [file(f"{name}/box", 0, "directory")]


def test_folders_without_end_are_told(store: type[Store]) -> None:
    store.folders = Endless()
    ((_, why),) = unread(scan_filesystem("store://box"))
    assert why.startswith("folders in more than 100 others are not read")


def test_files_without_end_are_told(store: type[Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystem, "_MOST_FILES", 2)
    fill(store, a=b"a", b=b"b", c=LEAK)
    assert unread(scan_filesystem("store://box")) == [("store://box", "there are more than 2 files")]


def raises(error: BaseException) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


def test_what_fails_is_told_without_secrets(store: type[Store]) -> None:
    fill(store, a=LEAK, b=LEAK, c=LEAK, d=LEAK)
    failure = f"https://store/x?X-Signature=abc refused {SECRET}\nand more"
    store.files["box/a"] = raises(ValueError(failure))
    store.files["box/b"] = raises(PermissionError())
    store.files["box/c"] = lambda: LEAK + b"more"
    report = scan_filesystem("store://box")
    assert unread(report) == [
        ("store://box/a", f"https://store/x?… refused hf_…{SECRET[-4:]}"),
        ("store://box/b", "PermissionError"),
        ("store://box/c", f"the store lists {len(LEAK)} bytes and gives another number"),
    ]
    assert places(report) == ["store://box/d"]
    assert report.exit_code is ExitCode.INCOMPLETE


def test_a_folder_that_fails_does_not_hide_the_others(store: type[Store]) -> None:
    fill(store, z=LEAK)
    store.folders["box"].insert(0, file("box/deep", 0, "directory"))
    store.folders["box/deep"] = [raises(OSError("gone"))]
    report = scan_filesystem("store://box")
    assert (places(report), unread(report)) == (["store://box/z"], [("store://box/deep", "gone")])


def test_a_store_that_hangs_is_left(store: type[Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "_ANSWER", 0.02)
    fill(store, **{f"f{at}": LEAK for at in range(6)})
    until = threading.Event()
    store.files = dict.fromkeys(store.files, until.wait)
    reasons = [why for _, why in unread(scan_filesystem("store://box"))]
    until.set()
    assert set(reasons[:4]) == {"the store gives no answer within 0.02 seconds"}
    assert set(reasons[4:]) == {"the store gives no answer, and was not asked again"}


def test_a_large_file_is_read_in_pieces(store: type[Store]) -> None:
    fill(store, large=b"a" * (10 * MIB) + b"\n" + LEAK)
    (finding,) = scan_filesystem("store://box").findings
    assert (finding.line, finding.column) == (2, 10)
    assert [last - first for _, first, last in store.asked if first is not None and last][:3] == [
        64 * 1024,
        MIB,
        8 * MIB,
    ]
    report = scan_filesystem("store://box", max_size=9 * MIB)
    assert unread(report) == [("store://box/large", f"larger than {9 * MIB} bytes")]


def test_of_large_tensors_the_header_is_read(store: type[Store]) -> None:
    header = json.dumps({"__metadata__": {"note": SECRET}}).encode()
    fill(store, **{"m.safetensors": struct.pack("<Q", len(header)) + header + b"\0" * 9 * MIB})
    report = scan_filesystem("store://box", max_size=MIB)
    assert [place.partition(" > ")[0] for place in places(report)] == ["store://box/m.safetensors"]
    assert len(store.asked) == 1
    assert report.notes[0].startswith("of 1 large safetensors and GGUF files no more than the header was read")


def test_a_file_that_does_not_say_how_long_it_is(store: type[Store]) -> None:
    fill(store, small=LEAK, large=b"a" * (9 * MIB) + b"\n" + LEAK)
    store.folders["box"] = [entry | {"size": None} for entry in store.folders["box"]]
    assert places(scan_filesystem("store://box")) == ["store://box/large", "store://box/small"]
    report = scan_filesystem("store://box", max_size=MIB)
    assert unread(report) == [("store://box/large", f"larger than {MIB} bytes")]


class Objects(AsyncFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Lists all below a prefix at once."""

    protocol = "store"

    async def _info(self, path: str, **_: Any) -> dict[str, Any]:
        return missing()

    async def _find(self, path: str, **_: Any) -> dict[str, Any]:
        return {name: file(name) for name in ("box/a//b", "box/a/../c", "boxes/d")}

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        return LEAK[start:end]


def test_an_object_store_is_listed_at_once() -> None:
    register_implementation("store", Objects, clobber=True)
    report = scan_filesystem("store://box")
    assert places(report) == ["store://box/a/../c", "store://box/a//b"]
    assert unread(report) == [("store://box", "the store lists in it what is not in it")]


def test_no_driver_of_files_here_is_taken_for_a_store() -> None:
    class Here(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
        protocol = "store"

    register_implementation("store", Here, clobber=True)
    with pytest.raises(UsageError, match="is not read"):
        scan_filesystem("store://etc")


@pytest.mark.parametrize(
    ("scheme", "hint"),
    [("nosuch", "is the package installed"), ("lakefs", "lakefs-spec"), ("s3", "hf-tokenguard[s3]")],
)
def test_a_driver_that_is_not_there_is_named(scheme: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    _registry.pop("s3", None)
    with pytest.raises(UsageError) as raised:
        scan_filesystem(f"{scheme}://box")
    assert hint in raised.value.hint
