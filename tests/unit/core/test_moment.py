"""Points in time, as the Hub writes them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tokenguard.core import moment

NEW_YEAR = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Clock(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: object = None) -> Clock:
        assert tz is timezone.utc
        return cls(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def _standing_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment, "datetime", Clock)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T00:00:00.000Z", NEW_YEAR),
        ("2026-01-01T00:00:00Z", NEW_YEAR),
        ("2026-01-01T00:00:00+00:00", NEW_YEAR),
        ("2026-01-01T02:00:00+02:00", NEW_YEAR),
        ("2025-12-31T19:00:00.000-05:00", NEW_YEAR),
        ("2026-01-01T00:00:00.250Z", NEW_YEAR + timedelta(milliseconds=250)),
        ("0001-01-01T00:00:00.000Z", datetime.min.replace(tzinfo=timezone.utc)),
    ],
)
def test_a_moment_is_read(text: str, expected: datetime) -> None:
    assert moment.read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", " ", "Z", "never", "tomorrow", "1767225600", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z"),
        *("2026-01-01T25:00:00Z", "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00Z\n", "99999-01-01T00:00:00Z"),
        *("2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+99:00", "\0", "\ud800", "9" * 5000),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_what_names_no_moment_or_no_zone_is_none_and_is_infinitely_old(text: str | None) -> None:
    assert moment.read(text) is None
    assert moment.age(text) == float("inf")


@pytest.mark.usefixtures("_standing_still")
def test_now_is_read_again() -> None:
    assert moment.now() == moment.written(NEW_YEAR) == "2026-01-01T00:00:00.000Z"
    assert moment.read(moment.now()) == NEW_YEAR
    assert moment.age(moment.now()) == 0


@pytest.mark.usefixtures("_standing_still")
@pytest.mark.parametrize("seconds", [-86400, -1, -0.25, 0, 0.25, 59.75, 60, 86400 * 365])
def test_the_age_is_in_seconds_and_less_than_none_for_what_is_to_come(seconds: float) -> None:
    assert moment.age((NEW_YEAR - timedelta(seconds=seconds)).isoformat()) == seconds


@pytest.mark.usefixtures("_standing_still")
def test_the_ends_of_time_have_an_age() -> None:
    assert moment.age("0001-01-01T00:00:00+23:59") > 0
    assert moment.age("9999-12-31T23:59:59-23:59") < 0


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1790000000.9, "2026-09-21T14:13:20.000Z"),
        (-1, "1969-12-31T23:59:59.000Z"),
        (-40000000000, "0702-06-15T00:53:20.000Z"),
        (-62135596800, "0001-01-01T00:00:00.000Z"),
        (253402300799, "9999-12-31T23:59:59.000Z"),
    ],
)
def test_seconds_after_the_epoch_are_a_moment(seconds: float, expected: str) -> None:
    assert moment.of_seconds(seconds) == expected
    assert moment.read(expected) is not None


@pytest.mark.parametrize(
    "seconds",
    [
        *(None, True, False, "0", [], {}, 1j, 253402300800, -62135596801, 10**30, -(10**400), 1e308),
        *(float("inf"), float("-inf"), float("nan")),
    ],
    ids=lambda seconds: ascii(seconds)[:30],
)
def test_what_is_no_number_of_seconds_within_time_is_none(seconds: object) -> None:
    assert moment.of_seconds(seconds) is None
