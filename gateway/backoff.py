"""How long to wait before the next try."""

import sqlalchemy as sa

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 600.0
SLACK_SECONDS = 60.0
"""What clocks may differ by."""


def backoff_seconds(failures: int) -> float:
    """Return the wait after so many failures: doubled each time, with a cap."""
    doublings = min(max(failures - 1, 0), 20)
    return min(FIRST_SECONDS * 2.0**doublings, LONGEST_SECONDS)


def is_past(
    due: sa.ColumnElement[float], *, now: float, longest: float = LONGEST_SECONDS
) -> sa.ColumnElement[bool]:
    """Return the condition that the time `due` has come.

    Parameters
    ----------
    longest : float
        No wait is longer: what is due later was written under a clock that was wrong.
    """
    return sa.or_(due <= now, due > now + longest + SLACK_SECONDS)
