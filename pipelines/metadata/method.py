"""Say what was done: the attributes of PS3.3, C.12.1.1.9 and C.7.1.1 that we add."""

from collections.abc import Collection

from pipelines.metadata.encode import encode_element, encode_item
from rules.plan import Plan
from rules.version import VERSION
from rules.vocabulary import Option

PATIENT_IDENTITY_REMOVED = 0x00120062
DEIDENTIFICATION_METHOD = 0x00120063
DEIDENTIFICATION_METHOD_CODE_SEQUENCE = 0x00120064
LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED = 0x00280303

_HASH_DIGITS = 32
_LO_CHARACTERS = 64

BASIC_PROFILE = ("113100", "Basic Application Confidentiality Profile")
CODES: dict[Option, tuple[str, str]] = {
    Option.RETAIN_LONGITUDINAL_FULL_DATES: (
        "113106",
        "Retain Longitudinal Temporal Information Full Dates Option",
    ),
    Option.RETAIN_LONGITUDINAL_MODIFIED_DATES: (
        "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
    ),
    Option.RETAIN_PATIENT_CHARACTERISTICS: (
        "113108",
        "Retain Patient Characteristics Option",
    ),
    Option.RETAIN_DEVICE_IDENTITY: ("113109", "Retain Device Identity Option"),
    Option.RETAIN_UIDS: ("113110", "Retain UIDs Option"),
    Option.RETAIN_SAFE_PRIVATE: ("113111", "Retain Safe Private Option"),
    Option.RETAIN_INSTITUTION_IDENTITY: ("113112", "Retain Institution Identity Option"),
}
"""CID 7050, of the options whose engine is there."""


def method_codes(plan: Plan, notes: Collection[str]) -> list[tuple[str, str]]:
    """Return code and meaning of what ran completely (CID 7050).

    Parameters
    ----------
    notes : Collection[str]
        ``"OPTION.removed"`` for each option that did less than it says.
    """
    ran = [
        CODES[option]
        for option in Option
        if option in plan.options and option in CODES and f"{option}.removed" not in notes
    ]
    return [BASIC_PROFILE, *sorted(ran)]


def method_elements(plan: Plan, *, implicit: bool) -> dict[int, bytes]:
    """Return the elements that say so, but for the codes, by tag."""
    name = plan.name.encode("ascii", "replace").replace(b"\\", b"?").decode("ascii")
    method = "\\".join(
        [
            f"Narthex {VERSION}",
            name[:_LO_CHARACTERS],
            f"sha256:{plan.hash[:_HASH_DIGITS]}",
        ]
    )
    if Option.RETAIN_LONGITUDINAL_FULL_DATES in plan.options:
        dates = "UNMODIFIED"
    elif Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in plan.options:
        dates = "MODIFIED"
    else:
        dates = "REMOVED"

    def encode(tag: int, vr: bytes, text: str) -> bytes:
        return encode_element(tag, vr, text.encode("ascii"), implicit=implicit)

    return {
        PATIENT_IDENTITY_REMOVED: encode(PATIENT_IDENTITY_REMOVED, b"CS", "YES"),
        DEIDENTIFICATION_METHOD: encode(DEIDENTIFICATION_METHOD, b"LO", method),
        LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED: encode(
            LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, b"CS", dates
        ),
    }


def code_sequence(codes: Collection[tuple[str, str]], *, implicit: bool) -> bytes:
    """Return De-identification Method Code Sequence."""

    def encode(tag: int, vr: bytes, text: str) -> bytes:
        return encode_element(tag, vr, text.encode("ascii"), implicit=implicit)

    items = b"".join(
        encode_item(
            encode(0x00080100, b"SH", code)
            + encode(0x00080102, b"SH", "DCM")
            + encode(0x00080104, b"LO", meaning)
        )
        for code, meaning in codes
    )
    return encode_element(DEIDENTIFICATION_METHOD_CODE_SEQUENCE, b"SQ", items, implicit=implicit)
