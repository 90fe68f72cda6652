"""Values on a grid along the axes of the patient: LPS, millimetres."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.volumes import Volume


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Cubic voxels whose axes are those of LPS.

    Attributes
    ----------
    values : numpy.ndarray
        Shape ``(z, y, x)``.
    origin : numpy.ndarray
        Of the first voxel's centre: x, y, z.
    spacing_mm : float
    """

    values: NDArray[np.float32] = field(repr=False)
    origin: NDArray[np.float64]
    spacing_mm: float

    def at(self, points: NDArray[np.floating], *, outside: float | None) -> NDArray[np.float32]:
        """Return the values at `points`, linearly interpolated.

        Parameters
        ----------
        points : numpy.ndarray
            Shape ``(..., 3)``, LPS mm.
        outside : float or None
            Value beyond the grid; None: that of its nearest voxel.
        """
        index = (points - self.origin) / self.spacing_mm
        found: NDArray[np.float32] = ndimage.map_coordinates(
            self.values,
            np.moveaxis(index[..., ::-1], -1, 0),
            output=np.float32,
            order=1,
            mode="nearest" if outside is None else "constant",
            cval=0.0 if outside is None else outside,
        )
        return found

    def points(self) -> NDArray[np.float64]:
        """Return the centres of the voxels, shape ``(z, y, x, 3)``."""
        axes = [
            self.origin[axis] + self.spacing_mm * np.arange(size)
            for axis, size in enumerate(self.values.shape[::-1])
        ]
        z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
        return np.stack([x, y, z], axis=-1)


def along_axes(
    values: NDArray[np.floating], affine: NDArray[np.float64], *, spacing_mm: float, outside: float
) -> Grid:
    """Return a volume on a grid along the axes that holds all of it.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(slices, rows, columns)``.
    affine : numpy.ndarray
        See `pipelines.volumes.Volume`.
    spacing_mm : float
        What is finer is smoothed first.
    outside : float
        Value beyond the volume: also of what lies in the grid and not in the volume.
    """
    slices, rows, columns = values.shape
    corners = np.array(
        [[c, r, s, 1] for c in (0, columns - 1) for r in (0, rows - 1) for s in (0, slices - 1)]
    )
    placed = corners @ affine[:3].T
    low, high = placed.min(axis=0), placed.max(axis=0)
    sizes = np.ceil((high - low) / spacing_mm).astype(int) + 1
    voxel = np.linalg.norm(affine[:3, :3], axis=0)[::-1]
    sigma = [0.42 * spacing_mm / size if size < spacing_mm else 0.0 for size in voxel]
    smooth = ndimage.gaussian_filter(values.astype(np.float32, copy=False), sigma, truncate=2.0)
    to_index = np.linalg.inv(affine)
    matrix = (to_index[:3, :3] * spacing_mm)[::-1, ::-1]
    offset = (to_index[:3, :3] @ low + to_index[:3, 3])[::-1]
    if slices == 1:  # one slice fills its thickness
        smooth = np.repeat(smooth, 2, axis=0)
    found = ndimage.affine_transform(
        smooth, matrix, offset, output_shape=tuple(sizes[::-1]), order=1, cval=outside
    )
    return Grid(values=found.astype(np.float32), origin=low, spacing_mm=spacing_mm)


def grid_of(volume: Volume, *, spacing_mm: float, outside: float) -> Grid:
    """Return a volume on a grid along the axes; see `along_axes`."""
    return along_axes(volume.values, volume.affine, spacing_mm=spacing_mm, outside=outside)
