"""Find the template's head in an image: twelve numbers, by mutual information.

Many starts are ranked, the best are refined as rigid bodies, the winner with one scale and
then with all twelve parameters (Mattes mutual information, IEEE Trans. Med. Imaging 22
(2003), as SimpleITK has it). Everything is deterministic and runs in one thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import SimpleITK as sitk  # noqa: N813  (its own short name)
from numpy.typing import NDArray

from pipelines.deface.agreement import Agreement
from pipelines.deface.grid import Grid
from pipelines.deface.head import Body
from pipelines.deface.template import CENTRE_MM, TOP_MM, load_template

_PITCHES = (-30.0, -15.0, 0.0, 15.0, 30.0)
_FORWARD_MM = (-20.0, 0.0, 20.0)
_REFINED = 5
_LEAST_SCALE, _MOST_SCALE, _MOST_STRETCH = 0.7, 1.45, 1.4

Matrix = NDArray[np.float64]


class _Moving(NamedTuple):
    image: sitk.Image
    in_view: sitk.Image


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registration:
    """Where the template lies in the patient.

    Attributes
    ----------
    to_patient : numpy.ndarray
        Shape ``(4, 4)``: from template coordinates to the patient's, LPS mm.
    runner_up : float
        Agreement of the best start that led elsewhere, over that of this one.
    """

    to_patient: Matrix = field(repr=False)
    runner_up: float

    @property
    def to_template(self) -> Matrix:
        """Return the inverse."""
        inverse: Matrix = np.linalg.inv(self.to_patient)
        return inverse


def register(
    image: Grid, body: Body, agreement: Agreement, *, in_view: NDArray[np.bool_]
) -> Registration | None:
    """Return where the head lies, or None where there is nothing to look at.

    Parameters
    ----------
    image : Grid
        Values at 4 mm, 0 in air.
    body : Body
        What of it is no air.
    agreement : Agreement
        Of the template with `image`.
    in_view : numpy.ndarray
        True where the field of view is; shape of ``image.values``.
    """
    ranked = sorted(
        ((agreement.start(matrix), number, matrix) for number, matrix in enumerate(_starts(body))),
        key=lambda each: (-each[0], each[1]),
    )
    moving = _Moving(image=_image(image), in_view=_mask(in_view, image))
    refined: list[tuple[float, sitk.Euler3DTransform]] = []
    for value, _, matrix in ranked[:_REFINED]:
        if value <= 0:
            continue
        transform = sitk.Euler3DTransform()
        transform.SetCenter(CENTRE_MM)
        transform.SetMatrix(matrix[:3, :3].ravel().tolist())
        centre = np.array(CENTRE_MM)
        transform.SetTranslation((matrix[:3, :3] @ centre + matrix[:3, 3] - centre).tolist())
        if _refine(moving, transform, coarse=True, step=6.0, least=0.3, rounds=30):
            refined.append((agreement.of(_matrix(transform)), transform))
    if not refined:
        return None
    refined.sort(key=lambda each: -each[0])
    best_value, best = refined[0]
    similarity = sitk.Similarity3DTransform()
    similarity.SetCenter(CENTRE_MM)
    similarity.SetMatrix(best.GetMatrix())
    similarity.SetTranslation(best.GetTranslation())
    if not _refine(moving, similarity, coarse=False, step=2.0, least=0.05, rounds=50):
        return None
    affine = sitk.AffineTransform(3)
    affine.SetCenter(CENTRE_MM)
    affine.SetMatrix(similarity.GetMatrix())
    affine.SetTranslation(similarity.GetTranslation())
    found = _matrix(similarity)
    if _refine(moving, affine, coarse=False, step=1.0, least=0.02, rounds=60):
        stretched = _matrix(affine)
        if is_plausible(stretched) and agreement.of(stretched) >= agreement.of(found):
            found = stretched
    others = [value / best_value for value, other in refined[1:] if _is_elsewhere(best, other)]
    return Registration(to_patient=found, runner_up=max(others, default=0.0))


def is_plausible(matrix: Matrix) -> bool:
    """Return whether a head can have this size and these proportions."""
    values = np.linalg.svd(matrix[:3, :3])[1]
    return bool(
        values.min() > _LEAST_SCALE
        and values.max() < _MOST_SCALE
        and values.max() / values.min() < _MOST_STRETCH
    )


def _starts(body: Body) -> Iterator[Matrix]:
    """Yield rigid placements of the template, upright and bowed, down the body."""
    for top, (x, y) in body.tops():
        for pitch in _PITCHES:
            for forward in _FORWARD_MM:
                angle = np.radians(pitch)
                matrix = np.eye(4)
                matrix[1:3, 1:3] = [
                    [np.cos(angle), -np.sin(angle)],
                    [np.sin(angle), np.cos(angle)],
                ]
                centre = np.array(CENTRE_MM)
                target = np.array([x, y + forward, top - TOP_MM + CENTRE_MM[2]])
                matrix[:3, 3] = target - matrix[:3, :3] @ centre
                yield matrix


def _is_elsewhere(one: sitk.Transform, other: sitk.Transform) -> bool:
    moved = [
        np.linalg.norm(np.subtract(one.TransformPoint(p), other.TransformPoint(p)))
        for p in ((6.5, -90.0, -30.0), (6.5, 80.0, 0.0), (6.5, 4.0, 70.0))
    ]
    return max(moved) > 20.0


def _matrix(transform: sitk.Transform) -> Matrix:
    matrix = np.eye(4)
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    for axis in range(3):
        unit = [0.0, 0.0, 0.0]
        unit[axis] = 1.0
        matrix[:3, axis] = np.array(transform.TransformPoint(unit)) - origin
    matrix[:3, 3] = origin
    return matrix


def _image(grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(grid.values)
    image.SetOrigin(grid.origin.tolist())
    image.SetSpacing((grid.spacing_mm,) * 3)
    return image


def _mask(values: NDArray[np.bool_], grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(values.astype(np.uint8))
    image.SetOrigin(grid.origin.tolist())
    image.SetSpacing((grid.spacing_mm,) * 3)
    return image


@lru_cache(maxsize=2)
def _fixed(*, coarse: bool) -> tuple[sitk.Image, sitk.Image]:
    """Return the template and where it is compared, at 8 or 4 mm."""
    template = load_template()
    head = _image(template.head)
    near = _mask(template.near, template.head)
    if coarse:
        return sitk.Shrink(head, [2, 2, 2]), sitk.Shrink(near, [2, 2, 2])
    return head, near


def _refine(
    moving: _Moving,
    transform: sitk.Transform,
    *,
    coarse: bool,
    step: float,
    least: float,
    rounds: int,
) -> bool:
    """Improve `transform` in place; return False where image and template do not meet."""
    head, near = _fixed(coarse=coarse)
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(24 if coarse else 32)
    method.SetMetricFixedMask(near)
    method.SetMetricMovingMask(moving.in_view)
    if not coarse:
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(0.5)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(step, least, rounds, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(transform, True)
    try:
        method.Execute(head, moving.image)
    except RuntimeError:  # no sample lies in the image
        return False
    return True
