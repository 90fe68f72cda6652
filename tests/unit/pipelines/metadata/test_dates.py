"""Dates move by the subject's days, and nothing else about them changes."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.metadata.actions import cap_ages, shift_values
from pipelines.metadata.dates import cap_age, check_time, shift_date, shift_datetime

days = st.integers(-3650, -365)
dates = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))


@given(one=dates, other=dates, shift=days)
def test_the_interval_between_two_dates_survives(one: date, other: date, shift: int) -> None:
    moved = [shift_date(f"{d:%Y%m%d}", shift) for d in (one, other)]
    first, second = (date(int(m[:4]), int(m[4:6]), int(m[6:])) for m in moved if m)
    assert second - first == other - one


@given(day=dates, shift=days)
def test_a_shift_back_and_forth_is_the_same_date(day: date, shift: int) -> None:
    moved = shift_date(f"{day:%Y%m%d}", shift)
    assert moved is not None
    assert shift_date(moved, -shift) == f"{day:%Y%m%d}"


@given(day=dates, clock=st.times(), shift=days, zone=st.sampled_from(["", "+0100", "-1130"]))
def test_a_datetime_keeps_its_time_and_zone(
    day: date, clock: object, shift: int, zone: str
) -> None:
    time = f"{clock:%H%M%S.%f}"
    expected = f"{day + timedelta(days=shift):%Y%m%d}{time}{zone}"
    assert shift_datetime(f"{day:%Y%m%d}{time}{zone}", shift) == expected


@pytest.mark.parametrize(
    ("text", "shifted"),
    [
        ("20240301", "20240229"),
        ("2024.03.01", "20240229"),
        ("202403", "202403"),  # 15 March less a day
        ("2024", "2024"),  # 1 July less a day
        ("00010101", None),
        ("20230229", None),
        ("20240101-20240131", None),
        ("2024-03-01", None),
        ("LAST WEEK", None),
        ("2024030", None),
    ],
)
def test_dates_of_all_kinds(text: str, shifted: str | None) -> None:
    assert shift_date(text, -1) == shifted


@pytest.mark.parametrize(
    ("text", "shifted"),
    [
        ("20240301", "20240229"),
        ("2024030112", "2024022912"),
        ("20240301125960", "20240229125960"),
        ("2024+0100", "2024+0100"),
        ("20240301126000", None),
        ("20240301 12", None),
        ("2024030", None),
    ],
)
def test_datetimes_of_all_kinds(text: str, shifted: str | None) -> None:
    assert shift_datetime(text, -1) == shifted


@pytest.mark.parametrize("text", ["12", "1230", "123059", "123059.1", "12:30", "12:30:59.25"])
def test_a_time_stays(text: str) -> None:
    assert check_time(text) == text


@pytest.mark.parametrize("text", ["24", "1260", "noon", "1", "123059.1234567", "12-13"])
def test_what_is_no_time_is_refused(text: str) -> None:
    assert check_time(text) is None


@pytest.mark.parametrize(
    ("text", "capped"),
    [("089Y", "089Y"), ("090Y", "090Y"), ("104Y", "090Y"), ("999M", "999M"), ("42", None)],
)
def test_ages_over_89_are_capped(text: str, capped: str | None) -> None:
    assert cap_age(text) == capped


def test_one_bad_value_spoils_the_element() -> None:
    assert shift_values(b"20240301\\20240302 ", "DA", -1) == b"20240229\\20240301"
    assert shift_values(b"20240301\\unknown", "DA", -1) is None
    assert shift_values(b"20240301\\", "DA", -1) == b"20240229\\"
    assert shift_values(b"1230\\1231", "TM", -1) == b"1230\\1231"
    assert cap_ages(b"091Y") == b"090Y"
