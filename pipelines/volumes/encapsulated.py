"""Decode encapsulated Pixel Data, fill pixels, and write it native."""

import io
import struct
from collections.abc import Sequence

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from pipelines.context import RangeReader
from pipelines.joined import Edit, edited
from pipelines.metadata.encode import LONG_VRS, encode_element
from pipelines.metadata.head import PREAMBLE_BYTES
from pipelines.metadata.outline import Outline
from pipelines.volumes.decoding import MAX_BYTES, decoded_frames, guarded
from pipelines.volumes.errors import VolumeError
from pipelines.volumes.layout import PHOTOMETRIC, PIXEL_DATA, PLANAR, Layout
from pipelines.volumes.masks import PackedMasks
from pipelines.volumes.places import element_range

_GONE = frozenset([0x7FE00000, 0x7FE00001, 0x7FE00002, 0x7FE00003])
"""The length of the group (retired), the Extended Offset Table and the length of what was
encapsulated: wrong from now on."""
_IMAGE_LENGTH = 0x00280000
_META_LENGTH, _TRANSFER_SYNTAX = b"\x00\x00", b"\x10\x00"
_NATIVE_COLOURS = {"RGB": "RGB", "YBR_FULL": "YBR_FULL", "YBR_FULL_422": "YBR_FULL"}
"""By what a decoder gives: it has brought all samples to full resolution."""


def filled_native(outline: Outline, layout: Layout, masks: PackedMasks, fill: float) -> RangeReader:
    """Return the object with its pixels decoded, filled, and native.

    Transfer syntax, Pixel Data and what must change with them change; every other
    element stays as it is, byte for byte.

    Raises
    ------
    VolumeError
        ``face.unsupported``: no decoder, or the decoded values don't fit the header.
    """
    source = outline.source
    if source.size > MAX_BYTES:
        raise VolumeError("face.unsupported", where="size of Pixel Data")
    dataset = _dataset(source)
    frames, photometric = _filled(dataset, layout, masks, fill)
    edits = [*_head_edits(outline), *_element_edits(outline, frames, layout.allocated)]
    if layout.samples > 1:
        edits += _colour_edits(outline, photometric)
    return edited(source, edits)


def _dataset(source: RangeReader) -> Dataset:
    with guarded():
        return pydicom.dcmread(io.BytesIO(source.read(0, source.size)), force=True)


def _filled(
    dataset: Dataset, layout: Layout, masks: PackedMasks, fill: float
) -> tuple[list[bytes], str]:
    """Return the frames of Pixel Data, and its Photometric Interpretation."""
    colour = (layout.samples,) if layout.samples > 1 else ()
    shape = (layout.rows, layout.columns, *colour)
    if layout.is_float or layout.allocated == 1:
        raise VolumeError("face.unsupported", where="Bits Allocated")
    kind = np.dtype(f"<{'i' if layout.is_signed else 'u'}{layout.allocated // 8}")
    frames: list[bytes] = []
    colours: set[str] = set()
    for number, (values, photometric) in enumerate(decoded_frames(dataset, layout.frames)):
        if values.shape != shape:
            raise VolumeError("face.unsupported", where="shape of a frame")
        frame = _as_stored(values, kind, layout)
        native = _NATIVE_COLOURS.get(photometric, "") if layout.samples > 1 else photometric
        colours.add(native)
        mask = masks.of(number)
        if mask is not None:
            new = np.frombuffer(b"".join(layout.fill_bytes(fill, photometric=native)), dtype=kind)
            frame.reshape(layout.pixels, layout.samples)[mask] = new
        frames.append(frame.tobytes())
    if len(colours) != 1 or "" in colours:
        raise VolumeError("face.unsupported", where="Photometric Interpretation")
    return frames, colours.pop()


def _as_stored(
    values: NDArray[np.number], kind: np.dtype[np.number], layout: Layout
) -> NDArray[np.number]:
    """Return the values as native ones that read back the same."""
    stored = values.astype(kind)
    shift = layout.allocated - layout.stored
    if not np.array_equal(np.right_shift(np.left_shift(stored, shift), shift), values):
        raise VolumeError("face.unsupported", where="Bits Stored")
    return stored


def _head_edits(outline: Outline) -> list[Edit]:
    """Return the changes of the File Meta Information (PS3.10, 7.1)."""
    start = outline.source.read(0, outline.head.dataset)
    position = PREAMBLE_BYTES + 4 if start[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == b"DICM" else 0
    length_at = syntax_at = (0, 0)
    while position < len(start):
        is_long = start[position + 4 : position + 6] in LONG_VRS
        value = position + (12 if is_long else 8)
        length = int.from_bytes(start[value - (4 if is_long else 2) : value], "little")
        if start[position + 2 : position + 4] == _META_LENGTH and length == 4:
            length_at = value, value + 4
        elif start[position + 2 : position + 4] == _TRANSFER_SYNTAX:
            syntax_at = position, value + length
        position = value + length
    if not any(syntax_at):
        raise VolumeError("face.unsupported", where="file meta information")
    syntax = str(ExplicitVRLittleEndian).encode("ascii")
    element = encode_element(0x00020010, b"UI", syntax, implicit=False)
    edits: list[Edit] = [(*syntax_at, [element])]
    if any(length_at):
        before = int.from_bytes(start[slice(*length_at)], "little")
        grown = len(element) - (syntax_at[1] - syntax_at[0])
        edits.append((*length_at, [(before + grown).to_bytes(4, "little")]))
    return edits


def _element_edits(outline: Outline, frames: Sequence[bytes], allocated: int) -> list[Edit]:
    edits: list[Edit] = [
        (*element_range(outline, element), ())
        for element in outline.elements
        if element.tag in _GONE
    ]
    length = sum(map(len, frames))
    vr = b"OB" if allocated == 8 else b"OW"
    header = struct.pack("<HH2sHL", 0x7FE0, 0x0010, vr, 0, length + length % 2)
    place = element_range(outline, outline.by_tag[PIXEL_DATA])
    edits.append((*place, [header, *frames, b"\0" * (length % 2)]))
    return edits


def _colour_edits(outline: Outline, photometric: str) -> list[Edit]:
    """Say how the samples are now: colour by pixel, in the colour space given."""
    new = {PHOTOMETRIC: (b"CS", photometric.encode("ascii")), PLANAR: (b"US", b"\0\0")}
    edits: list[Edit] = [
        (
            *element_range(outline, outline.by_tag[tag]),
            [encode_element(tag, vr, value, implicit=False)],
        )
        for tag, (vr, value) in new.items()
        if tag in outline.by_tag
    ]
    if len(edits) != len(new):
        raise VolumeError("face.unsupported", where="Image Pixel Module")
    if _IMAGE_LENGTH in outline.by_tag:
        edits.append((*element_range(outline, outline.by_tag[_IMAGE_LENGTH]), ()))
    return edits
