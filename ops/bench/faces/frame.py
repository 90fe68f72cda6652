"""The scorer's measuring grid: 2 mm cubes along the axes of the template, seen from any scan.

A scan is an array ``(slices, rows, columns)`` with a 4x4 matrix that takes (column, row, slice, 1)
to LPS mm; gantry tilt is shear in it. A placement takes (x, y, z, 1) of the measuring grid, in
voxels, to LPS mm: x to the left, y to the back, z up.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ops.bench.faces.surface import Mask, Values

SPACING_MM = 2.0
SHAPE = (150, 140, 110)  # z, y, x
# where the grid lies about the template; direction cosines are those of the template's file
ORIGIN_MM = (-110.69, -150.20, -158.95)

Matrix = NDArray[np.float64]
_FLIP = np.eye(4)[[2, 1, 0, 3]]  # (x, y, z) and array order (z, y, x)


def grid_of_template(direction: tuple[float, ...]) -> Matrix:
    """Return the placement of the measuring grid in the template itself."""
    placement = np.eye(4)
    placement[:3, :3] = np.array(direction).reshape(3, 3) * SPACING_MM
    placement[:3, 3] = ORIGIN_MM
    return placement


def sample(values: NDArray[np.generic], affine: Matrix, placement: Matrix, *, order: int) -> Values:
    """Return `values` on the measuring grid; NaN outside the scan. Nearest voxel is order 0."""
    step = _FLIP @ np.linalg.inv(affine) @ placement @ _FLIP
    taken: Values = ndimage.affine_transform(
        values.astype(np.float32),
        step[:3, :3],
        step[:3, 3],
        output_shape=SHAPE,
        order=order,
        mode="constant" if order else "grid-constant",
        cval=np.nan,
    )
    return taken


def carry_back(mask: Mask, shape: tuple[int, ...], affine: Matrix, placement: Matrix) -> Mask:
    """Return `mask`, given on the measuring grid, on the scan's own grid of `shape`."""
    step = _FLIP @ np.linalg.inv(placement) @ affine @ _FLIP
    carried: Mask = (
        ndimage.affine_transform(
            mask.astype(np.uint8), step[:3, :3], step[:3, 3], output_shape=shape, order=0
        )
        > 0
    )
    return carried
