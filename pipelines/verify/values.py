"""Recognise the values that the engine writes itself (``ops/manual/metadata.md``)."""

import re

_DUMMIES = frozenset(
    [
        *(b"", b"0", b"000000", b"000Y", b"19000101", b"19000101000000"),
        *(b"NARTHEX", b"REMOVED", b"urn:removed"),
        # what dummy items hold beside them
        *(b"CONTAINS", b"TEXT", b"121106", b"DCM", b"Comment", b"99NARTHEX"),
        *(b"N", b"DISPLAY", b"1.2.840.10008.3.1.2.3.3", b"\x01"),
    ]
)
_person = re.compile(rb"(?:Person\^[a-z2-7]{8}|REMOVED)(?:\\(?:Person\^[a-z2-7]{8}|REMOVED))*")
_NEW_UID = b"2.25."
_STANDARD_UID = b"1.2.840.10008."
MAX_DUMMY_BYTES = 1024 * 1024


def is_dummy(value: bytes) -> bool:
    """Return True for a dummy value of any VR, padded or not."""
    stripped = value.strip(b"\0 ")
    return (
        stripped in _DUMMIES
        or _person.fullmatch(stripped) is not None
        or (stripped.startswith(_NEW_UID) and are_new_uids(stripped))
    )


def are_new_uids(value: bytes) -> bool:
    """Return True where each value is empty, one of ours, or of the standard."""
    for uid in value.split(b"\\"):
        stripped = uid.strip(b"\0 ")
        if stripped and not stripped.startswith((_NEW_UID, _STANDARD_UID)):
            return False
    return True


def is_patient(value: bytes, pseudonym: bytes) -> bool:
    """Return True for what Patient ID and Patient's Name may be inside items."""
    return value.strip(b"\0 ") == pseudonym or is_dummy(value)
