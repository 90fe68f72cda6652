"""What comes days after its study: it loses the face that its study lost, or it is held.

PS3.15 E.3.2: also what was drawn on the images later must not show the face again.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID
from scipy import ndimage

from gateway.tables import face_memory
from gateway.work.quarantine import held_objects, release
from tests.support.heads.derived import parts_of, write_segmentation, write_structures
from tests.support.heads.door import METHOD, methods
from tests.support.heads.images import Series, write_series
from tests.support.heads.mean_head import mean_head, needs_mean_head
from tests.support.heads.node import Fate, Node, said
from tests.support.heads.persons import UID_ROOT, WORDS, Study
from tests.support.heads.pictures import rendered, write_photograph, write_scout
from tests.support.heads.planes import Cut, stack
from tests.support.heads.poses import Pose
from tests.support.heads.tissues import Contrast
from tests.support.heads.truth import values_at
from tests.support.heads.variants import abdomen

pytestmark = needs_mean_head

POSE = Pose(pitch=6, yaw=4)
PLANES = stack(Cut.AXIAL, step_mm=4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A study that was cleaned on the first day."""

    node: Node
    study: Study
    t1: Series

    def filled(self) -> NDArray[np.bool_]:
        """Return which voxels of the first series are others now."""
        return np.array([_changed(each, self.node.fate(each)) for each in self.t1.datasets])


def _changed(source: Dataset, fate: Fate) -> NDArray[np.bool_]:
    assert fate.cleaned is not None, fate.reason
    return np.asarray(source.pixel_array != fate.cleaned.pixel_array)


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """Return a study of one series, cleaned, and the node after a restart."""
    folder = tmp_path_factory.mktemp("later")
    study = Study(folder / "in")
    t1 = write_series(study, mean_head(), POSE, Contrast.T1, PLANES)
    node = Node(folder / "state", f"sqlite:///{folder / 'work.db'}")
    assert said(node.day(*t1.datasets)) == {"cleaned"}
    node.worker.close()
    node.worker = node.start()
    yield Visit(node=node, study=study, t1=t1)
    node.close()


def test_a_late_segmentation_loses_what_its_images_lost(visit: Visit) -> None:
    source = write_segmentation(visit.study, visit.t1, {"skin": parts_of(visit.t1)["skin"]})
    (fate,) = visit.node.day(source, peer="workstation")
    changed = _changed(source, fate)
    assert fate.cleaned is not None
    assert METHOD in methods(fate.cleaned)
    assert fate.cleaned.RecognizableVisualFeatures == "NO"
    planes = [plane.position[2] for plane in visit.t1.planes]
    lost = visit.filled()
    for frame, group in enumerate(source.PerFrameFunctionalGroupsSequence):
        z = float(group.PlanePositionSequence[0].ImagePositionPatient[2])
        of_image = lost[int(np.argmin(np.abs(np.array(planes) - z)))]
        assert not fate.cleaned.pixel_array[frame][of_image].any()
        # skin that an image kept is kept; air has the value of what was filled
        grown = ndimage.binary_dilation(of_image, iterations=2)
        assert not (changed[frame] & ~grown & (frame > 0)).sum() > 0.1 * changed[frame].size
    assert changed.any()


def test_late_contours_end_where_the_images_end(visit: Visit) -> None:
    parts = parts_of(visit.t1)
    source = write_structures(visit.study, visit.t1, {k: parts[k] for k in ("skin", "left eye")})
    (fate,) = visit.node.day(source)
    assert fate.cleaned is not None, fate.reason
    lost = ndimage.binary_erosion(visit.filled(), np.ones((1, 3, 3)))
    for region in fate.cleaned.ROIContourSequence:
        for contour in region.get("ContourSequence", []):
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            inside = values_at(lost, visit.t1.planes, points) == 1
            assert inside.mean() < 0.02
    assert METHOD in methods(fate.cleaned)


def test_a_late_slice_that_shows_nothing_by_itself_gets_the_same_mask(visit: Visit) -> None:
    middle = len(PLANES) // 4
    (source,) = write_series(
        visit.study, mean_head(), POSE, Contrast.T2, PLANES[middle : middle + 1]
    ).datasets
    (fate,) = visit.node.day(source)
    lost = visit.filled()[middle]
    assert lost.any()
    assert fate.cleaned is not None, fate.reason
    assert len(np.unique(fate.cleaned.pixel_array[lost])) == 1


def test_a_late_scout_shows_no_face(visit: Visit) -> None:
    source = write_scout(visit.study, visit.t1)
    (fate,) = visit.node.day(source)
    assert _changed(source, fate).mean() > 0.05


def test_a_late_series_is_looked_at_and_gets_the_mask_of_the_study(visit: Visit) -> None:
    """The T2 by itself would be registered anew: another mask, by a millimetre or two."""
    t2 = write_series(visit.study, mean_head(), POSE, Contrast.T2, PLANES, seed=3)
    fates = visit.node.day(*t2.datasets)
    assert said(fates) == {"cleaned"}
    lost = visit.filled()
    for k, fate in enumerate(fates):
        assert fate.cleaned is not None
        assert len(np.unique(fate.cleaned.pixel_array[lost[k]])) <= 1


def test_late_pictures_are_still_held(visit: Visit) -> None:
    photograph = write_photograph(visit.study, rendered(visit.t1, threshold=100))
    assert said(visit.node.day(photograph)) == {"face.rendering"}


def test_another_space_and_another_study_are_no_later(visit: Visit) -> None:
    made = write_segmentation(visit.study, visit.t1, {"brain": parts_of(visit.t1)["brain"]})
    for reason, keyword, value in (
        ("face.missing-reference", "FrameOfReferenceUID", visit.study.uid()),
        ("face.missing-reference", "StudyInstanceUID", visit.study.uid()),
        ("identity.conflict", "PatientID", "QF-1"),
    ):
        source = deepcopy(made)  # it shares elements with its images
        setattr(source, keyword, value)
        source.SOPInstanceUID = source.file_meta.MediaStorageSOPInstanceUID = UID(visit.study.uid())
        assert said(visit.node.day(source)) == {reason}, keyword


def test_what_was_held_too_early_goes_on_after_its_images(
    tmp_path: Path, postgres_url: str
) -> None:
    study = Study(tmp_path / "in", number=2)
    t1 = write_series(study, mean_head(), POSE, Contrast.T1, PLANES)
    source = write_segmentation(study, t1, {"skin": parts_of(t1)["skin"]})
    node = Node(tmp_path / "state", postgres_url)
    assert said(node.day(source)) == {"face.missing-reference"}
    assert said(node.day(*t1.datasets)) == {"cleaned"}
    shown = node.narthex("deface", "preview", "--held", "--rules", node.rules)
    assert "a face was found, and is removed" in shown, "the preview knows what the worker knows"
    held = held_objects(node.site.engine)
    release(node.site.engine, held, audit=node.site.audit, clock=node.site.clock)
    node.work()
    assert node.fate(source).said == "cleaned"
    assert _changed(source, node.fate(source)).any()
    node.close()


def test_who_moved_has_no_place_any_more(tmp_path: Path) -> None:
    """The second series has the same frame of reference, and the head at another place."""
    study = Study(tmp_path / "in", number=3)
    t1 = write_series(study, mean_head(), POSE, Contrast.T1, PLANES)
    moved = Pose(pitch=6, yaw=4, shift=(0.0, 0.0, 25.0))
    again = write_series(study, mean_head(), moved, Contrast.T1, PLANES, seed=4)
    source = write_segmentation(study, t1, {"skin": parts_of(t1)["skin"]})
    node = Node(tmp_path / "state", f"sqlite:///{tmp_path / 'work.db'}")
    assert said(node.day(*t1.datasets)) == {"cleaned"}
    assert said(node.day(*again.datasets)) == {"cleaned"}
    assert said(node.day(source)) == {"face.doubtful"}
    node.close()


def test_no_face_is_remembered_for_what_has_no_picture_of_its_own(tmp_path: Path) -> None:
    study = Study(tmp_path / "in", number=4)
    x, y, z = np.array(abdomen().low) + abdomen().step_mm * np.array(abdomen().tissues.shape[::-1])
    planes = stack(Cut.AXIAL, low=abdomen().low, high=(x, y, z), pixel_mm=4.0, step_mm=5.0)
    ct = write_series(
        study, abdomen(), Pose(), Contrast.CT_SOFT, planes, BodyPartExamined="ABDOMEN"
    )
    masks = {"liver": np.ones((len(planes), planes[0].rows, planes[0].columns), dtype=bool)}
    source = write_segmentation(study, ct, masks)
    slice_ = write_series(study, abdomen(), Pose(), Contrast.CT_SOFT, planes[3:4]).datasets[0]
    node = Node(tmp_path / "state", f"sqlite:///{tmp_path / 'work.db'}")
    assert said(node.day(*ct.datasets)) == {"cleaned"}
    (fate,) = node.day(source)
    assert not _changed(source, fate).any()
    assert said(node.day(slice_)) == {"face.unchecked"}
    node.close()


def test_nothing_of_it_can_be_read_in_the_database(visit: Visit) -> None:
    (row,) = [each for each in visit.node.site.rows(face_memory) if each["outcome"] == "removed"]
    assert len(row["sealed"]) < 60_000
    database = Path(visit.node.work_url.removeprefix("sqlite:///"))
    data = database.read_bytes().lower()
    assert not [word for word in (*WORDS, UID_ROOT) if word.encode() in data]
