"""Read and build encoded elements with pydicom, without decoding what nobody asks for.

Everything is little endian once `parse` has returned.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

from pydicom import Dataset, FileDataset, dcmread
from pydicom.charset import convert_encodings
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_sequence
from pydicom.filewriter import write_data_element
from pydicom.sequence import Sequence as ItemList
from pydicom.tag import BaseTag, Tag

from tests.support.oracle_tables import dictionary_entry

PADDING = b" \0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An element whose value the oracle does not foretell but can judge.

    Attributes
    ----------
    tag : BaseTag
    VR : str
    judge : Callable[[Element | None], str]
        Says what is wrong with what came out (None: nothing came out); "" if it is right.
    late : int
        A judge who must have heard others is asked after those with a lower number.
    """

    tag: BaseTag
    VR: str
    judge: "Callable[[Element | None], str]"
    late: int = 0


Element = DataElement | RawDataElement | Open

_WORD = {
    **dict.fromkeys(("US", "SS", "OW", "AT"), 2),
    **dict.fromkeys(("UL", "SL", "FL", "OF", "OL"), 4),
    **dict.fromkeys(("FD", "OD", "UV", "SV", "OV"), 8),
}
_PIXEL_DATA, _BITS_ALLOCATED = 0x7FE00010, 0x00280100


def parse(data: bytes) -> FileDataset:
    """Read a file with pydicom; big endian becomes explicit VR little endian."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = dcmread(BytesIO(data), force=True)
        if ds.original_encoding[1] is False:
            allocated = ds._dict.get(Tag(_BITS_ALLOCATED))
            bits = int.from_bytes(bytes_of(allocated), "big") if allocated else 16
            _swap(ds, pixel_bytes=max(2, bits // 8))
    return ds


def _swap(ds: Dataset, *, pixel_bytes: int) -> None:
    for element in elements(ds):
        children = items_of(element)
        if children is not None:
            for child in children:
                _swap(child, pixel_bytes=pixel_bytes)
            put(ds, make(element.tag, "SQ", items=children))
            continue
        width = _WORD.get(vr_of(element), 1)
        if element.tag == _PIXEL_DATA and width > 1:
            width = pixel_bytes
        value = bytes_of(element)
        swapped = b"".join(value[i : i + width][::-1] for i in range(0, len(value), width))
        put(ds, make(element.tag, vr_of(element), swapped))


def elements(ds: Dataset) -> list[Element]:
    """Return the elements as pydicom read them, ascending; nothing is decoded."""
    found: list[Element] = [ds._dict[tag] for tag in sorted(ds._dict)]
    return found


def vr_of(element: Element) -> str:
    """Return the VR as encoded; "" where the encoding has none."""
    return str(element.VR or "")


def bytes_of(element: Element) -> bytes:
    """Return the value as encoded."""
    if isinstance(element, RawDataElement):
        return element.value or b""
    if isinstance(element, Open) or element.VR == "SQ":
        msg = f"{element.tag} has no bytes"
        raise TypeError(msg)
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, True
    write_data_element(out, element, ["iso8859"])
    return out.getvalue()[8:]


def is_empty(element: Element) -> bool:
    """Return whether there is no value: no bytes, or padding only in text."""
    if isinstance(element, DataElement) and element.VR == "SQ":
        return not element.value
    return not bytes_of(element).strip(b" \0")


def items_of(element: Element, *, known_vr: str = "") -> list[Dataset] | None:
    """Return the items where the element is a sequence, else None.

    A sequence by its VR, by the dictionary (`known_vr`: by another table), or by
    undefined length.
    """
    if isinstance(element, DataElement):
        return list(element.value) if element.VR == "SQ" else None
    if isinstance(element, Open):
        return None
    vr = vr_of(element)
    entry = dictionary_entry(element.tag)
    known = known_vr or (entry[0] if entry else "")
    if vr != "SQ" and not (known == "SQ" and vr in ("", "UN")):
        return None
    raw = bytes_of(element)
    implicit = element.is_implicit_VR or vr == "UN"
    little = element.is_little_endian or vr == "UN"
    return list(read_sequence(BytesIO(raw), implicit, little, len(raw), "iso8859"))


def encodings_of(ds: Dataset, inherited: Sequence[str]) -> Sequence[str]:
    """Return the Python codecs of the Specific Character Set in force in `ds`."""
    element = ds._dict.get(Tag(0x00080005))
    if element is None or is_empty(element):
        return inherited
    names = [n.strip(" \0") for n in bytes_of(element).decode("latin-1").split("\\")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert_encodings(names)


def make(
    tag: int, vr: str, value: bytes = b"", *, items: Iterable[Dataset] | None = None
) -> Element:
    """Return a new element."""
    if items is not None:
        return DataElement(Tag(tag), "SQ", ItemList(items))
    return RawDataElement(Tag(tag), vr or None, len(value), value, 0, not vr, True)


def put(ds: Dataset, element: Element) -> None:
    """Set an element, past pydicom's conversions."""
    ds._dict[Tag(element.tag)] = element  # type: ignore[assignment]  # Open is ours
