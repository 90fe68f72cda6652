"""Start of a DICOM file (PS3.10, 7.1): preamble, prefix, meta information by us."""

import struct

from rules.version import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

_PREAMBLE = bytes(128) + b"DICM"


def file_start(sop_class_uid: str, sop_instance_uid: str, *, transfer_syntax_uid: str) -> bytes:
    """Return what precedes the dataset in a file.

    Source Application Entity Title is left out: it names the sender.
    """
    elements = b"".join(
        (
            struct.pack("<HH2s2xL2s", 0x0002, 0x0001, b"OB", 2, b"\0\1"),
            _text(0x0002, b"UI", sop_class_uid, pad=b"\0"),
            _text(0x0003, b"UI", sop_instance_uid, pad=b"\0"),
            _text(0x0010, b"UI", transfer_syntax_uid, pad=b"\0"),
            _text(0x0012, b"UI", IMPLEMENTATION_CLASS_UID, pad=b"\0"),
            _text(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME, pad=b" "),
        )
    )
    group_length = struct.pack("<HH2sHL", 0x0002, 0x0000, b"UL", 4, len(elements))
    return _PREAMBLE + group_length + elements


def _text(element: int, vr: bytes, value: str, *, pad: bytes) -> bytes:
    encoded = value.encode("ascii")
    encoded += pad * (len(encoded) % 2)
    return struct.pack("<HH2sH", 0x0002, element, vr, len(encoded)) + encoded
