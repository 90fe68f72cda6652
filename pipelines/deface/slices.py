"""Cut a volume along the patient's axes, with what a mask covers of the voxels.

Each section is resampled to square pixels: thick slices have their true height. It lies as
in radiology: anterior or superior up, the patient's left on the right; a sagittal one is
seen from the left.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.volumes import Volume

_PIXEL_MM = 0.8


class Plane(StrEnum):
    """How a volume is cut."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


_AXES = {
    # the LPS axis of columns, of rows, across; and whether rows go down the axis
    Plane.AXIAL: (0, 1, 2, False),
    Plane.CORONAL: (0, 2, 1, True),
    Plane.SAGITTAL: (1, 2, 0, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of space along the patient's axes.

    Attributes
    ----------
    low, high : tuple[float, float, float]
        LPS in mm.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A plane through a volume.

    Attributes
    ----------
    values : numpy.ndarray
        Real-world values, float32, shape ``(rows, columns)``; NaN outside the volume.
    is_masked : numpy.ndarray
        bool, same shape: the nearest voxel is removed.
    spacing_mm : float
        Of rows and columns.
    """

    values: NDArray[np.float32] = field(repr=False)
    is_masked: NDArray[np.bool_] = field(repr=False)
    spacing_mm: float


def section(
    volume: Volume,
    *,
    plane: Plane,
    at_mm: float,
    box: Box,
    covers: Callable[[NDArray[np.floating]], NDArray[np.bool_]] | None,
) -> Section:
    """Return one plane of `volume`.

    Parameters
    ----------
    volume : pipelines.volumes.Volume
    plane : Plane
    at_mm : float
        LPS coordinate across the plane.
    box : Box
        What of the plane is shown.
    covers : Callable or None
        `pipelines.deface.decision.Mask.covers`, asked at the centres of voxels.
    """
    to_volume = np.linalg.inv(volume.affine)
    points = _points(plane, at_mm=at_mm, box=box)
    indices = points @ to_volume[:3, :3].T + to_volume[:3, 3]  # column, row, slice
    values = ndimage.map_coordinates(
        volume.values, np.moveaxis(indices[..., ::-1], -1, 0), order=1, mode="nearest"
    )
    last = np.array(volume.values.shape[::-1]) - 1
    nearest = np.rint(indices)
    is_inside = ((nearest >= 0) & (nearest <= last)).all(axis=-1)
    values[~is_inside] = np.nan
    is_masked = np.zeros(is_inside.shape, dtype=bool)
    if covers is not None:
        centres = nearest @ volume.affine[:3, :3].T + volume.affine[:3, 3]
        is_masked = covers(centres.astype(np.float32)) & is_inside
    return Section(values=values, is_masked=is_masked, spacing_mm=_PIXEL_MM)


def _points(plane: Plane, *, at_mm: float, box: Box) -> NDArray[np.float64]:
    """Return LPS of the pixels, shape ``(rows, columns, 3)``."""
    across, down, through, is_downwards = _AXES[plane]
    columns = np.arange(box.low[across], box.high[across] + 1e-6, _PIXEL_MM)
    rows = np.arange(box.low[down], box.high[down] + 1e-6, _PIXEL_MM)
    points = np.empty((len(rows), len(columns), 3))
    points[..., across] = columns
    points[..., down] = (rows[::-1] if is_downwards else rows)[:, None]
    points[..., through] = at_mm
    return points
