"""Implicit surfaces: negative inside, about the distance in mm near the surface."""

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Point = tuple[float, float, float]


class Space:
    """The points of a regular box, in mm; arrays are ``(z, y, x)``.

    Attributes
    ----------
    x, y, z : numpy.ndarray
        Coordinates, of shapes that broadcast to the box.
    """

    def __init__(self, low: Point, high: Point, *, step_mm: float) -> None:
        axes = [
            np.arange(a, b + step_mm / 2, step_mm, dtype=np.float32)
            for a, b in zip(low, high, strict=True)
        ]
        self.low, self.step_mm = low, step_mm
        self.x = axes[0][None, None, :]
        self.y = axes[1][None, :, None]
        self.z = axes[2][:, None, None]
        self.shape = (axes[2].size, axes[1].size, axes[0].size)

    def ellipsoid(self, centre: Point, radii: Point) -> Field:
        """Return the field of an ellipsoid."""
        d = [(v - c) / r for v, c, r in zip((self.x, self.y, self.z), centre, radii, strict=True)]
        near = np.sqrt(d[0] ** 2 + d[1] ** 2 + d[2] ** 2)
        steep = np.sqrt(sum((a / r) ** 2 for a, r in zip(d, radii, strict=True)) + 1e-12)
        field: Field = (near * (near - 1) / steep).astype(np.float32)
        return field

    def capsule(self, start: Point, end: Point, radii: tuple[float, float]) -> Field:
        """Return the field of a rod whose radius runs from the first to the second."""
        a, b = np.array(start), np.array(end)
        axis = b - a
        length = float(axis @ axis)
        d = [v - c for v, c in zip((self.x, self.y, self.z), start, strict=True)]
        along = sum(v * c for v, c in zip(d, axis, strict=True)) / length
        t = np.clip(along, 0, 1)
        gap = sum((v - t * c) ** 2 for v, c in zip(d, axis, strict=True))
        field: Field = (np.sqrt(gap) - (radii[0] + t * (radii[1] - radii[0]))).astype(np.float32)
        return field

    def tube(self, centre: tuple[float, float], radii: tuple[float, float]) -> Field:
        """Return the field of an endless elliptic cylinder along z."""
        dx, dy = (self.x - centre[0]) / radii[0], (self.y - centre[1]) / radii[1]
        near = np.sqrt(dx**2 + dy**2)
        field: Field = ((near - 1) * min(radii)).astype(np.float32)
        return np.broadcast_to(field, self.shape)

    def arc(self, centre: Point, radii: tuple[float, float], *, thick: float) -> Field:
        """Return the field of an elliptic ring in a plane of one z, e.g. a row of teeth."""
        dx, dy = (self.x - centre[0]) / radii[0], (self.y - centre[1]) / radii[1]
        ring = (np.sqrt(dx**2 + dy**2) - 1) * min(radii)
        field: Field = (np.sqrt(ring**2 + (self.z - centre[2]) ** 2) - thick).astype(np.float32)
        return field


def both(space_field: Field, other: Field) -> Field:
    """Return the intersection."""
    return np.maximum(space_field, other)


def joined(*fields: Field, smooth_mm: float = 0.0) -> Field:
    """Return the union; its inner edges are rounded."""
    result = fields[0]
    for field in fields[1:]:
        if smooth_mm:
            h = np.clip(0.5 + 0.5 * (field - result) / smooth_mm, 0, 1)
            result = field + h * (result - field) - smooth_mm * h * (1 - h)
        else:
            result = np.minimum(result, field)
    return result


def without(field: Field, cut: Field, *, smooth_mm: float) -> Field:
    """Return `field` less `cut`; the edge is rounded."""
    return -joined(-field, cut, smooth_mm=smooth_mm)
