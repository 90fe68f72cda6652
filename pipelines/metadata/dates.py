"""Shift dates and datetimes, check times, cap ages.

The exact meaning stands in ``ops/manual/metadata.md``, section 2. All functions return
None where the value is not what its VR promises (PS3.5, 6.2); the caller then takes the
fallback for the whole element.
"""

import re
from datetime import date, timedelta

_DATE = re.compile(r"(\d{4})(?:(\d{2})(?:(\d{2}))?)?\Z")
_OLD_DATE = re.compile(r"(\d{4})\.(\d{2})\.(\d{2})\Z")
_DATETIME = re.compile(
    r"(\d{4}(?:\d{2}(?:\d{2}(?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?)?)?)"
    r"([+-]\d{4})?\Z"
)
_TIME = re.compile(
    r"(\d{2})(?:(\d{2})(?:(\d{2})(?:\.\d{1,6})?)?|:(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?)?\Z"
)
_AGE = re.compile(r"(\d{3})([DWMY])\Z")

_UNITS_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}
_OLDEST_YEARS = 89


def shift_date(text: str, days: int) -> str | None:
    """Return a DA value shifted by `days`.

    Parameters
    ----------
    text : str
        ``YYYYMMDD``, the old ``YYYY.MM.DD``, or a part: ``YYYYMM``, ``YYYY``.
    days : int
        May be negative.
    """
    match = _OLD_DATE.match(text)
    if match:
        text = "".join(match.groups())
    match = _DATE.match(text)
    if not match:
        return None
    year, month, day = match.groups()
    try:
        shifted = date(int(year), int(month or 7), int(day or (15 if month else 1))) + timedelta(
            days=days
        )
    except (ValueError, OverflowError):
        return None
    whole = f"{shifted.year:04d}{shifted.month:02d}{shifted.day:02d}"
    return whole[: len(text)]


def shift_datetime(text: str, days: int) -> str | None:
    """Return a DT value with its date part shifted; time, fraction, zone stay."""
    match = _DATETIME.match(text)
    if not match:
        return None
    digits = match.group(1)
    part = min(len(digits), 8)
    if not _valid_clock(digits[8:14]):
        return None
    shifted = shift_date(digits[:part], days)
    return None if shifted is None else shifted + text[part:]


def check_time(text: str) -> str | None:
    """Return a TM value as it is if it is one."""
    match = _TIME.match(text)
    if not match:
        return None
    hours, minutes, seconds, old_minutes, old_seconds = match.groups()
    clock = hours + (minutes or old_minutes or "") + (seconds or old_seconds or "")
    return text if _valid_clock(clock) else None


def _valid_clock(digits: str) -> bool:
    limits = (23, 59, 60)
    return all(int(digits[i : i + 2]) <= limits[i // 2] for i in range(0, len(digits), 2))


def cap_age(text: str) -> str | None:
    """Return an AS value; over 89 years it becomes ``090Y`` (HIPAA 164.514(b)(2)(i)(C))."""
    match = _AGE.match(text)
    if not match:
        return None
    years = int(match.group(1)) / _UNITS_PER_YEAR[match.group(2)]
    # 89Y stays; any unit that reaches the 90th year is capped
    return "090Y" if years >= _OLDEST_YEARS + 1 else text
