"""Make an array and an affine of a stack."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.volumes.errors import VolumeError
from pipelines.volumes.header import ImageHeader
from pipelines.volumes.stacks import FrameOf, Stack


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """Voxels on an even grid.

    Attributes
    ----------
    values : numpy.ndarray
        Real-world values, float32, shape ``(slices, rows, columns)``.
    affine : numpy.ndarray
        Shape ``(4, 4)``: from ``(column, row, slice, 1)`` to LPS in millimetres. The
        slice axis is not at a right angle to the others where the gantry was tilted.
    """

    values: NDArray[np.float32] = field(repr=False)
    affine: NDArray[np.float64] = field(repr=False)


def affine_of(stack: Stack) -> NDArray[np.float64]:
    """Return the affine of a stack's even grid, shape ``(4, 4)``; see `Volume`."""
    plane = stack.plane
    affine = np.eye(4)
    affine[:3, 0] = np.array(plane.row) * plane.column_spacing
    affine[:3, 1] = np.array(plane.column) * plane.row_spacing
    affine[:3, 2] = np.array(plane.normal) * stack.spacing_mm
    affine[:3, 3] = stack.origins[0]
    if stack.is_single:
        return affine
    whole = stack.origins[-1] - stack.origins[0]
    if stack.is_regular:
        affine[:3, 2] = whole / (len(stack.frames) - 1)
    else:
        extent = stack.positions_mm[-1] - stack.positions_mm[0]
        affine[:3, 2] = whole * (stack.spacing_mm / extent)
    return affine


def assemble(
    stack: Stack,
    headers: Sequence[ImageHeader],
    frame: Callable[[FrameOf], NDArray[np.floating]],
) -> Volume:
    """Return the volume of a stack.

    Slices that are evenly spaced are taken as they are. Others are interpolated between
    their neighbours onto a grid at the median spacing.

    Parameters
    ----------
    stack : Stack
    headers : Sequence[ImageHeader]
        Those the stack was made of.
    frame : Callable
        Returns the real-world values of a frame, shape ``(rows, columns)``. Called once
        per frame, in the order of the stack.

    Raises
    ------
    VolumeError
        ``face.unsupported`` where a frame has another shape, e.g. is in colour.
    """
    header = headers[stack.frames[0].image]
    shape = header.rows, header.columns

    def values_of(which: FrameOf) -> NDArray[np.floating]:
        found = frame(which)
        if found.shape != shape:
            raise VolumeError("face.unsupported", where="shape of a frame")
        return found

    affine = affine_of(stack)
    if stack.is_regular:
        values = np.empty((len(stack.frames), *shape), dtype=np.float32)
        for number, which in enumerate(stack.frames):
            values[number] = values_of(which)
        return Volume(values=values, affine=affine)
    return Volume(values=_interpolated(stack, values_of, shape), affine=affine)


def _interpolated(
    stack: Stack, frame: Callable[[FrameOf], NDArray[np.floating]], shape: tuple[int, int]
) -> NDArray[np.float32]:
    depths = (stack.positions_mm - stack.positions_mm[0]) / stack.spacing_mm
    slices = int(np.floor(depths[-1] + 1e-3)) + 1
    values = np.empty((slices, *shape), dtype=np.float32)
    below = frame(stack.frames[0])
    number = 0
    for which, start, end in zip(stack.frames[1:], depths, depths[1:], strict=False):
        above = frame(which)
        while number < slices and number <= end + 1e-3:
            weight = min(max((number - start) / (end - start), 0.0), 1.0)
            values[number] = below * (1 - weight) + above * weight
            number += 1
        below = above
    return values
