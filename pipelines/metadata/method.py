"""Say what was done: the attributes of PS3.3, C.12.1.1.9 and C.7.1.1 that we add."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache

from pipelines.metadata.encode import encode_element, encode_item
from rules.plan import Plan
from rules.tables import MethodCode, method_codes
from rules.version import VERSION
from rules.vocabulary import Option

PATIENT_IDENTITY_REMOVED = 0x00120062
DEIDENTIFICATION_METHOD = 0x00120063
DEIDENTIFICATION_METHOD_CODE_SEQUENCE = 0x00120064
LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED = 0x00280303

CONTRIBUTING_EQUIPMENT_SEQUENCE = 0x0018A001

_HASH_DIGITS = 32
_LO_CHARACTERS = 64

CLEANERS = frozenset(
    [
        Option.CLEAN_DESCRIPTORS,
        Option.CLEAN_GRAPHICS,
        Option.CLEAN_STRUCTURED_CONTENT,
        Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES,
        Option.RETAIN_LONGITUDINAL_FULL_DATES,
        Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
        Option.RETAIN_PATIENT_CHARACTERISTICS,
        Option.RETAIN_DEVICE_IDENTITY,
        Option.RETAIN_UIDS,
        Option.RETAIN_SAFE_PRIVATE,
        Option.RETAIN_INSTITUTION_IDENTITY,
    ]
)
"""Options whose engine is there."""


def codes_of(plan: Plan, notes: AbstractSet[str]) -> tuple[MethodCode, ...]:
    """Return the codes of what ran completely (CID 7050).

    Parameters
    ----------
    notes : AbstractSet[str]
        ``"OPTION.removed"`` for each option that did less than it says,
        ``"OPTION.unexamined"`` for one that did not look at this object.
    """
    known = method_codes()
    ran = [
        known[option]
        for option in plan.options & CLEANERS
        if notes.isdisjoint((f"{option}.removed", f"{option}.unexamined"))
    ]
    basic = [known[None]] if plan.keeps_profile else []
    return (*basic, *sorted(ran, key=lambda code: code.value))


def method_elements(plan: Plan, *, implicit: bool, remarks: Sequence[str] = ()) -> dict[int, bytes]:
    """Return the elements that say so, but for the codes, by tag.

    Parameters
    ----------
    remarks : Sequence[str]
        Words of ours about this object, ASCII.
    """
    name = plan.name.encode("ascii", "replace").replace(b"\\", b"?").decode("ascii")
    method = "\\".join(
        [
            f"Narthex {VERSION}",
            name[:_LO_CHARACTERS],
            *remarks,
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


@cache
def equipment_item(*, implicit: bool) -> bytes:
    """Return our item of Contributing Equipment Sequence (PS3.3, C.12.1.1.5).

    Purpose of Reference is De-identifying Equipment (CID 7005).
    """

    def encode(tag: int, vr: bytes, text: str) -> bytes:
        return encode_element(tag, vr, text.encode("ascii"), implicit=implicit)

    purpose = encode_item(
        encode(0x00080100, b"SH", "109104")
        + encode(0x00080102, b"SH", "DCM")
        + encode(0x00080104, b"LO", "De-identifying Equipment")
    )
    return encode_item(
        encode(0x00080070, b"LO", "Narthex")
        + encode(0x00081090, b"LO", "Narthex")
        + encode(0x00181020, b"LO", VERSION)
        + encode_element(0x0040A170, b"SQ", purpose, implicit=implicit)
    )


@lru_cache(maxsize=64)
def code_sequence(codes: tuple[MethodCode, ...], *, implicit: bool) -> bytes:
    """Return De-identification Method Code Sequence; nothing where there is no code."""
    if not codes:
        return b""

    def encode(tag: int, vr: bytes, text: str) -> bytes:
        return encode_element(tag, vr, text.encode("ascii"), implicit=implicit)

    items = b"".join(
        encode_item(
            encode(0x00080100, b"SH", code.value)
            + encode(0x00080102, b"SH", code.scheme)
            + encode(0x00080104, b"LO", code.meaning)
        )
        for code in codes
    )
    return encode_element(DEIDENTIFICATION_METHOD_CODE_SEQUENCE, b"SQ", items, implicit=implicit)
