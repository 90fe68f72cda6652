"""Stored values become real-world values (PS3.3, C.11.1): HU, counts, signal."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut

from pipelines.volumes.attributes import first_item, integer, items, number
from pipelines.volumes.errors import VolumeError


def real_values(
    dataset: Dataset, stored: NDArray[np.number], frame: int = 0
) -> NDArray[np.float32]:
    """Return the real-world values of one frame.

    Padding (Pixel Padding Value) and what is no number become the least of the other
    values: air, as a rule.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Not changed.
    stored : numpy.ndarray
        What `stored_values` returns, of all frames. Not changed.
    frame : int
        From 0.

    Returns
    -------
    numpy.ndarray
        Shape ``(rows, columns)`` or ``(rows, columns, samples)``.
    """
    return real_frame(dataset, stored[frame], frame)


def real_frame(dataset: Dataset, values: NDArray[np.number], frame: int = 0) -> NDArray[np.float32]:
    """Return the real-world values of one frame.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Not changed.
    values : numpy.ndarray
        What `stored_frame` returns. Not changed.
    frame : int
        From 0.
    """
    if first_item(dataset, "ModalityLUTSequence") is not None:
        real = _looked_up(dataset, values)
    else:
        slope, intercept = _rescale(dataset, frame)
        real = (values.astype(np.float64) * slope + intercept).astype(np.float32)
    padding = _padding(dataset, values) | ~np.isfinite(real)
    if padding.any():
        rest = real[~padding]
        real[padding] = rest.min() if rest.size else 0.0
    return real


def _looked_up(dataset: Dataset, values: NDArray[np.number]) -> NDArray[np.float32]:
    try:
        return apply_modality_lut(values, dataset).astype(np.float32)
    except Exception as error:  # noqa: BLE001  (pydicom raises anything on hostile values)
        kind = type(error).__name__
    raise VolumeError("face.unsupported", where=kind) from None


def _rescale(dataset: Dataset, frame: int) -> tuple[float, float]:
    """Return slope and intercept; those of the frame override shared ones."""
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    groups = (
        own[frame] if frame < len(own) else None,
        first_item(dataset, "SharedFunctionalGroupsSequence"),
    )
    for group in groups:
        item = first_item(group, "PixelValueTransformationSequence")
        if item is not None:
            return _line(item)
    return _line(dataset)


def _line(dataset: Dataset) -> tuple[float, float]:
    return number(dataset, "RescaleSlope") or 1.0, number(dataset, "RescaleIntercept") or 0.0


def _padding(dataset: Dataset, values: NDArray[np.number]) -> NDArray[np.bool_]:
    """Return where the stored value is padding (PS3.3, C.7.5.1.1.2)."""
    none = np.zeros(values.shape, dtype=np.bool_)
    if np.issubdtype(values.dtype, np.floating):
        value, limit = _ends(dataset, "FloatPixelPadding")
        if value is None and limit is None:
            value, limit = _ends(dataset, "DoubleFloatPixelPadding")
    else:
        value, limit = _ends(dataset, "PixelPadding")
    if value is None or values.ndim != 2:
        return none
    limit = value if limit is None else limit
    if not np.issubdtype(values.dtype, np.floating):
        bits = integer(dataset, "BitsAllocated", default=16)
        signed = np.issubdtype(values.dtype, np.signedinteger)
        value, limit = (_as_stored(v, bits=bits, signed=signed) for v in (value, limit))
    inside: NDArray[np.bool_] = (values >= min(value, limit)) & (values <= max(value, limit))
    return inside


def _ends(dataset: Dataset, prefix: str) -> tuple[float | None, float | None]:
    return number(dataset, f"{prefix}Value"), number(dataset, f"{prefix}RangeLimit")


def _as_stored(value: float, *, bits: int, signed: bool) -> float:
    """Return a value whose sign was lost, or invented, by its VR (US or SS)."""
    if signed and value >= 1 << (bits - 1):
        return value - (1 << bits)
    if not signed and value < 0:
        return value + (1 << bits)
    return value
