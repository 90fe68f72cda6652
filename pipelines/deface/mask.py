"""What of a head is removed: three masks, in template coordinates (LPS, mm).

======== ==========================================================================
layer    the outer 15 mm of the wide mask, measured from the skin
narrow   pydeface's mask: below the brow, in front of the orbits' middle
wide     brow to below the chin with the orbits, and both ears
======== ==========================================================================

None takes what lies in the brain of the template or within 13 mm of it, nor, of a CT, what its
own image shows to be brain.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.deface.brain import height_over_brain
from pipelines.deface.decision import Depth
from pipelines.deface.grid import Grid
from pipelines.deface.template import MIDLINE_MM, Template

BRAIN_MARGIN_MM = 13.0
OWN_MARGIN_MM = 3.0
"""Around the brain that a CT itself shows."""
LAYER_MM = 15.0
GRID_MM = 3.0

_LOW, _HIGH = np.array([-125.5, -190.0, -182.0]), np.array([138.5, 90.0, 20.0])
"""Of the grid that holds the masks; what lies outside is as its edge."""
_BROW_MM = 2.0
_BOTTOM_MM = -176.0
_HEIGHTS = (-176.0, -152.0, -125.0, -90.0, -60.0, -45.0, -20.0, 2.0)
_DEPTHS = (-56.0, -28.0, -16.0, -16.0, -34.0, -44.0, -52.0, -60.0)
"""How far back the face mask goes (y) at these heights (z)."""
_EAR_INNER_MM = 65.0
_EAR_FRONT_MM, _EAR_BACK_MM = -14.0, 62.0
_EAR_LOW_MM, _EAR_HIGH_MM = -96.0, 4.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceMask:
    """A mask that was placed on a patient.

    Attributes
    ----------
    depth : Depth
    distance : Grid
        Signed distance to the mask's surface in template coordinates, mm; negative inside.
    to_template : numpy.ndarray
        Shape ``(4, 4)``, from the patient's LPS to the template's.
    """

    depth: Depth
    distance: Grid = field(repr=False)
    to_template: NDArray[np.float64] = field(repr=False)

    def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which `points`, shape ``(..., 3)``, LPS in mm, are of the face."""
        inside: NDArray[np.bool_] = self.distances(points) < 0
        return inside

    def distances(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the signed distance of `points` to the mask's surface, template mm."""
        placed = points @ self.to_template[:3, :3].T + self.to_template[:3, 3]
        found = self.distance.at(np.atleast_2d(placed), outside=None)  # one point is a list of one
        return found.reshape(placed.shape[:-1])


def wide_distance(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the signed distance of template points to the wide mask, brain not spared."""
    x, y, z = np.moveaxis(points, -1, 0)
    face = np.maximum.reduce([y - np.interp(z, _HEIGHTS, _DEPTHS), z - _BROW_MM, _BOTTOM_MM - z])
    ears = np.maximum.reduce(
        [
            _EAR_INNER_MM - np.abs(x - MIDLINE_MM),
            y - _EAR_BACK_MM,
            _EAR_FRONT_MM - y,
            z - _EAR_HIGH_MM,
            _EAR_LOW_MM - z,
        ]
    )
    nearest: NDArray[np.float64] = np.minimum(face, ears)
    return nearest


def place_mask(
    depth: Depth,
    *,
    template: Template,
    to_template: NDArray[np.float64],
    skin_depth: Grid | None,
    from_brain: Grid | None = None,
) -> FaceMask:
    """Return the mask on a patient.

    Parameters
    ----------
    to_template : numpy.ndarray
        Shape ``(4, 4)``.
    skin_depth : Grid or None
        How deep under the skin a point of the patient lies, mm, 0 outside; needed for
        `Depth.LAYER`.
    from_brain : Grid or None
        How far a point of the patient lies from the brain that the image itself shows, mm.
    """
    found = _unplaced(depth, template)
    values = found.values
    to_patient = np.linalg.inv(to_template)
    placed = found.points() @ to_patient[:3, :3].T + to_patient[:3, 3]
    if from_brain is not None:
        near = OWN_MARGIN_MM - from_brain.at(placed, outside=None)
        values = np.maximum(values, near, dtype=np.float32)
    if depth is Depth.LAYER:
        if skin_depth is None:
            raise ValueError("a layer needs to know where the skin is")
        under = skin_depth.at(placed, outside=0.0) - LAYER_MM
        values = np.maximum(values, under, dtype=np.float32)
    return FaceMask(depth=depth, distance=replace(found, values=values), to_template=to_template)


@lru_cache(maxsize=3)
def _unplaced(depth: Depth, template: Template) -> Grid:
    """Return the signed distance to a mask's surface; of the layer to that of the wide one."""
    sizes = np.ceil((_HIGH - _LOW) / GRID_MM).astype(int) + 1
    empty = np.zeros(tuple(sizes[::-1]), dtype=np.float32)
    points = Grid(values=empty, origin=_LOW, spacing_mm=GRID_MM).points()
    if depth is Depth.NARROW:
        found = template.narrow.at(points, outside=None).astype(np.float64)
    else:
        found = wide_distance(points)
    is_brain = height_over_brain(points) < 0
    from_brain = GRID_MM * ndimage.distance_transform_edt(~is_brain)
    spared = np.maximum(found, BRAIN_MARGIN_MM - from_brain)
    return Grid(values=spared.astype(np.float32), origin=_LOW, spacing_mm=GRID_MM)
