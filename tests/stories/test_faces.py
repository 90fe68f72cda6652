"""A study of one head: T1, T2, FLAIR, CT, what was drawn on them, and pictures of them.

PS3.15 E.3.2: sufficient removal to prevent recognition, from the instances or from a
reconstruction of them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from scipy import ndimage
from skimage.draw import polygon2mask

from tests.support.heads.anatomy import head
from tests.support.heads.derived import parts_of, write_segmentation, write_structures
from tests.support.heads.door import METHOD, Door, deidentify, methods
from tests.support.heads.images import Series, write_series
from tests.support.heads.judging import agreement, fate, faults
from tests.support.heads.persons import Study
from tests.support.heads.pictures import (
    rendered,
    scout_plane,
    write_photograph,
    write_rendering,
    write_scout,
)
from tests.support.heads.planes import Cut, stack
from tests.support.heads.poses import ADULT
from tests.support.heads.tissues import Contrast
from tests.support.heads.truth import FACE, surface, values_at

SERIES = ("t1", "t2", "flair", "ct")
_ALL_OF_IT = 0.98
_EDGE_OF_BRAIN = 0.005
"""Of a drawn brain; its core is held to less where images are judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The study after the door."""

    door: Door
    series: dict[str, Series]
    derived: dict[str, Dataset]
    pictures: dict[str, Dataset]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder = tmp_path_factory.mktemp("study")
    study = Study(folder / "in")
    series = {
        "t1": write_series(study, head(), ADULT, Contrast.T1, stack(Cut.SAGITTAL)),
        "t2": write_series(study, head(), ADULT, Contrast.T2, stack(Cut.AXIAL, step_mm=5), seed=1),
        "flair": write_series(
            study, head(), ADULT, Contrast.FLAIR, stack(Cut.CORONAL, step_mm=4), seed=2
        ),
        "ct": write_series(study, head(), ADULT, Contrast.CT_SOFT, stack(Cut.AXIAL), seed=3),
    }
    on_t1, on_ct = (parts_of(series[name]) for name in ("t1", "ct"))
    derived = {
        "segmentation": write_segmentation(study, series["t1"], on_t1),
        "probabilities": write_segmentation(study, series["ct"], on_ct, fractional=True),
        "structures": write_structures(study, series["ct"], on_ct),
    }
    picture = rendered(series["ct"], threshold=-300)
    pictures = {
        "lateral scout": write_scout(study, series["ct"]),
        "frontal scout": write_scout(study, series["ct"], lateral=False),
        "rendering": write_rendering(study, picture),
        "turning rendering": write_rendering(study, picture, frames=4),
        "photograph": write_photograph(study, picture),
    }
    door = deidentify(study, folder)
    return Visit(door=door, series=series, derived=derived, pictures=pictures)


@pytest.mark.parametrize("name", SERIES)
def test_each_series_is_released(name: str, visit: Visit) -> None:
    assert fate(visit.door, visit.series[name]) == "cleaned"


@pytest.mark.parametrize("name", SERIES)
def test_the_face_is_gone_and_the_brain_is_not(name: str, visit: Visit) -> None:
    assert list(faults(visit.door, visit.series[name])) == []


@pytest.mark.parametrize("name", SERIES)
def test_what_was_done_stands_in_the_object(name: str, visit: Visit) -> None:
    for source in visit.series[name].datasets:
        cleaned = visit.door.cleaned(source)
        assert cleaned.RecognizableVisualFeatures == "NO"
        assert METHOD in methods(cleaned)
        assert METHOD in visit.door.row(source)["methods"]
        assert visit.door.is_told(source)


@pytest.mark.parametrize("name", SERIES)
def test_what_was_removed_is_one_value_that_is_nothing(name: str, visit: Visit) -> None:
    changed = visit.door.changed(visit.series[name])
    values = np.unique(visit.door.after(visit.series[name])[changed])
    before = visit.door.before(visit.series[name])
    assert len(values) == 1
    assert values[0] <= before[:, :4, :4].max()  # a corner: air


@pytest.mark.parametrize("name", SERIES)
def test_what_was_removed_hangs_together(name: str, visit: Visit) -> None:
    """No speckles: next to all changed pixels are in front of, below or beside the brain."""
    filled = visit.door.filled(visit.series[name]) & _closed(visit.door, visit.series[name])
    parts, count = ndimage.label(filled, structure=np.ones((3, 3, 3)))
    sizes = np.sort(ndimage.sum_labels(filled, parts, range(1, count + 1)))[::-1]
    assert sizes[:3].sum() >= 0.98 * sizes.sum()  # face, and the ears where they stand alone


@pytest.mark.parametrize("name", SERIES)
def test_geometry_and_order_are_read_back_as_they_were(name: str, visit: Visit) -> None:
    series = visit.series[name]
    before = _read(visit.door.study.folder, str(series.datasets[0].SeriesInstanceUID))
    cleaned = visit.door.cleaned(series.datasets[0])
    after = _read(
        (visit.door.folder / "out" / visit.door.row(series.datasets[0])["output"]).parent,
        str(cleaned.SeriesInstanceUID),
    )
    for read in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection", "GetPixelIDValue"):
        assert getattr(before, read)() == getattr(after, read)(), read
    differ = SimpleITK.GetArrayFromImage(before) != SimpleITK.GetArrayFromImage(after)
    assert differ.sum() == visit.door.changed(series).sum()  # in the order of the stack, too


@pytest.mark.parametrize("name", SERIES)
def test_the_header_of_the_image_is_as_it_was(name: str, visit: Visit) -> None:
    keywords = (
        *("Rows", "Columns", "PixelSpacing", "SliceThickness", "ImageOrientationPatient"),
        *("ImagePositionPatient", "InstanceNumber", "BitsAllocated", "BitsStored", "HighBit"),
        *("PixelRepresentation", "RescaleIntercept", "RescaleSlope", "AcquisitionNumber"),
        *("PhotometricInterpretation", "SamplesPerPixel", "EchoTime", "Modality"),
    )
    for source in visit.series[name].datasets:
        cleaned = visit.door.cleaned(source)
        assert [k for k in keywords if source.get(k) != cleaned.get(k)] == []


@pytest.mark.parametrize("name", ["t2", "flair", "ct"])
def test_all_series_of_a_frame_of_reference_lose_the_same(name: str, visit: Visit) -> None:
    one, other = visit.series["t1"], visit.series[name]
    points = np.concatenate(
        [ADULT.to_patient(surface(head(), part)) for part in (*FACE, "ears", "vertex", "back")]
    )
    in_one, in_other = (
        values_at(visit.door.filled(s) & visit.door.changed(s).any(), s.planes, points)
        for s in (one, other)
    )
    # at the skin of the ears the edge of the mask runs through a pixel of one and not the other
    assert agreement(in_one, in_other) >= 0.95
    deep = ndimage.binary_erosion(_closed(visit.door, one), np.ones((3, 3, 3)), iterations=2)
    centres = np.concatenate([p.points()[m] for p, m in zip(one.planes, deep, strict=True)])
    seen = values_at(_closed(visit.door, other), other.planes, centres)
    assert (seen[seen >= 0] == 1).mean() >= _ALL_OF_IT


def test_references_between_the_objects_hold(visit: Visit) -> None:
    assert visit.door.facts["dangling_references"] == 0
    t1 = {visit.door.cleaned(d).SOPInstanceUID for d in visit.series["t1"].datasets}
    ct = {visit.door.cleaned(d).SOPInstanceUID for d in visit.series["ct"].datasets}
    segmentation = visit.door.cleaned(visit.derived["segmentation"])
    structures = visit.door.cleaned(visit.derived["structures"])
    assert _named(segmentation) <= t1
    assert _named(segmentation)
    assert _named(structures) - {_study_of(structures)} <= ct
    frames = {visit.door.cleaned(s.datasets[0]).FrameOfReferenceUID for s in visit.series.values()}
    frames |= {
        segmentation.FrameOfReferenceUID,
        structures.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID,
    }
    assert len(frames) == 1


@pytest.mark.parametrize(("kind", "on"), [("segmentation", "t1"), ("probabilities", "ct")])
def test_a_segmentation_loses_what_its_image_lost_and_no_more(
    kind: str, on: str, visit: Visit
) -> None:
    source, series = visit.derived[kind], visit.series[on]
    cleaned = visit.door.cleaned(source)
    assert cleaned.NumberOfFrames == source.NumberOfFrames
    before, after = source.pixel_array, cleaned.pixel_array
    removed, inner = _closed(visit.door, series), _eroded(_closed(visit.door, series))
    changed = _grown(visit.door.changed(series))
    lost = {1: 0, 2: 0, 3: 0, 4: 0}
    for frame, group in enumerate(source.PerFrameFunctionalGroupsSequence):
        position = [float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient]
        number = int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        k = _plane_at(series, position)
        assert not after[frame][inner[k]].any()  # nothing is left where the image has nothing
        differs = before[frame] != after[frame]
        assert not (differs & ~(changed[k] | removed[k])).any()  # elsewhere it is as it was
        assert not after[frame][differs].any()
        lost[number] += int(differs.sum())
    assert lost[1] <= _EDGE_OF_BRAIN * _drawn_pixels(source, 1)
    assert min(lost[2], lost[3], lost[4]) > 0  # eyes, skin


def test_a_segmentation_says_what_was_done(visit: Visit) -> None:
    for kind in ("segmentation", "probabilities", "structures"):
        cleaned = visit.door.cleaned(visit.derived[kind])
        assert METHOD in methods(cleaned), kind
        assert visit.door.is_told(visit.derived[kind]), kind


def test_contours_end_where_the_image_ends(visit: Visit) -> None:
    """Slow and obvious: draw the old and the new contours, compare outside what was removed."""
    source, series = visit.derived["structures"], visit.series["ct"]
    cleaned = visit.door.cleaned(source)
    removed = _closed(visit.door, series)
    for number, label in enumerate(("brain", "left eye", "right eye", "skin"), start=1):
        before, after = (_drawn(d, number, series) for d in (source, cleaned))
        kept = before & ~removed
        assert (after & _eroded(removed)).sum() <= 0.002 * before.sum(), label
        # a pixel or two of a small thing may fall to either side of the edge
        assert (after & kept).sum() >= 0.97 * kept.sum() - 8, label
        assert (after & ~_grown(before)).sum() == 0, label
    brains = [_drawn(d, 1, series) for d in (source, cleaned)]
    assert (brains[0] != brains[1]).sum() <= _EDGE_OF_BRAIN * brains[0].sum()


def test_contours_of_what_is_gone_are_gone(visit: Visit) -> None:
    """An eye that was in the mask, and a point on the nose."""
    cleaned = visit.door.cleaned(visit.derived["structures"])
    removed = _eroded(_closed(visit.door, visit.series["ct"]))
    for region in cleaned.ROIContourSequence:
        for contour in region.get("ContourSequence", []):
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            assert contour.NumberOfContourPoints == len(points)
            inside = values_at(removed, visit.series["ct"].planes, points) == 1
            assert inside.mean() < 0.02, int(region.ReferencedROINumber)


def test_a_structure_set_stays_whole(visit: Visit) -> None:
    source = visit.derived["structures"]
    cleaned = visit.door.cleaned(source)
    numbers = [roi.ROINumber for roi in cleaned.StructureSetROISequence]
    assert numbers == [roi.ROINumber for roi in source.StructureSetROISequence]
    assert {r.ReferencedROINumber for r in cleaned.ROIContourSequence} <= set(numbers)
    for region in cleaned.ROIContourSequence:
        for contour in region.get("ContourSequence", []):
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            if contour.ContourGeometricType == "CLOSED_PLANAR":
                assert len(points) >= 3
            image = contour.ContourImageSequence[0].ReferencedSOPInstanceUID
            planes = [
                plane
                for plane, each in zip(
                    visit.series["ct"].planes, visit.series["ct"].datasets, strict=True
                )
                if visit.door.cleaned(each).SOPInstanceUID == image
            ]
            offset = (points - np.array(planes[0].position)) @ planes[0].normal
            assert np.abs(offset).max() < 0.01  # planar, on the image that is named


@pytest.mark.parametrize("name", ["rendering", "turning rendering", "photograph"])
def test_pictures_of_the_face_are_held(name: str, visit: Visit) -> None:
    assert visit.door.is_held(visit.pictures[name])
    assert visit.door.row(visit.pictures[name])["reason"] == "face.rendering"
    assert visit.door.row(visit.pictures[name])["output"] == ""


@pytest.mark.parametrize("name", ["lateral scout", "frontal scout"])
def test_no_scout_shows_the_face(name: str, visit: Visit) -> None:
    source = visit.pictures[name]
    if visit.door.is_held(source):
        return
    cleaned = visit.door.cleaned(source)
    plane = scout_plane(lateral=name.startswith("lateral"))
    changed = source.pixel_array != cleaned.pixel_array
    filled = np.isin(cleaned.pixel_array, np.unique(cleaned.pixel_array[changed])) & changed.any()
    for part in FACE:
        points = ADULT.to_patient(surface(head(), part))
        flat = points - np.outer((points - np.array(plane.position)) @ plane.normal, plane.normal)
        seen = values_at(filled[None], (plane,), flat)
        assert (seen[seen >= 0] == 1).mean() >= _ALL_OF_IT, part
    vertex = ADULT.to_patient(surface(head(), "vertex"))
    flat = vertex - np.outer((vertex - np.array(plane.position)) @ plane.normal, plane.normal)
    assert (values_at(filled[None], (plane,), flat) == 1).mean() < 0.05


def test_nothing_of_the_person_is_left_or_said(visit: Visit) -> None:
    leaks = [leak for leak in visit.door.leaks() if not leak.startswith("report.jsonl: ")]
    assert leaks == []
    assert [leak for leak in visit.door.leaks() if leak.startswith("report.jsonl: ")] == []


def _closed(door: Door, series: Series) -> NDArray[np.bool_]:
    """Return the removed region: changed pixels, and those between that were like it before."""
    changed = door.changed(series)
    grown = ndimage.binary_closing(np.pad(changed, 2), np.ones((3, 3, 3)))[2:-2, 2:-2, 2:-2]
    return np.asarray(changed | (grown & door.filled(series)))


def _eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.array([ndimage.binary_erosion(m, np.ones((3, 3))) for m in mask])


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.array([ndimage.binary_dilation(m, np.ones((3, 3))) for m in mask])


def _read(folder: Path, series_instance_uid: str) -> Any:  # noqa: ANN401  # SimpleITK is untyped
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), series_instance_uid))
    return reader.Execute()


def _named(dataset: Dataset) -> set[str]:
    named = (e for e in dataset.iterall() if e.keyword == "ReferencedSOPInstanceUID")
    return {str(element.value) for element in named}


def _study_of(structures: Dataset) -> str:
    frame = structures.ReferencedFrameOfReferenceSequence[0]
    return str(frame.RTReferencedStudySequence[0].ReferencedSOPInstanceUID)


def _drawn_pixels(segmentation: Dataset, number: int) -> int:
    groups = segmentation.PerFrameFunctionalGroupsSequence
    numbers = [g.SegmentIdentificationSequence[0].ReferencedSegmentNumber for g in groups]
    return int((segmentation.pixel_array[np.array(numbers) == number] > 0).sum())


def _plane_at(series: Series, position: list[float]) -> int:
    gaps = [float(np.abs(np.array(p.position) - position).max()) for p in series.planes]
    assert min(gaps) < 0.01
    return int(np.argmin(gaps))


def _drawn(structures: Dataset, number: int, series: Series) -> NDArray[np.bool_]:
    """Return a region as pixels; contours within contours are holes."""
    planes = series.planes
    result = np.zeros((len(planes), planes[0].rows, planes[0].columns), dtype=bool)
    regions = [r for r in structures.ROIContourSequence if r.ReferencedROINumber == number]
    for contour in [c for r in regions for c in r.get("ContourSequence", [])]:
        points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        depth = [abs(float(p.normal @ (points[0] - np.array(p.position)))) for p in planes]
        k = int(np.argmin(depth))
        offset = points - np.array(planes[k].position)
        line = np.stack(
            [
                offset @ np.array(planes[k].column) / planes[k].spacing[0],
                offset @ np.array(planes[k].row) / planes[k].spacing[1],
            ],
            axis=-1,
        )
        result[k] ^= polygon2mask(result.shape[1:], line)
    return result
