"""Pictures for a person: whether the scorer's own brain mask is right, and the face gone."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ops.bench.faces.anatomy import regions_of
from ops.bench.faces.frame import SHAPE, SPACING_MM
from ops.bench.faces.judge import skin_for_pictures
from ops.bench.faces.portrait import View, depth_from, picture
from ops.bench.faces.recognition import save
from ops.bench.faces.scan import Scan
from ops.bench.faces.surface import Mask, head_of

_BRAIN = (255, 60, 60)
_FACE = (60, 255, 60)
Colour = NDArray[np.uint8]


def _slices(scan: Scan, values: NDArray[np.int16], *, marked: bool) -> list[Colour]:
    taken = np.nan_to_num(scan.measured(values), nan=-1000.0 if scan.is_ct else 0.0)
    low, high = (-200, 300) if scan.is_ct else (0, float(np.percentile(scan.values, 99)))
    grey = (np.clip((taken - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    colour = np.stack([grey] * 3, axis=-1)
    if marked:
        colour[scan.core & ~ndimage.binary_erosion(scan.core)] = _BRAIN
        rooms = np.logical_or.reduce(list(regions_of(scan.landmarks).values()))
        colour[skin_for_pictures(scan).surface & rooms] = _FACE
    eye = int(scan.landmarks.eyes_z / SPACING_MM)
    return [colour[::-1, :, 55], colour[::-1, :, 38], colour[::-1, 70], colour[eye]]


def _views(tissue: Mask) -> list[Colour]:
    drawn = [
        picture(depth_from(tissue, view, spacing_mm=SPACING_MM), spacing_mm=SPACING_MM)
        for view in View
    ]
    return [np.stack([one] * 3, axis=-1) for one in drawn]


def write(scan: Scan, after: NDArray[np.int16] | None, folder: Path) -> Path:
    """Write one PNG of `scan`: the first row before, the second after."""
    skin = skin_for_pictures(scan)
    rows = [_slices(scan, scan.values, marked=True) + _views(skin.tissue)]
    if after is not None:
        empty = -1000.0 if scan.is_ct else 0.0
        left = np.nan_to_num(scan.measured(after), nan=empty) > skin.threshold
        rows.append(_slices(scan, after, marked=False) + _views(head_of(left & scan.seen)))
    height, width = SHAPE[0], SHAPE[1]
    padded = [
        np.hstack(
            [
                np.pad(one, ((0, height - one.shape[0]), (0, width - one.shape[1]), (0, 0)))
                for one in row
            ]
        )
        for row in rows
    ]
    return save(np.vstack(padded), folder / f"{scan.name}.png")
