"""Write DICOM files byte by byte, also such as no toolkit would write (PS3.5, 7)."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

LONG_VRS = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())  # noqa: SIM905
NUL_PADDED = frozenset(("UI", "OB", "UN"))
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Made:
    """An element to be written.

    Attributes
    ----------
    undefined : bool
        A sequence of undefined length.
    as_un : bool
        Written with VR UN; a sequence's items are then implicit VR (PS3.5, 6.2.2).
    padded : bool
        Padded to even length.
    """

    tag: int
    vr: str
    value: bytes = b""
    items: tuple["MadeItem", ...] | None = None
    undefined: bool = False
    as_un: bool = False
    padded: bool = True


@dataclass(frozen=True, slots=True)
class MadeItem:
    """An item to be written."""

    elements: tuple[Made, ...]
    undefined: bool = False


def encode(elements: Iterable[Made], *, implicit: bool) -> bytes:
    """Return the elements, ascending; the last of equal tags wins."""
    by_tag = {element.tag: element for element in elements}
    return b"".join(_element(by_tag[tag], implicit=implicit) for tag in sorted(by_tag))


def _element(element: Made, *, implicit: bool) -> bytes:
    inner = implicit or element.as_un
    vr = "UN" if element.as_un else element.vr
    if element.items is None:
        pad = b"\0" if element.vr in NUL_PADDED else b" "
        value = element.value + (pad if len(element.value) % 2 and element.padded else b"")
        return _head(element.tag, vr, len(value), implicit=implicit) + value
    value = b"".join(_item(item, implicit=inner) for item in element.items)
    if not element.undefined:
        return _head(element.tag, vr, len(value), implicit=implicit) + value
    head = _head(element.tag, vr, UNDEFINED, implicit=implicit)
    return head + value + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def _item(item: MadeItem, *, implicit: bool) -> bytes:
    value = encode(item.elements, implicit=implicit)
    if not item.undefined:
        return struct.pack("<HHL", 0xFFFE, 0xE000, len(value)) + value
    end = struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED) + value + end


def _head(tag: int, vr: str, length: int, *, implicit: bool) -> bytes:
    group, element = tag >> 16, tag & 0xFFFF
    if implicit:
        return struct.pack("<HHL", group, element, length)
    if vr in LONG_VRS:
        return struct.pack("<HH2sHL", group, element, vr.encode("ascii"), 0, length)
    return struct.pack("<HH2sH", group, element, vr.encode("ascii"), length)


def dicom_file(
    elements: Iterable[Made], *, transfer_syntax: str = EXPLICIT, with_meta: bool = True
) -> bytes:
    """Return a file (PS3.10); without meta information just the dataset."""
    elements = tuple(elements)
    body = encode(elements, implicit=transfer_syntax == IMPLICIT)
    if transfer_syntax == DEFLATED:
        packer = zlib.compressobj(wbits=-15)
        body = packer.compress(body) + packer.flush()
        body += b"\0" * (len(body) % 2)
    if not with_meta:
        return body
    values = {e.tag: e.value for e in elements if e.items is None}
    meta = encode(
        [
            Made(0x00020001, "OB", b"\0\1"),
            Made(0x00020002, "UI", values.get(0x00080016, b"")),
            Made(0x00020003, "UI", values.get(0x00080018, b"")),
            Made(0x00020010, "UI", transfer_syntax.encode("ascii")),
            Made(0x00020012, "UI", b"1.2.3.4"),
            Made(0x00020016, "AE", b"SOURCE"),
        ],
        implicit=False,
    )
    length = encode([Made(0x00020000, "UL", struct.pack("<L", len(meta)))], implicit=False)
    return b"preamble" * 16 + b"DICM" + length + meta + body
