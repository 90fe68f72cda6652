"""Judge a registration by the image itself: is the head there, and is it exactly there?

A placement is believed where no small step away from it agrees better with the image,
where image and template agree at all, where a head can have these proportions, and where
the outlines of both heads lie over each other. Limits were found on heads and bodies that
are described in ``ops/manual/faces.md``.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.brain import height_over_brain
from pipelines.deface.mask import wide_distance
from pipelines.deface.registration import is_plausible
from pipelines.deface.scan import Scan
from pipelines.deface.template import CENTRE_MM, MIDLINE_MM, load_template

LEAST_AGREEMENT = 0.10
MOST_IMPROVEMENT = 0.03
LEAST_OVERLAP = 0.80
NO_HEAD_AGREEMENT = 0.065
_STEPS_MM = (-10.0, -5.0, 5.0, 10.0)
_TURNS = (-10.0, -5.0, 5.0, 10.0)
_SCALES = (0.9, 0.95, 1.05, 1.1)
_SHEARS = (-0.1, 0.1)
_AIR_SHARE = 0.35

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
        Part of that which is no air.
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
        )

    def figures(self) -> dict[str, float]:
        """Return what was measured, by name, rounded."""
        return {name: round(float(value), 3) for name, value in asdict(self).items()}


def judge(scan: Scan, to_patient: Matrix) -> Quality:
    """Measure a placement of the template on a scan.

    Parameters
    ----------
    to_patient : numpy.ndarray
        Shape ``(4, 4)``.
    """
    agreement = scan.agreement.of(to_patient)
    best_nearby = max(scan.agreement.of(to_patient @ step) for step in _steps_nearby())
    values = np.linalg.svd(to_patient[:3, :3])[1]
    face_in_view, face_tissue = _tissue(scan, to_patient, _face_points())
    brain_in_view, _ = _tissue(scan, to_patient, _brain_points())
    return Quality(
        agreement=agreement,
        improvement=best_nearby / agreement - 1 if agreement > 0 else 1.0,
        overlap=_overlap(scan, to_patient),
        stretch=float(values.max() / max(values.min(), 1e-6)),
        is_plausible=is_plausible(to_patient),
        face_in_view=face_in_view,
        face_tissue=face_tissue,
        brain_in_view=brain_in_view,
    )


def _overlap(scan: Scan, to_patient: Matrix) -> float:
    template = load_template()
    points = template.head.points()[template.near]
    inside = template.inside[template.near]
    in_view, body = _at(scan, to_patient, points)
    both = (inside & body & in_view).sum()
    either = (inside & in_view).sum() + (body & in_view).sum()
    return float(2 * both / either) if either else 0.0


def _tissue(scan: Scan, to_patient: Matrix, points: Matrix) -> tuple[float, float]:
    """Return which part of `points` is in view, and which part of that is tissue."""
    in_view, _ = _at(scan, to_patient, points)
    if not in_view.any():
        return 0.0, 0.0
    placed = points[in_view] @ to_patient[:3, :3].T + to_patient[:3, 3]
    values = scan.grid.at(placed, outside=None)
    return float(in_view.mean()), float((values > air_level(scan)).mean())


def air_level(scan: Scan) -> float:
    """Return a value that air does not reach and weak tissue does."""
    outside = scan.grid.values[scan.in_view & ~scan.body.inside]
    inside = scan.grid.values[scan.body.inside]
    middle = float(np.median(inside)) if inside.size else 0.0
    noise = float(np.median(outside)) if outside.size else 0.0
    return min(max(2.5 * noise, 0.04 * middle), _AIR_SHARE * middle)


def _at(
    scan: Scan, to_patient: Matrix, points: Matrix
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which template points are in view, and which of them are body."""
    placed = points @ to_patient[:3, :3].T + to_patient[:3, 3]
    index = np.rint((placed - scan.grid.origin) / scan.grid.spacing_mm).astype(np.intp)
    size = np.array(scan.in_view.shape[::-1])
    in_grid = ((index >= 0) & (index < size)).all(axis=1)
    x, y, z = np.clip(index, 0, size - 1).T
    in_view = in_grid & scan.in_view[z, y, x]
    return in_view, in_view & scan.body.inside[z, y, x]


@lru_cache(maxsize=1)
def _face_points() -> Matrix:
    """Return points of eyes, nose, mouth and chin in the template, every 4 mm."""
    template = load_template()
    points = template.head.points()
    x, _, z = np.moveaxis(points, -1, 0)
    is_face = template.inside & (wide_distance(points) < -2) & (np.abs(x - MIDLINE_MM) < 45)
    return points[is_face & (z < -16)]


@lru_cache(maxsize=1)
def _brain_points() -> Matrix:
    points = load_template().head.points()
    return points[height_over_brain(points) < 0]


@lru_cache(maxsize=1)
def _steps_nearby() -> tuple[Matrix, ...]:
    steps: list[Matrix] = []
    for axis in range(3):
        for mm in _STEPS_MM:
            step = np.eye(4)
            step[axis, 3] = mm
            steps.append(step)
        first, second = [other for other in range(3) if other != axis]
        for degrees in _TURNS:
            turn = np.eye(3)
            sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
            turn[first, first] = turn[second, second] = cosine
            turn[first, second], turn[second, first] = -sine, sine
            steps.append(_about_centre(turn))
        for other in (first, second):
            for amount in _SHEARS:
                shear = np.eye(3)
                shear[axis, other] = amount
                steps.append(_about_centre(shear))
    steps += [_about_centre(np.eye(3) * scale) for scale in _SCALES]
    return tuple(steps)


def _about_centre(linear: NDArray[np.float64]) -> Matrix:
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = np.array(CENTRE_MM) - linear @ np.array(CENTRE_MM)
    return matrix
