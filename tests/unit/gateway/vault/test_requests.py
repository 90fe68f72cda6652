import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import VaultError
from gateway.vault.requests import check_request, days_of
from tests.support.vault import subject

days = st.integers(-10_000, 10_000)
bits = st.integers(0, 2**64 - 1)


@given(bits, days, days)
def test_a_shift_lies_in_its_range(shift: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert low <= days_of(shift, (low, high)) <= high


def test_both_ends_are_reached() -> None:
    assert days_of(0, (-10, -1)) == -10
    assert days_of(2**64 - 1, (-10, -1)) == -1


@given(bits)
def test_a_project_that_shifts_later_does_not_inherit_a_shift_of_zero(shift: int) -> None:
    assert days_of(shift, (0, 0)) == 0
    assert days_of(shift, (-3650, -365)) < 0


def test_no_patient_id_and_no_day_are_refused() -> None:
    with pytest.raises(VaultError):
        check_request(subject(""), (-1, 0))
    with pytest.raises(VaultError):
        check_request(subject(), (0, -1))
