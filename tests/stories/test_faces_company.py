"""What comes with a head: other series, other days, other frames, and no place to look."""

import hashlib
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.support.appliance import ROOT, narthex
from tests.support.heads.anatomy import head
from tests.support.heads.door import METHOD, RULES, Door, deidentify, methods
from tests.support.heads.images import Series, write_series
from tests.support.heads.judging import fate, faults, harm, is_unchanged
from tests.support.heads.persons import Study
from tests.support.heads.pictures import rendered, write_photograph, write_rendering, write_scout
from tests.support.heads.planes import Cut, stack
from tests.support.heads.poses import ADULT, CHILD, OTHER_ADULT, Pose
from tests.support.heads.tissues import Contrast
from tests.support.heads.variants import knee

_THICK = stack(Cut.AXIAL, step_mm=5)


def _released_or_held(door: Door, series: Series) -> None:
    """Fail where a face got out."""
    if not all(door.is_held(source) for source in series.datasets):
        assert fate(door, series) == "cleaned"
        assert list(faults(door, series)) == []


def test_pet_loses_the_face_of_its_ct(tmp_path: Path) -> None:
    study = Study(tmp_path / "in")
    ct = write_series(study, head(), ADULT, Contrast.CT_SOFT, stack(Cut.AXIAL, step_mm=4))
    wide = stack(Cut.AXIAL, low=(-110, -150, -130), high=(110, 118, 92), pixel_mm=4, step_mm=4)
    pet = write_series(study, head(), ADULT, Contrast.PET, wide)
    door = deidentify(study, tmp_path)
    for series in (ct, pet):
        assert fate(door, series) == "cleaned"
        assert list(faults(door, series)) == []


def test_series_without_contours_of_a_face_follow_their_frame_of_reference(tmp_path: Path) -> None:
    """Diffusion and angiography, which alone could hardly be judged."""
    study = Study(tmp_path / "in")
    t1 = write_series(study, head(), OTHER_ADULT, Contrast.T1, stack(Cut.SAGITTAL))
    dwi = write_series(study, head(), OTHER_ADULT, Contrast.DWI, _THICK)
    slab = stack(Cut.AXIAL, low=(-100, -140, -75), high=(100, 108, 30))
    mra = write_series(study, head(), OTHER_ADULT, Contrast.ANGIOGRAPHY, slab)
    door = deidentify(study, tmp_path)
    for series in (t1, dwi, mra):
        assert fate(door, series) == "cleaned"
        assert list(faults(door, series)) == []


@pytest.mark.matrix
def test_two_frames_of_reference_get_a_mask_each(tmp_path: Path) -> None:
    """The patient got up in between, and a knee was looked at."""
    study = Study(tmp_path / "in")
    moved = Pose(pitch=14, yaw=-10, shift=(15, -20, 25))
    other, third = study.uid(), study.uid()
    first = write_series(study, head(), ADULT, Contrast.T1, stack(Cut.AXIAL, step_mm=4))
    second = write_series(
        study,
        head(),
        moved,
        Contrast.T2,
        stack(Cut.AXIAL, low=(-100, -160, -120), high=(110, 90, 125), step_mm=5),
        FrameOfReferenceUID=other,
    )
    leg = write_series(
        study,
        knee(),
        Pose(),
        Contrast.T1,
        stack(Cut.SAGITTAL, low=(-85, -95, -110), high=(85, 95, 110), step_mm=5),
        FrameOfReferenceUID=third,
    )
    door = deidentify(study, tmp_path)
    for series in (first, second):
        assert fate(door, series) == "cleaned"
        assert list(faults(door, series)) == []
    assert fate(door, leg) == "cleaned"
    assert is_unchanged(door, leg)


@pytest.mark.matrix
def test_one_frame_of_reference_by_name_only_hides_no_face(tmp_path: Path) -> None:
    """A scanner's table moved, or the head: the UID says one frame, the images say two."""
    study = Study(tmp_path / "in")
    t1 = write_series(study, head(), ADULT, Contrast.T1, stack(Cut.AXIAL, step_mm=4))
    moved = Pose(pitch=-15, shift=(0, 0, 35))
    t2 = write_series(
        study,
        head(),
        moved,
        Contrast.T2,
        stack(Cut.AXIAL, low=(-100, -160, -120), high=(100, 100, 130), step_mm=5),
    )
    door = deidentify(study, tmp_path)
    for series in (t1, t2):
        _released_or_held(door, series)


@pytest.mark.matrix
def test_two_echoes_and_a_slice_twice_in_one_series(tmp_path: Path) -> None:
    study = Study(tmp_path / "in")
    uid = study.uid()
    both = [
        write_series(study, head(), ADULT, c, _THICK, SeriesInstanceUID=uid, seed=n)
        for n, c in enumerate((Contrast.PD, Contrast.T2))
    ]
    again = write_series(
        study, head(), ADULT, Contrast.T2, _THICK[8:12], SeriesInstanceUID=uid, seed=9
    )
    door = deidentify(study, tmp_path)
    for series in (*both, again):
        assert fate(door, series) == "cleaned"
        assert list(faults(door, series)) == []


@pytest.mark.matrix
def test_a_localizer_in_three_directions(tmp_path: Path) -> None:
    """Mixed orientation, one frame of reference with a volume."""
    study = Study(tmp_path / "in")
    uid = study.uid()
    volume = write_series(study, head(), ADULT, Contrast.T1, stack(Cut.AXIAL, step_mm=4))
    kind = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    scouts = [
        write_series(
            study,
            head(),
            ADULT,
            Contrast.T1,
            stack(cut, step_mm=10)[8:13:2],
            SeriesInstanceUID=uid,
            ImageType=kind,
        )
        for cut in (Cut.AXIAL, Cut.CORONAL, Cut.SAGITTAL)
    ]
    door = deidentify(study, tmp_path)
    assert list(faults(door, volume)) == []
    for series in scouts:
        _released_or_held(door, series)


def test_a_scout_alone_is_not_released_with_its_face(tmp_path: Path) -> None:
    study, elsewhere = Study(tmp_path / "in"), Study(tmp_path / "other")
    ct = write_series(elsewhere, head(), ADULT, Contrast.CT_SOFT, _THICK)
    scout = write_scout(study, ct)
    door = deidentify(study, tmp_path)
    assert door.is_held(scout)


def test_a_head_without_geometry_is_held(tmp_path: Path) -> None:
    study, bare = Study(tmp_path / "in"), Study(tmp_path / "bare")
    series = write_series(study, head(), ADULT, Contrast.T1, _THICK)
    for source in series.datasets:
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID"):
            delattr(source, keyword)
        bare.write(source)
    door = deidentify(bare, tmp_path)
    assert all(door.is_held(source) for source in series.datasets)


def test_a_doubtful_series_does_not_hold_the_knee_beside_it(tmp_path: Path) -> None:
    study = Study(tmp_path / "in")
    squashed = Pose(scale=(0.55, 1.5, 0.75))
    t1 = write_series(study, head(), squashed, Contrast.T1, _THICK)
    legs = stack(Cut.SAGITTAL, low=(-85, -95, -110), high=(85, 95, 110), step_mm=5)
    leg = write_series(
        study,
        knee(),
        Pose(),
        Contrast.T1,
        legs,
        FrameOfReferenceUID=study.uid(),
        BodyPartExamined="KNEE",
    )
    door = deidentify(study, tmp_path)
    _released_or_held(door, t1)
    assert fate(door, leg) == "cleaned"


def test_renderings_are_removed_where_the_rule_says_so(tmp_path: Path) -> None:
    study = Study(tmp_path / "in")
    ct = write_series(study, head(), ADULT, Contrast.CT_SOFT, _THICK)
    picture = rendered(ct, threshold=-300)
    shown = [write_rendering(study, picture), write_photograph(study, picture)]
    door = deidentify(study, tmp_path, renderings="remove")
    for source in shown:
        assert door.row(source)["outcome"] == "refused"
        assert door.row(source)["output"] == ""
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == len(ct.datasets)


def test_without_the_option_nothing_is_looked_at(tmp_path: Path) -> None:
    study = Study(tmp_path / "in")
    series = write_series(study, head(), ADULT, Contrast.T1, _THICK)
    door = deidentify(study, tmp_path, rules="name: plain\nprofile: basic\noptions: []\n")
    assert is_unchanged(door, series)
    assert len(list(faults(door, series))) == 5  # eyes, nose, mouth, chin, ears: all are there
    cleaned = door.cleaned(series.datasets[0])
    assert METHOD not in methods(cleaned)
    assert cleaned.get("RecognizableVisualFeatures") != "NO"


def test_a_modality_that_the_rule_does_not_name_is_not_said_to_be_clean(tmp_path: Path) -> None:
    """PS3.3 C.7.6.1, (0028,0302): absent, it may or may not contain features."""
    study = Study(tmp_path / "in")
    series = write_series(study, head(), ADULT, Contrast.T1, _THICK)
    rules = RULES.format(mask="wide", renderings="hold").replace("[CT, MR, PT]", "[CT]")
    door = deidentify(study, tmp_path, rules=rules)
    if all(door.is_held(source) for source in series.datasets):
        return
    assert is_unchanged(door, series)
    for source in series.datasets:
        assert door.cleaned(source).get("RecognizableVisualFeatures") != "NO"
        assert METHOD not in methods(door.cleaned(source))


def test_what_a_scanner_said_of_faces_before_is_not_believed(tmp_path: Path) -> None:
    """NO from the source, on a head with a face."""
    study = Study(tmp_path / "in")
    series = write_series(
        study, head(), ADULT, Contrast.T1, _THICK, RecognizableVisualFeatures="NO"
    )
    door = deidentify(study, tmp_path)
    assert fate(door, series) == "cleaned"
    assert list(faults(door, series)) == []


def test_no_empty_promise_for_a_child_in_thick_slices(tmp_path: Path) -> None:
    study = Study(tmp_path / "in")
    planes = stack(Cut.SAGITTAL, step_mm=7)
    series = write_series(study, head(), CHILD, Contrast.FLAIR, planes)
    door = deidentify(study, tmp_path)
    _released_or_held(door, series)
    if fate(door, series) == "cleaned":
        assert list(harm(door, series)) == []


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.dcm")
    }


@pytest.mark.matrix
def test_the_same_study_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """In one process and in two, and in whatever order the files come."""
    one = Study(tmp_path / "in")
    series = write_series(one, head(), ADULT, Contrast.T1, stack(Cut.AXIAL, step_mm=4))
    ct = write_series(one, head(), ADULT, Contrast.CT_SOFT, _THICK)
    other = Study(tmp_path / "in-2")
    sources: list[Dataset] = [*series.datasets, *ct.datasets]
    for k in np.random.default_rng(1).permutation(len(sources)):
        other.write(sources[k])
    subprocess.run(
        narthex("--state", tmp_path / "state", "vault", "init"),
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    project = ("--project", "heart", "--jobs")
    runs = []
    for study, out, jobs in ((one, "a", "1"), (one, "b", "2"), (other, "c", "1")):
        folder = tmp_path / out
        folder.mkdir()
        (folder / "state").symlink_to(tmp_path / "state")
        door = deidentify(study, folder, words=(*project, jobs))
        assert {row["outcome"] for row in door.rows.values()} == {"cleaned"}
        runs.append(_digests(folder / "out"))
    assert runs[0]
    assert runs[0] == runs[1] == runs[2]
