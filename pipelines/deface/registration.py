"""Find the template's head in an image: twelve numbers, by mutual information.

Many starts are ranked, the best are refined as rigid bodies, the winner with one scale and
then with all twelve parameters (Mattes mutual information, IEEE Trans. Med. Imaging 22
(2003), as SimpleITK has it), which depends on where it starts: small steps lead from there to
the top of `Agreement`, by which a placement is judged. Everything is deterministic and runs
in one thread.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import permutations, product
from typing import NamedTuple

import numpy as np
import SimpleITK as sitk  # noqa: N813  (its own short name)
from numpy.typing import NDArray

from pipelines.deface.agreement import Agreement
from pipelines.deface.grid import Grid
from pipelines.deface.head import Body
from pipelines.deface.scan import Scan
from pipelines.deface.steps import steps_of
from pipelines.deface.template import CENTRE_MM, TOP_MM, Template

_PITCHES = (-30.0, -15.0, 0.0, 15.0, 30.0)
_FORWARD_MM = (-20.0, 0.0, 20.0)
_REFINED, _REFINED_TURNED = 5, 3
_ALONG_MM = (-40.0, 0.0, 40.0)
_LEAST_SCALE, _MOST_SCALE, _MOST_STRETCH = 0.7, 1.45, 1.32
_SEED = 1
"""Of the samples: without one they follow the clock."""
_HOPELESS = 0.09
_CLIMBS = (0.06, 0.03, 0.015, 0.0075)
"""Sizes of steps: parts of a head's radius."""
_HOPELESS_CLIMBS = (0.12, 0.06)
_ROUNDS, _LEAST_GAIN = 6, 0.003
_WHOLE = 0.65
"""Part of the head in view from which its proportions can be told."""

Matrix = NDArray[np.float64]


_Step = sitk.Euler3DTransform | sitk.Similarity3DTransform | sitk.AffineTransform


class _Fit(NamedTuple):
    """How a placement is improved."""

    make: Callable[[], _Step]
    is_coarse: bool
    step: float
    least: float
    rounds: int


_RIGID = _Fit(sitk.Euler3DTransform, is_coarse=True, step=6.0, least=0.3, rounds=30)
_SIMILAR = _Fit(sitk.Similarity3DTransform, is_coarse=False, step=2.0, least=0.05, rounds=25)
_AFFINE = _Fit(lambda: sitk.AffineTransform(3), is_coarse=False, step=1.0, least=0.02, rounds=30)


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
    even : numpy.ndarray
        The best of one scale only: where the face is missing, a stretch fills its place.
    """

    to_patient: Matrix = field(repr=False)
    even: Matrix = field(repr=False)

    @property
    def to_template(self) -> Matrix:
        """Return the inverse."""
        inverse: Matrix = np.linalg.inv(self.to_patient).astype(np.float64)
        return inverse


def register(scan: Scan, agreement: Agreement) -> Registration | None:
    """Return where the head lies, or None where there is nothing to look at.

    Parameters
    ----------
    scan : Scan
    agreement : Agreement
        Of a template with `scan`.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)  # sums in one order: the same numbers
    ranked = [
        *_best(agreement, _upright(scan.body), _REFINED),
        *_best(agreement, _turned(scan.body), _REFINED_TURNED),
    ]
    fixed = agreement.template
    moving = _Moving(image=_image(scan.grid), in_view=_mask(scan.in_view, scan.grid))
    refined: list[tuple[float, Matrix]] = []
    for matrix in ranked:
        rigid = _refine(fixed, moving, matrix, _RIGID)
        if rigid is not None:
            refined.append((agreement.rank(rigid, quick=False), rigid))
    if not refined:
        return None
    refined.sort(key=lambda each: -each[0])
    best = refined[0][1]
    even = _evened(fixed, moving, best)
    if agreement.inside(even) >= _WHOLE:
        found = _stretched(fixed, moving, agreement, even)
    else:
        found = _evened(fixed, moving, even)
        found = found if agreement.of(found) >= agreement.of(even) else even
    found = _climbed(agreement, found)
    # sums in another order differ by less
    return Registration(to_patient=np.round(found, 6), even=np.round(even, 6))


def _climbed(agreement: Agreement, start: Matrix) -> Matrix:
    """Return the top of the hill that `start` lies on, as `agreement` sees it.

    The steps are of twelve parameters where the head is in view, of seven where it is not: a
    part of a head fits many proportions. They get smaller where none is better.
    """
    found, reached = start, agreement.of(start)
    for size in _CLIMBS if reached >= _HOPELESS else _HOPELESS_CLIMBS:
        steps = steps_of(size, is_even=agreement.inside(found) < _WHOLE)
        for _ in range(_ROUNDS):
            before = reached
            for step in steps:
                tried = found @ step
                value = agreement.of(tried)
                if value > reached and is_plausible(tried):
                    found, reached = tried, value
            if reached < (1 + _LEAST_GAIN) * before:
                break
    return found


def _evened(template: Template, moving: _Moving, start: Matrix) -> Matrix:
    """Return the best placement of one scale near `start`."""
    left, scales, right = np.linalg.svd(start[:3, :3])
    centre = np.array(CENTRE_MM)
    even = np.eye(4)
    even[:3, :3] = scales.mean() * left @ right
    even[:3, 3] = start[:3, :3] @ centre + start[:3, 3] - even[:3, :3] @ centre
    found = _refine(template, moving, even, _SIMILAR)
    return even if found is None else found


def _stretched(template: Template, moving: _Moving, agreement: Agreement, start: Matrix) -> Matrix:
    """Return the best placement of twelve parameters near `start`, if a head can have it."""
    stretched = _refine(template, moving, start, _AFFINE)
    if stretched is None or not is_plausible(stretched):
        return start
    return stretched if agreement.of(stretched) >= agreement.of(start) else start


def is_plausible(matrix: Matrix) -> bool:
    """Return whether a head can have this size and these proportions."""
    values = np.linalg.svd(matrix[:3, :3])[1]
    return bool(
        values.min() > _LEAST_SCALE
        and values.max() < _MOST_SCALE
        and values.max() / values.min() < _MOST_STRETCH
    )


def _best(agreement: Agreement, starts: Iterable[Matrix], count: int) -> list[Matrix]:
    """Return the starts that agree best."""
    ranked = sorted(
        (
            (agreement.rank(matrix, quick=True), number, matrix)
            for number, matrix in enumerate(starts)
        ),
        key=lambda each: (-each[0], each[1]),
    )
    return [matrix for value, _, matrix in ranked[:count] if value > 0]


def _upright(body: Body) -> Iterator[Matrix]:
    """Yield placements as the header says the patient lies, nodding, down the body."""
    for top, (x, y) in body.tops():
        for pitch in _PITCHES:
            for forward in _FORWARD_MM:
                angle = np.radians(pitch)
                turn = np.eye(3)
                turn[1:, 1:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
                yield _placed(turn, np.array([x, y + forward, top - TOP_MM]))


def _turned(body: Body) -> Iterator[Matrix]:
    """Yield placements for headers that say the position wrongly: all quarter turns."""
    middle = body.middle()
    for turn in _quarter_turns():
        for up in _ALONG_MM:
            yield _placed(turn, middle + turn @ np.array([0.0, 0.0, up]))


def _quarter_turns() -> Iterator[NDArray[np.float64]]:
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[range(3), order] = signs
            if np.linalg.det(turn) > 0 and not np.array_equal(turn, np.eye(3)):
                yield turn


def _placed(turn: NDArray[np.float64], target: NDArray[np.float64]) -> Matrix:
    """Return the placement that brings the template's centre to `target`."""
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = target - turn @ np.array(CENTRE_MM)
    return matrix


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


@lru_cache(maxsize=4)
def _fixed(template: Template, *, coarse: bool) -> tuple[sitk.Image, sitk.Image]:
    """Return the template and where it is compared, at 8 or 4 mm."""
    head = _image(template.head)
    near = _mask(template.near, template.head)
    if coarse:
        return sitk.Shrink(head, [2, 2, 2]), sitk.Shrink(near, [2, 2, 2])
    return head, near


def _refine(template: Template, moving: _Moving, start: Matrix, fit: _Fit) -> Matrix | None:
    """Return a better placement near `start`; None where image and template do not meet.

    What is optimised is the small step away from `start`: no angle is near half a turn.
    """
    head, near = _fixed(template, coarse=fit.is_coarse)
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(24 if fit.is_coarse else 32)
    method.SetMetricFixedMask(near)
    method.SetMetricMovingMask(moving.in_view)
    if not fit.is_coarse:
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(0.5, _SEED)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(fit.step, fit.least, fit.rounds, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    before = sitk.AffineTransform(3)
    before.SetMatrix(start[:3, :3].ravel().tolist())
    before.SetTranslation(start[:3, 3].tolist())
    method.SetMovingInitialTransform(before)
    step = fit.make()
    step.SetCenter(CENTRE_MM)  # type: ignore[no-untyped-call]  # typed, but for this
    method.SetInitialTransform(step, True)
    try:
        method.Execute(head, moving.image)
    except RuntimeError:  # no sample lies in the image
        return None
    return start @ _matrix(step)
