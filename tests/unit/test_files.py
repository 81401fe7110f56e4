"""Files are read in windows that adjoin, and only regular files are read."""

import os
import socket
from pathlib import Path

import pytest

from tokenguard.core.blob import Window
from tokenguard.core.detect import LEAD, TAIL
from tokenguard.files import (
    WINDOW,
    NotRegularError,
    TooLargeError,
    open_regular,
    read_linked,
    read_small,
    read_window,
    read_windows,
)

SIZES = [0, 1, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + TAIL - 1, WINDOW + TAIL, WINDOW + TAIL + 1, 2 * WINDOW]


def sparse(path: Path, size: int) -> Path:
    """A file of NUL bytes with a mark every 64 KiB, so that windows that are mixed up show."""
    with path.open("wb") as file:
        file.truncate(size)
        for offset in range(0, size - 8, 1 << 16):
            file.seek(offset)
            file.write(offset.to_bytes(8, "big"))
    return path


@pytest.mark.parametrize("size", SIZES)
def test_the_windows_of_a_file_adjoin_and_hold_what_is_around_them(tmp_path: Path, size: int) -> None:
    path = sparse(tmp_path / "file", size)
    content = path.read_bytes()
    windows = list(read_windows(str(path)))
    assert windows[0].first == 0
    assert windows[-1].last == size
    assert [window.is_last for window in windows] == [False] * (len(windows) - 1) + [True]
    assert [window.first for window in windows[1:]] == [window.last for window in windows[:-1]]
    for window in windows:
        assert window.start == max(0, window.first - LEAD)
        assert window.data == content[window.start : min(size, window.last + TAIL)]


def test_a_small_file_is_one_window(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert list(read_windows(str(tmp_path / "file"))) == [Window(b"abc", 0, 0, 3)]


@pytest.mark.parametrize(("first", "last"), [(0, 3), (0, WINDOW), (1, 2), (3, 9)])
def test_a_window_where_the_file_ends_takes_the_rest(tmp_path: Path, first: int, last: int) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    descriptor, size = open_regular(str(tmp_path / "file"))
    assert size == 3
    window = read_window(descriptor, first, last)
    os.close(descriptor)
    assert window == Window(b"abc", 0, first, 3)


@pytest.mark.parametrize("size", [0, 1, 1000, WINDOW])
def test_a_small_file_is_read_whole(tmp_path: Path, size: int) -> None:
    path = sparse(tmp_path / "file", size)
    assert read_small(str(path)) == path.read_bytes()


def test_a_file_that_does_not_fit_into_a_window_is_not_small(tmp_path: Path) -> None:
    assert read_small(str(sparse(tmp_path / "file", WINDOW + 1))) is None


def test_a_small_file_without_a_size_is_read_to_its_end() -> None:
    assert b"VmRSS" in (read_small("/proc/self/status") or b"")


@pytest.mark.parametrize("most", [3, 4, None])
def test_a_file_of_the_largest_size_is_read(tmp_path: Path, most: int | None) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert read_small(str(tmp_path / "file"), most) == b"abc"


def test_a_file_over_the_largest_size_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    with pytest.raises(TooLargeError, match="larger than 2 bytes"):
        open_regular(str(tmp_path / "file"), 2)


def test_a_window_beyond_a_file_that_has_shrunk_is_empty(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    descriptor, _ = open_regular(str(tmp_path / "file"))
    window = read_window(descriptor, WINDOW, 2 * WINDOW)
    os.close(descriptor)
    assert window.data == b""
    assert window.first == window.last
    assert window.is_last


def test_a_file_without_a_size_is_read_to_its_end() -> None:
    (window,) = read_windows("/proc/self/status")
    assert b"VmRSS" in window.data
    assert window.is_last


def test_a_name_that_is_not_utf8_is_opened(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\n"
    with open(name, "wb") as file:
        file.write(b"abc")
    (window,) = read_windows(os.fsdecode(name))
    assert window.data == b"abc"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(str(tmp_path / "file"))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    with pytest.raises(OSError, match=r"symbolic link|levels"):
        open_regular(str(tmp_path / "link"))


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    before = os.listdir("/proc/self/fd")
    for path in (tmp_path / "pipe", tmp_path / "folder", Path("/dev/null")):
        with pytest.raises(NotRegularError, match="is not a regular file"):
            open_regular(str(path))
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_socket_is_not_opened(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match="No such device or address"):
            open_regular(str(tmp_path / "socket"))


def test_a_descriptor_is_closed_when_the_reader_stops_early(tmp_path: Path) -> None:
    path = sparse(tmp_path / "file", WINDOW + TAIL + 1)
    before = os.listdir("/proc/self/fd")
    windows = read_windows(str(path))
    next(windows)
    assert len(os.listdir("/proc/self/fd")) == len(before) + 1
    del windows
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_file_that_a_link_leads_to_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_linked(str(tmp_path / "link"), 5) == b"12345"
    with pytest.raises(TooLargeError):
        read_linked(str(tmp_path / "link"), 4)
    with pytest.raises(NotRegularError):
        read_linked(str(tmp_path), 5)
