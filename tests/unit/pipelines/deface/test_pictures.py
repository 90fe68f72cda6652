"""Pictures of heads: where things stand in them, and what a mask changes."""

from io import BytesIO
from itertools import permutations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.deface.pictures import pictures_of, png
from pipelines.deface.portraits import Portrait, View, portray
from pipelines.deface.sheets import BLUE, ORANGE, Legend, Panel, sheet, tinted
from pipelines.deface.slices import Box, Plane, section
from pipelines.deface.surfaces import Head, head_of, skin_threshold
from pipelines.volumes import Volume

SIZE, SPACING = 90, 2.5
MIDDLE = (SIZE - 1) / 2 * SPACING
AXES = [
    np.eye(3)[:, list(order)] * signs
    for order in permutations(range(3))
    for signs in product((1.0, -1.0), repeat=3)
][::5]
"""How columns, rows and slices may lie in a patient: some of 48 ways."""


class Below:
    """All in front of a coronal plane, and below an axial one."""

    def __init__(self, y: float, z: float) -> None:
        self.y, self.z = y, z

    def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (points[..., 1] < self.y) & (points[..., 2] < self.z)
        return inside


def ball(
    points: NDArray[np.float64], centre: tuple[float, float, float], radius: float
) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.linalg.norm(points - np.array(centre), axis=-1) < radius
    return inside


def phantom(axes: NDArray[np.float64] | None = None, *, air: float, tissue: float) -> Volume:
    """Return a head about the origin: nose in front, larger ear on the left, knob on top."""
    matrix = np.eye(3) if axes is None else axes
    affine = np.eye(4)
    affine[:3, :3] = matrix * SPACING
    affine[:3, 3] = -matrix.sum(axis=1) * MIDDLE
    index = np.stack(np.meshgrid(*[np.arange(SIZE)] * 3, indexing="ij"), axis=-1)[..., ::-1]
    points = index @ affine[:3, :3].T + affine[:3, 3]
    head = ball(points, (0, 0, 0), 70)
    head |= ball(points, (0, -75, 0), 14)  # nose
    head |= ball(points, (75, 0, 0), 20)  # left ear
    head |= ball(points, (-72, 0, 0), 9)  # right ear
    head |= ball(points, (0, 0, 72), 8)  # knob
    values = np.where(head, tissue, air).astype(np.float32)
    return Volume(values=values, affine=affine)


def ct(axes: NDArray[np.float64] | None = None) -> Volume:
    return phantom(axes, air=-1000, tissue=40)


def met(portrait: Portrait) -> NDArray[np.intp]:
    return np.argwhere(np.isfinite(portrait.depth_mm))


def view(head: Head, which: View, *, after: bool = False) -> Portrait:
    return portray(head, view=which, after=after)


@pytest.mark.parametrize("axes", AXES)
def test_the_front_is_as_somebody_facing_the_patient_sees_it(axes: NDArray[np.float64]) -> None:
    head = head_of(ct(axes), modality="CT", covers=None)
    front = view(head, View.FRONT)
    places = met(front) * front.spacing_mm
    knob = places[places[:, 0] < places[:, 0].min() + 3]
    middle = knob[:, 1].mean()
    right_of_picture, left_of_picture = places[:, 1].max() - middle, middle - places[:, 1].min()
    assert right_of_picture == pytest.approx(95, abs=4)  # the left ear, which is larger
    assert left_of_picture == pytest.approx(81, abs=4)
    assert places[:, 0].max() - places[:, 0].min() == pytest.approx(150, abs=5)
    nose = np.unravel_index(np.nanargmin(front.depth_mm), front.depth_mm.shape)
    assert nose[1] * front.spacing_mm == pytest.approx(middle, abs=4)


@pytest.mark.parametrize(("which", "turns"), [(View.LEFT, 1), (View.RIGHT, -1)])
def test_a_side_view_looks_to_the_front(which: View, turns: int) -> None:
    head = head_of(ct(), modality="CT", covers=None)
    side = view(head, which)
    places = met(side) * side.spacing_mm
    knob = places[places[:, 0] < places[:, 0].min() + 3]
    middle = knob[:, 1].mean()
    nose, back = middle - places[:, 1].min(), places[:, 1].max() - middle
    assert (nose, back)[::turns] == pytest.approx((89, 70), abs=4)
    # the left ear is nearer than the right one, beside the same grid
    ear = np.nanmin(side.depth_mm)
    around = 2 * 4.0 + side.spacing_mm
    assert ear <= around


def test_what_faces_the_viewer_is_brightest_and_air_is_black() -> None:
    front = view(head_of(ct(), modality="CT", covers=None), View.FRONT)
    assert front.brightness[~np.isfinite(front.depth_mm)].max() == 0
    top, left = (np.array(front.brightness.shape) // 2).tolist()
    assert front.brightness[top - 25, left] > 0.6
    assert front.brightness.min() >= 0
    assert front.brightness.max() <= 1


@pytest.mark.parametrize("which", View)
def test_before_and_after_differ_behind_removed_skin_only(which: View) -> None:
    head = head_of(ct(), modality="CT", covers=Below(-50, 20).covers)
    before, after = view(head, which), view(head, which, after=True)
    same = ~before.is_removed
    assert before.is_removed.any()
    assert np.array_equal(before.depth_mm[same], after.depth_mm[same], equal_nan=True)
    deeper = after.depth_mm[before.is_removed] > before.depth_mm[before.is_removed]
    assert (deeper | np.isnan(after.depth_mm[before.is_removed])).all()


def test_without_a_mask_nothing_differs() -> None:
    head = head_of(ct(), modality="CT", covers=None)
    before, after = view(head, View.FRONT), view(head, View.FRONT, after=True)
    assert not before.is_removed.any()
    assert np.array_equal(before.brightness, after.brightness)


def test_a_piece_of_face_that_is_left_stays_in_the_picture() -> None:
    class AroundTheNose:
        def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
            y = points[..., 1]
            left: NDArray[np.bool_] = (y < -55) & (y > -84)
            return left

    head = head_of(ct(), modality="CT", covers=AroundTheNose().covers)
    before, after = view(head, View.FRONT), view(head, View.FRONT, after=True)
    assert np.nanmin(after.depth_mm) == np.nanmin(before.depth_mm)


def test_noise_in_the_air_is_not_drawn() -> None:
    rng = np.random.default_rng(4)
    volume = phantom(air=20, tissue=400)
    noisy = np.abs(volume.values + rng.normal(0, 15, volume.values.shape)).astype(np.float32)
    speck = noisy.copy()
    speck[3:5, 3:5, 3:5] = 900
    head = head_of(Volume(values=speck, affine=volume.affine), modality="MR", covers=None)
    clean = head_of(volume, modality="MR", covers=None)
    drawn = np.isfinite(view(head, View.FRONT).depth_mm).sum()
    assert drawn == pytest.approx(np.isfinite(view(clean, View.FRONT).depth_mm).sum(), rel=0.05)


def test_skin_is_told_from_air_by_modality() -> None:
    volume = phantom(air=20, tissue=400)
    assert skin_threshold(volume.values, modality="CT") == -300
    assert 20 < skin_threshold(volume.values, modality="MR") < 300
    assert skin_threshold(np.zeros((2, 2, 2), np.float32), modality="MR") == 0
    assert skin_threshold(np.full((2, 2), np.nan, np.float32), modality="MR") == 0


def test_a_body_is_drawn_around_the_mask_only() -> None:
    volume = ct()
    affine = volume.affine.copy()
    affine[:3, 2] *= 5  # as tall as a body
    tall = Volume(values=volume.values, affine=affine)
    whole = head_of(tall, modality="CT", covers=None)
    part = head_of(tall, modality="CT", covers=Below(-60, 480).covers)
    height = part.values.shape[0] * part.spacing_mm
    assert height < 0.8 * whole.values.shape[0] * whole.spacing_mm
    assert part.is_masked.any()


def test_the_mask_is_asked_for_every_voxel_that_it_may_cover() -> None:
    volume, mask = ct(), Below(-40, 30)
    head = head_of(volume, modality="CT", covers=mask.covers)
    z, y, x = np.meshgrid(
        *[
            low + np.arange(count) * head.spacing_mm
            for low, count in zip(head.origin[::-1], head.values.shape, strict=True)
        ],
        indexing="ij",
    )
    points = np.stack([x, y, z], axis=-1)
    near = np.rint((points + MIDDLE) / SPACING) * SPACING - MIDDLE  # the nearest voxel
    is_clear = (np.abs(near[..., 1] + 40) > 2) & (np.abs(near[..., 2] - 30) > 2)
    assert np.array_equal(head.is_masked[is_clear], mask.covers(near)[is_clear])


def test_a_fine_volume_is_averaged_and_an_empty_one_is_black() -> None:
    values = np.full((6, 40, 40), -1000, np.float32)
    affine = np.diag([0.4, 0.4, 0.4, 1.0])
    head = head_of(Volume(values=values, affine=affine), modality="CT", covers=None)
    assert head.spacing_mm >= 1.2
    front = view(head, View.FRONT)
    assert not np.isfinite(front.depth_mm).any()
    assert front.brightness.max() == 0


@pytest.mark.parametrize(
    ("plane", "nose", "shape"),
    [
        (Plane.AXIAL, (0, 1), (200, 220)),
        (Plane.CORONAL, None, (180, 220)),
        (Plane.SAGITTAL, (1, 0), (180, 200)),
    ],
)
def test_a_section_lies_as_in_radiology_with_true_proportions(
    plane: Plane, nose: tuple[int, int] | None, shape: tuple[int, int]
) -> None:
    affine = phantom(air=0, tissue=1).affine
    thick = Volume(values=ct().values[::2], affine=affine @ np.diag([1, 1, 2, 1]))
    box = Box(low=(-110, -100, -90), high=(110, 100, 90))
    cut = section(thick, plane=plane, at_mm=0.0, box=box, covers=Below(-60, 90).covers)
    assert np.array(cut.values.shape) * cut.spacing_mm == pytest.approx(shape, abs=1)
    body = np.argwhere(cut.values > -300) * cut.spacing_mm
    low, high = body.min(axis=0), body.max(axis=0)
    if nose is not None:  # anterior is at the top, or at the left
        axis = nose.index(0)
        assert 100 - low[axis] == pytest.approx(89, abs=4)
        assert high[axis] - 100 == pytest.approx(70, abs=4)
        masked = np.argwhere(cut.is_masked) * cut.spacing_mm
        assert masked[:, axis].max() == pytest.approx(40, abs=3)
    else:
        assert not cut.is_masked.any()
        assert 90 - low[0] == pytest.approx(80, abs=5)  # the knob is up
    if plane is not Plane.SAGITTAL:  # the larger ear, the patient's left, is on the right
        assert high[1] - 110 == pytest.approx(95, abs=4)


def test_a_section_outside_the_volume_has_no_values() -> None:
    box = Box(low=(-200, -100, -90), high=(-150, 100, 90))
    cut = section(ct(), plane=Plane.AXIAL, at_mm=0.0, box=box, covers=Below(100, 100).covers)
    assert np.isnan(cut.values).all()
    assert not cut.is_masked.any()


def test_a_colour_is_laid_over_its_pixels_only() -> None:
    grey = np.full((4, 4), 0.5)
    where = np.zeros((4, 4), dtype=bool)
    where[1, 2] = True
    image = tinted(grey, where, colour=BLUE, strength=0.75)
    assert image.dtype == np.uint8
    assert (image[~where] == 127).all()
    assert image[1, 2, 2] > image[1, 2, 0]


def test_a_sheet_holds_all_panels_at_one_scale() -> None:
    small = Panel(
        image=np.full((50, 50, 3), 255, np.uint8), caption="a", sides=("", ""), spacing_mm=1.0
    )
    large = Panel(
        image=np.full((50, 50, 3), 255, np.uint8), caption="b", sides=("", ""), spacing_mm=2.0
    )
    page = sheet([[small, large]], title="", notes=["word " * 60], legend=())
    row = (page[60:] == 255).all(axis=2).sum(axis=1).max()
    assert row == pytest.approx(360 + 180, abs=12)
    assert (page == np.array(ORANGE)).all(axis=2).sum() == 0
    legend = sheet([[small]], title="t", notes=(), legend=(Legend(colour=ORANGE, words="removed"),))
    assert (legend == np.array(ORANGE)).all(axis=2).sum() > 100


def test_the_pictures_are_png_without_text_and_show_the_mask() -> None:
    mask = Below(-50, 20)
    drawn = pictures_of(ct(), modality="CT", mask=mask, notes=["A note."])
    unmasked = pictures_of(ct(), modality="CT", mask=None, notes=["A note."])
    for image in (drawn.surface, drawn.slices, unmasked.surface, unmasked.slices):
        assert image.dtype == np.uint8
        opened = Image.open(BytesIO(png(image)))
        opened.load()
        assert opened.mode == "RGB"
        assert not opened.info
        assert np.array_equal(np.asarray(opened), image)
    assert (drawn.slices == np.array(ORANGE)).all(axis=2).sum() > 500
    assert not (unmasked.slices == np.array(ORANGE)).all(axis=2).any()
    assert len(unmasked.surface) < len(drawn.surface)  # there is no "after"


def test_nothing_of_the_volume_is_in_its_repr() -> None:
    head = head_of(ct(), modality="CT", covers=None)
    assert "array" not in repr(head)
    assert "array" not in repr(view(head, View.FRONT))
    assert "array" not in repr(pictures_of(ct(), modality="CT", mask=None, notes=()))
