"""Find the skin: what of a head somebody sees from outside.

All arrays have shape ``(slices, rows, columns)`` on the scorer's measuring grid: cubes, axes
of the template, so that the first axis points up, the second back and the third to the left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

CT_SKIN = -300.0
_OPENING_CLOSED = 2  # voxels; nostrils, ear canals and an open mouth lead inside
_DARK = 0.2
_NOISE = 3.0
_STEEP = 4  # voxels
_FLOOR = 0.07  # of the bright end of MR; noise lies below

Mask = NDArray[np.bool_]
Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skin:
    """A head before anything was done to it.

    Attributes
    ----------
    tissue : numpy.ndarray
        The head, without what lies beside it.
    surface : numpy.ndarray
        Its voxels that touch the air outside.
    front : numpy.ndarray
        Of the surface, what somebody sees who stands in front: no nostril, no sinus.
    threshold : float
        Values up to this one are background.
    """

    tissue: Mask
    surface: Mask
    front: Mask
    threshold: float


def threshold_of(values: Values, seen: Mask, *, is_ct: bool) -> float:
    """Return the largest value that is still background."""
    if is_ct:
        return CT_SKIN
    inside = values[seen]
    low, high = (float(p) for p in np.percentile(inside, (2.0, 98.0)))
    dark = inside[inside < low + _DARK * (high - low)]
    counts, edges = np.histogram(dark, bins=40)
    # the most frequent dark value of noise without signal is its standard deviation
    noise = float(edges[counts.argmax()]) - min(0.0, low)
    return low + max(_FLOOR * (high - low), min(_NOISE * noise, _DARK * (high - low)))


def skin_of(values: Values, seen: Mask, *, is_ct: bool) -> Skin:
    """Return the skin of the head in `values`; `seen` is what the scan covers."""
    threshold = threshold_of(values, seen, is_ct=is_ct)
    tissue = head_of(_without_specks(values > threshold) & seen)
    surface = surface_of(tissue, seen)
    return Skin(
        tissue=tissue,
        surface=surface,
        front=surface & _first_from_front(tissue),
        threshold=threshold,
    )


def _without_specks(tissue: Mask) -> Mask:
    # what at most a third of the neighbourhood shares is noise
    share = ndimage.uniform_filter(tissue.astype(np.float32), 3)
    kept: Mask = tissue & (share > 0.34)
    return kept


def _first_from_front(tissue: Mask) -> Mask:
    # a steep side, as of the nose, is some voxels deep
    first = np.where(tissue.any(axis=1), tissue.argmax(axis=1), tissue.shape[1])
    rows = np.arange(tissue.shape[1])[None, :, None]
    near: Mask = rows <= first[:, None, :] + _STEEP
    return near


def head_of(tissue: Mask) -> Mask:
    """Return the largest piece of `tissue` after thin bridges are cut, with its details."""
    core = ndimage.binary_opening(tissue, iterations=2)
    labels, count = ndimage.label(core)
    if not count:
        return tissue
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    near = ndimage.binary_dilation(labels == sizes.argmax(), iterations=4)
    grown: Mask = tissue & near
    return grown


def surface_of(tissue: Mask, seen: Mask) -> Mask:
    """Return the voxels of `tissue` that touch air which is connected to the outside."""
    thick = ndimage.binary_dilation(tissue, iterations=_OPENING_CLOSED)
    framed = np.pad(~thick, 1, constant_values=True)
    labels, _ = ndimage.label(framed)
    outside = (labels == labels[0, 0, 0])[1:-1, 1:-1, 1:-1]
    outside = ndimage.binary_dilation(
        outside, iterations=_OPENING_CLOSED + 1, mask=~tissue | outside
    )
    touched: Mask = ndimage.binary_dilation(outside & ~tissue & seen) & tissue & seen
    return touched
