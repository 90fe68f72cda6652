"""Make other acquisitions of a head: slices, directions, contrasts, children, noise.

What was true of the head stays true of them: no variant is aligned anew.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ops.bench.faces.frame import SHAPE, SPACING_MM, Matrix
from ops.bench.faces.heads import core_of
from ops.bench.faces.scan import Scan

Float = NDArray[np.float32]
_AIR_HU = -1000.0
# columns of each: directions of columns, rows and slices in LPS
DIRECTIONS = {
    "axial": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=float).T,
    "coronal": np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=float).T,
    "sagittal": np.array([[0, 1, 0], [0, 0, -1], [-1, 0, 0]], dtype=float).T,
}


def turned(degrees: float, axis: int) -> NDArray[np.float64]:
    """Return the rotation about the axis x, y or z of LPS."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    i, j = [k for k in range(3) if k != axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def resampled(
    scan: Scan,
    *,
    directions: NDArray[np.float64],
    spacing_mm: tuple[float, float, float],
    shear: float = 0.0,
) -> Scan:
    """Return `scan` on other slices; spacing between columns, rows, slices.

    `shear` moves each slice along its columns by this share of the slice step: gantry tilt.
    """
    step = directions * spacing_mm
    step[:, 2] += shear * spacing_mm[2] * directions[:, 1]
    corners = np.array(
        [
            (scan.affine @ [c, r, s, 1])[:3]
            for c in (0, scan.values.shape[2] - 1)
            for r in (0, scan.values.shape[1] - 1)
            for s in (0, scan.values.shape[0] - 1)
        ]
    )
    along = np.linalg.solve(step, corners.T)
    size = np.ceil(along.max(axis=1) - along.min(axis=1)).astype(int) + 1
    affine = np.eye(4)
    affine[:3, :3] = step
    affine[:3, 3] = step @ along.min(axis=1)
    return replace(scan, values=_taken(scan, affine, size[::-1]), affine=affine)


def _taken(scan: Scan, affine: Matrix, shape: NDArray[np.int_]) -> NDArray[np.int16]:
    flip = np.eye(4)[[2, 1, 0, 3]]
    to_source = np.linalg.inv(scan.affine) @ affine
    wide = np.abs(to_source[:3, :3]).max(axis=1)[::-1]
    source = scan.values.astype(np.float32)
    # a slice averages over its thickness
    source = ndimage.gaussian_filter(source, np.where(wide > 1.2, 0.42 * wide, 0))
    step = flip @ to_source @ flip
    empty = _AIR_HU if scan.is_ct else 0.0
    out = ndimage.affine_transform(
        source, step[:3, :3], step[:3, 3], output_shape=tuple(shape), order=1, cval=empty
    )
    taken: NDArray[np.int16] = np.round(out).astype(np.int16)
    return taken


def moved(scan: Scan, matrix: NDArray[np.float64]) -> Scan:
    """Return the head turned or scaled about its middle, voxels untouched."""
    middle = (scan.affine @ [*((np.array(scan.values.shape[::-1]) - 1) / 2), 1])[:3]
    move = np.eye(4)
    move[:3, :3] = matrix
    move[:3, 3] = middle - matrix @ middle
    return replace(scan, affine=move @ scan.affine, placement=move @ scan.placement)


def cropped(scan: Scan, *, low: tuple[float, ...], high: tuple[float, ...]) -> Scan:
    """Return a part of the stack; shares of slices, rows and columns."""
    first = [round(a * n) for a, n in zip(low, scan.values.shape, strict=True)]
    last = [round(b * n) for b, n in zip(high, scan.values.shape, strict=True)]
    part = scan.values[first[0] : last[0], first[1] : last[1], first[2] : last[2]]
    affine = scan.affine.copy()
    affine[:, 3] = scan.affine @ [first[2], first[1], first[0], 1]
    return replace(scan, values=np.ascontiguousarray(part), affine=affine)


def child_of(scan: Scan, *, face: float = 0.85, scale: float = 0.82) -> Scan:
    """Return a head with a shorter face under the brow, then a smaller one altogether."""
    brow = scan.landmarks.eyes_z + 22.0
    z, y, _ = (n * SPACING_MM for n in np.indices(SHAPE, dtype=np.float32))
    front = np.clip((scan.landmarks.ear_y - y) / 60.0, 0, 1)
    below = np.clip(brow - z, 0, None)
    lower: Float = -below * (1 / face - 1) * front / SPACING_MM  # voxels
    shift = np.stack([lower, np.zeros_like(lower), np.zeros_like(lower)])
    shorter = warped(scan, shift)
    shorter = replace(shorter, landmarks=scan.landmarks.with_shorter_face(brow, face))
    return moved(shorter, np.eye(3) * scale)


def warped(scan: Scan, shift: Float) -> Scan:
    """Return the head drawn from voxels that lie `shift` away, z, y, x on the measuring grid."""
    own = np.stack([_smoothly_back(scan, part) for part in shift]) * 1.0
    to_own = np.linalg.inv(scan.affine[:3, :3]) @ scan.placement[:3, :3]
    rows = to_own @ own[::-1].reshape(3, -1)
    places = np.indices(scan.values.shape, dtype=np.float32)
    places += rows[::-1].reshape(places.shape)
    empty = _AIR_HU if scan.is_ct else 0.0
    drawn = ndimage.map_coordinates(scan.values.astype(np.float32), places, order=1, cval=empty)
    grid = np.indices(SHAPE, dtype=np.float32) + shift
    brain = ndimage.map_coordinates(scan.brain.astype(np.float32), grid, order=1) > 0.5
    return replace(scan, values=np.round(drawn).astype(np.int16), brain=brain, core=core_of(brain))


def _smoothly_back(scan: Scan, field: Float) -> Float:
    flip = np.eye(4)[[2, 1, 0, 3]]
    step = flip @ np.linalg.inv(scan.placement) @ scan.affine @ flip
    carried: Float = ndimage.affine_transform(
        field, step[:3, :3], step[:3, 3], output_shape=scan.values.shape, order=1, mode="nearest"
    )
    return carried


def another_person(scan: Scan, *, seed: int) -> Scan:
    """Return an invented face: this one, pushed and pulled by up to a centimetre."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(3, *SHAPE)).astype(np.float32)
    fields = np.stack([ndimage.gaussian_filter(n, 7.0) for n in noise])
    fields *= 2.2 / fields.std()  # voxels
    return replace(warped(scan, fields), person=f"{scan.person}{seed}")


def noisy(scan: Scan, *, share: float, seed: int) -> Scan:
    """Return Rician noise on MR, normal on CT; `share` of the bright end, of 1000 HU."""
    rng = np.random.default_rng(seed)
    values = scan.values.astype(np.float32)
    sigma = share * (1000.0 if scan.is_ct else float(np.percentile(values, 98)))
    real = values + rng.normal(0, sigma, values.shape)
    out = real if scan.is_ct else np.hypot(real, rng.normal(0, sigma, values.shape))
    return replace(scan, values=np.round(out).astype(np.int16))


def biased(scan: Scan, *, strength: float) -> Scan:
    """Return MR with a coil's brightness: strong at one side of the stack."""
    ramp = np.linspace(-1, 1, scan.values.shape[1], dtype=np.float32)[None, :, None]
    side = np.linspace(-1, 1, scan.values.shape[2], dtype=np.float32)[None, None, :]
    field = np.exp(strength * (0.7 * ramp + 0.3 * side))
    return replace(scan, values=np.round(scan.values * field).clip(0, 4000).astype(np.int16))


def recoloured(scan: Scan, curve: Callable[[Float], Float]) -> Scan:
    """Return MR with another contrast: `curve` over values from 0 to 1."""
    top = float(np.percentile(scan.values, 99.5))
    values = np.clip(scan.values.astype(np.float32) / top, 0, 1)
    return replace(scan, values=np.round(1200 * curve(values)).astype(np.int16))


def like_flair(values: Float) -> Float:
    """Dark fluid, bright grey matter, white matter below it."""
    return np.interp(values, [0, 0.08, 0.3, 0.55, 0.8, 1], [0, 0.05, 0.35, 0.7, 0.5, 0.55]).astype(
        np.float32
    )


def like_t2(values: Float) -> Float:
    """Bright fluid and grey matter, darker white matter and fat."""
    return np.interp(values, [0, 0.05, 0.2, 0.5, 0.8, 1], [0, 0.1, 0.95, 0.6, 0.35, 0.4]).astype(
        np.float32
    )
