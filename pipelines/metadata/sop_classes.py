"""The storage SOP classes of the standard (PS3.4, B.5), retired ones included."""

import re
from functools import cache

from pydicom._uid_dict import UID_dictionary

_TRANSFER_SYNTAX = re.compile(r"1\.2\.840\.10008\.1\.2(\.[0-9]{1,3}){0,3}")
_NOT_INSTANCES = ("Storage Commitment", "Media Storage Directory", "Storage Service Class")


@cache
def storage_sop_classes() -> frozenset[str]:
    """Return their UIDs, as the pinned dictionary (PS3.6, annex A) lists them."""
    return frozenset(
        uid
        for uid, (name, kind, *_) in UID_dictionary.items()
        if kind == "SOP Class" and "Storage" in name and not name.startswith(_NOT_INSTANCES)
    )


def is_transfer_syntax(uid: str) -> bool:
    """Return whether `uid` can be a transfer syntax of the standard (PS3.6, annex A).

    Newer ones than the pinned dictionary's count, by their form: too short to hide an
    identifier in.
    """
    return _TRANSFER_SYNTAX.fullmatch(uid) is not None
