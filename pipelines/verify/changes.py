"""Ask whether a value became what the plan makes of it."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from pipelines.verify.charsets import decode
from pipelines.verify.values import is_dummy, is_registered
from rules.vocabulary import Operation

_MULTILINE_VRS = frozenset(["LT", "ST", "UT"])
"""VRs of one value: a backslash is a character (PS3.5, 6.2)."""
_TEXT_VRS = frozenset(["LO", "SH", "UC"]) | _MULTILINE_VRS
_day = re.compile(r"(\d{4})(\d{2})(\d{2})")


def is_mapped(old: bytes, new: bytes, uids: Mapping[str, str]) -> bool:
    """Return True where each UID became the one that stands for it everywhere.

    Parameters
    ----------
    uids : Mapping[str, str]
        Replaced UIDs of the source.
    """
    before, after = _values(old.decode("latin-1")), _values(new.decode("latin-1"))
    return len(before) == len(after) and all(
        uids.get(uid) == mapped or (uid == mapped and (not uid or is_registered(uid)))
        for uid, mapped in zip(before, after, strict=True)
    )


def is_cut(
    old: bytes, new: bytes, *, vr: str, encodings: tuple[str, ...], fallback: Operation
) -> bool:
    """Return True where a text is what is left of another, or what takes its place.

    Parameters
    ----------
    vr : str
        A VR of which nothing is cut allows the fallback only.
    encodings : tuple[str, ...]
        Python codecs of the Specific Character Set in force.
    fallback : Operation
        What takes its place where nothing is left.
    """
    if not new.strip(b"\0 "):
        return fallback is Operation.EMPTY or not old.strip(b"\0 ")
    if fallback is Operation.DUMMY and is_dummy(new):
        return True
    before, after = decode(old, encodings), decode(new, encodings)
    if before.strip("\0 ") == after.strip("\0 "):
        return True
    if vr not in _TEXT_VRS:
        return False
    if vr in _MULTILINE_VRS:
        return _is_left_of(after, before)
    old_values, new_values = _values(before), _values(after)
    return len(old_values) == len(new_values) and all(map(_is_left_of, new_values, old_values))


def _is_left_of(rest: str, text: str) -> bool:
    """Return True where the characters of `rest` stand in `text`, in their order."""
    characters = iter(text)
    return all(each in characters for each in rest if not each.isspace())


def is_shifted(old: bytes, new: bytes, *, vr: str, days: int, fallback: Operation) -> bool:
    """Return True where each whole date was moved by `days`, or the fallback stands there.

    Times and partial dates, which tell no day, are not looked at.
    """
    if vr == "TM" or not new.strip(b"\0 "):
        return True
    if fallback is Operation.DUMMY and is_dummy(new):
        return True
    before, after = _values(old.decode("latin-1")), _values(new.decode("latin-1"))
    return len(before) == len(after) and all(
        _is_moved(each, moved, days) for each, moved in zip(before, after, strict=True)
    )


def _is_moved(old: str, new: str, days: int) -> bool:
    if not old:
        return not new
    found = _day.match(old.replace(".", "") if old[4:5] == "." else old)
    if found is None:
        return True
    try:
        moved = date(*map(int, found.groups())) + timedelta(days)
    except (ValueError, OverflowError):
        return False
    return new.startswith(f"{moved:%Y%m%d}".rjust(8, "0"))


def _values(text: str) -> list[str]:
    return [each.strip("\0 ") for each in text.split("\\")]
