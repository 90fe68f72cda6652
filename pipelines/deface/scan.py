"""A stack of images made ready to look for a face: coarse, from 0 in air upwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.deface.agreement import Agreement
from pipelines.deface.grid import Grid, along_axes
from pipelines.deface.head import Body, body_of, normalised
from pipelines.deface.template import SPACING_MM, Template
from pipelines.volumes import FrameOf, ImageHeader, Stack, Volume, assemble

_READ_MM = (2.0, 2.5, 3.2, 4.0)
"""Finer pixels are averaged, finer slices left out, while a stack is read: as much as it needs."""
LEAST_SLICES = 5
LEAST_EXTENT_MM = 35.0
MOST_EXTENT_MM = 2500.0
_MOST_VOXELS = 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Views:
    grid: Grid
    in_view: NDArray[np.bool_]


class Scan:
    """One stack.

    Parameters
    ----------
    volume : Volume
    modality : str

    Attributes
    ----------
    grid : Grid
        Every 4 mm along the axes of the patient.
    in_view : numpy.ndarray
        True where the field of view is; shape of ``grid.values``.
    body : Body
    """

    def __init__(self, volume: Volume, modality: str) -> None:
        self.volume = volume
        self.modality = modality
        views = _coarse(volume, modality)
        self.grid, self.in_view = views.grid, views.in_view
        self.body: Body = body_of(self.grid, modality)

    def agreement(self, template: Template) -> Agreement:
        """Return how a template agrees with it."""
        return Agreement(self.grid, template, in_view=self.in_view)

    def skin_depth(self) -> Grid:
        """Return how deep under the skin each voxel lies, mm; 0 in air."""
        depth = ndimage.distance_transform_edt(
            np.pad(self.body.inside, 1), sampling=self.grid.spacing_mm
        )
        inner = depth[1:-1, 1:-1, 1:-1].astype(np.float32)
        return replace(self.grid, values=inner)


def _coarse(volume: Volume, modality: str) -> _Views:
    values = normalised(volume.values, modality)
    grid = along_axes(values, volume.affine, spacing_mm=SPACING_MM, outside=-1.0)
    in_view = grid.values > -0.5  # values are 0 and more, but for what is half outside
    inside = np.maximum(grid.values, 0).astype(np.float32)
    return _Views(grid=replace(grid, values=inside), in_view=in_view)


def is_worth_reading(stack: Stack) -> bool:
    """Return whether a stack can show enough of a head to find it."""
    extent = stack.spacing_mm * len(stack.frames)
    plane = stack.plane
    height, width = stack.rows * plane.row_spacing, stack.columns * plane.column_spacing
    return (
        not stack.is_localizer
        and len(stack.frames) >= LEAST_SLICES
        and extent >= LEAST_EXTENT_MM
        and min(height, width) >= 2 * LEAST_EXTENT_MM
        and max(height, width, extent) <= MOST_EXTENT_MM
    )


def read_scan(
    stack: Stack,
    headers: Sequence[ImageHeader],
    frame: Callable[[FrameOf], NDArray[np.floating]],
) -> Scan:
    """Return a stack, read at 2 mm, or up to 4 where it is large.

    Parameters
    ----------
    frame : Callable
        Returns the real-world values of a frame, shape ``(rows, columns)``.

    Raises
    ------
    pipelines.errors.HeldError
        Pixels can't be read.
    """
    plane = stack.plane
    for size_mm in _READ_MM:
        down = _factor(plane.row_spacing, stack.rows, size_mm)
        right = _factor(plane.column_spacing, stack.columns, size_mm)
        every = _factor(stack.spacing_mm, len(stack.frames), size_mm)
        rows, columns = stack.rows // down, stack.columns // right
        if rows * columns * len(stack.frames) // every <= _MOST_VOXELS:
            break
    kept = slice(None, None, every)
    # the centre of the first block of pixels
    shift = (
        np.array(plane.column) * plane.row_spacing * (down - 1) / 2
        + np.array(plane.row) * plane.column_spacing * (right - 1) / 2
    )
    x, y, z = (np.array(plane.position) + shift).tolist()
    coarse = replace(
        stack,
        frames=stack.frames[kept],
        positions_mm=stack.positions_mm[kept],
        origins=stack.origins[kept] + shift,
        plane=replace(
            plane,
            position=(x, y, z),
            row_spacing=plane.row_spacing * down,
            column_spacing=plane.column_spacing * right,
        ),
        rows=rows,
        columns=columns,
        left_out=(),
    )
    shaped = [replace(header, rows=rows, columns=columns) for header in headers]

    def averaged(which: FrameOf) -> NDArray[np.floating]:
        values = frame(which)[: rows * down, : columns * right]
        found: NDArray[np.floating] = values.reshape(rows, down, columns, right).mean(axis=(1, 3))
        return found

    return Scan(assemble(coarse, shaped, averaged), stack.modality)


def _factor(spacing_mm: float, count: int, size_mm: float) -> int:
    """Return how many pixels, or slices, of `count` make one of `size_mm`."""
    return max(1, min(int(size_mm / spacing_mm), count // 16))
