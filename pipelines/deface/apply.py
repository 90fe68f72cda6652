"""Lay a mask over frames, and say what takes the place of the face."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from scipy import ndimage

from pipelines.deface.decision import Mask
from pipelines.volumes import FramePlane

AIR_HU = -1000.0
_COARSE_MM = 5.0
_RAY_MM, _RAY_STEP_MM = 160.0, 4.0
_LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"


def frame_mask(
    mask: Mask, plane: FramePlane, *, rows: int, columns: int, is_projection: bool
) -> NDArray[np.bool_]:
    """Return which pixels of a frame are of the face.

    A pixel goes where its centre is in the mask, halfway through the slice. The mask is
    asked at every pixel only near its edge: where points 5 mm apart around a pixel agree,
    so does the pixel.

    Parameters
    ----------
    mask : Mask
    plane : FramePlane
    rows, columns : int
        Of the frame.
    is_projection : bool
        True: a pixel also goes where a point before or behind it is in the mask.

    Returns
    -------
    numpy.ndarray
        Shape ``(rows, columns)``.
    """
    down = min(max(1, int(_COARSE_MM / plane.row_spacing)), rows)
    right = min(max(1, int(_COARSE_MM / plane.column_spacing)), columns)
    steps = np.arange(0, rows + down, down), np.arange(0, columns + right, right)
    nodes = _points(plane, *np.meshgrid(*steps, indexing="ij"))
    offsets = np.arange(-_RAY_MM, _RAY_MM + 1, _RAY_STEP_MM) if is_projection else np.zeros(1)
    normal = np.array(plane.normal)
    at_nodes = np.zeros(nodes.shape[:2], dtype=bool)
    for offset in offsets:
        at_nodes |= mask.covers(nodes + offset * normal)
    around = np.ones((3, 3), dtype=bool)
    some = ndimage.binary_dilation(at_nodes, around)
    if is_projection:  # no edge is exact: rays fan out
        return _spread(some, down, right)[:rows, :columns]
    every = ndimage.binary_erosion(at_nodes, around, border_value=1)
    found = _spread(every, down, right)[:rows, :columns].copy()
    row, column = np.nonzero(_spread(some & ~every, down, right)[:rows, :columns])
    if row.size:
        found[row, column] = mask.covers(_points(plane, row, column))
    return found


def _points(
    plane: FramePlane, row: NDArray[np.integer], column: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return the centres of pixels, LPS mm."""
    points: NDArray[np.float64] = (
        np.array(plane.position)
        + (row * plane.row_spacing)[..., None] * np.array(plane.column)
        + (column * plane.column_spacing)[..., None] * np.array(plane.row)
    )
    return points


def _spread(nodes: NDArray[np.bool_], down: int, right: int) -> NDArray[np.bool_]:
    """Return the pixels nearest to each node."""
    spread = np.repeat(np.repeat(nodes, down, axis=0), right, axis=1)
    return spread[down // 2 :, right // 2 :]


def fill_value(dataset: Dataset) -> float:
    """Return the stored value of air, which takes the place of a face.

    CT: -1000 HU. MR, PET, dose: 0. Segmentation: 0; a label map: its Pixel Padding Value.
    What the stored bits can't hold becomes the nearest that they can.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Pixel Data may be missing.
    """
    if dataset.get("SOPClassUID") == _LABEL_MAP:
        return float(dataset.get("PixelPaddingValue", 0) or 0)
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        return 0.0
    if dataset.get("SamplesPerPixel", 1) != 1:
        return 0.0
    slope, intercept = _rescale(dataset)
    real = AIR_HU if _is_ct(dataset) else 0.0
    stored = round((real - intercept) / slope) if slope else 0
    bits = int(dataset.get("BitsStored", 16) or 16)
    if dataset.get("PixelRepresentation", 0) == 1:
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    else:
        low, high = 0, (1 << bits) - 1
    return float(min(max(stored, low), high))


def _is_ct(dataset: Dataset) -> bool:
    return str(dataset.get("Modality", "")).strip() == "CT" and "RescaleIntercept" in _where(
        dataset
    )


def _where(dataset: Dataset) -> Dataset:
    """Return the item that says how values are rescaled: the root, or a functional group."""
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in (dataset.get(groups) or [])[:1]:
            found: list[Dataset] = list(group.get("PixelValueTransformationSequence") or [])
            if found:
                return found[0]
    return dataset


def _rescale(dataset: Dataset) -> tuple[float, float]:
    item = _where(dataset)
    slope, intercept = item.get("RescaleSlope"), item.get("RescaleIntercept")
    return (
        float(slope) if slope is not None else 1.0,
        float(intercept) if intercept is not None else 0.0,
    )
