"""The mean head that the package pydeface ships, with labels made here.

Its data files only are read; the package is never imported. A test that needs them
carries `needs_mean_head`.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from scipy import ndimage

from tests.support.heads.anatomy import Body
from tests.support.heads.tissues import Tissue

_MIDDLE_OF_BRAIN = (6.0, 4.0, 5.0)
"""LPS in the space of the package; the origin of ours."""
_LOW, _SIZE, _STEP_MM = (-100.0, -142.0, -128.0), (101, 127, 112), 2.0


def _file() -> Path | None:
    spec = find_spec("pydeface")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], "data", "mean_reg2mean.nii.gz")
    return path if path.is_file() else None


needs_mean_head = pytest.mark.skipif(_file() is None, reason="the package pydeface is missing")


@cache
def _values() -> NDArray[np.float32]:
    grid = SimpleITK.Image(_SIZE, SimpleITK.sitkFloat32)
    grid.SetSpacing((_STEP_MM,) * 3)
    grid.SetOrigin([a + b for a, b in zip(_LOW, _MIDDLE_OF_BRAIN, strict=True)])
    image = SimpleITK.ReadImage(str(_file()), SimpleITK.sitkFloat32)
    return np.asarray(
        SimpleITK.GetArrayFromImage(SimpleITK.Resample(image, grid)), dtype=np.float32
    )


@cache
def mean_head() -> Body:
    """Return the mean head; its face is blurred, as that of a mean is."""
    values = _values()
    body = ndimage.binary_opening(values > 55, iterations=2)
    body = _largest(ndimage.binary_closing(body, iterations=2))
    body = np.array([ndimage.binary_fill_holes(plane) for plane in body])
    z, y, x = np.indices(values.shape, dtype=np.float32) * _STEP_MM
    x, y, z = x + _LOW[0], y + _LOW[1], z + _LOW[2]
    roomy = ((x / 70) ** 2 + ((y + 2) / 90) ** 2 + ((z - 2) / 70) ** 2) < 1
    core = ndimage.binary_erosion((values > 160) & body & roomy, iterations=3)
    inner = ((x / 66) ** 2 + ((y + 2) / 84) ** 2 + ((z - 4) / 65) ** 2) < 1
    inner &= ~((z < -20) & (y < -32))
    brain = ndimage.binary_dilation(_largest(core), iterations=3) & (values > 150) & inner
    depth = ndimage.distance_transform_edt(body) * _STEP_MM
    near = ndimage.distance_transform_edt(~brain) * _STEP_MM
    tissues = np.zeros(values.shape, dtype=np.uint8)
    tissues[body] = Tissue.MUSCLE
    tissues[body & (values > 330)] = Tissue.FAT
    tissues[body & (values < 70) & (depth > 8)] = Tissue.CAVITY
    tissues[body & (depth <= 3)] = Tissue.SKIN
    tissues[body & (near < 9) & (depth > 4)] = Tissue.BONE
    for side in (-1, 1):
        globe = (x - side * 31) ** 2 + (y + 80) ** 2 + (z + 31) ** 2 < 12**2
        tissues[body & globe] = Tissue.EYE
    tissues[body & (near < 2.5)] = Tissue.CSF
    tissues[brain] = Tissue.GREY
    tissues[brain & (values > 285)] = Tissue.WHITE
    tissues[brain & (values < 190)] = Tissue.CSF
    ears = body & (np.abs(x) > 74) & (y > -15) & (y < 30) & (z < -5) & (z > -75)
    return Body(
        tissues=tissues,
        brain=brain,
        ears=ears,
        low=_LOW,
        step_mm=_STEP_MM,
        name="mean",
        t1=values * 1.7,
    )


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts, count = ndimage.label(mask)
    sizes = ndimage.sum_labels(mask, parts, range(1, count + 1))
    result: NDArray[np.bool_] = parts == 1 + int(np.argmax(sizes))
    return result
