"""Look at a head from outside: depth, and a picture with light on it."""

from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ops.bench.faces.surface import Mask, Values

Cell = TypeVar("Cell", bound=np.generic)
_SMOOTHED = 0.8  # pixels
_LIGHT = np.array([-0.15, -0.45, 0.9])  # from above, a little left, in front


class View(StrEnum):
    """From where somebody looks."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"


def depth_from(
    tissue: Mask, view: View, *, spacing_mm: float, values: Values | None = None
) -> NDArray[np.float32]:
    """Return how far the first tissue is, in mm, rows from top to bottom; NaN where none is.

    With `values`, the skin lies where they are half of what stands behind it.
    """
    seen = _towards(tissue, view)
    index = seen.argmax(axis=0)
    first = index.astype(np.float32)
    if values is not None:
        lit = _towards(values, view)
        here, before, behind = (
            np.take_along_axis(lit, np.clip(index + step, 0, len(lit) - 1)[None], axis=0)[0]
            for step in (0, -1, 1)
        )
        half = (np.maximum(here, behind) + before) / 2
        rise = np.where(here > before, here - before, 1)
        first += np.clip((half - here) / rise, -1, 1)
    depth: NDArray[np.float32] = np.where(seen.any(axis=0), first * spacing_mm, np.nan)
    return depth[::-1]


def _towards(grid: NDArray[Cell], view: View) -> NDArray[Cell]:
    # the first axis leads away from the eye
    match view:
        case View.FRONT:
            return np.moveaxis(grid, 1, 0)
        case View.LEFT:
            return np.moveaxis(grid, 2, 0)[::-1]
        case View.RIGHT:
            return np.moveaxis(grid, 2, 0)[:, :, ::-1]


def picture(depth: NDArray[np.float32], *, spacing_mm: float) -> NDArray[np.uint8]:
    """Return the surface behind `depth` in light, dark where there is none."""
    there = np.isfinite(depth)
    far = float(np.nanmax(depth)) if there.any() else 0.0
    smooth = ndimage.gaussian_filter(np.where(there, depth, far), _SMOOTHED)
    down, right = np.gradient(smooth, spacing_mm)
    length = np.sqrt(down**2 + right**2 + 1)
    light = _LIGHT / np.linalg.norm(_LIGHT)
    # the surface's direction towards the eye: depth grows away from it
    shade = (right * light[0] + down * light[1] + light[2]) / length
    grey = np.clip(0.15 + 0.85 * np.clip(shade, 0, 1), 0, 1) * there
    lit: NDArray[np.uint8] = (255 * grey).astype(np.uint8)
    return lit
