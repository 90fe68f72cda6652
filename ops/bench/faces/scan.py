"""A scan with all that the scorer knows about it: the true place of brain and face."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.bench.faces.anatomy import Landmarks
from ops.bench.faces.frame import Matrix, carry_back, sample
from ops.bench.faces.surface import Mask, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One volume.

    Attributes
    ----------
    name : str
        Of this case.
    person : str
        Whose head it is; a letter of the heads beside the project.
    values : numpy.ndarray
        Stored values ``(slices, rows, columns)``, int16; of CT Hounsfield units.
    affine : numpy.ndarray
        (column, row, slice, 1) to LPS mm.
    placement : numpy.ndarray
        Voxels of the measuring grid to LPS mm.
    brain, core : numpy.ndarray
        On the measuring grid: the brain, and the same without its outer 3 mm.
    seen : numpy.ndarray
        What the original scan covered; a variant's empty rim was never seen.
    """

    name: str
    person: str
    is_ct: bool
    values: NDArray[np.int16]
    affine: Matrix
    placement: Matrix
    landmarks: Landmarks
    brain: Mask
    core: Mask
    seen: Mask

    @property
    def modality(self) -> str:
        """DICOM's word for it."""
        return "CT" if self.is_ct else "MR"

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Between slices, rows and columns."""
        steps = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(steps[2]), float(steps[1]), float(steps[0])

    def own(self, mask: Mask) -> Mask:
        """Return `mask` of the measuring grid on this scan's voxels."""
        return carry_back(mask, self.values.shape, self.affine, self.placement)

    def looked_at(self) -> tuple[Values, Mask]:
        """Return values on the measuring grid, air where nothing was seen, and what was seen."""
        values = self.measured(self.values)
        seen = np.isfinite(values) & self.seen
        return np.where(seen, values, -1000.0 if self.is_ct else 0.0).astype(np.float32), seen

    def measured(self, values: NDArray[np.generic], *, order: int = 0) -> Values:
        """Return `values` of this scan's voxels on the measuring grid; NaN outside."""
        return sample(values, self.affine, self.placement, order=order)
