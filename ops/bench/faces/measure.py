"""Measure what was taken: of the brain, of the face's surface, and elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ops.bench.faces.anatomy import EARS, Region
from ops.bench.faces.frame import SPACING_MM
from ops.bench.faces.surface import Mask, Skin, Values, head_of

SMALLEST_REGION = 60  # surface voxels; less is a sliver at the rim of the scan
SMALLEST_EAR = 250  # an ear that the field of view cut off is no ear
SHAVED_MM = 6.0  # the shape still shows where less than this was taken


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainLoss:
    """What became of the brain, voxels of the scan itself.

    Attributes
    ----------
    core : int
        Voxels of the core brain mask: the brain without its outer 3 mm.
    core_altered : int
        Of these, with another stored value.
    brain_altered_percent : float
        Of the whole brain mask, its rim with it: the change of brain volume at worst.
    deepest_mm : float
        How far inside the core the deepest altered voxel lies; 0 without any.
    """

    core: int
    core_altered: int
    brain_altered_percent: float
    deepest_mm: float

    @property
    def core_altered_percent(self) -> float:
        """Of the core brain."""
        return 100 * self.core_altered / self.core if self.core else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionLoss:
    """What became of the surface of one region.

    Attributes
    ----------
    surface : int
        Voxels of 8 mm³.
    removed : int
        Changed, and background now.
    shaved : int
        Removed, with tissue left within `SHAVED_MM` behind: the shape shows.
    """

    surface: int
    removed: int
    shaved: int

    @property
    def percent(self) -> float:
        """Removed, of the surface in the scan."""
        return 100 * self.removed / self.surface if self.surface else 0.0

    @property
    def shaved_percent(self) -> float:
        """Removed in a thin layer only, of the surface in the scan."""
        return 100 * self.shaved / self.surface if self.surface else 0.0


def brain_loss(
    changed: Mask, core: Mask, brain: Mask, *, spacing_mm: tuple[float, ...]
) -> BrainLoss:
    """Compare on the scan's own grid; all masks have its shape ``(slices, rows, columns)``."""
    altered = changed & core
    deepest = 0.0
    if altered.any():
        inside = ndimage.distance_transform_edt(core, sampling=spacing_mm)
        deepest = float(inside[altered].max())
    whole = int(brain.sum())
    return BrainLoss(
        core=int(core.sum()),
        core_altered=int(altered.sum()),
        brain_altered_percent=100 * int((changed & brain).sum()) / whole if whole else 0.0,
        deepest_mm=deepest,
    )


def surface_loss(
    skin: Skin, after: Values, changed: Mask, rooms: Mapping[Region, Mask]
) -> dict[Region, RegionLoss]:
    """Compare on the measuring grid. Regions that the scan does not show are left out."""
    gone = changed & (after <= skin.threshold)
    left = head_of(skin.tissue & ~gone)
    near = ndimage.distance_transform_edt(~left) * SPACING_MM < SHAVED_MM
    losses = {}
    for region, room in rooms.items():
        surface = (skin.surface if region in EARS else skin.front) & room
        smallest = SMALLEST_EAR if region in EARS else SMALLEST_REGION
        if (count := int(surface.sum())) >= smallest:
            losses[region] = RegionLoss(
                surface=count,
                removed=int((surface & gone).sum()),
                shaved=int((surface & gone & near).sum()),
            )
    return losses


def changed_elsewhere_percent(skin: Skin, changed: Mask, face: Mask) -> float:
    """Return how much of the head outside the generous face region was changed, in percent."""
    elsewhere = skin.tissue & ~face
    count = int(elsewhere.sum())
    return 100 * int((elsewhere & changed).sum()) / count if count else 0.0


def outlined_percent(skin: Skin, changed: Mask, before: Values, rooms: Mask) -> float:
    """Return how much of the removed face is drawn by noise that was left in front of it.

    A mask that follows the skin leaves the air's noise as it was: its edge is the face. Counted
    are surface voxels that changed beside air that did not and is not one constant value.
    """
    surface = skin.surface & changed & rooms
    count = int(surface.sum())
    air = ~skin.tissue & np.isfinite(before)
    values: NDArray[np.float32] = before[air]
    if not count or not values.size or float(np.std(values[values <= skin.threshold])) == 0.0:
        return 0.0
    beside = ndimage.binary_dilation(air & ~changed & (before != np.median(values)), iterations=2)
    return 100 * int((surface & beside).sum()) / count
