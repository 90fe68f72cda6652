"""Read the head of a DICOM file and write ours: preamble and group 0002 (PS3.10, 7.1)."""

import re
from dataclasses import dataclass

from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from pipelines.context import RangeReader
from pipelines.errors import MalformedError
from pipelines.metadata.encode import LONG_VRS, SHORT_VRS, encode_element
from rules.version import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

PREAMBLE_BYTES = 128
_PREFIX = b"DICM"
_META_BYTES = 64 * 1024
_MEDIA_STORAGE_SOP_CLASS = 0x00020002
_TRANSFER_SYNTAX = 0x00020010
_META_GROUP = 2
_LOWEST_DATASET_GROUPS = frozenset([0x0008, 0x0010])
_uid = re.compile(r"[0-9.]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands before the data set.

    Attributes
    ----------
    dataset : int
        Offset of the data set, bytes.
    implicit : bool
    transfer_syntax_uid : str
    sop_class_uid : str
        Of the meta information; "" if it says nothing.
    """

    dataset: int
    implicit: bool
    transfer_syntax_uid: str
    sop_class_uid: str


def is_walkable(transfer_syntax_uid: str) -> bool:
    """Return True where the data set is encoded little endian and not deflated."""
    return transfer_syntax_uid not in (
        str(ExplicitVRBigEndian),
        str(DeflatedExplicitVRLittleEndian),
    )


def read_head(source: RangeReader) -> Head:
    """Read preamble and group 0002, or guess the encoding where they are missing.

    Raises
    ------
    MalformedError
        Where the guess would be a gamble.
    """
    start = source.read(0, _META_BYTES)
    position = PREAMBLE_BYTES + 4 if start[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == _PREFIX else 0
    texts: dict[int, str] = {}
    while start[position : position + 2] == b"\x02\x00":
        tag, value, following = _meta_element(start, position)
        texts[tag] = start[value:following].decode("latin-1").strip("\0 ")
        position = following
    transfer_syntax = texts.get(_TRANSFER_SYNTAX, "")
    if not transfer_syntax:
        transfer_syntax = _guess(start[position : position + 8])
    if not _uid.fullmatch(transfer_syntax):
        raise MalformedError("metadata.malformed", where="transfer syntax")
    sop_class = texts.get(_MEDIA_STORAGE_SOP_CLASS, "")
    return Head(
        dataset=position,
        implicit=transfer_syntax == str(ImplicitVRLittleEndian),
        transfer_syntax_uid=transfer_syntax,
        sop_class_uid=sop_class if _uid.fullmatch(sop_class) else "",
    )


def _meta_element(start: bytes, position: int) -> tuple[int, int, int]:
    header = start[position : position + 12]
    vr = header[4:6]
    if vr in SHORT_VRS:
        value, length = position + 8, int.from_bytes(header[6:8], "little")
    elif vr in LONG_VRS:
        value, length = position + 12, int.from_bytes(header[8:12], "little")
    else:
        raise MalformedError("metadata.malformed", where="file meta information")
    if value + length > len(start):
        raise MalformedError("metadata.malformed", where="file meta information")
    tag = _META_GROUP << 16 | int.from_bytes(header[2:4], "little")
    return tag, value, value + length


def _guess(header: bytes) -> str:
    group = int.from_bytes(header[0:2], "little")
    if group not in _LOWEST_DATASET_GROUPS:
        raise MalformedError("metadata.malformed", where="no transfer syntax")
    if header[4:6] in SHORT_VRS or header[4:6] in LONG_VRS:
        return str(ExplicitVRLittleEndian)
    return str(ImplicitVRLittleEndian)


def encode_head(*, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Return a zero preamble, the prefix and our group 0002."""

    def text(number: int, vr: bytes, value: str) -> bytes:
        tag = _META_GROUP << 16 | number
        return encode_element(tag, vr, value.encode("ascii"), implicit=False)

    meta = b"".join(
        [
            encode_element(0x00020001, b"OB", b"\x00\x01", implicit=False),
            text(0x0002, b"UI", sop_class_uid),
            text(0x0003, b"UI", sop_instance_uid),
            text(0x0010, b"UI", transfer_syntax_uid),
            text(0x0012, b"UI", IMPLEMENTATION_CLASS_UID),
            text(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME),
        ]
    )
    length = encode_element(0x00020000, b"UL", len(meta).to_bytes(4, "little"), implicit=False)
    return bytes(PREAMBLE_BYTES) + _PREFIX + length + meta
