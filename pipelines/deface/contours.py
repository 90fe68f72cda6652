"""Take from one contour what a face mask covers (PS3.3, C.8.8.6.1). LPS, millimetres."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.decision import Mask
from pipelines.deface.polygons import coverage, keyholed, trace
from pipelines.errors import HeldError

STEP_MM = 0.5
"""Of the raster; halved for small contours."""
_FINEST_MM = 0.0625
_ENOUGH_STEPS = 128
_MAX_PIXELS = 8_000_000
"""1.4 m x 1.4 m at 0.5 mm."""
_BLOCK = 1 << 18
MARGIN_MM = 0.5
"""Goes with the mask, on a raster of any step: nested contours are cut along one line."""
_COARSE = 4
"""Whether the mask is met at all is asked at every fourth pixel: no mask is so thin."""
_LINE_STEP_MM = 0.25
_FLAT_MM = 0.01
"""A contour that varies less along an axis is at a right angle to it."""
_OFF_PLANE_MM = 1.0
_DECIMALS = 4

Points = NDArray[np.float64]


class ContourType(StrEnum):
    """Contour Geometric Type (3006,0042)."""

    POINT = "POINT"
    OPEN_PLANAR = "OPEN_PLANAR"
    OPEN_NONPLANAR = "OPEN_NONPLANAR"
    CLOSED_PLANAR = "CLOSED_PLANAR"
    CLOSEDPLANAR_XOR = "CLOSEDPLANAR_XOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A mask that is asked at a point and at another, a vector away.

    A contour may stand for a slab that is not around it (Contour Offset Vector, retired).

    Attributes
    ----------
    mask : Mask
    offset : tuple[float, float, float]
        Millimetres.
    """

    mask: Mask
    offset: tuple[float, float, float]

    def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which `points`, shape ``(..., 3)``, are of the face in either place."""
        found = self.mask.covers(points)
        if any(self.offset):
            found = found | self.mask.covers(points + np.array(self.offset))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plane:
    """Axes in the plane of a contour; `fixed` is the axis at a right angle to it, if any."""

    origin: Points
    axes: Points
    fixed: int | None

    def flat(self, points: Points) -> Points:
        return (points - self.origin) @ self.axes.T

    def solid(self, flat: Points) -> Points:
        points: Points = np.round(flat @ self.axes + self.origin, _DECIMALS)
        if self.fixed is not None:
            points[:, self.fixed] = self.origin[self.fixed]
        return points


def clip_contour(kind: ContourType, points: Points, *, mask: Mask) -> list[Points] | None:
    """Return what is left of a contour, in pieces; None where the mask does not touch it.

    A closed contour is drawn on a raster of its plane, with pixels of 0.5 mm or less, and
    what is left is traced again: outside the mask the new outline is within a fifth of a
    pixel of the old one, corners are cut or filled by about half a pixel. Half a millimetre beyond
    the mask goes with it. Lines are cut where they enter the mask; points in it go.

    Parameters
    ----------
    points : numpy.ndarray
        Shape ``(n, 3)``. Not changed.

    Returns
    -------
    list[numpy.ndarray] or None
        Of shape ``(n, 3)`` each. Holes of a CLOSED_PLANAR contour are joined to it by a
        keyhole; of a CLOSEDPLANAR_XOR contour they are contours of their own. Empty where
        nothing is left.

    Raises
    ------
    HeldError
        `face.unsupported`: a closed contour that is not planar, though it touches the
        mask, or a contour that is larger than any patient.
    """
    if not len(points):
        return None
    if kind is ContourType.POINT:
        covered = _covers(mask, points)
        return None if not covered.any() else _not_empty([points[~covered]])
    if kind in (ContourType.OPEN_PLANAR, ContourType.OPEN_NONPLANAR):
        return _clip_line(points, mask=mask)
    return _clip_area(points, mask=mask, apart=kind is ContourType.CLOSEDPLANAR_XOR)


def _not_empty(pieces: list[Points]) -> list[Points]:
    return [piece for piece in pieces if len(piece)]


def _covers(mask: Mask, points: Points) -> NDArray[np.bool_]:
    blocks = [mask.covers(points[i : i + _BLOCK]) for i in range(0, len(points), _BLOCK)]
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=bool)


def _along(points: Points, *, step: float) -> tuple[Points, NDArray[np.bool_]]:
    """Return points at most `step` apart along a line, and which are its vertices."""
    ahead = np.diff(points, axis=0)
    lengths = np.linalg.norm(ahead, axis=1) / step
    if not lengths.sum() < _MAX_PIXELS:
        raise HeldError("face.unsupported", where="contour too long")
    counts = np.maximum(1, np.ceil(lengths).astype(np.int64))
    segment = np.repeat(np.arange(len(counts)), counts)
    part = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    between = points[segment] + ahead[segment] * (part / counts[segment])[:, None]
    is_vertex = np.append(part == 0, True)
    return np.concatenate([between, points[-1:]]), is_vertex


def _clip_line(points: Points, *, mask: Mask) -> list[Points] | None:
    samples, is_vertex = _along(points, step=_LINE_STEP_MM)
    covered = _covers(mask, samples)
    if not covered.any():
        return None
    left = ~_grown(covered, steps=int(MARGIN_MM / _LINE_STEP_MM))
    pieces = []
    for run in np.split(np.arange(len(left)), np.flatnonzero(np.diff(left)) + 1):
        if left[run[0]] and len(run) > 1:
            wanted = is_vertex[run]
            wanted[[0, -1]] = True
            pieces.append(np.round(samples[run][wanted], _DECIMALS))
    return pieces


def _grown(covered: NDArray[np.bool_], *, steps: int) -> NDArray[np.bool_]:
    """Return `covered` with its neighbours along each axis, and the corners."""
    for axis in [*range(covered.ndim)] * steps:
        before = np.moveaxis(covered, axis, 0)
        after = before.copy()
        after[1:] |= before[:-1]
        after[:-1] |= before[1:]
        covered = np.moveaxis(after, 0, axis)
    return covered


def _clip_area(points: Points, *, mask: Mask, apart: bool) -> list[Points] | None:
    plane = _plane_of(points)
    flat = plane.flat(points)
    step = _step(flat)
    margin = int(MARGIN_MM / step)
    lowest = np.floor(flat.min(axis=0) / step) - margin - 1
    columns, rows = (np.ceil(flat.max(axis=0) / step) - lowest + margin + 2).tolist()
    if not rows * columns < _MAX_PIXELS:
        raise HeldError("face.unsupported", where="contour too large")
    loop = flat / step - lowest
    filled = coverage(loop, rows=int(rows), columns=int(columns))
    edges, _ = _along(np.concatenate([points, points[:1]]), step=step)
    on_edges = edges[_covers(mask, edges)]

    def at(pixels: NDArray[np.int64]) -> NDArray[np.bool_]:
        row, column = np.divmod(pixels, filled.shape[1])
        cells = np.stack([column, row], axis=1) + lowest
        return mask.covers(cells * step @ plane.axes + plane.origin)

    if not (len(on_edges) or any(at(block).any() for block in _coarse(filled))):
        return None
    if _is_off_plane(plane, points):
        raise HeldError("face.unsupported", where="contour not planar")
    covered = np.zeros(filled.shape, dtype=bool)
    # the mask beside the contour counts too: an edge traced anew may lean on it
    for block in _blocks(np.flatnonzero(_grown(filled > 0, steps=margin))):
        covered.flat[block] = at(block)
    column, row = np.round(plane.flat(on_edges) / step - lowest).astype(np.int64).T
    covered[row, column] = True
    filled[_grown(covered, steps=margin)] = 0
    loops = []
    for outline, holes in trace(filled):
        loops += [outline, *holes] if apart else [keyholed(outline, holes)]
    return [plane.solid((loop + lowest) * step) for loop in loops]


def _step(flat: Points) -> float:
    extent = float(np.ptp(flat, axis=0).max())
    step = STEP_MM
    while step > _FINEST_MM and extent < _ENOUGH_STEPS * step:
        step /= 2
    return step


def _coarse(filled: NDArray[np.float32]) -> Iterator[NDArray[np.int64]]:
    thinned = np.zeros(filled.shape, dtype=bool)
    thinned[::_COARSE, ::_COARSE] = filled[::_COARSE, ::_COARSE] > 0
    return _blocks(np.flatnonzero(thinned))


def _blocks(pixels: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    return (pixels[i : i + _BLOCK] for i in range(0, len(pixels), _BLOCK))


def _plane_of(points: Points) -> _Plane:
    spread = np.ptp(points, axis=0)
    fixed = int(np.argmin(spread))
    if spread[fixed] <= _FLAT_MM:
        origin = np.zeros(3)
        origin[fixed] = points[0, fixed]
        return _Plane(origin=origin, axes=np.delete(np.eye(3), fixed, axis=0), fixed=fixed)
    centre = points.mean(axis=0)
    around = points - centre
    normal = np.linalg.eigh(around.T @ around)[1][:, 0]
    across = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
    across /= np.linalg.norm(across)
    axes = np.stack([across, np.cross(normal, across)])
    return _Plane(origin=normal * float(centre @ normal), axes=axes, fixed=None)


def _is_off_plane(plane: _Plane, points: Points) -> bool:
    normal = np.cross(*plane.axes)
    return float(np.abs((points - plane.origin) @ normal).max()) > _OFF_PLANE_MM
