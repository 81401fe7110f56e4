"""What a sweep asks of a Dask cluster, and what it says where there is none."""

from __future__ import annotations

import pytest

from tokenguard import __version__
from tokenguard.errors import IncompleteError, UsageError
from tokenguard.executors import check_scheduler, judge_workers, opened, watch


@pytest.mark.parametrize("address", ["tcp://scheduler:8786", "10.0.0.1:8786", "tls://[::1]:8786", "ws://h:1/"])
def test_an_address_of_a_scheduler(address: str) -> None:
    assert check_scheduler(address) == address


@pytest.mark.parametrize(
    "address", ["", "nonsense", "tcp:nope", "http://h:1", "tcp://h", "tcp://h:0", "tcp://u:sesame@h:1"]
)
def test_what_is_none_is_a_wrong_use(address: str) -> None:
    with pytest.raises(UsageError, match="--dask takes the address") as caught, opened(address, 1):
        pass
    assert "sesame" not in caught.value.message + caught.value.hint


def test_without_certificates_there_is_no_scheduler() -> None:
    with pytest.raises(IncompleteError, match="certificates"), opened("tls://127.0.0.1:1", 1):
        pass


def test_workers_with_another_version_or_none_are_named() -> None:
    unfit, notes = judge_workers({"tcp://a:1": __version__, "tcp://b:1": "0.0.1", "tcp://c:1": ImportError("x")})
    assert unfit == {"tcp://b:1", "tcp://c:1"}
    assert "tcp://b:1 has tokenguard 0.0.1" in notes[0]
    assert "tcp://c:1 has no tokenguard" in notes[1]


def test_without_workers_for_long_there_is_trouble() -> None:
    answers = iter([True, False])
    assert watch(lambda: next(answers), patience=60, every=0)() == ""
    assert watch(lambda: False, patience=0, every=0)() == "the Dask cluster has no workers any more"
    assert "no workers" in watch(lambda: 1 / 0 > 0, patience=0, every=0)()
