"""Look at a head from outside: depth, and a picture with light on it."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]  # ships no types

from ops.bench.faces.surface import Mask

_LIGHT = np.array([-0.25, 0.35, 0.9])  # from the upper left, in front


class View(StrEnum):
    """From where somebody looks."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"


def depth_from(tissue: Mask, view: View, *, spacing_mm: float) -> NDArray[np.float32]:
    """Return how far the first tissue is, in mm, rows from top to bottom; NaN where none is."""
    match view:
        case View.FRONT:
            seen = np.moveaxis(tissue, 1, 0)
        case View.LEFT:
            seen = np.moveaxis(tissue, 2, 0)[::-1]
        case View.RIGHT:
            seen = np.moveaxis(tissue, 2, 0)[:, :, ::-1]
    first = seen.argmax(axis=0).astype(np.float32) * spacing_mm
    first[~seen.any(axis=0)] = np.nan
    return first[::-1]


def picture(depth: NDArray[np.float32], *, spacing_mm: float) -> NDArray[np.uint8]:
    """Return the surface behind `depth` in light, dark where there is none."""
    there = np.isfinite(depth)
    far = float(np.nanmax(depth)) if there.any() else 0.0
    smooth = ndimage.gaussian_filter(np.where(there, depth, far), 0.9)
    down, right = np.gradient(smooth, spacing_mm)
    length = np.sqrt(down**2 + right**2 + 1)
    light = _LIGHT / np.linalg.norm(_LIGHT)
    # the surface's direction towards the eye: depth grows away from it
    shade = (right * light[0] + down * light[1] + light[2]) / length
    grey = np.clip(0.15 + 0.85 * np.clip(shade, 0, 1), 0, 1) * there
    lit: NDArray[np.uint8] = (255 * grey).astype(np.uint8)
    return lit
