"""Tell body from air in an image, and where a head may be in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from pipelines.deface.grid import Grid

CT_LOW, CT_HIGH = -200.0, 400.0
"""Hounsfield units: what tells soft tissues and bone apart, as the template's values do."""
_LEAST_AREA_MM2 = 1500.0
_LEAST_BODY_MM3 = 2e5
_SLAB_MM = 170.0
_STEP_MM = 30.0
_ABOVE_MM = 60.0
_CUT_MM = 120.0
_LONG_MM = 330.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """What of an image is no air.

    Attributes
    ----------
    inside : numpy.ndarray
        Shape of ``grid.values``; cavities are filled.
    grid : Grid
    """

    inside: NDArray[np.bool_] = field(repr=False)
    grid: Grid = field(repr=False)

    @property
    def is_empty(self) -> bool:
        """Return True where there is too little to be a head."""
        return float(self.inside.sum()) * self.grid.spacing_mm**3 < _LEAST_BODY_MM3

    def middle(self) -> NDArray[np.float64]:
        """Return the centre of mass, LPS mm."""
        index = np.array(ndimage.center_of_mass(self.inside))[::-1]
        middle: NDArray[np.float64] = self.grid.origin + self.grid.spacing_mm * index
        return middle

    def tops(self) -> Iterator[tuple[float, tuple[float, float]]]:
        """Yield where the top of a head may be: z, and the centre (x, y) of what is below."""
        grid = self.grid
        area = self.inside.sum(axis=(1, 2)) * grid.spacing_mm**2
        heights = grid.origin[2] + grid.spacing_mm * np.arange(len(area))
        filled = np.flatnonzero(area > _LEAST_AREA_MM2)
        if not filled.size:
            return
        top, bottom = heights[filled.max()], heights[filled.min()]
        low = top - _ABOVE_MM if top - bottom < _LONG_MM else bottom + _SLAB_MM
        is_cut = filled.max() >= len(area) - 2  # the field of view ends in the body
        high = top + (_CUT_MM if is_cut else _STEP_MM)
        for height in np.arange(high, low - 1, -_STEP_MM):
            slab = (heights > height - _SLAB_MM) & (heights <= height) & (area > _LEAST_AREA_MM2)
            if slab.any():
                weight = self.inside[slab].sum(axis=0).astype(float)
                y, x = ndimage.center_of_mass(weight)
                yield (
                    float(height),
                    (
                        float(grid.origin[0] + grid.spacing_mm * x),
                        float(grid.origin[1] + grid.spacing_mm * y),
                    ),
                )


def normalised(values: NDArray[np.float32], modality: str) -> NDArray[np.float32]:
    """Return values from 0 in air upwards, without what would hide the rest.

    Parameters
    ----------
    values : numpy.ndarray
        Real-world values.
    modality : str
        Of CT they are Hounsfield units.
    """
    if modality == "CT":
        low, high = CT_LOW, CT_HIGH
    else:
        low, middle = map(float, np.percentile(values, [0.5, 50]))
        above = values[values > middle]
        high = float(np.percentile(above, 99)) if above.size else middle
    clipped: NDArray[np.float32] = np.clip(values, low, max(high, low + 1e-6)) - np.float32(low)
    return clipped


def body_of(grid: Grid, modality: str) -> Body:
    """Return what is no air.

    Parameters
    ----------
    grid : Grid
        `normalised` values.
    """
    values = grid.values
    if float(np.ptp(values)) <= 0:
        return Body(inside=np.zeros(values.shape, dtype=bool), grid=grid)
    # of CT -150 HU: skin is above it, and pads of the table are below
    level = 50.0 if modality == "CT" else 0.6 * float(threshold_otsu(values))
    tissue = ndimage.binary_opening(values > level)
    labels, count = ndimage.label(tissue)
    if count:
        sizes = np.bincount(labels.ravel())[1:]
        kept = np.flatnonzero(sizes >= 0.2 * sizes.max()) + 1
        tissue = np.isin(labels, kept)
    closed = ndimage.binary_closing(np.pad(tissue, 2), iterations=2)[2:-2, 2:-2, 2:-2]
    filled = np.stack([ndimage.binary_fill_holes(plane) for plane in closed])
    return Body(inside=filled, grid=grid)
