"""The figures of the held-out sets, as they stand in ``ops/manual/text.md``."""

from pathlib import Path

import pytest

from tests.unit.pipelines.text.heldout import measure

_LEAST = [(1, 100.0, 100.0), (2, 98.7, 99.4), (3, 100.0, 100.0), (4, 96.6, 98.3), (5, 98.3, 94.9)]


@pytest.mark.parametrize(("number", "privacy", "utility"), _LEAST)
def test_a_held_out_set_is_cleaned_as_well_as_the_manual_says(
    number: int, privacy: float, utility: float
) -> None:
    figures = measure(Path(__file__).with_name(f"heldout_{number}.txt"))
    assert figures.privacy() >= privacy, figures.wrong
    assert figures.utility() >= utility, figures.wrong
