"""Every file is a suspect, a failure, or read and clean; the number of processes changes nothing."""

import os
from pathlib import Path

import pytest

from tests.support.credentials import user_token
from tokenguard.core.detect import TAIL, Span
from tokenguard.core.kinds import USER_ACCESS_TOKEN
from tokenguard.files import WINDOW
from tokenguard.sources.sift import sift

JOBS = [1, 2, 5]


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def gap_and_token(path: Path, offset: int, size: int) -> str:
    """A sparse file with a credential in it."""
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(offset)
        file.write(user_token().encode())
    return str(path)


@pytest.mark.parametrize("jobs", JOBS)
def test_of_many_files_those_with_a_credential_are_suspects(tmp_path: Path, jobs: int) -> None:
    paths = [
        write(tmp_path / f"{number:03}", user_token(number).encode() if number % 17 == 3 else b"hf_ nothing")
        for number in range(200)
    ]
    sifted = sift(paths, jobs=jobs, max_size=None)
    assert [suspect.path for suspect in sifted.suspects] == paths[3::17]
    assert sifted.failures == []
    assert sifted.read == 200
    assert sifted.bytes == sum(os.path.getsize(path) for path in paths)


@pytest.mark.parametrize("jobs", JOBS)
def test_what_cannot_be_read_is_a_failure_in_its_place(tmp_path: Path, jobs: int) -> None:
    paths = [write(tmp_path / f"{number:03}", b"x") for number in range(100)]
    os.remove(paths[7])
    os.remove(paths[60])
    os.mkfifo(paths[60])
    os.remove(paths[61])
    os.symlink(paths[0], paths[61])
    sifted = sift(paths, jobs=jobs, max_size=None)
    assert [path for path, _ in sifted.failures] == [paths[7], paths[60], paths[61]]
    assert [reason for _, reason in sifted.failures[:2]] == ["No such file or directory", "is not a regular file"]
    assert (sifted.read, sifted.bytes, sifted.suspects) == (97, 97, [])


@pytest.mark.parametrize("jobs", JOBS)
def test_a_file_over_the_largest_size_is_a_failure(tmp_path: Path, jobs: int) -> None:
    small, large = write(tmp_path / "small", b"x" * 10), write(tmp_path / "large", user_token().encode())
    sifted = sift([small, large], jobs=jobs, max_size=10)
    assert sifted.failures == [(large, "larger than 10 bytes")]
    assert (sifted.read, sifted.bytes, sifted.suspects) == (1, 10, [])


def test_nothing_sifts_to_nothing() -> None:
    sifted = sift([], jobs=2, max_size=None)
    assert (sifted.suspects, sifted.failures, sifted.read, sifted.bytes) == ([], [], 0, 0)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("offset", [0, WINDOW - 20, WINDOW, WINDOW + TAIL - 20, 2 * WINDOW + 100])
def test_a_large_file_with_a_credential_anywhere_is_a_suspect(tmp_path: Path, jobs: int, offset: int) -> None:
    size = 2 * WINDOW + TAIL + 1000
    path = gap_and_token(tmp_path / "large", offset, size)
    sifted = sift([path], jobs=jobs, max_size=None)
    assert (sifted.failures, sifted.read, sifted.bytes) == ([], 1, size)
    (suspect,) = sifted.suspects
    assert suspect == (path, [Span(offset, offset + len(user_token()), USER_ACCESS_TOKEN)])


def test_a_large_file_without_one_is_clean(tmp_path: Path) -> None:
    path = write(tmp_path / "large", b"hf_" * 4_000_000)
    sifted = sift([path], jobs=2, max_size=None)
    assert (sifted.suspects, sifted.failures, sifted.read, sifted.bytes) == ([], [], 1, 12_000_000)


def test_large_and_small_suspects_come_in_the_order_asked_for(tmp_path: Path) -> None:
    paths = [
        gap_and_token(tmp_path / "a", WINDOW, 2 * WINDOW),
        write(tmp_path / "b", user_token().encode()),
        gap_and_token(tmp_path / "c", 5, 2 * WINDOW),
    ]
    sifted = sift(paths, jobs=2, max_size=None)
    assert [suspect.path for suspect in sifted.suspects] == paths
    assert sifted.read == 3
    assert sifted.bytes == 4 * WINDOW + 37


def test_what_passes_between_the_processes_holds_no_secret(tmp_path: Path) -> None:
    paths = [write(tmp_path / str(number), user_token().encode()) for number in range(100)]
    assert user_token() not in repr(sift(paths, jobs=3, max_size=None))
