"""The pixels of one object: read exactly, and filled under masks."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pipelines.context import RangeReader
from pipelines.metadata.opening import open_object
from pipelines.metadata.outline import Outline
from pipelines.volumes.decoding import stored_frame, stored_values
from pipelines.volumes.encapsulated import filled_native
from pipelines.volumes.errors import VolumeError
from pipelines.volumes.layout import read_layout
from pipelines.volumes.masks import PackedMasks
from pipelines.volumes.native import FilledReader
from pipelines.volumes.places import value_range
from pipelines.volumes.rescale import real_frame, real_values

__all__ = ["hold_surplus", "masked", "real_frame", "real_values", "stored_frame", "stored_values"]

_NATIVE = frozenset([str(ImplicitVRLittleEndian), str(ExplicitVRLittleEndian)])
_UNDEFINED = b"\xff\xff\xff\xff"


def hold_surplus(outline: Outline) -> None:
    """Hold an image whose native Pixel Data goes on after its last frame.

    Nobody looked there: decoders leave it out.

    Raises
    ------
    VolumeError
        ``face.unsupported``.
    """
    layout = read_layout(outline)
    _, length = value_range(outline, layout.element)
    is_native = outline.head.transfer_syntax_uid in _NATIVE
    if is_native and length > -(-layout.frame_bits * layout.frames // 8) + 1:
        raise VolumeError("face.unsupported", where="length of Pixel Data")


def masked(source: RangeReader, masks: Mapping[int, NDArray[np.bool_]], fill: float) -> RangeReader:
    """Return the object with the pixels under the masks filled.

    Native Pixel Data is filled while it is read: every other byte of the file is as it
    was. Encapsulated Pixel Data is decoded and becomes native, explicit VR little endian;
    values outside the masks are those that the decoder gives.

    Parameters
    ----------
    source : RangeReader
        A DICOM file. Must stay open as long as the result is read.
    masks : Mapping[int, numpy.ndarray]
        By frame from 0, shape ``(rows, columns)``, True where a pixel goes.
    fill : float
        Stored value that takes its place. Of RGB it is that of each sample; where the
        first sample is luminance, the others become those of grey.

    Raises
    ------
    VolumeError
        ``face.unsupported``: this form of Pixel Data can't be filled.
    MalformedError
    """
    outline, _ = open_object(source)
    layout = read_layout(outline)
    packed = PackedMasks(masks, layout)
    layout.fill_bytes(fill, photometric=layout.photometric)  # raises where it has no such value
    if not packed:
        return outline.source
    start, length = value_range(outline, layout.element)
    is_native = outline.head.transfer_syntax_uid in _NATIVE
    is_undefined = outline.source.read(start - 4, 4) == _UNDEFINED
    if is_native == is_undefined:
        raise VolumeError("face.unsupported", where="transfer syntax")
    if is_undefined:
        return filled_native(outline, layout, packed, fill)
    return FilledReader(outline.source, layout, start=start, length=length, masks=packed, fill=fill)
