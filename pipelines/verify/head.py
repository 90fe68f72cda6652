"""The preamble and group 0002 that a released file must begin with (PS3.10, 7.1)."""

import re
from struct import Struct

from pipelines.errors import ResidualError
from rules.version import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
_NOT_WRITTEN = frozenset(["1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
"""Big endian and deflated are written as explicit VR little endian."""
_transfer_syntax = re.compile(r"1\.2\.840\.10008\.1\.2(?:\.[0-9]{1,3}){0,3}")
"""Too short to hide an identifier in, also where it is not registered yet."""
PREAMBLE_BYTES = 128
_START = bytes(PREAMBLE_BYTES) + b"DICM"
_VERSION = b"\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01"
_short = Struct("<HH2sH").pack


def check_head(
    first: bytes, *, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str
) -> int:
    """Return where the data set starts.

    Parameters
    ----------
    first : bytes
        The start of the file.

    Raises
    ------
    ResidualError
        `verify.structure` where one byte differs from what must stand there, or the
        transfer syntax is none of the standard's.
    """
    if not first.startswith(_START):
        raise ResidualError("verify.structure", where="preamble")
    elements = _VERSION + b"".join(
        [
            _text(0x0002, b"UI", sop_class_uid),
            _text(0x0003, b"UI", sop_instance_uid),
            _text(0x0010, b"UI", transfer_syntax_uid),
            _text(0x0012, b"UI", IMPLEMENTATION_CLASS_UID),
            _text(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME),
        ]
    )
    head = _START + _short(2, 0, b"UL", 4) + len(elements).to_bytes(4, "little") + elements
    if not first.startswith(head) or transfer_syntax_uid in _NOT_WRITTEN:
        raise ResidualError("verify.structure", where="group 0002")
    if _transfer_syntax.fullmatch(transfer_syntax_uid) is None:
        raise ResidualError("verify.structure", where="(0002,0010)")
    return len(head)


def _text(number: int, vr: bytes, text: str) -> bytes:
    value = text.encode("ascii", "replace")
    if len(value) & 1:
        value += b"\0" if vr == b"UI" else b" "
    return _short(2, number, vr, len(value)) + value
