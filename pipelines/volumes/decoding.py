"""Decode Pixel Data with pydicom and the decoders that are installed."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pipelines.volumes.attributes import integer
from pipelines.volumes.errors import VolumeError

MAX_BYTES = 1024 * 1024 * 1024
"""Of decoded pixels: a header may promise more than there is, and decoders believe it."""


def stored_values(dataset: Dataset) -> NDArray[np.number]:
    """Return the stored values of all frames.

    Signed values are extended, and bits beyond Bits Stored are not part of them; colours
    stay in the colour space that the decoder gives.

    Parameters
    ----------
    dataset : pydicom.Dataset
        With Pixel Data, Float Pixel Data or Double Float Pixel Data. Not changed.

    Returns
    -------
    numpy.ndarray
        Shape ``(frames, rows, columns)`` or ``(frames, rows, columns, samples)``, of the
        type that Bits Allocated and Pixel Representation say.

    Raises
    ------
    VolumeError
        ``face.unsupported``: no decoder, or it could not.
    """
    with guarded():
        frames = max(1, integer(dataset, "NumberOfFrames", default=1))
        _check_size(dataset, frames)
        values, _ = _decoder(dataset).as_array(dataset, raw=True)
        if frames == 1:
            return values[None]
        return values[:frames]  # a decoder may find more than the header knows


def stored_frame(dataset: Dataset, frame: int) -> NDArray[np.number]:
    """Return the stored values of one frame; the others are not decoded.

    Parameters
    ----------
    dataset : pydicom.Dataset
        See `stored_values`.
    frame : int
        From 0.

    Raises
    ------
    VolumeError
    """
    with guarded():
        _check_size(dataset, 1)
        values, _ = _decoder(dataset).as_array(dataset, index=frame, raw=True)
        return values


def decoded_frames(dataset: Dataset, frames: int) -> Iterator[tuple[NDArray[np.number], str]]:
    """Yield stored values and Photometric Interpretation of each frame.

    Parameters
    ----------
    dataset : pydicom.Dataset
    frames : int
        How many there must be; more are not decoded.

    Raises
    ------
    VolumeError
    """
    _check_size(dataset, frames)
    for frame in range(frames):
        with guarded():
            # not `iter_array`: it can't correct the sign of what a decoder gives (pydicom 3.0)
            values, properties = _decoder(dataset).as_array(
                dataset, index=frame, raw=True, validate=frame == 0
            )
        yield values, str(properties["photometric_interpretation"])


def _check_size(dataset: Dataset, frames: int) -> None:
    pixels = integer(dataset, "Rows") * integer(dataset, "Columns") * frames
    samples = integer(dataset, "SamplesPerPixel", default=1)
    if pixels * samples * integer(dataset, "BitsAllocated", default=16) > 8 * MAX_BYTES:
        raise VolumeError("face.unsupported", where="size of Pixel Data")


def _decoder(dataset: Dataset) -> Decoder:
    return get_decoder(_transfer_syntax(dataset))


def _transfer_syntax(dataset: Dataset) -> str:
    meta = getattr(dataset, "file_meta", None)
    said = None if meta is None else meta.get("TransferSyntaxUID")
    if said:
        return str(said)
    implicit, little_endian = dataset.original_encoding
    if implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRBigEndian if little_endian is False else ExplicitVRLittleEndian)


@contextmanager
def guarded() -> Iterator[None]:
    """Turn whatever pydicom or a decoder raises into an error without data.

    Raises
    ------
    VolumeError
        ``face.unsupported``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote values
            yield
    except VolumeError:
        raise
    except Exception as error:  # noqa: BLE001  (decoders raise anything on hostile bytes)
        kind = type(error).__name__
    else:
        return
    raise VolumeError("face.unsupported", where=kind) from None
