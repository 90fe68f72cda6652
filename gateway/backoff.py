"""How long to wait before the next try."""

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 600.0


def backoff_seconds(failures: int) -> float:
    """Return the wait after so many failures: doubled each time, with a cap."""
    doublings = min(max(failures - 1, 0), 20)
    return min(FIRST_SECONDS * 2.0**doublings, LONGEST_SECONDS)
