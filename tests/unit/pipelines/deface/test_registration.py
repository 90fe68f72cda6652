"""Where the head is found, however it lies, and that it is found there twice."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.deface.quality import judge
from pipelines.deface.registration import Registration, is_plausible, register
from pipelines.deface.scan import Scan
from pipelines.deface.template import load_template
from pipelines.volumes import Volume
from tests.support.heads.anatomy import head
from tests.support.heads.mean_head import needs_mean_head
from tests.support.heads.planes import Cut, stack
from tests.support.heads.poses import ADULT, TILTED, Pose
from tests.support.heads.scans import scan
from tests.support.heads.tissues import Contrast

pytestmark = needs_mean_head
Matrix = NDArray[np.float64]

PLACES = {
    "brain": ((6.0, 4.0, 5.0), (0.0, 0.0, 0.0)),
    "nose": ((1.0, -116.0, -64.0), (0.0, -116.0, -62.0)),
    "back": ((6.0, 98.0, 5.0), (0.0, 91.0, 0.0)),
    "vertex": ((6.0, 4.0, 74.0), (0.0, -5.0, 71.0)),
}
"""The same landmarks in the template and in the phantom."""
NEAR_MM = 18.0


def _axes(order: tuple[int, int, int], signs: tuple[float, float, float]) -> Matrix:
    turn = np.zeros((4, 4))
    turn[range(3), order] = signs
    turn[3, 3] = 1
    assert np.linalg.det(turn) > 0
    return turn


TURNS = {
    "half a turn about x": _axes((0, 1, 2), (1, -1, -1)),
    "half a turn about z": _axes((0, 1, 2), (-1, -1, 1)),
    "a quarter about z": _axes((1, 0, 2), (-1, 1, 1)),
    "every axis another": _axes((2, 0, 1), (1, 1, 1)),
}


@cache
def volume(pose: Pose, contrast: Contrast) -> Volume:
    planes = stack(Cut.AXIAL, pixel_mm=3.5, step_mm=4.0)
    affine = np.eye(4)
    affine[:3, :3] = np.diag([3.5, 3.5, 4.0])
    affine[:3, 3] = planes[0].position
    return Volume(values=scan(head(), pose, contrast, planes), affine=affine)


def found_in(image: Volume, modality: str) -> tuple[Registration, bool]:
    """Return where the head is, and whether that is believed."""
    seen = Scan(image, modality)
    agreement = seen.agreement(load_template())
    found = register(seen, agreement)
    assert found is not None
    return found, judge(seen, agreement, found.to_patient).is_sure


def farthest(found: Registration, pose: Pose, turn: Matrix) -> float:
    """Return how far the worst landmark is from where it should be, mm."""
    ours, theirs = (np.array(places) for places in zip(*PLACES.values(), strict=True))
    placed = ours @ found.to_patient[:3, :3].T + found.to_patient[:3, 3]
    expected = pose.to_patient(theirs) @ turn[:3, :3].T + turn[:3, 3]
    return float(np.linalg.norm(placed - expected, axis=1).max())


@pytest.mark.parametrize(
    ("pose", "contrast"), [(ADULT, Contrast.T1), (TILTED, Contrast.CT_SOFT), (TILTED, Contrast.T2)]
)
def test_landmarks_are_found(pose: Pose, contrast: Contrast) -> None:
    found, is_sure = found_in(volume(pose, contrast), contrast.modality)
    assert is_sure
    assert farthest(found, pose, np.eye(4)) < NEAR_MM


@pytest.mark.parametrize("label", TURNS)
def test_wrong_axes_are_found_or_flagged(label: str) -> None:
    """A header that says the position wrongly: nobody is asked to believe it."""
    straight = volume(ADULT, Contrast.T1)
    turned = Volume(values=straight.values, affine=TURNS[label] @ straight.affine)
    found, is_sure = found_in(turned, "MR")
    assert not is_sure or farthest(found, ADULT, TURNS[label]) < NEAR_MM


def test_the_same_image_gives_the_same_numbers() -> None:
    """To the last bit: the same face is removed each time."""
    first, second, third = (found_in(volume(ADULT, Contrast.T1), "MR")[0] for _ in range(3))
    assert np.array_equal(first.to_patient, second.to_patient)
    assert np.array_equal(first.to_patient, third.to_patient)


@pytest.mark.parametrize("value", [0.0, 700.0])
def test_where_nothing_is_there_is_no_body(value: float) -> None:
    values = np.full((40, 50, 50), value, dtype=np.float32)
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    seen = Scan(Volume(values=values, affine=affine), "MR")
    assert seen.body.is_empty
    assert not list(seen.body.tops())


def test_to_template_is_the_way_back() -> None:
    matrix = TURNS["a quarter about z"] @ np.diag([1.1, 1.0, 0.9, 1.0])
    matrix[:3, 3] = 5, -20, 300
    found = Registration(to_patient=matrix, even=matrix)
    assert found.to_template @ matrix == pytest.approx(np.eye(4))
    assert "array" not in repr(found)


@pytest.mark.parametrize(
    ("scales", "expected"),
    [
        ((1, 1, 1), True),
        ((0.75, 0.75, 0.75), True),
        ((1.35, 1.35, 1.35), True),
        ((1.1, 1.0, 0.95), True),
        ((0.6, 0.6, 0.6), False),
        ((1.6, 1.6, 1.6), False),
        ((0.85, 1.0, 1.25), False),
        ((1, 1, 0), False),
    ],
)
@pytest.mark.parametrize("turn", [np.eye(4), *TURNS.values()])
def test_a_head_has_the_size_and_proportions_of_one(
    scales: tuple[float, float, float], turn: Matrix, *, expected: bool
) -> None:
    assert is_plausible(turn @ np.diag([*scales, 1.0])) is expected
    assert is_plausible(np.diag([*scales, 1.0]) @ turn) is expected
