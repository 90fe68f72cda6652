"""The mean head that images are registered to, and its narrow face mask.

Both are files of the installed package pydeface (MIT): the mean T1 head and a face mask of
Bischoff-Grethe et al., Human Brain Mapping 28 (2007), doi:10.1002/hbm.20312. The package's
code is not used and not imported.

Template coordinates are LPS in millimetres; the midline is at x = `MIDLINE_MM`.
"""

import gzip
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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
_FLOAT64, _INT16 = 64, 4
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


def is_available() -> bool:
    """Return whether the package is installed."""
    return find_spec(PACKAGE) is not None


@lru_cache(maxsize=1)
def load_template() -> Template:
    """Return the template; read once.

    Raises
    ------
    HeldError
        ``face.no-template``: the package is not installed, or its files are others.
    """
    values, affine = _read("mean_reg2mean.nii.gz")
    smooth = ndimage.gaussian_filter(values.astype(np.float32), 1.7)
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


def _read(name: str) -> tuple[NDArray[np.floating], NDArray[np.float64]]:
    """Return values, shape ``(z, y, x)``, and the affine to LPS of a NIfTI-1 file."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise HeldError("face.no-template")
    path = Path(spec.submodule_search_locations[0]) / "data" / name
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError):
        raise HeldError("face.no-template", where=name) from None
    shape = np.frombuffer(data, "<i2", 3, 42)
    kind = np.frombuffer(data, "<i2", 1, 70)[0]
    if data[344:347] != b"n+1" or kind not in (_INT16, _FLOAT64):
        raise HeldError("face.no-template", where=name)
    start = int(np.frombuffer(data, "<f4", 1, 108)[0])
    values = np.frombuffer(data, "<i2" if kind == _INT16 else "<f8", int(np.prod(shape)), start)
    affine = np.eye(4)
    affine[:3] = np.frombuffer(data, "<f4", 12, 280).reshape(3, 4)
    affine[:2] *= -1  # RAS to LPS
    return values.reshape(shape[::-1]), affine


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
