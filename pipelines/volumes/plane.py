"""Where the pixels of a frame are (PS3.3, C.7.6.2.1.1). LPS, millimetres."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = tuple[float, float, float]

_TOLERANCE = 1e-2
"""How far direction cosines may be from unit length and from a right angle."""
_FARTHEST_MM = 1e6
"""Nothing in a scanner is a kilometre away: such a number is no position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlane:
    """The plane of one frame.

    Attributes
    ----------
    position : tuple[float, float, float]
        Centre of the first pixel.
    row : tuple[float, float, float]
        Direction along a row, in which the column index grows: the first three values
        of Image Orientation (Patient).
    column : tuple[float, float, float]
        Direction along a column, in which the row index grows: the last three.
    row_spacing : float
        Between rows: the first value of Pixel Spacing.
    column_spacing : float
        Between columns: the second.
    thickness : float
        Slice Thickness; 0 where it is not known.
    """

    position: Vector
    row: Vector
    column: Vector
    row_spacing: float
    column_spacing: float
    thickness: float

    @property
    def normal(self) -> Vector:
        """Return row x column, of unit length."""
        (a, b, c), (d, e, f) = self.row, self.column
        x, y, z = b * f - c * e, c * d - a * f, a * e - b * d
        length = math.sqrt(x * x + y * y + z * z)
        return x / length, y / length, z / length

    def points(self, rows: int, columns: int, *, offset_mm: float = 0.0) -> NDArray[np.float32]:
        """Return the centres of the pixels.

        Parameters
        ----------
        rows, columns : int
            Of the frame.
        offset_mm : float
            How far the points are moved along the normal.

        Returns
        -------
        numpy.ndarray
            Shape ``(rows, columns, 3)``.
        """
        origin = np.array(self.position) + offset_mm * np.array(self.normal)
        down = np.outer(np.arange(rows) * self.row_spacing, self.column) + origin
        along = np.outer(np.arange(columns) * self.column_spacing, self.row)
        moved: NDArray[np.float32] = np.add(
            down[:, None, :], along[None, :, :], dtype=np.float32, casting="same_kind"
        )
        return moved


def plane_of(
    position: Sequence[float] | None,
    orientation: Sequence[float] | None,
    *,
    spacing: Sequence[float] | None,
    thickness: float | None,
) -> FramePlane | None:
    """Return the plane that these attributes describe, None where they describe none.

    Parameters
    ----------
    position : Sequence[float] or None
        Image Position (Patient): three values.
    orientation : Sequence[float] or None
        Image Orientation (Patient): six values. What is not of unit length, or at no
        right angle, by more than a hundredth is no orientation.
    spacing : Sequence[float] or None
        Pixel Spacing: two values.
    thickness : float or None
        Slice Thickness.
    """
    if position is None or orientation is None or spacing is None:
        return None
    if (len(position), len(orientation), len(spacing)) != (3, 6, 2):
        return None
    if not all(math.isfinite(v) for v in (*position, *orientation, *spacing)):
        return None
    if max(map(abs, (*position, *spacing))) > _FARTHEST_MM or min(spacing) <= 0:
        return None
    if not _is_orientation(orientation):
        return None
    known = thickness is not None and 0 < thickness <= _FARTHEST_MM
    return FramePlane(
        position=(position[0], position[1], position[2]),
        row=(orientation[0], orientation[1], orientation[2]),
        column=(orientation[3], orientation[4], orientation[5]),
        row_spacing=spacing[0],
        column_spacing=spacing[1],
        thickness=thickness if thickness is not None and known else 0.0,
    )


def _is_orientation(cosines: Sequence[float]) -> bool:
    a, b, c, d, e, f = cosines
    return (
        abs(math.sqrt(a * a + b * b + c * c) - 1) <= _TOLERANCE
        and abs(math.sqrt(d * d + e * e + f * f) - 1) <= _TOLERANCE
        and abs(a * d + b * e + c * f) <= _TOLERANCE
    )
