"""Recognise the values that the engine writes itself (``ops/manual/metadata.md``)."""

import re
from functools import cache
from importlib import import_module

from pydicom._uid_dict import UID_dictionary

_DUMMIES = frozenset(
    [
        *(b"", b"0", b"000000", b"000Y", b"19000101", b"19000101000000"),
        *(b"NARTHEX", b"REMOVED", b"urn:removed"),
        # what dummy items hold beside them
        *(b"CONTAINS", b"TEXT", b"121106", b"DCM", b"Comment", b"99NARTHEX"),
        *(b"N", b"DISPLAY", b"\x01"),
    ]
)
_NOTICE_REASONS = ("document.removed",)
_person = re.compile(rb"(?:Person\^[a-z2-7]{8}|REMOVED)(?:\\(?:Person\^[a-z2-7]{8}|REMOVED))*")
_years = re.compile(rb"([0-9]{3})Y")
_OLDEST_YEARS, _CAPPED_YEARS = 89, b"090"
_new_uid = re.compile(rb"2\.25\.(?:0|[1-9][0-9]{0,38})")
MAX_DUMMY_BYTES = 1024 * 1024


@cache
def _registered() -> frozenset[bytes]:
    """Return the UIDs of PS3.6, annex A; others under their root are anybody's."""
    return frozenset(uid.encode("ascii") for uid in UID_dictionary)


@cache
def _notices() -> frozenset[bytes]:
    """Return the pages that say that a document was removed."""
    notice_page = import_module("pipelines.documents").notice_page
    return frozenset(notice_page(reason).strip(b"\0 ") for reason in _NOTICE_REASONS)


def is_dummy(value: bytes) -> bool:
    """Return True for a dummy value of any VR, padded or not."""
    stripped = value.strip(b"\0 ")
    return (
        stripped in _DUMMIES
        or (stripped.startswith(b"%PDF-") and stripped in _notices())
        or _person.fullmatch(stripped) is not None
        or (stripped[:1].isdigit() and are_new_uids(stripped))
    )


def is_registered(uid: str) -> bool:
    """Return True for a UID of PS3.6, Annex A."""
    return uid in UID_dictionary


def is_too_old(value: bytes) -> bool:
    """Return True where an age string says that somebody is over 89, and how much."""
    return any(
        int(years) > _OLDEST_YEARS and years != _CAPPED_YEARS for years in _years.findall(value)
    )


def is_new_uid(uid: bytes) -> bool:
    """Return True for a UID of the form that ours have, unpadded."""
    return _new_uid.fullmatch(uid) is not None


def are_new_uids(value: bytes) -> bool:
    """Return True where each value is empty, one of ours, or registered in PS3.6."""
    for uid in value.split(b"\\"):
        stripped = uid.strip(b"\0 ")
        if stripped and not is_new_uid(stripped) and stripped not in _registered():
            return False
    return True


def is_patient(value: bytes, pseudonym: bytes) -> bool:
    """Return True for what Patient ID and Patient's Name may be inside items."""
    return value.strip(b"\0 ") == pseudonym or is_dummy(value)
