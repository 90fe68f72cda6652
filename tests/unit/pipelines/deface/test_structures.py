"""Contours lose what the mask covers, and nothing else of the object changes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTStructureSetStorage,
)

from pipelines.context import RangeReader
from pipelines.deface.contours import ContourType, Moved, clip_contour
from pipelines.deface.decision import Mask
from pipelines.deface.structures import clip, frames_of_reference
from pipelines.errors import HeldError
from pipelines.metadata.normalise import BytesReader

FRAME, OTHER = "1.2.3.4.1", "1.2.3.4.2"
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Ball:
    centre: tuple[float, float, float]
    radius: float

    def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = self.distance(points) < 0
        return inside

    def distance(self, points: NDArray[np.floating]) -> Points:
        away: Points = np.linalg.norm(points - np.array(self.centre), axis=-1) - self.radius
        return away


class Nowhere:
    def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        return np.zeros(points.shape[:-1], dtype=bool)


def star(
    radii: Sequence[float], *, z: float = 10.0, centre: tuple[float, float] = (0, 0)
) -> Points:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    x, y = centre[0] + radii * np.cos(angles), centre[1] + radii * np.sin(angles)
    return np.round(np.stack([x, y, np.full(len(angles), z)], axis=1), 3)


def circle(radius: float, *, z: float = 10.0, centre: tuple[float, float] = (0, 0)) -> Points:
    return star([radius] * 240, z=z, centre=centre)


def contour(points: Points, kind: str = "CLOSED_PLANAR", number: int | None = None) -> Dataset:
    made = Dataset()
    made.ContourGeometricType = kind
    made.NumberOfContourPoints = len(points)
    if number is not None:
        made.ContourNumber = number
    made.ContourData = [f"{value:.10g}" for value in points.ravel().tolist()]
    return made


def structure_set(
    rois: Sequence[Sequence[Dataset]], *, frames: Sequence[str] = (), charset: str = "ISO_IR 100"
) -> Dataset:
    made = Dataset()
    made.SpecificCharacterSet = charset
    made.SOPClassUID, made.SOPInstanceUID = RTStructureSetStorage, "1.2.3.4.5"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3.4.6", "1.2.3.4.7"
    made.Modality, made.PatientID, made.PatientName = "RTSTRUCT", "PAT", "Müller^Jörg"
    made.StructureSetLabel = "planning"
    made.StructureSetROISequence, made.ROIContourSequence = [], []
    made.RTROIObservationsSequence = []
    for index, contours in enumerate(rois):
        definition, roi, observation = Dataset(), Dataset(), Dataset()
        definition.ROINumber = roi.ReferencedROINumber = observation.ReferencedROINumber = index + 1
        definition.ReferencedFrameOfReferenceUID = frames[index] if frames else FRAME
        definition.ROIName, definition.ROIVolume = f"Größe {index}", "12.5"
        observation.ObservationNumber = index + 1
        roi.ROIDisplayColor = [1, 2, 3]
        if contours:
            roi.ContourSequence = list(contours)
        made.StructureSetROISequence.append(definition)
        made.ROIContourSequence.append(roi)
        made.RTROIObservationsSequence.append(observation)
    return made


def encoded(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    out = io.BytesIO()
    pydicom.dcmwrite(
        out,
        dataset,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return out.getvalue()


def whole(reader: RangeReader) -> bytes:
    return reader.read(0, reader.size)


def clipped(dataset: Dataset, mask: Mask, syntax: str = ExplicitVRLittleEndian) -> Dataset:
    read = clip(BytesReader(encoded(dataset, syntax)), {FRAME: mask})
    return pydicom.dcmread(io.BytesIO(whole(read)))


def drawn(roi: Dataset) -> list[Points]:
    return [
        np.array([float(v) for v in each.ContourData]).reshape(-1, 3)
        for each in roi.get("ContourSequence", [])
    ]


def inside(pieces: Sequence[Points], points: Points) -> NDArray[np.bool_]:
    """Return which points (x, y) an odd number of edges encloses: slow and obvious."""
    odd = np.zeros(len(points), dtype=bool)
    for piece in pieces:
        for (x0, y0), (x1, y1) in zip(piece[:, :2], np.roll(piece[:, :2], -1, axis=0), strict=True):
            crosses = (y0 <= points[:, 1]) != (y1 <= points[:, 1])
            with np.errstate(divide="ignore", invalid="ignore"):
                x = x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0)
            odd ^= crosses & (points[:, 0] < x)
    return odd


def to_outline(outline: Points, points: Points) -> Points:
    """Return the distance of points to the edges of a contour."""
    nearest = np.full(len(points), np.inf)
    for a, b in zip(outline[:, :2], np.roll(outline[:, :2], -1, axis=0), strict=True):
        along = np.clip((points - a) @ (b - a) / max(float((b - a) @ (b - a)), 1e-12), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(points - a - along[:, None] * (b - a), axis=1))
    return nearest


def grid(half: float, *, step: float) -> Points:
    axis = np.arange(-half, half, step) + 0.013
    x, y = np.meshgrid(axis, axis)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def at(points: Points, z: float) -> Points:
    return np.column_stack([points, np.full(len(points), z)])


@settings(max_examples=40, deadline=None)
@given(
    radii=st.lists(st.floats(8, 60), min_size=5, max_size=24),
    centre=st.tuples(st.floats(-50, 50), st.floats(-50, 50), st.floats(0, 20)),
    radius=st.floats(5, 50),
)
def test_what_is_in_the_mask_goes_and_what_is_not_stays(
    radii: list[float], centre: tuple[float, float, float], radius: float
) -> None:
    before, mask = star(radii), Ball(centre, radius)
    left = clip_contour(ContourType.CLOSED_PLANAR, before, mask=mask)
    points = grid(62, step=0.9)
    was, distance = inside([before], points), mask.distance(at(points, 10.0))
    if left is None:
        assert (was & (distance < 0)).sum() * 0.81 < 12  # less than the coarse raster can see
        return
    stays = inside(left, points)
    assert not (stays & (distance < 0)).any()
    sure = was & (distance > 1.5) & (to_outline(before, points) > 0.5)
    # what is narrower than a few pixels may be lost as noise of the raster
    assert (sure & ~stays).sum() * 0.81 <= 2
    # a notch narrower than a pixel is filled
    assert not (stays & ~was & (to_outline(before, points) > 0.3)).any()
    for piece in left:
        assert not mask.covers(piece).any()
        assert clip_contour(ContourType.CLOSED_PLANAR, piece, mask=mask) is None


def test_the_area_removed_is_the_area_in_the_mask() -> None:
    mask = Ball((0, -60, 10), 40)
    left = clip_contour(ContourType.CLOSED_PLANAR, circle(60), mask=mask)
    assert left is not None
    points = grid(65, step=0.4)
    before, after = inside([circle(60)], points), inside(left, points)
    in_mask = before & mask.covers(at(points, 10.0))
    removed = (before & ~after).sum() * 0.16
    cut_mm = 2 * 40 * np.pi / 3  # along which a pixel more than the mask goes
    assert in_mask.sum() * 0.16 <= removed <= in_mask.sum() * 0.16 + cut_mm + 1


def test_a_hole_is_a_keyhole() -> None:
    mask = Ball((0, 0, 10), 10)
    roi = clipped(structure_set([[contour(circle(40), number=7)]]), mask).ROIContourSequence[0]
    (piece,) = drawn(roi)
    assert roi.ContourSequence[0].ContourNumber == 7
    points = grid(45, step=0.7)
    stays = inside([piece], points)
    assert not stays[mask.covers(at(points, 10.0))].any()
    assert stays[
        (np.linalg.norm(points, axis=1) > 11) & (np.linalg.norm(points, axis=1) < 39)
    ].all()
    assert len(np.unique(piece, axis=0)) == len(piece) - 2  # the channel: two points, twice


def test_several_holes_are_all_joined() -> None:
    class Balls:
        all = (
            Ball((0, 0, 10), 6),
            Ball((18, 3, 10), 6),
            Ball((-18, 0, 10), 6),
            Ball((0, 20, 10), 5),
        )

        def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
            found: NDArray[np.bool_] = np.any([ball.covers(points) for ball in self.all], axis=0)
            return found

    left = clip_contour(ContourType.CLOSED_PLANAR, circle(40), mask=Balls())
    assert left is not None
    assert len(left) == 1
    points = grid(45, step=0.7)
    assert not inside(left, points)[Balls().covers(at(points, 10.0))].any()
    far = np.min([ball.distance(at(points, 10.0)) for ball in Balls.all], axis=0) > 1.2
    assert inside(left, points)[far & (np.linalg.norm(points, axis=1) < 39)].all()


def test_a_hole_of_an_xor_contour_is_a_contour() -> None:
    made = structure_set([[contour(circle(40), "CLOSEDPLANAR_XOR", 1)]])
    roi = clipped(made, Ball((0, 0, 10), 10)).ROIContourSequence[0]
    assert [each.ContourGeometricType for each in roi.ContourSequence] == ["CLOSEDPLANAR_XOR"] * 2
    assert [each.ContourNumber for each in roi.ContourSequence] == [1, 2]
    points = grid(45, step=0.7)
    away = np.linalg.norm(points, axis=1)
    stays = inside(drawn(roi), points)
    assert not stays[away < 10].any()
    assert stays[(away > 11) & (away < 39)].all()


def test_contours_that_mean_a_hole_together_still_do() -> None:
    """Many writers nest CLOSED_PLANAR contours; cut one by one they stay right."""
    made = structure_set([[contour(circle(40)), contour(circle(20))]])
    roi = clipped(made, Ball((30, 0, 10), 20)).ROIContourSequence[0]
    points = grid(45, step=0.7)
    away, distance = np.linalg.norm(points, axis=1), Ball((30, 0, 10), 20).distance(at(points, 10))
    stays = inside(drawn(roi), points)
    assert not stays[distance < 0].any()
    assert stays[(distance > 1.5) & (away > 20.5) & (away < 39.5)].all()
    # the two are traced apart: along the cut their edges differ by a part of a pixel
    assert not stays[(away < 19.5) & (distance > 1.5)].any()
    assert stays[away < 19.5].sum() * 0.49 < 2


def test_what_falls_apart_becomes_several_contours() -> None:
    long = np.array([[-60, -3, 10], [60, -3, 10], [60, 3, 10], [-60, 3, 10]], dtype=float)
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = "1.2.3", "1.2.3.9"
    first, second = contour(long, number=4), contour(circle(5, centre=(50, 50)), number=9)
    first.ContourImageSequence, first.ContourSlabThickness = [image], "2.5"
    first.add_new(0x30050010, "LO", "ACME")
    first.add_new(0x30051001, "DS", ["1.0", "2.0", "3.0"])  # perhaps the points, once more
    roi = clipped(structure_set([[first, second]]), Ball((0, 0, 10), 15)).ROIContourSequence[0]
    assert [each.ContourNumber for each in roi.ContourSequence] == [4, 10, 9]
    for each in roi.ContourSequence[:2]:
        assert each.ContourImageSequence == [image]
        assert each.ContourSlabThickness == 2.5
        assert 3 * each.NumberOfContourPoints == len(each.ContourData)
        assert not [e for e in each if e.tag.is_private]
    assert roi.ContourSequence[2] == second


def test_the_plane_of_a_contour_stays_to_the_last_digit() -> None:
    points = circle(40)
    points[:, 2] = -123.4375
    left = clip_contour(ContourType.CLOSED_PLANAR, points, mask=Ball((40, 0, -123), 15))
    assert left is not None
    assert {float(z) for piece in left for z in piece[:, 2]} == {-123.4375}
    made = clipped(structure_set([[contour(points)]]), Ball((40, 0, -123), 15))
    data = made.ROIContourSequence[0].ContourSequence[0].ContourData
    assert all(len(str(value)) <= 16 for value in data)
    assert {float(z) for z in data[2::3]} == {-123.4375}


@pytest.mark.parametrize("axis", [0, 1, None])
def test_planes_of_any_direction(axis: int | None) -> None:
    flat = circle(40, z=0.0)
    if axis is None:
        angle = 0.4
        turn = np.array(
            [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
        )
    else:
        turn = np.roll(np.eye(3), axis + 1, axis=0)
    points, mask = flat @ turn.T, Ball(tuple((np.array([40.0, 0, 0]) @ turn.T).tolist()), 15)
    left = clip_contour(ContourType.CLOSED_PLANAR, points, mask=mask)
    assert left is not None
    back = [piece @ turn for piece in left]
    assert max(float(np.abs(piece[:, 2]).max()) for piece in back) < 1e-3
    assert not any(mask.covers(piece).any() for piece in left)
    grid_points = grid(45, step=0.7)
    stays = inside(back, grid_points)
    away = Ball((40, 0, 0), 15).distance(at(grid_points, 0.0))
    assert stays[(np.linalg.norm(grid_points, axis=1) < 39) & (away > 1.2)].all()
    assert not stays[away < 0].any()


def test_small_contours_are_cut_finely() -> None:
    nerve = circle(2)
    left = clip_contour(ContourType.CLOSED_PLANAR, nerve, mask=Ball((5, 0, 10), 5))
    assert left is not None
    points = grid(2.1, step=0.02)
    expected = inside([nerve], points) & (Ball((5, 0, 10), 5.5).distance(at(points, 10.0)) > 0)
    assert inside(left, points).sum() == pytest.approx(expected.sum(), rel=0.05)


def test_a_contour_smaller_than_the_raster_in_the_mask_goes() -> None:
    speck = star([0.02] * 4)
    assert clip_contour(ContourType.CLOSED_PLANAR, speck, mask=Ball((0, 0, 10), 5)) == []
    line = np.array([[0, 0, 10], [3, 0, 10], [1, 0, 10]], dtype=float)
    assert clip_contour(ContourType.CLOSED_PLANAR, line, mask=Ball((0, 0, 10), 5)) == []
    assert clip_contour(ContourType.CLOSED_PLANAR, line, mask=Ball((0, 90, 10), 5)) is None
    assert (
        clip_contour(ContourType.CLOSED_PLANAR, np.zeros((0, 3)), mask=Ball((0, 0, 0), 5)) is None
    )


def test_points_and_lines() -> None:
    mask = Ball((0, 0, 0), 10)
    points = np.array([[0, 0, 0], [20, 0, 0], [0, 0, 9]], dtype=float)
    (left,) = clip_contour(ContourType.POINT, points, mask=mask) or []
    assert left.tolist() == [[20, 0, 0]]
    assert clip_contour(ContourType.POINT, points[:1], mask=mask) == []
    assert clip_contour(ContourType.POINT, points[1:2], mask=mask) is None
    line = np.array([[-30, 0, 0], [-20, 0, 0], [20, 0, 0], [30, 5, 4]], dtype=float)
    for kind in (ContourType.OPEN_PLANAR, ContourType.OPEN_NONPLANAR):
        first, second = clip_contour(kind, line, mask=mask) or []
        assert first[:2].tolist() == line[:2].tolist()
        assert second[1:].tolist() == line[2:].tolist()
        assert -11 < first[-1, 0] < -10
        assert 10 < second[0, 0] < 11
        assert clip_contour(kind, first, mask=mask) is None
        assert clip_contour(kind, line + 50, mask=mask) is None
        assert clip_contour(kind, line[1:2] * 0, mask=mask) == []


def test_a_slab_that_is_not_around_its_contour_is_looked_for_where_it_is() -> None:
    moved = Moved(mask=Ball((0, 0, 30), 5), offset=(0.0, 0.0, 20.0))
    assert clip_contour(ContourType.CLOSED_PLANAR, circle(20), mask=moved) is not None
    first = contour(circle(20))
    first.ContourOffsetVector = [0, 0, 20]
    roi = clipped(structure_set([[first]]), Ball((0, 0, 30), 5)).ROIContourSequence[0]
    assert len(drawn(roi)[0]) != 240


def test_a_contour_that_is_not_planar_is_held_only_where_it_is_touched() -> None:
    bent = circle(30)
    bent[::2, 2] += 5 * bent[::2, 0] * bent[::2, 1] / 900
    assert clip_contour(ContourType.CLOSED_PLANAR, bent, mask=Ball((0, 100, 10), 5)) is None
    with pytest.raises(HeldError) as caught:
        clip_contour(ContourType.CLOSED_PLANAR, bent, mask=Ball((0, 30, 10), 9))
    assert caught.value.code == "face.unsupported"


@pytest.mark.parametrize(
    ("kind", "size", "laps"),
    [
        (ContourType.CLOSED_PLANAR, 3e3, 1),
        (ContourType.CLOSED_PLANAR, 500, 2000),
        (ContourType.OPEN_PLANAR, 1e5, 20),
    ],
)
def test_contours_larger_than_patients_are_held(kind: ContourType, size: float, laps: int) -> None:
    points = np.tile(circle(size), (laps, 1))
    with pytest.raises(HeldError) as caught:
        clip_contour(kind, points, mask=Ball((0, 0, 0), 5))
    assert caught.value.code == "face.unsupported"


def test_an_outline_that_crosses_every_row_all_the_time_is_held() -> None:
    zigzag = np.zeros((40_000, 3))
    zigzag[::2, 1] = 300
    zigzag[:, 0] = np.linspace(0, 300, 40_000)
    with pytest.raises(HeldError) as caught:
        clip_contour(ContourType.CLOSED_PLANAR, zigzag, mask=Ball((0, 0, 0), 5))
    assert caught.value.code == "face.unsupported"


SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_all_other_bytes_stay(syntax: str) -> None:
    kept = [contour(circle(9, z=float(z)), number=z) for z in range(3)]
    lost = contour(circle(40, z=50.0), number=5)
    made = structure_set([[*kept, lost], kept, []])
    data = encoded(made, syntax)
    got = whole(clip(BytesReader(data), {FRAME: Ball((0, 0, 50), 20)}))
    before, after = pydicom.dcmread(io.BytesIO(data)), pydicom.dcmread(io.BytesIO(got))
    assert got[:400] == data[:400]
    assert after.file_meta == before.file_meta
    assert [e.tag for e in after] == [e.tag for e in before]
    changed = {"StructureSetROISequence", "ROIContourSequence"}
    assert all(after[e.tag] == e for e in before if e.keyword not in changed)
    assert after.PatientName == "Müller^Jörg"
    assert after.StructureSetROISequence[0].ROIName == "Größe 0"
    assert "ROIVolume" not in after.StructureSetROISequence[0]
    assert after.StructureSetROISequence[1:] == before.StructureSetROISequence[1:]
    assert after.ROIContourSequence[1:] == before.ROIContourSequence[1:]
    assert after.ROIContourSequence[0].ContourSequence[:3] == kept
    for each in kept:
        raw = encoded(structure_set([[each]]), syntax)
        start = raw.index(b"CLOSED_PLANAR ")
        assert raw[start : start + 200] in got


@pytest.mark.parametrize("syntax", [*SYNTAXES, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_any_encoding_is_read_and_a_second_run_changes_nothing(syntax: str) -> None:
    made = structure_set([[contour(circle(40))], [contour(circle(4))]])
    mask = Ball((40, 0, 10), 30)
    first = clip(BytesReader(encoded(made, syntax)), {FRAME: mask})
    assert clip(first, {FRAME: mask}) is first
    after = pydicom.dcmread(io.BytesIO(whole(first)))
    assert not mask.covers(drawn(after.ROIContourSequence[0])[0]).any()
    assert len(after.ROIContourSequence) == 2


def test_nothing_in_the_mask_returns_the_source() -> None:
    source = BytesReader(encoded(structure_set([[contour(circle(40))]])))
    assert clip(source, {FRAME: Ball((0, 0, 90), 30)}) is source
    assert clip(source, {FRAME: Nowhere()}) is source
    assert clip(source, {FRAME: None}) is source


def test_a_roi_without_contours_stays_a_roi() -> None:
    made = structure_set([[contour(circle(4)), contour(circle(3))], [contour(circle(4, z=90.0))]])
    after = clipped(made, Ball((0, 0, 10), 30))
    assert "ContourSequence" not in after.ROIContourSequence[0]
    assert [roi.ReferencedROINumber for roi in after.ROIContourSequence] == [1, 2]
    assert [roi.ROINumber for roi in after.StructureSetROISequence] == [1, 2]
    assert [roi.ReferencedROINumber for roi in after.RTROIObservationsSequence] == [1, 2]


def test_attached_contours_no_longer_name_what_is_gone() -> None:
    gone, stays = contour(circle(4), number=1), contour(circle(4, z=90.0), number=2)
    both, one = contour(circle(4, z=93.0), number=3), contour(circle(4, z=96.0), number=4)
    both.AttachedContours, one.AttachedContours = [1, 2], 1
    roi = clipped(structure_set([[gone, stays, both, one]]), Ball((0, 0, 10), 30))
    left = roi.ROIContourSequence[0].ContourSequence
    assert [each.ContourNumber for each in left] == [2, 3, 4]
    assert left[1].AttachedContours == 2
    assert "AttachedContours" not in left[2]
    assert left[1].ContourData == both.ContourData


def test_what_attached_contours_cannot_mean_goes_too() -> None:
    gone, odd = contour(circle(4), number=1), contour(circle(4, z=90.0), number=2)
    odd.AttachedContours = [77, 88]
    made = structure_set([[gone, odd]])
    del made.StructureSetROISequence[0].ROIVolume
    data = encoded(made).replace(b"77\\88", b"xy\\88")
    got = whole(clip(BytesReader(data), {FRAME: Ball((0, 0, 10), 30)}))
    (left,) = pydicom.dcmread(io.BytesIO(got)).ROIContourSequence[0].ContourSequence
    assert left.AttachedContours == 88


def test_more_than_64_kib_of_points_in_explicit_vr() -> None:
    angles = np.linspace(0, 2 * np.pi, 9000, endpoint=False)
    many = np.round(
        np.stack([40 * np.cos(angles), 40 * np.sin(angles), np.full(9000, 10.0)], axis=1), 5
    )
    made = structure_set([[contour(many), contour(many + 90)]])
    after = clipped(made, Ball((40, 0, 10), 20)).ROIContourSequence[0].ContourSequence
    assert after[1]["ContourData"].VR == "UN"  # as PS3.5, 6.2.2 has it
    assert len(after[1].ContourData.split(b"\\")) == 27_000
    assert 3 < after[0].NumberOfContourPoints < 9000


def test_sequences_that_a_relay_did_not_know_are_read_all_the_same() -> None:
    implicit = structure_set([[contour(circle(40))]])
    rest = Dataset()
    rest.update({e.tag: e for e in implicit if e.tag.group != 0x3006})
    data = encoded(rest)
    for keyword in ("StructureSetROISequence", "ROIContourSequence"):
        holder, out = Dataset(), io.BytesIO()
        holder[implicit[keyword].tag] = implicit[keyword]
        pydicom.dcmwrite(
            out, holder, implicit_vr=True, little_endian=True, enforce_file_format=False
        )
        tag_and_value = out.getvalue()[out.getvalue().index(b"\x06\x30") :]
        data += tag_and_value[:4] + b"UN\0\0" + tag_and_value[4:]
    source = BytesReader(data)
    mask = Ball((40, 0, 10), 30)
    assert frames_of_reference(source) == {FRAME}
    after = pydicom.dcmread(io.BytesIO(whole(clip(source, {FRAME: mask}))))
    assert not mask.covers(drawn(after.ROIContourSequence[0])[0]).any()


def test_a_frame_of_reference_nobody_looked_at_is_held() -> None:
    made = structure_set([[contour(circle(4))], [contour(circle(4))]], frames=[FRAME, OTHER])
    source = BytesReader(encoded(made))
    assert frames_of_reference(source) == {FRAME, OTHER}
    assert clip(source, {FRAME: None, OTHER: None}) is source
    with pytest.raises(HeldError) as caught:
        clip(source, {FRAME: Nowhere()})
    assert caught.value.code == "face.missing-reference"
    assert OTHER not in str(caught.value)


@pytest.mark.parametrize("lost", ["number", "definition", "frame", "twice"])
def test_a_contour_that_names_no_frame_of_reference_is_held(lost: str) -> None:
    made = structure_set([[contour(circle(4))], []], frames=[FRAME, OTHER])
    if lost == "number":
        del made.ROIContourSequence[0].ReferencedROINumber
    elif lost == "definition":
        del made.StructureSetROISequence[0]
    elif lost == "frame":
        del made.StructureSetROISequence[0].ReferencedFrameOfReferenceUID
    else:
        made.StructureSetROISequence[1].ROINumber = 1
    source = BytesReader(encoded(made))
    assert frames_of_reference(source) == {""}
    with pytest.raises(HeldError) as caught:
        clip(source, {FRAME: None, OTHER: None, "": None})
    assert caught.value.code == "face.missing-reference"


def test_each_frame_of_reference_has_its_own_mask() -> None:
    made = structure_set([[contour(circle(4))], [contour(circle(4))]], frames=[FRAME, OTHER])
    got = clip(BytesReader(encoded(made)), {FRAME: Ball((0, 0, 10), 30), OTHER: Nowhere()})
    rois = pydicom.dcmread(io.BytesIO(whole(got))).ROIContourSequence
    assert [len(drawn(roi)) for roi in rois] == [0, 1]


@pytest.mark.parametrize("data", ["1\\2", "1\\2\\x", "1\\\\2", "1\\2\\nan", "1\\2\\1e300"])
def test_a_contour_that_cannot_be_read_is_held(data: str) -> None:
    made = structure_set([[contour(circle(4))]])
    raw = encoded(made)
    start = raw.index(b"\x06\x30\x50\x00DS")
    length = int.from_bytes(raw[start + 6 : start + 8], "little")
    bad = raw[: start + 8] + data.encode("ascii").ljust(length) + raw[start + 8 + length :]
    with pytest.raises(HeldError) as caught:
        clip(BytesReader(bad), {FRAME: Nowhere()})
    assert caught.value.code == "face.unsupported"
    assert clip(BytesReader(bad), {FRAME: None}).size == len(bad)


def test_a_type_of_contour_that_the_standard_does_not_know_is_held() -> None:
    made = structure_set([[contour(circle(4), "SPLINE")]])
    with pytest.raises(HeldError) as caught:
        clip(BytesReader(encoded(made)), {FRAME: Nowhere()})
    assert caught.value.code == "face.unsupported"


def _test_file(name: str) -> BytesReader:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    with open(path, "rb") as file:  # noqa: PTH123  (pydicom gives a name)
        return BytesReader(file.read())


def test_a_file_of_pydicom_loses_what_is_covered() -> None:
    """Its two isocentres and a box of 400 x 300 x 410 mm; no preamble, no meta information."""
    source = _test_file("rtstruct.dcm")
    (frame,) = frames_of_reference(source)
    assert clip(source, {frame: None}) is source
    mask = Ball((200.0, 150.0, -200.0), 60)
    got = clip(source, {frame: mask})
    before = pydicom.dcmread(io.BytesIO(whole(source)), force=True)
    after = pydicom.dcmread(io.BytesIO(whole(got)), force=True)
    assert [e.tag for e in after] == [e.tag for e in before]
    assert after.ROIContourSequence[1:] == before.ROIContourSequence[1:]
    box, same = after.ROIContourSequence[0].ContourSequence, before.ROIContourSequence[0]
    assert len(box) == 3
    changed = [a != b for a, b in zip(box, same.ContourSequence, strict=True)]
    assert any(changed)
    for piece in drawn(after.ROIContourSequence[0]):
        assert not mask.covers(piece).any()
    assert clip(got, {frame: mask}) is got


@pytest.mark.parametrize("name", ["rtplan.dcm", "rtdose.dcm", "CT_small.dcm"])
def test_objects_without_contours_are_returned_as_they_are(name: str) -> None:
    source = _test_file(name)
    assert frames_of_reference(source) == frozenset()
    assert clip(source, {}) is source


def test_isodoses_in_a_dose_are_contours_and_its_pixels_stay() -> None:
    made = structure_set([[contour(circle(40))]])
    made.SOPClassUID, made.Modality = "1.2.840.10008.5.1.4.1.1.481.2", "RTDOSE"
    made.Rows = made.Columns = 100
    made.BitsAllocated, made.PixelRepresentation = 16, 0
    made.add_new(0x7FE00010, "OW", bytes(range(200)) * 100)
    made.add_new(0x00090010, "LO", "ACME")
    made.add_new(0x00091001, "OB", bytes(20_000))  # bulk before the contours
    data = encoded(made)
    got = clip(BytesReader(data), {FRAME: Ball((40, 0, 10), 30)})
    after = pydicom.dcmread(io.BytesIO(whole(got)))
    assert after.PixelData == made.PixelData
    assert after[0x00091001].value == made[0x00091001].value
    assert len(drawn(after.ROIContourSequence[0])[0]) != 240
    assert got.read(300, 5000) == whole(got)[300:5300]
    assert got.read(got.size - 10, 100) == whole(got)[-10:]
