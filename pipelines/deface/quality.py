"""Judge a registration by the image itself: a head is there, and exactly there.

A placement is believed where no small step away from it agrees better with the image,
where image and template agree at all, where a head can have these proportions, and where
the outlines of both heads lie over each other. Limits were found on heads and bodies that
are described in ``ops/manual/faces.md``.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.agreement import Agreement
from pipelines.deface.brain import height_over_brain
from pipelines.deface.mask import wide_distance
from pipelines.deface.registration import is_plausible
from pipelines.deface.scan import Scan
from pipelines.deface.steps import steps_nearby
from pipelines.deface.template import MIDLINE_MM, Template, load_template

LEAST_AGREEMENT = 0.14
LEAST_EVEN_AGREEMENT = 0.13
"""Of the best placement of one scale: stretched, a head fits many a round thing."""
MOST_IMPROVEMENT = 0.03
LEAST_OVERLAP = 0.80
LEAST_OF_HEAD = 0.5
"""Of the brain or of the face, in view: a vertex alone fits in many ways."""
_AIR_SHARE = 0.35
_MOST_TISSUE, _MOST_TISSUE_NEARBY = 0.2, 0.5
_MOST_IMPROVEMENT_WITHOUT = 0.1
_SMALL_STEPS = 12
_AIR_RATIO, _AIR_FLOOR = 1.25, 0.005
_CT_AIR = 60.0
"""Of `normalised` values: -140 HU."""
_LEAST_IN_VIEW = 0.3
"""Of a zone of the face, to say what is in it."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What was measured of one placement.

    Attributes
    ----------
    agreement : float
        Mutual information over the template's entropy, 0 to 1.
    improvement : float
        By how much the best step nearby would raise it; negative at an optimum.
    overlap : float
        Dice coefficient of both heads in the field of view, 0 to 1.
    stretch : float
        Largest over smallest singular value of the placement.
    is_plausible : bool
        Size and proportions are those of a head.
    face_in_view : float
        Part of the template's face that the field of view holds.
    face_tissue : float
        Part of eyes, nose, or mouth and chin that is no air: of the one with the most.
    brain_in_view : float
    """

    agreement: float
    improvement: float
    overlap: float
    stretch: float
    is_plausible: bool
    face_in_view: float
    face_tissue: float
    brain_in_view: float

    @property
    def is_sure(self) -> bool:
        """Return whether the head is where the placement says."""
        return (
            self.agreement >= LEAST_AGREEMENT
            and self.improvement <= MOST_IMPROVEMENT
            and self.overlap >= LEAST_OVERLAP
            and self.is_plausible
            and max(self.brain_in_view, self.face_in_view) >= LEAST_OF_HEAD
        )

    def figures(self) -> dict[str, float]:
        """Return what was measured, by name, rounded."""
        return {name: round(float(value), 3) for name, value in asdict(self).items()}


def judge(scan: Scan, agreement: Agreement, to_patient: Matrix) -> Quality:
    """Measure a placement of a template on a scan.

    Parameters
    ----------
    agreement : Agreement
        Of the template.
    to_patient : numpy.ndarray
        Shape ``(4, 4)``.
    """
    reached = agreement.of(to_patient)
    values = np.linalg.svd(to_patient[:3, :3])[1]
    face_in_view, _ = tissue(scan, to_patient, _face_points())
    zones = [tissue(scan, to_patient, zone) for zone in _front_zones()]
    brain_in_view, _ = tissue(scan, to_patient, _brain_points())
    return Quality(
        agreement=reached,
        improvement=agreement.improvement(to_patient)[0],
        overlap=_overlap(scan, agreement.template, to_patient),
        stretch=float(values.max() / max(values.min(), 1e-6)),
        is_plausible=is_plausible(to_patient),
        face_in_view=face_in_view,
        face_tissue=max((part for view, part in zones if view >= _LEAST_IN_VIEW), default=0.0),
        brain_in_view=brain_in_view,
    )


def has_no_face(scan: Scan, quality: Quality, to_patient: Matrix) -> bool:
    """Return whether the face of a head in view was removed before.

    A placement may be less exact where the face is missing. So eyes, nose, mouth and chin
    must be air here, and more air than tissue at every small step away: a face that is
    there would come into one of them.
    """
    if (
        quality.face_in_view < _LEAST_IN_VIEW
        or quality.face_tissue >= _MOST_TISSUE
        or quality.agreement < LEAST_AGREEMENT
        or quality.improvement > _MOST_IMPROVEMENT_WITHOUT
        or not quality.is_plausible
    ):
        return False
    return _is_empty(scan, to_patient) and all(
        tissue(scan, to_patient @ step, zone)[1] < _MOST_TISSUE_NEARBY
        for step in steps_nearby()[:_SMALL_STEPS]
        for zone in _front_zones()
    )


def _is_empty(scan: Scan, to_patient: Matrix) -> bool:
    """Return whether the zones of the face are as dark as air: weak skin is not."""
    inside = scan.grid.values[scan.body.inside & scan.in_view]
    outside = scan.grid.values[scan.in_view & ~scan.body.inside]
    if not inside.size or not outside.size:
        return False
    most = _AIR_RATIO * float(np.median(outside)) + _AIR_FLOOR * float(np.median(inside))
    for zone in _front_zones():
        points = zone[_in_view(scan, to_patient, zone)]
        placed = points @ to_patient[:3, :3].T + to_patient[:3, 3]
        if points.size and float(np.median(scan.grid.at(placed, outside=None))) > most:
            return False
    return True


def _overlap(scan: Scan, template: Template, to_patient: Matrix) -> float:
    points = template.head.points()[template.near]
    inside = template.inside[template.near]
    in_view = _in_view(scan, to_patient, points)
    placed = points @ to_patient[:3, :3].T + to_patient[:3, 3]
    body = in_view & (scan.grid.at(placed, outside=None) > air_level(scan))
    both = (inside & body & in_view).sum()
    either = (inside & in_view).sum() + (body & in_view).sum()
    return float(2 * both / either) if either else 0.0


def tissue(scan: Scan, to_patient: Matrix, points: Matrix) -> tuple[float, float]:
    """Return which part of `points` is in view, and which part of that is tissue."""
    in_view = _in_view(scan, to_patient, points)
    if not in_view.any():
        return 0.0, 0.0
    placed = points[in_view] @ to_patient[:3, :3].T + to_patient[:3, 3]
    values = scan.grid.at(placed, outside=None)
    return float(in_view.mean()), float((values > air_level(scan)).mean())


def air_level(scan: Scan) -> float:
    """Return a value that air does not reach and weak tissue does."""
    if scan.modality == "CT":
        return _CT_AIR
    outside = scan.grid.values[scan.in_view & ~scan.body.inside]
    inside = scan.grid.values[scan.body.inside]
    middle = float(np.median(inside)) if inside.size else 0.0
    noise = float(np.median(outside)) if outside.size else 0.0
    return min(max(2.5 * noise, 0.04 * middle), _AIR_SHARE * middle)


def _in_view(scan: Scan, to_patient: Matrix, points: Matrix) -> NDArray[np.bool_]:
    """Return which template points the field of view holds."""
    placed = points @ to_patient[:3, :3].T + to_patient[:3, 3]
    index = np.rint((placed - scan.grid.origin) / scan.grid.spacing_mm).astype(np.intp)
    size = np.array(scan.in_view.shape[::-1])
    in_grid = np.logical_and(index >= 0, index < size).all(axis=1)
    x, y, z = np.clip(index, 0, size - 1).T
    found: NDArray[np.bool_] = in_grid & scan.in_view[z, y, x]
    return found


@lru_cache(maxsize=1)
def _face_points() -> Matrix:
    """Return points of eyes, nose, mouth and chin in the template, every 4 mm."""
    template = load_template()
    points = template.head.points()
    x, _, z = np.moveaxis(points, -1, 0)
    is_face = template.inside & (wide_distance(points) < -2) & (np.abs(x - MIDLINE_MM) < 45)
    face: Matrix = points[is_face & (z < -16)]
    return face


@lru_cache(maxsize=1)
def _front_zones() -> tuple[Matrix, ...]:
    """Return points of eyes, of the nose, of mouth and chin: what stands out in front."""
    template = load_template()
    points = template.head.points()
    x, y, z = np.moveaxis(points, -1, 0)
    aside = np.abs(x - MIDLINE_MM)
    eyes = (aside > 18) & (aside < 50) & (z > -45) & (z < -18) & (y < -70)
    nose = (aside < 16) & (z > -75) & (z < -40) & (y < -88)
    mouth = (aside < 30) & (z < -80) & (y < -70)
    return tuple(points[zone & template.inside] for zone in (eyes, nose, mouth))


@lru_cache(maxsize=1)
def scalp_points() -> Matrix:
    """Return points of skull and skin over the brain."""
    points = load_template().head.points()
    height = height_over_brain(points)
    _, _, z = np.moveaxis(points, -1, 0)
    scalp: Matrix = points[(height > 9) & (height < 16) & (z > 0)]
    return scalp


@lru_cache(maxsize=1)
def _brain_points() -> Matrix:
    points = load_template().head.points()
    brain: Matrix = points[height_over_brain(points) < 0]
    return brain
