"""Make the value that an operation puts in the place of another.

One function per operation that writes a value; the walk decides which and where.
"""

from collections.abc import Callable

from pipelines.metadata.dates import cap_age, check_time, shift_date, shift_datetime


def shift_values(value: bytes, vr: str, days: int) -> bytes | None:
    """Return the values of a DA, DT or TM element shifted by `days`.

    Returns
    -------
    bytes | None
        None where one of the values is no date or time.
    """
    if vr == "TM":
        return _each(value, check_time)
    if vr == "DT":
        return _each(value, lambda text: shift_datetime(text, days))
    return _each(value, lambda text: shift_date(text, days))


def cap_ages(value: bytes) -> bytes | None:
    """Return the values of an AS element, those over 89 years capped."""
    return _each(value, cap_age)


def _each(value: bytes, change: Callable[[str], str | None]) -> bytes | None:
    texts = value.decode("latin-1").strip("\0 ").split("\\")
    changed = []
    for text in texts:
        stripped = text.strip("\0 ")
        new = change(stripped) if stripped else ""
        if new is None:
            return None
        changed.append(new)
    return "\\".join(changed).encode("ascii")
