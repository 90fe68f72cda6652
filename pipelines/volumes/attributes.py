"""Read single attributes of a data set that may be wrong in any way.

What can't be read is absent. pydicom's own conversion raises, warns with the value in the
warning, and costs several times as much.
"""

import math
import struct
from collections.abc import Sequence
from functools import cache

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

_WORDS = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
_TEXTS = frozenset(["CS", "DS", "IS", "UI", "LO", "SH", "DA", "TM", "DT", "ST"])


@cache
def _known(keyword: str) -> tuple[BaseTag, str]:
    """Return tag and VR of an attribute of the standard."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return Tag(tag), dictionary_VR(tag)


def values(dataset: Dataset, keyword: str) -> tuple[object, ...]:
    """Return the values of an attribute; empty where it is absent or can't be read.

    Text is `str` without padding, also of numbers written as text (DS, IS).
    """
    tag, vr = _known(keyword)
    if tag not in dataset:
        return ()
    element = _as_read(dataset, tag)
    if isinstance(element, RawDataElement):
        return _decoded(element, vr)
    value = getattr(element, "value", None)
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(value.split("\\")) if value else ()
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return tuple(value)
    return (value,)


def _as_read(dataset: Dataset, tag: BaseTag) -> object:
    """Return an element that pydicom has not decoded yet, or a `DataElement`."""
    try:
        return dataset.get_item(tag)
    except Exception:  # noqa: BLE001  (pydicom raises anything on hostile bytes)
        return None


def _decoded(element: RawDataElement, vr: str) -> tuple[object, ...]:
    value = element.value
    if not isinstance(value, bytes) or not value:
        return ()
    if element.VR in _TEXTS or element.VR in _WORDS:
        vr = element.VR
    if vr in _TEXTS:
        return tuple(part.strip("\0 ") for part in value.decode("latin-1").split("\\"))
    code = _WORDS.get(vr[:2])  # "US or SS": the sign is of no matter here
    if code is None:
        return ()
    order = "<" if element.is_little_endian else ">"
    size = struct.calcsize(order + code)
    return struct.unpack(f"{order}{len(value) // size}{code}", value[: len(value) // size * size])


def text(dataset: Dataset, keyword: str) -> str:
    """Return the first value as text; "" where there is none."""
    found = values(dataset, keyword)
    return str(found[0]).strip() if found else ""


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Return all values as text."""
    return tuple(str(value).strip() for value in values(dataset, keyword))


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...] | None:
    """Return all values as finite numbers; None where there is none, or one is no number."""
    try:
        found = tuple(float(value) for value in values(dataset, keyword))  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError):
        return None
    return found if found and all(map(math.isfinite, found)) else None


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return the first value as a finite number, None where it is none."""
    found = numbers(dataset, keyword)
    return None if found is None else found[0]


def integer(dataset: Dataset, keyword: str, *, default: int = 0) -> int:
    """Return the first value as a whole number."""
    found = number(dataset, keyword)
    return default if found is None or not found.is_integer() else int(found)


def items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """Return the items of a sequence; empty where it is absent or can't be read."""
    tag, _ = _known(keyword)
    if tag not in dataset:
        return ()
    element = _as_read(dataset, tag)
    if isinstance(element, RawDataElement) and element.VR not in (None, "SQ", "UN"):
        return ()
    try:
        found = dataset[tag].value
    except Exception:  # noqa: BLE001  (pydicom raises anything on hostile bytes)
        return ()
    return found if isinstance(found, Sequence) and not isinstance(found, str | bytes) else ()


def first_item(dataset: Dataset | None, keyword: str) -> Dataset | None:
    """Return the first item of a sequence, None where there is none."""
    found = () if dataset is None else items(dataset, keyword)
    return found[0] if found else None
