"""Portray the surface of a head as a photographer would.

Orthographic, superior up, lit from the viewer: a depth map of the first tissue along
parallel rays, shaded by the angle at which the light meets it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.surfaces import Head

_AMBIENT, _DIFFUSE = 0.06, 0.9
_CONTRAST = 1.5
"""Power of the cosine: brings out what faces the viewer almost."""
_FAR_MM, _FAR = 220.0, 0.45
"""So far behind what is nearest the light is weaker by this part: a table is no face."""
_SMOOTH_MM = 1.6
"""Of the depth map, before light is thrown on it: less shows noise, more melts features."""
_STEP_MM = 6.0
"""Neighbours whose depths differ by more are not of one surface (nose and cheek, ear)."""


_Scalar = TypeVar("_Scalar", bound=np.generic)


class View(StrEnum):
    """Where the viewer stands."""

    FRONT = "front"
    RIGHT = "right"
    """At the patient's right side: the face points to the right of the picture."""
    LEFT = "left"
    """At the patient's left side: the face points to the left of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """One view of a surface, superior up.

    Attributes
    ----------
    brightness : numpy.ndarray
        float32 in 0 to 1, shape ``(rows, columns)``; 0 where no ray meets the head.
    depth_mm : numpy.ndarray
        float32, same shape: way of the ray into the grid; NaN where it meets nothing.
    is_removed : numpy.ndarray
        bool, same shape: what the ray met before is removed.
    spacing_mm : float
        Of rows and columns.
    """

    brightness: NDArray[np.float32] = field(repr=False)
    depth_mm: NDArray[np.float32] = field(repr=False)
    is_removed: NDArray[np.bool_] = field(repr=False)
    spacing_mm: float


def portray(head: Head, *, view: View, after: bool) -> Portrait:
    """Return one view of the surface before or after what is masked is removed.

    Parameters
    ----------
    head : Head
    view : View
    after : bool
        False: as it came. Specks are those of the head as it came: a piece of a face that
        the mask leaves stays in the picture, however small.
    """
    body, masked = _turned(head.is_body, view), _turned(head.is_masked, view)
    first = body.argmax(axis=2)[..., None]
    is_removed = np.take_along_axis(body & masked, first, axis=2)[..., 0]
    depth = _depth(body & ~masked if after else body, _turned(head.values, view))
    depth *= head.spacing_mm
    return Portrait(
        brightness=_shaded(depth, spacing_mm=head.spacing_mm),
        depth_mm=depth,
        is_removed=is_removed,
        spacing_mm=head.spacing_mm,
    )


def _turned(grid: NDArray[_Scalar], view: View) -> NDArray[_Scalar]:
    """Return a view of `grid`, shape ``(rows, columns, ray)``, as the viewer has it."""
    up = grid[::-1]  # superior up
    if view is View.FRONT:  # looking to posterior: the patient's left is on the right
        return up.transpose(0, 2, 1)
    if view is View.LEFT:  # looking to the patient's right: anterior is on the left
        return up[:, :, ::-1]
    return up[:, ::-1]


def _depth(seen: NDArray[np.bool_], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how many voxels along each ray the first tissue is; NaN where there is none.

    Between the last voxel of air and the first of tissue the surface is where the values
    pass the threshold, if what is before is air and not a cut.
    """
    first = seen.argmax(axis=2)
    is_met = np.take_along_axis(seen, first[..., None], axis=2)[..., 0]
    inside = np.take_along_axis(values, first[..., None], axis=2)[..., 0]
    before = np.take_along_axis(values, np.maximum(first - 1, 0)[..., None], axis=2)[..., 0]
    is_air = (before < 0) & (inside > 0) & (first > 0)
    part = np.divide(inside, inside - before, out=np.zeros_like(inside), where=is_air)
    depth: NDArray[np.float32] = first.astype(np.float32) - part
    depth[~is_met] = np.nan
    return depth


def _shaded(depth_mm: NDArray[np.float32], *, spacing_mm: float) -> NDArray[np.float32]:
    """Return the brightness of a surface lit from the viewer."""
    is_met = np.isfinite(depth_mm)
    smooth = _smoothed(np.where(is_met, depth_mm, 0), is_met, spacing_mm=spacing_mm)
    slope = [_slope(smooth, is_met, axis=axis) / spacing_mm for axis in (0, 1)]
    facing = 1 / np.sqrt(1 + slope[0] ** 2 + slope[1] ** 2)
    nearest = depth_mm[is_met].min() if is_met.any() else 0.0
    light = 1 - _FAR * np.clip((smooth - nearest) / _FAR_MM, 0, 1)
    brightness = np.where(is_met, light * (_AMBIENT + _DIFFUSE * facing**_CONTRAST), 0)
    shaded: NDArray[np.float32] = brightness.astype(np.float32)
    return shaded


def _smoothed(
    depth_mm: NDArray[np.float32], is_met: NDArray[np.bool_], *, spacing_mm: float
) -> NDArray[np.float32]:
    """Return depths averaged over neighbours that are of the same surface."""
    sigma = _SMOOTH_MM / spacing_mm
    reach = max(1, round(2 * sigma))
    total = np.zeros_like(depth_mm)
    weights = np.zeros_like(depth_mm)
    rows, columns = depth_mm.shape
    padded = np.pad(depth_mm, reach)
    there = np.pad(is_met, reach)
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            other = padded[down : down + rows, right : right + columns]
            away = (down - reach) ** 2 + (right - reach) ** 2
            weight = np.float32(np.exp(-away / (2 * sigma**2))) * (
                there[down : down + rows, right : right + columns]
                & (np.abs(other - depth_mm) < _STEP_MM)
            )
            total += weight * other
            weights += weight
    return np.divide(total, weights, out=depth_mm.copy(), where=weights > 0)


def _slope(
    depth: NDArray[np.floating], is_met: NDArray[np.bool_], *, axis: int
) -> NDArray[np.float32]:
    """Return the rise of depth per pixel; one-sided at an edge."""
    deep, met = np.moveaxis(depth, axis, 0), np.moveaxis(is_met, axis, 0)
    is_good = met[1:] & met[:-1]
    rise = np.where(is_good, deep[1:] - deep[:-1], 0)
    total, count = np.zeros(deep.shape, np.float32), np.zeros(deep.shape, np.float32)
    for part in (slice(1, None), slice(None, -1)):
        total[part] += rise
        count[part] += is_good
    mean = (total / np.maximum(count, 1)).astype(np.float32)
    return np.moveaxis(mean, 0, axis)
