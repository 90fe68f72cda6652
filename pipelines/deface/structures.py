"""Take a face out of the contours of an RT Structure Set (PS3.3, C.8.8.5 and C.8.8.6).

A skin contour is a face as much as the images it was drawn on. Nothing but the two
sequences that hold contours and their frames of reference is written anew; all other bytes,
and every contour that the mask does not touch, stay.

- A closed contour loses the area in the mask. What falls apart becomes several contours.
  A hole in a CLOSED_PLANAR contour is joined to its outline by a keyhole (C.8.8.6.3): a
  reader that knows nothing of holes then draws a line too many, never area in the face. A
  hole in a CLOSEDPLANAR_XOR contour is a contour of its own, as that type demands. Contours
  are cut one by one; as (A xor B) minus M is (A minus M) xor (B minus M), and the same for
  unions, this is right however a reader combines them.
- The first piece keeps Contour Number, further pieces get new ones. Attached Contours no
  longer names what is gone. A cut contour keeps the attributes of the standard only.
- A ROI that loses every contour loses its Contour Sequence and stays as a ROI: what refers
  to its number still finds it. ROI Volume of a cut ROI is removed: it was another volume's.

The same attributes hold isodoses in an RT Dose (C.8.8.7): `clip` takes any object.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pipelines.context import RangeReader
from pipelines.deface.contours import ContourType, Moved, Points, clip_contour
from pipelines.deface.decision import Mask
from pipelines.errors import HeldError
from pipelines.joined import Edit, edited
from pipelines.metadata.elements import UNDEFINED, Element, Scanner
from pipelines.metadata.encode import encode_element, encode_item, encode_sequence
from pipelines.metadata.opening import open_object
from pipelines.metadata.outline import Outline
from pipelines.volumes.places import element_range

_STRUCTURE_SET_ROIS = 0x30060020
_ROI_NUMBER = 0x30060022
_REFERENCED_FRAME_OF_REFERENCE = 0x30060024
_ROI_VOLUME = 0x3006002C
_ROI_CONTOURS = 0x30060039
_REFERENCED_ROI_NUMBER = 0x30060084
_CONTOURS = 0x30060040
_CONTOUR_IMAGES = 0x30060016
_TYPE = 0x30060042
_SLAB_THICKNESS = 0x30060044
_OFFSET = 0x30060045
_COUNT = 0x30060046
_NUMBER = 0x30060048
_ATTACHED = 0x30060049
_DATA = 0x30060050
_KEPT = frozenset(
    [_CONTOUR_IMAGES, _TYPE, _SLAB_THICKNESS, _OFFSET, _COUNT, _NUMBER, _ATTACHED, _DATA]
)
_FARTHEST_MM = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """An item of a sequence: where it stands in a buffer, and its elements."""

    buffer: bytes = field(repr=False)
    start: int
    following: int
    elements: dict[int, Element] = field(repr=False)
    implicit: bool

    @property
    def raw(self) -> bytes:
        return self.buffer[self.start : self.following]

    def bytes_of(self, tag: int) -> bytes:
        element = self.elements.get(tag)
        return b"" if element is None else self.buffer[element.value : element.following]

    def texts(self, tag: int) -> list[str]:
        text = self.bytes_of(tag).decode("latin-1").strip("\0 ")
        return [part.strip("\0 ") for part in text.split("\\")] if text else []

    def number(self, tag: int) -> int | None:
        """Return an Integer String; None where there is none, or it can't be read."""
        try:
            return int(self.texts(tag)[0])
        except (IndexError, ValueError):
            return None

    def with_elements(self, new: Mapping[int, bytes | None]) -> bytes:
        """Return the item with elements replaced, added or (None) removed."""
        encoded: dict[int, bytes | None] = {
            tag: self.buffer[element.start : element.following]
            for tag, element in self.elements.items()
        }
        encoded.update(new)
        return encode_item(b"".join(encoded[tag] or b"" for tag in sorted(encoded)))


def frames_of_reference(source: RangeReader) -> frozenset[str]:
    """Return the frames of reference that contours are in; "" where one is not named.

    Raises
    ------
    pipelines.errors.MalformedError
    """
    outline, _ = open_object(source)
    frames = _frames_by_number(_root_items(outline, _STRUCTURE_SET_ROIS))
    drawn = [roi for roi in _root_items(outline, _ROI_CONTOURS) if _contours(roi)]
    return frozenset(_frame(roi, frames) for roi in drawn)


def clip(source: RangeReader, masks: Mapping[str, Mask | None]) -> RangeReader:
    """Return the object without what the masks cover of its contours.

    Parameters
    ----------
    source : RangeReader
    masks : Mapping[str, Mask or None]
        By Frame of Reference UID, of every one that was looked at; None: nothing is to be
        removed there.

    Returns
    -------
    RangeReader
        `source` itself where nothing is changed.

    Raises
    ------
    HeldError
        `face.missing-reference`: a contour in a frame of reference that nobody looked at,
        or that is not named. `face.unsupported`: a contour that can't be read or cut.
    pipelines.errors.MalformedError
    """
    outline, _ = open_object(source)
    rois = _root_items(outline, _ROI_CONTOURS)
    definitions = _root_items(outline, _STRUCTURE_SET_ROIS)
    frames = _frames_by_number(definitions)
    cut: dict[int, bytes] = {}
    changed: set[int | None] = set()
    for index, roi in enumerate(rois):
        if not _contours(roi):
            continue
        frame = _frame(roi, frames)
        if not frame or frame not in masks:
            raise HeldError("face.missing-reference", where="(3006,0024)")
        mask = masks[frame]
        new = None if mask is None else _clip_roi(roi, mask)
        if new is not None:
            cut[index] = new
            changed.add(roi.number(_REFERENCED_ROI_NUMBER))
    if not cut:
        return source
    rewritten = [cut.get(index, roi.raw) for index, roi in enumerate(rois)]
    replaced = [_replaced(outline, _ROI_CONTOURS, b"".join(rewritten))]
    if any(_is_stale(each, changed) for each in definitions):
        told = [
            each.with_elements({_ROI_VOLUME: None}) if _is_stale(each, changed) else each.raw
            for each in definitions
        ]
        replaced.append(_replaced(outline, _STRUCTURE_SET_ROIS, b"".join(told)))
    return edited(outline.source, replaced)


def _is_stale(definition: _Item, changed: set[int | None]) -> bool:
    return _ROI_VOLUME in definition.elements and definition.number(_ROI_NUMBER) in changed


def _frames_by_number(definitions: list[_Item]) -> dict[int | None, set[str]]:
    frames: dict[int | None, set[str]] = {}
    for each in definitions:
        uids = each.texts(_REFERENCED_FRAME_OF_REFERENCE)
        frames.setdefault(each.number(_ROI_NUMBER), set()).add(uids[0] if len(uids) == 1 else "")
    return frames


def _frame(roi: _Item, frames: Mapping[int | None, set[str]]) -> str:
    number = roi.number(_REFERENCED_ROI_NUMBER)
    named = frames.get(number, set()) if number is not None else set()
    return next(iter(named)) if len(named) == 1 else ""


def _root_items(outline: Outline, tag: int) -> list[_Item]:
    element = outline.by_tag.get(tag)
    if element is None:
        return []
    value = outline.value(element)
    return _items(
        value,
        implicit=outline.head.implicit or element.vr != b"SQ",
        defined=element.length != UNDEFINED,
    )


def _items(value: bytes, *, implicit: bool, defined: bool) -> list[_Item]:
    scanner = Scanner(value, {})
    return [
        _Item(
            buffer=value,
            start=start,
            following=following,
            elements={each.tag: each for each in scanner.scan(content, end, implicit=implicit)[0]},
            implicit=implicit,
        )
        for start, content, end, following in scanner.items(
            0, len(value), implicit=implicit, defined=defined
        )
    ]


def _contours(roi: _Item) -> list[_Item]:
    element = roi.elements.get(_CONTOURS)
    if element is None:
        return []
    return _items(
        roi.bytes_of(_CONTOURS),
        implicit=roi.implicit or element.vr != b"SQ",
        defined=element.length != UNDEFINED,
    )


def _replaced(outline: Outline, tag: int, items: bytes) -> Edit:
    """Return where a root sequence stands in the source, and what takes its place."""
    element = outline.by_tag[tag]
    new = encode_sequence(tag, element.vr, items, implicit=outline.head.implicit)
    return (*element_range(outline, element), [new])


def _clip_roi(roi: _Item, mask: Mask) -> bytes | None:
    """Return a ROI with its contours clipped, None where the mask touches none."""
    contours = _contours(roi)
    pieces = [_clip_item(contour, mask) for contour in contours]
    if all(left is None for left in pieces):
        return None
    numbers = [contour.number(_NUMBER) for contour in contours]
    gone = {n for n, left in zip(numbers, pieces, strict=True) if left == []}
    unused = max((n for n in numbers if n is not None), default=0) + 1
    written = []
    for contour, left in zip(contours, pieces, strict=True):
        attached = _attached(contour, gone)
        if left is None:
            written.append(contour.with_elements(attached) if attached else contour.raw)
            continue
        for index, points in enumerate(left):
            new = attached | _drawn(contour, points)
            if index and _NUMBER in contour.elements:
                new[_NUMBER] = _text(_NUMBER, b"IS", str(unused), implicit=contour.implicit)
                unused += 1
            written.append(contour.with_elements(new))
    items = b"".join(written)
    vr = roi.elements[_CONTOURS].vr
    whole = encode_sequence(_CONTOURS, vr, items, implicit=roi.implicit) if items else None
    return roi.with_elements({_CONTOURS: whole})


def _attached(contour: _Item, gone: set[int | None]) -> dict[int, bytes | None]:
    """Return Attached Contours without what is `gone`; nothing where all of it stays."""
    old = contour.texts(_ATTACHED)
    left = [text for text in old if not _is_of(text, gone)]
    if left == old:
        return {}
    text = "\\".join(left)
    implicit = contour.implicit
    return {_ATTACHED: _text(_ATTACHED, b"IS", text, implicit=implicit) if text else None}


def _is_of(text: str, numbers: set[int | None]) -> bool:
    try:
        return int(text) in numbers
    except ValueError:
        return True  # names nothing


def _drawn(contour: _Item, points: Points) -> dict[int, bytes | None]:
    implicit = contour.implicit
    data = "\\".join(_decimal(value) for value in points.ravel().tolist())
    return {
        **{tag: None for tag in contour.elements if tag not in _KEPT},
        _COUNT: _text(_COUNT, b"IS", str(len(points)), implicit=implicit),
        _DATA: _text(_DATA, b"DS", data, implicit=implicit),
    }


def _text(tag: int, vr: bytes, text: str, *, implicit: bool) -> bytes:
    return encode_element(tag, vr, text.encode("ascii"), implicit=implicit)


def _decimal(value: float) -> str:
    """Return a Decimal String: at most 16 characters below 10^6."""
    return f"{value + 0.0:.6f}".rstrip("0").rstrip(".")


def _clip_item(contour: _Item, mask: Mask) -> list[Points] | None:
    try:
        kind = ContourType(" ".join(contour.texts(_TYPE)))
    except ValueError:
        raise HeldError("face.unsupported", where="(3006,0042)") from None
    points = _numbers(contour, _DATA).reshape(-1, 3)
    offset = _numbers(contour, _OFFSET)
    moved = Moved(mask=mask, offset=tuple(offset.tolist()) if offset.size == 3 else (0.0, 0.0, 0.0))
    return clip_contour(kind, points, mask=moved)


def _numbers(contour: _Item, tag: int) -> Points:
    """Return triplets of Decimal Strings, flat."""
    where = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    try:
        numbers = [float(text) for text in contour.texts(tag)]
    except ValueError:
        raise HeldError("face.unsupported", where=where) from None
    if len(numbers) % 3 or not all(math.fabs(number) < _FARTHEST_MM for number in numbers):
        raise HeldError("face.unsupported", where=where)
    return np.array(numbers, dtype=np.float64)
