"""Of a CT the image itself says where the brain is, also where the template is misplaced."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.deface.decision import Depth
from pipelines.deface.grid import Grid
from pipelines.deface.mask import FaceMask, place_mask
from pipelines.deface.registration import register
from pipelines.deface.scan import Scan
from pipelines.deface.skull import distance_to_brain
from pipelines.deface.template import load_template
from pipelines.volumes import Volume
from tests.support.heads.anatomy import head
from tests.support.heads.mean_head import needs_mean_head
from tests.support.heads.planes import Cut, Plane, stack
from tests.support.heads.poses import ADULT
from tests.support.heads.scans import scan
from tests.support.heads.tissues import Contrast
from tests.support.heads.truth import FACE, core_brain, surface
from tests.support.heads.variants import knee

pytestmark = needs_mean_head
Matrix = NDArray[np.float64]

TOO_HIGH_MM = 28.0
DEEP_MM = 30.0
"""Under the skin; nearer to it nothing is spared for the image's sake: there are the eyes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A head that was scanned and registered."""

    scan: Scan
    to_patient: Matrix
    planes: tuple[Plane, ...]

    def deep_brain(self) -> Matrix:
        """Return points of the core brain, shape ``(n, 3)``."""
        points: Matrix = np.array([plane.points() for plane in self.planes])
        core: Matrix = points[core_brain(head(), ADULT, self.planes)]
        deep: Matrix = core[self.scan.skin_depth().at(core, outside=0.0) > DEEP_MM]
        return deep

    def from_brain(self, placement: Matrix) -> Grid | None:
        """Return what is tested, at a placement."""
        return distance_to_brain(self.scan, np.linalg.inv(placement).astype(np.float64))

    def mask(self, placement: Matrix, *, from_brain: Grid | None) -> FaceMask:
        """Return the wide mask at a placement."""
        return place_mask(
            Depth.WIDE,
            template=load_template(),
            to_template=np.linalg.inv(placement).astype(np.float64),
            skin_depth=None,
            from_brain=from_brain,
        )


@cache
def _case(contrast: Contrast) -> Case:
    planes = stack(Cut.AXIAL, step_mm=3.0)
    seen = _scan(scan(head(), ADULT, contrast, planes), planes, contrast.modality)
    found = register(seen, seen.agreement(load_template()))
    assert found is not None
    return Case(scan=seen, to_patient=found.to_patient, planes=planes)


def _scan(values: NDArray[np.float32], planes: tuple[Plane, ...], modality: str) -> Scan:
    first = planes[0]
    affine = np.eye(4)
    affine[:3, 0] = np.array(first.row) * first.spacing[1]
    affine[:3, 1] = np.array(first.column) * first.spacing[0]
    affine[:3, 2] = np.array(planes[1].position) - np.array(first.position)
    affine[:3, 3] = first.position
    return Scan(Volume(values=values, affine=affine), modality)


def test_brain_is_where_the_skull_encloses_it() -> None:
    case = _case(Contrast.CT_SOFT)
    found = case.from_brain(case.to_patient)
    assert found is not None
    assert (found.at(case.deep_brain(), outside=None) <= 4).mean() > 0.99


def test_brain_is_spared_where_the_mask_lies_too_high() -> None:
    case = _case(Contrast.CT_SOFT)
    moved = case.to_patient.copy()
    moved[2, 3] += TOO_HIGH_MM
    deep = case.deep_brain()
    assert case.mask(moved, from_brain=None).covers(deep).mean() > 0.002
    assert not case.mask(moved, from_brain=case.from_brain(moved)).covers(deep).any()


@pytest.mark.parametrize("part", FACE)
def test_no_part_of_the_face_is_spared_with_it(part: str) -> None:
    case = _case(Contrast.CT_SOFT)
    mask = case.mask(case.to_patient, from_brain=case.from_brain(case.to_patient))
    assert mask.covers(ADULT.to_patient(surface(head(), part))).mean() > 0.98


def test_of_mr_the_template_alone_says() -> None:
    case = _case(Contrast.T1)
    assert case.from_brain(case.to_patient) is None


def test_a_knee_has_no_brain() -> None:
    planes = stack(Cut.AXIAL, step_mm=3.0)
    seen = _scan(scan(knee(), ADULT, Contrast.CT_SOFT, planes), planes, "CT")
    case = Case(scan=seen, to_patient=_case(Contrast.CT_SOFT).to_patient, planes=planes)
    assert case.from_brain(case.to_patient) is None
