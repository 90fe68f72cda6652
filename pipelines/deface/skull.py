"""The brain of a CT by its own image: soft tissue that the skull encloses.

Bone shows where the brain ends, also where the skull has another shape than the template's:
twelve numbers do not bring every anterior fossa to its place.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.deface.brain import BRAIN_ML, height_over_brain
from pipelines.deface.grid import Grid
from pipelines.deface.head import CT_LOW
from pipelines.deface.scan import Scan

_LOW_HU, _HIGH_HU = -10.0, 95.0
"""Brain, blood and liquor, with noise; averaged over 4 mm the thinnest bone is above."""
_REACH_MM = 30.0
"""Further out than this the template is trusted: soft tissue there is neck or cheek."""
_SURELY_MM = -10.0
_LEAST_DEPTH_MM = 25.0
"""Under the skin: nearer to it lie the eyes."""
_LEAST_SHARE, _LEAST_OF_SIZE, _MOST_OF_SIZE = 0.8, 0.6, 1.6


def distance_to_brain(scan: Scan, to_template: NDArray[np.float64]) -> Grid | None:
    """Return how far from the brain each voxel of a CT lies, mm; 0 in it.

    Parameters
    ----------
    to_template : numpy.ndarray
        Shape ``(4, 4)``, from the patient's LPS to the template's.

    Returns
    -------
    Grid or None
        None for other modalities, and where what is enclosed can't be a brain.
    """
    if scan.modality != "CT":
        return None
    grid = scan.grid
    height = height_over_brain(grid.points() @ to_template[:3, :3].T + to_template[:3, 3])
    values = grid.values + CT_LOW
    soft = (values > _LOW_HU) & (values < _HIGH_HU) & (height < _REACH_MM)
    labels, count = ndimage.label(ndimage.binary_erosion(soft))
    surely = height < _SURELY_MM
    sizes = np.bincount(labels[surely], minlength=count + 1)
    sizes[0] = 0
    if not sizes.any():
        return None
    brain = ndimage.binary_dilation(labels == sizes.argmax()) & soft
    volume_ml = float(brain.sum()) * grid.spacing_mm**3 / 1000
    expected_ml = BRAIN_ML / float(np.linalg.det(to_template[:3, :3]))
    is_brain = (
        brain[surely].mean() >= _LEAST_SHARE
        and _LEAST_OF_SIZE < volume_ml / expected_ml < _MOST_OF_SIZE
    )
    if not is_brain:
        return None
    deep = brain & (scan.skin_depth().values > _LEAST_DEPTH_MM)
    distance = ndimage.distance_transform_edt(~deep, sampling=grid.spacing_mm)
    return replace(grid, values=distance.astype(np.float32))
