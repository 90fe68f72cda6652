"""Put a head on an even grid along the patient's axes, with what a mask covers of it.

The grid is coarse enough to be quick and fine enough for features: what is drawn of it is
what a reader of the images could render.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.volumes import Volume

_SKIN_HU = -300.0
"""Between air and skin, of any kernel."""
_SKIN_PART = 0.15
"""Of the way from air to tissue, without units."""
_FINEST_MM = 1.2
"""Of the grid that is rendered: finer than this shows noise, not features."""
_LARGEST_GRID = 9_000_000
"""Voxels of the grid that is rendered; a larger field of view is rendered more coarsely."""
_SPECK = 0.02
"""What is smaller than this part of the largest piece is noise or a cable, not the head."""
_COARSE_MM = 4.0
"""Between the voxels that are looked at first, to find where head and mask are."""
_AROUND_MM = 130.0
"""How far from the mask anything is drawn: a head, not a body."""
_HISTOGRAM_SAMPLES = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head on a grid along the patient's axes.

    Attributes
    ----------
    values : numpy.ndarray
        float32, shape ``(z, y, x)``: indices grow to superior, posterior, left.
    is_body : numpy.ndarray
        bool, same shape: tissue, without specks in the air around it.
    is_masked : numpy.ndarray
        bool, same shape: what is removed.
    origin : tuple[float, float, float]
        LPS of the first voxel's centre, mm.
    spacing_mm : float
        In all three directions.
    """

    values: NDArray[np.float32] = field(repr=False)
    is_body: NDArray[np.bool_] = field(repr=False)
    is_masked: NDArray[np.bool_] = field(repr=False)
    origin: tuple[float, float, float]
    spacing_mm: float


def skin_threshold(values: NDArray[np.float32], *, modality: str) -> float:
    """Return the value between air and tissue.

    Parameters
    ----------
    values : numpy.ndarray
        Real-world values of a volume, any shape. Not changed.
    modality : str
        Of CT the values are Hounsfield units; of others they have no unit, and the value
        lies between the medians of what Otsu's value separates, nearer to that of air:
        skin far from a coil is dark.
    """
    if modality == "CT":
        return _SKIN_HU
    step = max(1, values.size // _HISTOGRAM_SAMPLES)
    sample = values.reshape(-1)[::step]
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.0
    low, high = np.percentile(sample, (0.5, 99.5))
    sample = np.clip(sample, low, high)
    is_tissue = sample > _otsu(sample)
    if is_tissue.all() or not is_tissue.any():
        return float(low)
    air, tissue = np.median(sample[~is_tissue]), np.median(sample[is_tissue])
    return float(air + _SKIN_PART * (tissue - air))


def head_of(
    volume: Volume,
    *,
    modality: str,
    covers: Callable[[NDArray[np.floating]], NDArray[np.bool_]] | None,
) -> Head:
    """Return the head of `volume`, and what a mask covers of it, on a grid to render.

    The mask is asked at the centres of the volume's own voxels, as it is when pixels are
    filled: where slices are thick, so is what is removed.

    Parameters
    ----------
    volume : pipelines.volumes.Volume
    modality : str
    covers : Callable or None
        `pipelines.deface.decision.Mask.covers`; None: nothing is removed.
    """
    reduced, affine = _reduced(volume)
    threshold = skin_threshold(reduced, modality=modality)
    masked, around = _masked(affine, reduced.shape, covers=covers)
    low, high = _window(reduced, affine, threshold=threshold, around=around)
    spacing = _grid_spacing(high - low)
    shape = tuple(int(n) for n in np.ceil((high - low) / spacing)[::-1] + 1)
    matrix, offset = _from_grid(affine, origin=low, spacing=spacing)
    air = float(reduced.min()) if reduced.size else 0.0
    values = ndimage.affine_transform(
        reduced, matrix, offset, output_shape=shape, order=1, cval=air, mode="constant"
    )
    is_masked = ndimage.affine_transform(
        masked.view(np.uint8), matrix, offset, output_shape=shape, order=0
    ).view(np.bool_)
    return Head(
        values=np.subtract(values, threshold, out=values),
        is_body=_without_specks(values > 0),
        is_masked=is_masked,
        origin=(float(low[0]), float(low[1]), float(low[2])),
        spacing_mm=spacing,
    )


def _reduced(volume: Volume) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return means of neighbouring voxels where they are finer than the grid."""
    values, affine = volume.values, volume.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)[::-1]  # slice, row, column
    factors = [
        max(1, min(int(_FINEST_MM / each + 0.35), count))
        for each, count in zip(spacing, values.shape, strict=True)
    ]
    if max(factors) == 1:
        return values, affine
    slices, rows, columns = (
        count // factor for count, factor in zip(values.shape, factors, strict=True)
    )
    whole = values[: slices * factors[0], : rows * factors[1], : columns * factors[2]]
    blocks = whole.reshape(slices, factors[0], rows, factors[1], columns, factors[2])
    scale = np.diag([*factors[::-1], 1.0])
    scale[:3, 3] = (np.array(factors[::-1]) - 1) / 2
    return blocks.mean(axis=(1, 3, 5), dtype=np.float32), affine @ scale


def _masked(
    affine: NDArray[np.float64],
    shape: tuple[int, ...],
    *,
    covers: Callable[[NDArray[np.floating]], NDArray[np.bool_]] | None,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return the voxels that a mask covers, and LPS of some of them, shape ``(n, 3)``.

    It is asked for some voxels first, and then for all of those around the ones it covers.
    """
    masked = np.zeros(shape, dtype=bool)
    if covers is None:
        return masked, np.empty((0, 3))
    steps = _steps(affine)
    some = tuple(slice(None, None, step) for step in steps)
    for index in range(0, shape[0], steps[0]):
        points = _plane_points(affine, index, shape=shape[1:], step=steps[1:])
        masked[index, some[1], some[2]] = covers(points)
    found = np.argwhere(masked[some]) * steps
    if len(found):
        low = np.maximum(found.min(axis=0) - steps, 0)
        high = found.max(axis=0) + np.array(steps) + 1
        near = tuple(slice(a, b) for a, b in zip(low[1:], high[1:], strict=True))
        for index in range(low[0], min(high[0], shape[0])):
            points = _plane_points(affine, index, shape=shape[1:])[near]
            masked[index, near[0], near[1]] = covers(points)
    return masked, _points(affine, found)


def _steps(affine: NDArray[np.float64]) -> tuple[int, ...]:
    """Return how many slices, rows and columns are about `_COARSE_MM`."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)[::-1]
    return tuple(max(1, int(_COARSE_MM / each)) for each in spacing)


def _points(affine: NDArray[np.float64], found: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return LPS of indices ``(n, 3)`` in the order slice, row, column."""
    points: NDArray[np.float64] = found[:, ::-1] @ affine[:3, :3].T + affine[:3, 3]
    return points


def _window(
    values: NDArray[np.float32],
    affine: NDArray[np.float64],
    *,
    threshold: float,
    around: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and greatest LPS of what is drawn: tissue, not far from the mask."""
    steps = _steps(affine)
    tissue = _without_specks(values[:: steps[0], :: steps[1], :: steps[2]] > threshold)
    low, high = _box(affine, values.shape)
    found = _points(affine, np.argwhere(tissue) * steps)
    if len(found):
        margin = 2 * _COARSE_MM
        low = np.maximum(low, found.min(axis=0) - margin)
        high = np.minimum(high, found.max(axis=0) + margin)
    if len(around):
        low = np.maximum(low, around.min(axis=0) - _AROUND_MM)
        high = np.minimum(high, around.max(axis=0) + _AROUND_MM)
    high = np.maximum(high, low)
    return low, high


def _plane_points(
    affine: NDArray[np.float64],
    index: int,
    *,
    shape: tuple[int, ...],
    step: tuple[int, ...] = (1, 1),
) -> NDArray[np.float32]:
    """Return the centres of the voxels of one slice, shape ``(rows, columns, 3)``."""
    rows, columns = shape
    row = np.arange(0, rows, step[0])[:, None, None] * affine[:3, 1]
    column = np.arange(0, columns, step[1])[None, :, None] * affine[:3, 0]
    points: NDArray[np.float32] = (affine[:3, 3] + index * affine[:3, 2] + row + column).astype(
        np.float32
    )
    return points


def _box(
    affine: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and greatest LPS of the corners' voxel centres."""
    ends = [(0, count - 1) for count in shape[::-1]]
    corners = np.array([[x, y, z, 1] for x in ends[0] for y in ends[1] for z in ends[2]])
    points = (corners @ affine.T)[:, :3]
    return points.min(axis=0), points.max(axis=0)


def _grid_spacing(extent: NDArray[np.float64]) -> float:
    """Return the spacing with which a box is not too large a grid."""
    volume = float(np.prod(np.maximum(extent, 1.0)))
    coarser: float = (volume / _LARGEST_GRID) ** (1 / 3)
    return max(_FINEST_MM, coarser)


def _from_grid(
    affine: NDArray[np.float64], *, origin: NDArray[np.float64], spacing: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return matrix and offset from indices (z, y, x) of the grid to those of the volume."""
    inverse = np.linalg.inv(affine)
    matrix = inverse[:3, :3][::-1, ::-1] * spacing
    offset = (inverse[:3, :3] @ origin + inverse[:3, 3])[::-1]
    return np.asarray(matrix, dtype=np.float64), np.asarray(offset, dtype=np.float64)


def _without_specks(tissue: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `tissue` without pieces that are small beside the largest."""
    labels, count = ndimage.label(tissue)
    if count < 2:
        return tissue
    sizes = np.bincount(labels.reshape(-1))
    sizes[0] = 0
    is_large = sizes >= _SPECK * sizes.max()
    is_large[0] = False
    kept: NDArray[np.bool_] = is_large[labels]
    return kept


def _otsu(sample: NDArray[np.float32]) -> float:
    """Return the value that separates two classes best (Otsu 1979)."""
    if not sample.size or sample.min() == sample.max():
        return float(sample[0]) if sample.size else 0.0
    counts, edges = np.histogram(sample, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()[:-1].astype(np.float64)
    above = counts.sum() - below
    mass = (counts * centres).cumsum()
    low = mass[:-1] / np.maximum(below, 1)
    high = (mass[-1] - mass[:-1]) / np.maximum(above, 1)
    return float(centres[int((below * above * (low - high) ** 2).argmax())])
