"""The three masks: what they take, and what they never take."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.deface.brain import height_over_brain
from pipelines.deface.decision import Depth
from pipelines.deface.grid import Grid
from pipelines.deface.mask import (
    BRAIN_MARGIN_MM,
    GRID_MM,
    LAYER_MM,
    FaceMask,
    place_mask,
    wide_distance,
)
from pipelines.deface.template import MIDLINE_MM, SPACING_MM, load_template
from tests.support.heads.mean_head import needs_mean_head

pytestmark = needs_mean_head
Matrix = NDArray[np.float64]

NOSE = (6.5, -108.0, -55.0)
EYES = [(-25.0, -88.0, -31.0), (38.0, -88.0, -31.0)]
MOUTH = (6.5, -92.0, -90.0)
CHIN = (6.5, -85.0, -120.0)
BEHIND_THE_EYES = [(-20.0, -45.0, -33.0), (33.0, -45.0, -33.0)]
EARS = [(-78.0, 15.0, -35.0), (91.0, 15.0, -35.0)]
KEPT = {
    "vertex": (6.5, 4.0, 74.0),
    "back of the head": (6.5, 95.0, 0.0),
    "forehead": (6.5, -85.0, 30.0),
    "neck behind": (6.5, 80.0, -100.0),
}


def _turned() -> Matrix:
    """Return a placement that turns, scales and shifts."""
    angle = np.radians(25)
    matrix = np.eye(4)
    matrix[1:3, 1:3] = np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    ) * [1.05, 0.92]
    matrix[:3, 3] = 12.0, -30.0, 55.0
    return matrix


def _skin_depth() -> Grid:
    """Return how deep points of the mean head lie under its skin."""
    inside = load_template().inside
    depth = ndimage.distance_transform_edt(np.pad(inside, 1), sampling=SPACING_MM)
    return Grid(
        values=depth[1:-1, 1:-1, 1:-1].astype(np.float32),
        origin=load_template().head.origin,
        spacing_mm=SPACING_MM,
    )


def placed(depth: Depth, to_template: Matrix | None = None) -> FaceMask:
    return place_mask(
        depth,
        template=load_template(),
        to_template=np.eye(4) if to_template is None else to_template,
        skin_depth=_skin_depth() if depth is Depth.LAYER else None,
    )


def _grid() -> Matrix:
    axes = [np.arange(low, high, 3.7) for low, high in ((-120, 135), (-180, 110), (-180, 90))]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


@pytest.mark.parametrize("depth", Depth)
def test_no_mask_takes_brain_or_what_is_near_it(depth: Depth) -> None:
    """The grid of the masks may lose its diagonal of the margin."""
    points = _grid()
    height = height_over_brain(points)
    near = points[height < BRAIN_MARGIN_MM - np.sqrt(3) * GRID_MM]
    assert not placed(depth).covers(near).any()
    assert placed(depth).distances(points[height < 0]).min() > 5


@pytest.mark.parametrize("depth", Depth)
def test_no_mask_takes_vertex_back_of_the_head_or_forehead(depth: Depth) -> None:
    assert not placed(depth).covers(np.array(list(KEPT.values()))).any()


@pytest.mark.parametrize("depth", Depth)
def test_every_mask_takes_nose_mouth_and_eyes(depth: Depth) -> None:
    assert placed(depth).covers(np.array([NOSE, MOUTH, *EYES])).all()


def test_the_wide_mask_alone_takes_orbits_and_ears() -> None:
    points = np.array([*BEHIND_THE_EYES, *EARS])
    assert placed(Depth.WIDE).covers(points).tolist() == [False, False, True, True]
    orbits = np.array([(x, -70.0, -36.0) for x, _, _ in BEHIND_THE_EYES])
    assert placed(Depth.WIDE).covers(orbits).all()
    assert not placed(Depth.NARROW).covers(points).any()
    assert not placed(Depth.LAYER).covers(orbits).any()


def test_the_layer_is_the_outer_part_of_the_wide_mask() -> None:
    points = _grid()
    wide, layer = placed(Depth.WIDE).covers(points), placed(Depth.LAYER).covers(points)
    under = _skin_depth().at(points, outside=0.0)
    assert not (layer & ~wide).any()
    deep = wide & (under > LAYER_MM + GRID_MM)
    assert deep.sum() > 200
    assert not layer[deep].any()
    shallow = wide & (under < LAYER_MM - GRID_MM)
    assert layer[shallow].mean() > 0.99


def test_a_layer_without_skin_is_refused() -> None:
    with pytest.raises(ValueError, match="skin"):
        place_mask(Depth.LAYER, template=load_template(), to_template=np.eye(4), skin_depth=None)


def test_both_sides_are_alike() -> None:
    points = _grid()
    mirrored = points * [-1, 1, 1] + [2 * MIDLINE_MM, 0, 0]
    assert wide_distance(points) == pytest.approx(wide_distance(mirrored))


@pytest.mark.parametrize("depth", [Depth.WIDE, Depth.NARROW])
def test_a_mask_goes_where_the_head_goes(depth: Depth) -> None:
    to_patient = _turned()
    points = _grid()
    moved = points @ to_patient[:3, :3].T + to_patient[:3, 3]
    mask = placed(depth, np.linalg.inv(to_patient).astype(np.float64))
    assert mask.distances(moved) == pytest.approx(placed(depth).distances(points), abs=1e-2)


def test_a_layer_follows_the_skin_of_the_patient() -> None:
    """Not that of the mean head: here it is the same skin, elsewhere."""
    shift = np.array([40.0, -25.0, 10.0])
    to_template = np.eye(4)
    to_template[:3, 3] = -shift
    skin = _skin_depth()
    moved = Grid(values=skin.values, origin=skin.origin + shift, spacing_mm=skin.spacing_mm)
    mask = place_mask(
        Depth.LAYER, template=load_template(), to_template=to_template, skin_depth=moved
    )
    points = _grid()
    expected = placed(Depth.LAYER).distances(points)
    assert mask.distances(points + shift) == pytest.approx(expected, abs=1e-2)


def test_what_is_far_in_front_of_the_face_goes_too() -> None:
    """A tube, a hand, or a mirror that shows it."""
    points = np.array([(6.5, -500.0, -60.0), (6.5, -1000.0, -100.0)])
    assert placed(Depth.WIDE).covers(points).all()
    assert not placed(Depth.WIDE).covers(np.array([(6.5, -500.0, 200.0)])).any()


@pytest.mark.parametrize("shape", [(4, 3), (2, 5, 3), (2, 3, 4, 3), (0, 3)])
def test_points_of_any_shape(shape: tuple[int, ...]) -> None:
    assert placed(Depth.WIDE).covers(np.zeros(shape)).shape == shape[:-1]
    assert placed(Depth.WIDE).covers(np.zeros(shape, dtype=np.float32)).dtype == bool


def test_a_mask_says_nothing_of_the_patient() -> None:
    assert "array" not in repr(placed(Depth.WIDE))
