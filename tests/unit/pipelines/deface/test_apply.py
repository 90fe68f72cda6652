"""A mask on frames, pixel by pixel, and what takes the place of the face."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from scipy import ndimage

from pipelines.deface.apply import fill_value, frame_mask
from pipelines.deface.decision import Depth, Mask
from pipelines.deface.mask import place_mask
from pipelines.deface.template import load_template
from pipelines.volumes import FramePlane
from tests.support.heads.mean_head import needs_mean_head

Vector = tuple[float, float, float]
STORAGE = "1.2.840.10008.5.1.4.1.1"


@dataclass(frozen=True)
class Ball:
    """A mask of which every point is known."""

    centre: Vector
    radius: float

    def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (
            np.linalg.norm(points - np.array(self.centre), axis=-1) < self.radius
        )
        return inside


@dataclass(frozen=True)
class HalfSpace:
    """All below a height."""

    z: float

    def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = points[..., 2] < self.z
        return inside


def _vector(values: NDArray[np.float64]) -> Vector:
    x, y, z = values.tolist()
    return x, y, z


def plane_through(
    centre: Vector,
    normal_turn: tuple[float, float],
    *,
    rows: int,
    columns: int,
    spacing: tuple[float, float],
) -> FramePlane:
    """Return a plane about `centre`, turned about x and then about z."""
    a, b = np.radians(normal_turn)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    row, column = (about_z @ about_x)[:, :2].T
    half = (rows - 1) / 2 * spacing[0] * column + (columns - 1) / 2 * spacing[1] * row
    return FramePlane(
        position=_vector(np.array(centre) - half),
        row=_vector(row),
        column=_vector(column),
        row_spacing=spacing[0],
        column_spacing=spacing[1],
        thickness=3.0,
    )


def exact(mask: Mask, plane: FramePlane, *, rows: int, columns: int) -> NDArray[np.bool_]:
    """Return what the mask says of every pixel's centre, one by one."""
    points = (
        np.array(plane.position)
        + np.arange(rows)[:, None, None] * plane.row_spacing * np.array(plane.column)
        + np.arange(columns)[None, :, None] * plane.column_spacing * np.array(plane.row)
    )
    return mask.covers(points)


SHAPES = [
    (256, 240, (1.0, 1.0)),
    (512, 512, (0.49, 0.49)),
    (61, 75, (4.0, 3.3)),
    (300, 40, (0.8, 6.0)),
    (33, 31, (7.5, 8.0)),
    (101, 257, (2.4, 0.9)),
]
TURNS = [(0.0, 0.0), (90.0, 0.0), (90.0, 90.0), (-18.0, 7.0), (55.0, 30.0), (180.0, 45.0)]


@needs_mean_head
@pytest.mark.parametrize(("rows", "columns", "spacing"), SHAPES)
@pytest.mark.parametrize("depth", [Depth.WIDE, Depth.NARROW])
def test_a_frame_is_masked_as_the_mask_says_of_every_pixel(
    depth: Depth, rows: int, columns: int, spacing: tuple[float, float]
) -> None:
    """Up to a handful at corners of the mask that are thinner than 5 mm."""
    mask = place_mask(depth, template=load_template(), to_template=np.eye(4), skin_depth=None)
    taken = 0
    for turn in TURNS:
        plane = plane_through(
            (6.5, -60.0, -55.0), turn, rows=rows, columns=columns, spacing=spacing
        )
        found = frame_mask(mask, plane, rows=rows, columns=columns, is_projection=False)
        expected = exact(mask, plane, rows=rows, columns=columns)
        taken += int(expected.sum())
        wrong_mm2 = (found != expected).sum() * spacing[0] * spacing[1]
        assert wrong_mm2 <= 30, turn
        assert found.dtype == bool
        assert found.shape == (rows, columns)
    assert taken > 100


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(("rows", "columns", "spacing"), SHAPES)
def test_a_ball_is_cut_exactly(
    turn: tuple[float, float], rows: int, columns: int, spacing: tuple[float, float]
) -> None:
    plane = plane_through((3, 5, -7), turn, rows=rows, columns=columns, spacing=spacing)
    ball = Ball((8, 0, -4), 40)
    found = frame_mask(ball, plane, rows=rows, columns=columns, is_projection=False)
    assert np.array_equal(found, exact(ball, plane, rows=rows, columns=columns))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 300), (300, 1), (2, 3), (5, 5)])
@pytest.mark.parametrize("z", [-1000.0, 0.2, 1000.0])
def test_frames_of_few_pixels(rows: int, columns: int, z: float) -> None:
    plane = plane_through((0, 0, 0), (90, 0), rows=rows, columns=columns, spacing=(1.3, 0.7))
    mask = HalfSpace(z)
    found = frame_mask(mask, plane, rows=rows, columns=columns, is_projection=False)
    assert np.array_equal(found, exact(mask, plane, rows=rows, columns=columns))


def test_nothing_beside_the_mask_and_everything_within() -> None:
    plane = plane_through((0, 0, 0), (20, 0), rows=64, columns=48, spacing=(3, 3))
    away, around = Ball((0, 0, 900), 50), Ball((0, 0, 0), 900)
    assert not frame_mask(away, plane, rows=64, columns=48, is_projection=False).any()
    assert frame_mask(around, plane, rows=64, columns=48, is_projection=False).all()


@pytest.mark.parametrize("offset", [-110.0, 0.0, 60.0, 110.0])
def test_a_projection_loses_what_is_before_or_behind_the_mask(offset: float) -> None:
    """All of the shadow goes, and no more than a centimetre around it."""
    rows, columns, spacing = 200, 180, (1.5, 1.2)
    plane = plane_through((0, 0, 0), (90, 0), rows=rows, columns=columns, spacing=spacing)
    ball = Ball(_vector(np.array(plane.normal) * offset), 30)
    found = frame_mask(ball, plane, rows=rows, columns=columns, is_projection=True)
    flat = Ball((0, 0, 0), 30)
    shadow = exact(flat, plane, rows=rows, columns=columns)
    assert found[shadow].all()
    around = exact(Ball((0, 0, 0), 30 + 12), plane, rows=rows, columns=columns)
    assert not found[~around].any()


def test_what_is_no_projection_keeps_what_is_before_the_mask() -> None:
    plane = plane_through((0, 0, 0), (90, 0), rows=90, columns=90, spacing=(2, 2))
    ball = Ball(_vector(np.array(plane.normal) * 60), 30)
    assert not frame_mask(ball, plane, rows=90, columns=90, is_projection=False).any()


@needs_mean_head
@pytest.mark.parametrize("turn", [(90.0, 0.0), (90.0, 90.0)])
def test_the_face_goes_from_a_scout(turn: tuple[float, float]) -> None:
    """From the front and from the side: whatever a ray through the mask meets."""
    mask = place_mask(Depth.WIDE, template=load_template(), to_template=np.eye(4), skin_depth=None)
    rows, columns, spacing = 250, 220, (1.0, 1.2)
    plane = plane_through((6.5, 0, -40), turn, rows=rows, columns=columns, spacing=spacing)
    found = frame_mask(mask, plane, rows=rows, columns=columns, is_projection=True)
    normal, position = np.array(plane.normal), np.array(plane.position)
    for offset in range(-140, 141, 20):
        moved = FramePlane(
            position=_vector(position + offset * normal),
            row=plane.row,
            column=plane.column,
            row_spacing=plane.row_spacing,
            column_spacing=plane.column_spacing,
            thickness=0.0,
        )
        assert found[exact(mask, moved, rows=rows, columns=columns)].all()
    eroded = ndimage.binary_erosion(found, iterations=12)
    assert 0.05 < eroded.mean() < found.mean() < 0.8


def image(**attributes: object) -> Dataset:
    made = Dataset()
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.PixelRepresentation = 0
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def signed(bits: int, **attributes: object) -> Dataset:
    return image(PixelRepresentation=1, BitsStored=bits, HighBit=bits - 1, **attributes)


def enhanced(where: str, **attributes: object) -> Dataset:
    transform, group = Dataset(), Dataset()
    transform.RescaleIntercept, transform.RescaleSlope = -1024, 1
    group.PixelValueTransformationSequence = Items([transform])
    return image(**{where: Items([group]), **attributes})


SHARED_GROUP, OWN_GROUP = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
CT = {"Modality": "CT", "RescaleSlope": 1}
FILLS: dict[str, tuple[Callable[[], Dataset], float]] = {
    "CT, -1024": (lambda: image(**CT, RescaleIntercept=-1024), 24),
    "CT, -1000": (lambda: image(**CT, RescaleIntercept=-1000), 0),
    "CT, no room for air": (lambda: image(**CT, RescaleIntercept=0), 0),
    "CT, signed": (lambda: signed(16, **CT, RescaleIntercept=0), -1000),
    "CT, signed, 12 bits": (lambda: signed(12, **CT, RescaleIntercept=0), -1000),
    "CT, signed, 8 bits": (lambda: signed(8, **CT, RescaleIntercept=0), -128),
    "CT, signed, -1024": (lambda: signed(16, **CT, RescaleIntercept=-1024), 24),
    "CT, slope 2": (lambda: image(Modality="CT", RescaleSlope=2, RescaleIntercept=-1024), 12),
    "CT, slope 0": (lambda: image(Modality="CT", RescaleSlope=0, RescaleIntercept=-1024), 0),
    "CT, above its bits": (
        lambda: image(Modality="CT", RescaleSlope=0.1, RescaleIntercept=-8000),
        4095,
    ),
    "CT, padding is no air": (
        lambda: signed(16, **CT, RescaleIntercept=-1024, PixelPaddingValue=-2000),
        24,
    ),
    "CT, values of no scale": (lambda: image(Modality="CT"), 0),
    "CT, enhanced": (lambda: enhanced(SHARED_GROUP, Modality="CT"), 24),
    "CT, enhanced, each frame": (lambda: enhanced(OWN_GROUP, Modality="CT"), 24),
    "CT, blanks": (lambda: image(Modality="CT ", RescaleSlope=1, RescaleIntercept=-1024), 24),
    "MR": (lambda: image(Modality="MR"), 0),
    "MR, intercept": (lambda: image(Modality="MR", RescaleSlope=2, RescaleIntercept=-10), 5),
    "MR, intercept above": (lambda: image(Modality="MR", RescaleSlope=1, RescaleIntercept=9), 0),
    "MR, signed": (lambda: signed(16, Modality="MR"), 0),
    "PET": (lambda: signed(16, Modality="PT", RescaleSlope=0.37, RescaleIntercept=0), 0),
    "segmentation": (
        lambda: image(
            SOPClassUID=f"{STORAGE}.66.4", Modality="SEG", BitsAllocated=1, BitsStored=1, HighBit=0
        ),
        0,
    ),
    "label map": (
        lambda: image(SOPClassUID=f"{STORAGE}.66.7", Modality="SEG", PixelPaddingValue=7),
        7,
    ),
    "label map without padding": (
        lambda: image(SOPClassUID=f"{STORAGE}.66.7", Modality="SEG"),
        0,
    ),
    "dose": (lambda: image(Modality="RTDOSE", DoseGridScaling=1e-5), 0),
    "RGB": (
        lambda: image(
            Modality="CT", SamplesPerPixel=3, PhotometricInterpretation="RGB",
            RescaleSlope=1, RescaleIntercept=-1024,
        ),
        0,
    ),
    "real numbers": (lambda: image(Modality="MR", FloatPixelData=b"\0" * 4), 0),
    "CT in real numbers of double length": (
        lambda: image(**CT, RescaleIntercept=-1024, DoubleFloatPixelData=b"\0" * 8),
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), FILLS.values(), ids=FILLS.keys())
def test_fill_value(made: Callable[[], Dataset], expected: float) -> None:
    assert fill_value(made()) == expected


def test_air_is_the_lower_the_higher_the_intercept() -> None:
    """And what it stands for is -1000 HU wherever that can be stored."""
    stored = [
        fill_value(signed(16, **CT, RescaleIntercept=intercept))
        for intercept in range(-8192, 8193, 512)
    ]
    assert all(one > other for one, other in pairwise(stored))
    intercepts = range(-8192, 8193, 512)
    real = {value + intercept for value, intercept in zip(stored, intercepts, strict=True)}
    assert real == {-1000.0}
