"""Where the pixels of a stack lie (PS3.3 C.7.6.2.1.1), for the ways a head is scanned."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """One image. Lengths in mm, LPS.

    Attributes
    ----------
    position : tuple[float, float, float]
        Centre of the first pixel.
    row, column : tuple[float, float, float]
        Directions of growing column and row index.
    spacing : tuple[float, float]
        Pixel Spacing: between rows, between columns.
    """

    position: Vector
    row: Vector
    column: Vector
    spacing: tuple[float, float]
    rows: int
    columns: int
    thickness: float

    @property
    def normal(self) -> NDArray[np.float64]:
        """Return row x column."""
        return np.cross(self.row, self.column)

    def points(self, *, offset_mm: float = 0.0) -> NDArray[np.float64]:
        """Return the centres of the pixels, ``(rows, columns, 3)``."""
        i = np.arange(self.rows)[:, None, None] * self.spacing[0]
        j = np.arange(self.columns)[None, :, None] * self.spacing[1]
        flat = np.array(self.position) + i * np.array(self.column) + j * np.array(self.row)
        return np.asarray(flat + offset_mm * self.normal)


class Cut(StrEnum):
    """How a stack is cut."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    OBLIQUE = "oblique"
    GANTRY = "gantry"


def _turned(vector: Vector, *, about_x: float, about_z: float = 0.0) -> NDArray[np.float64]:
    a, b = np.radians((about_x, about_z))
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return np.asarray(z @ x @ np.array(vector))


_CUTS: dict[Cut, tuple[Vector, Vector, Vector]] = {
    Cut.AXIAL: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    Cut.CORONAL: ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    Cut.SAGITTAL: ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
}


def _directions(cut: Cut) -> tuple[NDArray[np.float64], ...]:
    """Return row, column and step; of a tilted gantry the step is along the table."""
    if cut is Cut.OBLIQUE:
        return tuple(_turned(v, about_x=-18, about_z=7) for v in _CUTS[Cut.AXIAL])
    if cut is Cut.GANTRY:
        row, column, step = _CUTS[Cut.AXIAL]
        return np.array(row), _turned(column, about_x=-17), np.array(step)
    row, column, step = _CUTS[cut]
    return np.array(row), np.array(column), np.array(step)


def stack(
    cut: Cut,
    *,
    low: Vector = (-100, -140, -130),
    high: Vector = (100, 108, 92),
    pixel_mm: float = 2.5,
    step_mm: float = 3.0,
) -> tuple[Plane, ...]:
    """Return the planes that cover a box, in the order of the step."""
    row, column, step = _directions(cut)
    corners = np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1).T
    # coordinates of the corners along row, column, step, also where these are not orthogonal
    along = corners @ np.linalg.inv(np.array([row, column, step]))
    if cut in (Cut.OBLIQUE, Cut.GANTRY):  # as large as the box, about its middle: corners are air
        size = np.abs(np.array(high) - np.array(low, dtype=float))
        middle = along.mean(axis=0)
        first, last = middle - size / 2, middle + size / 2
    else:
        first, last = along.min(axis=0), along.max(axis=0)
    columns, rows, count = (
        int((b - a) // s) + 1
        for a, b, s in zip(first, last, (pixel_mm, pixel_mm, step_mm), strict=True)
    )
    corner = first @ np.array([row, column, step])
    return tuple(
        Plane(
            position=_vector(corner + k * step_mm * step),
            row=_vector(row),
            column=_vector(column),
            spacing=(pixel_mm, pixel_mm),
            rows=rows,
            columns=columns,
            thickness=step_mm,
        )
        for k in range(count)
    )


def unevenly(planes: tuple[Plane, ...]) -> tuple[Plane, ...]:
    """Return planes of which every third is left out in the upper half: two distances."""
    half = len(planes) // 2
    return tuple(p for k, p in enumerate(planes) if k < half or k % 3)


def reversed_rows(planes: tuple[Plane, ...]) -> tuple[Plane, ...]:
    """Return the same pixels with columns numbered from the other side."""
    turned = []
    for p in planes:
        last = np.array(p.position) + (p.columns - 1) * p.spacing[1] * np.array(p.row)
        row = _vector(-np.array(p.row))
        turned.append(replace(p, position=_vector(last), row=row))
    return tuple(turned)


def _vector(array: NDArray[np.float64]) -> Vector:
    x, y, z = (round(float(v), 6) + 0.0 for v in array)
    return (x, y, z)
