"""What was made of a head shows it too, also where the images do not come along."""

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import EncapsulatedSTLStorage, SurfaceSegmentationStorage

from tests.support.heads.anatomy import head
from tests.support.heads.derived import parts_of, write_segmentation, write_structures
from tests.support.heads.door import METHOD, deidentify, methods
from tests.support.heads.images import Series, frames_of, write_series
from tests.support.heads.judging import fate
from tests.support.heads.persons import Study
from tests.support.heads.planes import Cut, stack
from tests.support.heads.poses import ADULT, Pose
from tests.support.heads.tissues import Contrast
from tests.support.heads.variants import defaced, knee

_THICK = stack(Cut.AXIAL, step_mm=5)


def _elsewhere(tmp_path: Path, contrast: Contrast = Contrast.CT_SOFT) -> Series:
    """Return a series of the study that is not sent along."""
    return write_series(Study(tmp_path / "other"), head(), ADULT, contrast, _THICK)


def test_contours_of_skin_without_their_images_are_held(tmp_path: Path) -> None:
    series = _elsewhere(tmp_path)
    study = Study(tmp_path / "in")
    structures = write_structures(study, series, parts_of(series))
    door = deidentify(study, tmp_path)
    assert door.is_held(structures)


def test_a_segmentation_without_its_images_is_held(tmp_path: Path) -> None:
    series = _elsewhere(tmp_path, Contrast.T1)
    study = Study(tmp_path / "in")
    segmentation = write_segmentation(study, series, {"skin": parts_of(series)["skin"]})
    door = deidentify(study, tmp_path)
    assert door.is_held(segmentation)


@pytest.mark.matrix
def test_what_was_drawn_on_a_doubtful_head_waits_with_it(tmp_path: Path) -> None:
    study = Study(tmp_path / "in")
    squashed = Pose(scale=(0.55, 1.5, 0.75))
    series = write_series(study, head(), squashed, Contrast.T1, _THICK)
    drawn = parts_of(series)
    derived = [
        write_segmentation(study, series, {"skin": drawn["skin"]}),
        write_structures(study, series, {"skin": drawn["skin"]}),
    ]
    door = deidentify(study, tmp_path)
    if fate(door, series) != "cleaned":
        assert [door.is_held(source) for source in derived] == [True, True]


@pytest.mark.matrix
def test_what_was_drawn_on_a_knee_stays(tmp_path: Path) -> None:
    study = Study(tmp_path / "in")
    planes = stack(Cut.SAGITTAL, low=(-85, -95, -110), high=(85, 95, 110), step_mm=5)
    series = write_series(study, knee(), Pose(), Contrast.T1, planes)
    bright = frames_of(series) > 900
    sources = [
        write_segmentation(study, series, {"bone": bright}),
        write_structures(study, series, {"bone": bright}),
    ]
    door = deidentify(study, tmp_path)
    cleaned = [door.cleaned(source) for source in sources]
    assert (cleaned[0].pixel_array == sources[0].pixel_array).all()
    for before, after in zip(
        sources[1].ROIContourSequence[0].ContourSequence,
        cleaned[1].ROIContourSequence[0].ContourSequence,
        strict=True,
    ):
        assert list(before.ContourData) == list(after.ContourData)


@pytest.mark.matrix
def test_a_segmentation_of_the_skin_from_before_somebody_defaced_the_image(tmp_path: Path) -> None:
    """The image has no face any more; its segmentation has."""
    study, before = Study(tmp_path / "in"), Study(tmp_path / "other")
    series = write_series(study, defaced(), ADULT, Contrast.T1, stack(Cut.AXIAL, step_mm=4))
    whole = write_series(before, head(), ADULT, Contrast.T1, stack(Cut.AXIAL, step_mm=4))
    segmentation = write_segmentation(study, series, {"skin": parts_of(whole)["skin"]})
    door = deidentify(study, tmp_path)
    assert fate(door, series) == "cleaned"
    if not door.is_held(segmentation):
        shown = door.cleaned(segmentation).pixel_array.sum()
        assert shown < 0.9 * segmentation.pixel_array.sum()


def test_a_map_of_numbers_loses_the_face_or_is_held(tmp_path: Path) -> None:
    """Parametric Map (PS3.3 A.75): pixels are floating point numbers."""
    study = Study(tmp_path / "in")
    series = write_series(study, head(), ADULT, Contrast.T1, stack(Cut.AXIAL, step_mm=4))
    values = frames_of(series) / 3000
    mapping = hd.pm.RealWorldValueMapping(
        lut_label="1",
        lut_explanation="Apparent diffusion",
        unit=hd.sr.CodedConcept("1", "UCUM", "no units"),
        value_range=(-1e6, 1e6),
        slope=1.0,
        intercept=0.0,
    )
    made = hd.pm.ParametricMap(
        source_images=list(series.datasets),
        pixel_array=values.astype(np.float32)[..., None],
        series_instance_uid=study.uid(),
        series_number=80,
        sop_instance_uid=study.uid(),
        instance_number=1,
        manufacturer="Phantom works",
        manufacturer_model_name="Phantom",
        software_versions="1",
        device_serial_number="1",
        contains_recognizable_visual_features=True,
        real_world_value_mappings=[[mapping]],
        voi_lut_transformations=[hd.VOILUTTransformation(window_center=0.5, window_width=1.0)],
        content_label="MAP",
    )
    study.write(made)
    door = deidentify(study, tmp_path)
    assert fate(door, series) == "cleaned"
    if door.row(made)["outcome"] == "quarantined":
        return
    cleaned = door.cleaned(made)
    assert METHOD in methods(cleaned)
    before, after = (
        np.frombuffer(d.FloatPixelData, dtype="<f4").reshape(values.shape) for d in (made, cleaned)
    )
    groups = made.PerFrameFunctionalGroupsSequence
    places = [float(g.PlanePositionSequence[0].ImagePositionPatient[2]) for g in groups]
    heights = [plane.position[2] for plane in series.planes]
    frames = [int(np.abs(np.array(places) - height).argmin()) for height in heights]
    assert ((before != after)[frames] == door.changed(series)).mean() > 0.999


@pytest.mark.parametrize("sop_class", [SurfaceSegmentationStorage, EncapsulatedSTLStorage])
def test_a_surface_is_held(sop_class: str, tmp_path: Path) -> None:
    """Points of the skin, as a mesh or for a printer."""
    study = Study(tmp_path / "in")
    modality = "SEG" if sop_class == SurfaceSegmentationStorage else "M3D"
    surface = study.dataset(sop_class=sop_class, modality=modality)
    if modality == "SEG":
        mesh, points = Dataset(), Dataset()
        points.NumberOfSurfacePoints = 3
        points.PointCoordinatesData = np.eye(3, dtype="<f4").tobytes()
        mesh.SurfaceNumber, mesh.SurfacePointsSequence = 1, Items([points])
        surface.NumberOfSurfaces, surface.SurfaceSequence = 1, Items([mesh])
    else:
        surface.EncapsulatedDocument = b"solid face".ljust(84, b"\0")
        surface.MIMETypeOfEncapsulatedDocument = "model/stl"
    study.write(surface)
    door = deidentify(study, tmp_path)
    assert door.row(surface)["outcome"] != "cleaned"
