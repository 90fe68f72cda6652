"""The mean head that images are registered to, and its narrow face mask.

Both are files of the installed package pydeface (MIT): the mean T1 head and a face mask of
Bischoff-Grethe et al., Human Brain Mapping 28 (2007), doi:10.1002/hbm.20312. The package's
code is not used and not imported.

Template coordinates are LPS in millimetres; the midline is at x = `MIDLINE_MM`.
"""

import gzip
import zlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.deface.brain import height_over_brain
from pipelines.deface.grid import Grid
from pipelines.errors import HeldError

PACKAGE = "pydeface"
MIDLINE_MM = 6.5
TOP_MM = 76.0
"""Of the scalp."""
CENTRE_MM = (6.5, 4.0, 0.0)
SPACING_MM = 4.0
_ORIGIN_MM = (-99.5, -150.0, -122.0)
_SHAPE = (51, 66, 54)
_HEAD_VALUE = 60.0
_MARGIN_MM = 16.0
_HALVED = np.array([[2, 0, 0, 0.5], [0, 2, 0, 0.5], [0, 0, 2, 0.5], [0, 0, 0, 1.0]])
"""From the index of a mean of 2 x 2 x 2 voxels to that of the voxels."""
_KINDS = {4: "<i2", 64: "<f8"}
"""Data types of NIfTI-1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """The mean head.

    Attributes
    ----------
    head : Grid
        T1-weighted values, every 4 mm.
    near : numpy.ndarray
        True in the head and up to 16 mm around it; shape of ``head.values``.
    inside : numpy.ndarray
        True in the head.
    narrow : Grid
        Signed distance to pydeface's face mask, mm, negative inside; every 2 mm.
    """

    head: Grid = field(repr=False)
    near: NDArray[np.bool_] = field(repr=False)
    inside: NDArray[np.bool_] = field(repr=False)
    narrow: Grid = field(repr=False)


@lru_cache(maxsize=1)
def load_template() -> Template:
    """Return the template; read once.

    Raises
    ------
    HeldError
        ``face.no-template``: the package is not installed, or its files are others.
    """
    values, affine = _read("mean_reg2mean.nii.gz")
    smooth = ndimage.gaussian_filter(values, 0.8)
    head = _resampled(smooth, affine, origin=_ORIGIN_MM, shape=_SHAPE, spacing=SPACING_MM)
    inside = ndimage.binary_closing(head.values > _HEAD_VALUE, iterations=2)
    inside = ndimage.binary_fill_holes(inside)
    near = ndimage.distance_transform_edt(~inside, sampling=SPACING_MM) <= _MARGIN_MM
    kept, mask_affine = _read("facemask.nii.gz")
    removed = _resampled(
        np.less(kept, 0.5).astype(np.uint8),
        mask_affine,
        origin=_ORIGIN_MM,
        shape=tuple(2 * size for size in _SHAPE),
        spacing=2.0,
    )
    is_face = removed.values > 0.5
    distance = ndimage.distance_transform_edt(~is_face) - ndimage.distance_transform_edt(is_face)
    narrow = Grid(values=(2.0 * distance).astype(np.float32), origin=removed.origin, spacing_mm=2.0)
    return Template(head=head, near=near, inside=inside, narrow=narrow)


@lru_cache(maxsize=1)
def load_brain() -> Template:
    """Return the template without skull and skin, for images that have none."""
    template = load_template()
    points = template.head.points()
    height = height_over_brain(points)
    inside = template.inside & (height < 0)
    values = np.where(inside, template.head.values, 0).astype(np.float32)
    return replace(
        template,
        head=replace(template.head, values=values),
        near=height <= _MARGIN_MM,
        inside=inside,
    )


def _read(name: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return means of 2 x 2 x 2 voxels, shape ``(z, y, x)``, and their affine to LPS.

    A NIfTI-1 file is read two slices at a time: whole it would take 100 MB.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise HeldError("face.no-template")
    path = Path(spec.submodule_search_locations[0]) / "data" / name
    try:
        with gzip.open(path) as file:
            header = file.read(348)
            columns, rows, slices = np.frombuffer(header, "<i2", 3, 42).tolist()
            kind = _KINDS.get(int(np.frombuffer(header, "<i2", 1, 70)[0]))
            if header[344:347] != b"n+1" or kind is None:
                raise HeldError("face.no-template", where=name)
            file.seek(int(np.frombuffer(header, "<f4", 1, 108)[0]))
            halved = np.zeros((slices // 2, rows // 2, columns // 2), dtype=np.float32)
            size = np.dtype(kind).itemsize * columns * rows
            for number in range(slices // 2):
                for part in np.frombuffer(file.read(2 * size), kind).reshape(2, rows, columns):
                    for row, column in np.ndindex(2, 2):
                        halved[number] += (
                            part[row : rows // 2 * 2 : 2, column : columns // 2 * 2 : 2] / 8
                        )
    except (OSError, EOFError, ValueError, zlib.error):
        raise HeldError("face.no-template", where=name) from None
    affine = np.eye(4)
    affine[:3] = np.frombuffer(header, "<f4", 12, 280).reshape(3, 4)
    affine[:2] *= -1  # RAS to LPS
    return halved, affine @ _HALVED


def _resampled(
    values: NDArray[np.floating],
    affine: NDArray[np.float64],
    *,
    origin: tuple[float, float, float],
    shape: tuple[int, ...],
    spacing: float,
) -> Grid:
    to_index = np.linalg.inv(affine)
    matrix = (to_index[:3, :3] * spacing)[::-1, ::-1]
    offset = (to_index[:3, :3] @ np.array(origin) + to_index[:3, 3])[::-1]
    found = ndimage.affine_transform(
        values, matrix, offset, output_shape=shape, output=np.float32, order=1
    )
    return Grid(values=found, origin=np.array(origin), spacing_mm=spacing)
