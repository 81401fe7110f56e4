"""How long a server wants to be left alone, whatever it writes into its headers."""

from __future__ import annotations

import pytest

from tokenguard.core.ratelimit import retry_after, until_reset

LIMITS = {
    "": None,
    '"api";r=0;t=55': 55.0,
    '"api"; r=0; t=55': 55.0,
    '"api" ;r=0 ;t=55': 55.0,
    '"api";r=00;t=055': 55.0,
    '"api";r=1;t=55': None,
    '"api";r=499;t=300': None,
    '"a";r=0;t=5, "b";r=0;t=9': 9.0,
    '"a";r=0;t=9, "b";r=0;t=5': 9.0,
    '"a";r=5;t=9, "b";r=0;t=5': 5.0,
    '"api";r=0;t=0': 0.0,
    '"api";r=0': None,
    '"api";t=55': None,
    '"api";r=0;t=': None,
    '"api";r=;t=55': None,
    '"api";r=0;t=-55': None,
    '"api";r=-0;t=55': None,
    '"api";r=0;t=x': None,
    '"api";r=0;t=inf': None,
    '"api";r=1e0;t=55': None,
    "r=0": None,
    "\x00\xff;;;===": None,
    '"' + ";r=" * 10_000: None,
    ";" + " " * 10_000: None,
}


@pytest.mark.parametrize("header", LIMITS, ids=lambda header: ascii(header)[:30])
def test_the_header_tells_when_a_spent_limit_opens(header: str) -> None:
    assert until_reset({"ratelimit": header}) == LIMITS[header]


@pytest.mark.parametrize(
    "header", ['"api";r=0;t=' + "9" * 5000, '"api";r=' + "0" * 5000 + ";t=5", '"api";r=0;t=٣']
)
def test_a_hostile_header_does_no_harm(header: str) -> None:
    seconds = until_reset({"ratelimit": header})
    assert seconds is None or 0 <= seconds < float("inf")


def test_no_header_tells_nothing() -> None:
    assert until_reset({}) is None
    assert retry_after({}) is None


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0", 0.0), ("-1", None), ("1.5", None), ("٣", None), ("9" * 99, None)]
)
def test_a_number_of_seconds_is_waited_and_a_date_is_not(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds
    assert retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}) is None
