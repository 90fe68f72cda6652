"""Encode data elements, little endian (PS3.5, 7.1)."""

from struct import Struct

LONG_VRS = frozenset(
    [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"]
)
"""VRs with a 32-bit length in explicit VR encodings (PS3.5, table 7.1-1)."""

SHORT_VRS = frozenset(
    [
        *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO"),
        *(b"LT", b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
    ]
)

_SHORT = Struct("<HH2sH").pack
_LONG = Struct("<HH2sHL").pack
_IMPLICIT = Struct("<HHL").pack
_ITEM = Struct("<HHL").pack
_NUL_PADDED = frozenset([b"UI", b"OB", b"UN"])
_MAX_SHORT = 0xFFFE


def encode_element(tag: int, vr: bytes, value: bytes, *, implicit: bool) -> bytes:
    """Return an encoded element, its value padded to even length.

    A value that is too long for a 16-bit length gets VR UN (PS3.5, 6.2.2).
    """
    if len(value) & 1:
        value += b"\0" if vr in _NUL_PADDED else b" "
    return _encode(tag, vr, value, implicit=implicit)


def encode_sequence(tag: int, vr: bytes, items: bytes, *, implicit: bool) -> bytes:
    """Return an encoded sequence; items of odd length stay as they are."""
    return _encode(tag, vr, items, implicit=implicit)


def _encode(tag: int, vr: bytes, value: bytes, *, implicit: bool) -> bytes:
    group, number = tag >> 16, tag & 0xFFFF
    if implicit:
        return _IMPLICIT(group, number, len(value)) + value
    if vr in LONG_VRS:
        return _LONG(group, number, vr, 0, len(value)) + value
    if len(value) > _MAX_SHORT:
        return _LONG(group, number, b"UN", 0, len(value)) + value
    return _SHORT(group, number, vr, len(value)) + value


def encode_item(content: bytes) -> bytes:
    """Return an item (FFFE,E000) of explicit length (PS3.5, 7.5.1)."""
    return _ITEM(0xFFFE, 0xE000, len(content)) + content
