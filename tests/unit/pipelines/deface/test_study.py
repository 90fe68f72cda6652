"""One mask for each frame of reference, and a decision about every object of a study."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import (
    CTImageStorage,
    MRImageStorage,
    RTStructureSetStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
    UltrasoundImageStorage,
)

from pipelines.deface import template
from pipelines.deface.decision import DecidedBy, Depth, FaceDecision, FaceOutcome, FacePlan, Known
from pipelines.deface.mask import FaceMask
from pipelines.deface.remembered import NAMELESS, Remembered, decode
from pipelines.deface.study import plan_faces
from pipelines.deface.template import load_template
from pipelines.errors import HeldError
from pipelines.volumes import FramePlane, ImageHeader
from pipelines.volumes.acquisition import Acquisition
from tests.support.heads.anatomy import Body, head
from tests.support.heads.mean_head import needs_mean_head
from tests.support.heads.planes import Cut, Plane, stack
from tests.support.heads.poses import ADULT, Pose
from tests.support.heads.scans import scan
from tests.support.heads.tissues import Contrast
from tests.support.heads.truth import FACE, core_brain, surface
from tests.support.heads.variants import abdomen, defaced, knee, stripped

HERE, ELSEWHERE = "1.2.3.10", "1.2.3.11"
MODALITIES = ("CT", "MR", "PT")
SOP_CLASSES = {"MR": str(MRImageStorage), "CT": str(CTImageStorage)}
ORIGINAL = ("ORIGINAL", "PRIMARY", "AXIAL")
LOCALIZER = ("ORIGINAL", "PRIMARY", "LOCALIZER")
PLANES = stack(Cut.AXIAL, pixel_mm=3.5, step_mm=4.0)
Values = NDArray[np.float32]


class Study:
    """Objects of a study, and how often each was read."""

    def __init__(self) -> None:
        self.headers: list[ImageHeader] = []
        self.values: dict[int, Values] = {}
        self.read: list[int] = []

    def add(
        self,
        values: Values | None = None,
        planes: Sequence[Plane | None] = PLANES,
        *,
        modality: str = "MR",
        sop_class: str = "",
        frame_of_reference: str = HERE,
        image_type: tuple[str, ...] = ORIGINAL,
        body_part: str = "HEAD",
        series: str = "",
        size: tuple[int, int] | None = None,
    ) -> str:
        """Add an object; without values nobody can read it. Return its SOP Instance UID."""
        number = len(self.headers)
        if values is not None:
            self.values[number] = values
        first = next((plane for plane in planes if plane is not None), None)
        rows, columns = size or ((first.rows, first.columns) if first else (64, 64))
        self.headers.append(
            ImageHeader(
                sop_class_uid=sop_class or SOP_CLASSES[modality],
                sop_instance_uid=f"1.2.3.4.{number}",
                series_instance_uid=series or f"1.2.3.5.{number}",
                frame_of_reference_uid=frame_of_reference,
                modality=modality,
                image_type=image_type,
                body_part=body_part,
                rows=rows,
                columns=columns,
                samples=1,
                bits_allocated=16 if rows else 0,
                bits_stored=16,
                pixel_representation=0,
                photometric="MONOCHROME2",
                planes=tuple(None if plane is None else frame_plane(plane) for plane in planes),
                acquisition=(Acquisition(),) * len(planes),
                instance_number=number,
            )
        )
        return f"1.2.3.4.{number}"

    def pixels(self, number: int) -> Values:
        self.read.append(number)
        if number not in self.values:
            raise HeldError("face.unsupported")
        return self.values[number]

    def plan(
        self,
        *,
        modalities: Sequence[str] = MODALITIES,
        depth: Depth = Depth.WIDE,
        earlier: Sequence[Remembered] = (),
    ) -> FacePlan:
        return plan_faces(
            self.headers, self.pixels, modalities=modalities, depth=depth, earlier=earlier
        )


def frame_plane(plane: Plane) -> FramePlane:
    return FramePlane(
        position=plane.position,
        row=plane.row,
        column=plane.column,
        row_spacing=plane.spacing[0],
        column_spacing=plane.spacing[1],
        thickness=plane.thickness,
    )


@cache
def seen(
    body: Callable[[], Body],
    contrast: Contrast,
    *,
    planes: tuple[Plane, ...] = PLANES,
    pose: Pose = ADULT,
) -> Values:
    return scan(body(), pose, contrast, planes)


def box(body: Body) -> tuple[Plane, ...]:
    """Return planes that hold a body that is no head."""
    x, y, z = np.array(body.low) + body.step_mm * np.array(body.tissues.shape[::-1])
    return stack(Cut.AXIAL, low=body.low, high=(x, y, z), pixel_mm=4.0, step_mm=5.0)


def outcome(decision: FaceDecision) -> tuple[FaceOutcome, str]:
    return decision.outcome, decision.code


DOUBT = FaceOutcome.DOUBTFUL
NO_FACE = (FaceOutcome.NO_FACE, "")


@pytest.fixture(scope="module")
def company() -> tuple[FacePlan, dict[str, str], Study]:
    """Return the plan of a head among all that comes with it, and the UIDs by name."""
    study = Study()
    scout = stack(Cut.SAGITTAL)[30:31]
    uids = {
        "t1": study.add(seen(head, Contrast.T1)),
        "t2": study.add(None, body_part=""),  # repeats the place: nobody reads it
        "single slice": study.add(None, PLANES[30:31]),
        "survey": study.add(None, PLANES[::30], image_type=LOCALIZER),
        "scout": study.add(None, scout, modality="CT", image_type=LOCALIZER),
        "segments": study.add(None, modality="SEG", sop_class=str(SegmentationStorage)),
        "contours": study.add(
            None, (), modality="RTSTRUCT", sop_class=str(RTStructureSetStorage), size=(0, 0)
        ),
        "no geometry": study.add(None, [None]),
        "survey elsewhere": study.add(
            None, PLANES[::30], image_type=LOCALIZER, frame_of_reference=ELSEWHERE
        ),
        "segments elsewhere": study.add(
            None,
            modality="SEG",
            sop_class=str(SegmentationStorage),
            frame_of_reference="1.2.3.12",
        ),
        "capture": study.add(
            None, [None], modality="OT", sop_class=str(SecondaryCaptureImageStorage)
        ),
        "ultrasound": study.add(None, [None], modality="US", sop_class=str(UltrasoundImageStorage)),
    }
    study.values[1] = seen(head, Contrast.T2)
    return study.plan(), uids, study


@needs_mean_head
def test_all_of_a_frame_of_reference_get_one_mask(
    company: tuple[FacePlan, dict[str, str], Study],
) -> None:
    plan, uids, _ = company
    names = ("t1", "t2", "single slice", "survey", "scout", "segments", "contours")
    decisions = [plan.decision(uids[name]) for name in names]
    assert {decision.outcome for decision in decisions} == {FaceOutcome.REMOVED}
    assert {id(decision.mask) for decision in decisions} == {id(decisions[0].mask)}
    assert decisions[0].mask is not None
    assert decisions[0].figures["agreement"] > 0.14


@needs_mean_head
def test_a_scout_alone_is_a_projection(company: tuple[FacePlan, dict[str, str], Study]) -> None:
    """A survey of MR is of slices."""
    plan, uids, _ = company
    assert {name for name, uid in uids.items() if plan.decision(uid).is_projection} == {"scout"}


@needs_mean_head
def test_the_mask_takes_the_face_and_spares_the_brain(
    company: tuple[FacePlan, dict[str, str], Study],
) -> None:
    plan, uids, _ = company
    mask = plan.decision(uids["t1"]).mask
    assert mask is not None
    for part in FACE:
        assert mask.covers(ADULT.to_patient(surface(head(), part))).mean() >= 0.98
    points = np.stack([plane.points() for plane in PLANES])
    brain = points[core_brain(head(), ADULT, PLANES)]
    assert mask.covers(brain).mean() <= 0.0005


@needs_mean_head
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no geometry", (DOUBT, "face.no-geometry")),
        ("survey elsewhere", (DOUBT, "face.unchecked")),
        ("segments elsewhere", (DOUBT, "face.missing-reference")),
        ("capture", (DOUBT, "face.rendering")),
        ("ultrasound", (FaceOutcome.UNCONCERNED, "")),
    ],
)
def test_what_no_mask_can_follow(
    company: tuple[FacePlan, dict[str, str], Study],
    name: str,
    expected: tuple[FaceOutcome, str],
) -> None:
    plan, uids, _ = company
    decision = plan.decision(uids[name])
    assert outcome(decision) == expected
    assert decision.mask is None


@needs_mean_head
def test_only_stacks_are_read(company: tuple[FacePlan, dict[str, str], Study]) -> None:
    _, uids, study = company
    read = {study.headers[number].sop_instance_uid for number in study.read}
    assert read <= {uids["t1"], uids["t2"]}
    assert len(study.read) <= 2


@needs_mean_head
def test_an_object_that_came_later_is_unchecked(
    company: tuple[FacePlan, dict[str, str], Study],
) -> None:
    decision = company[0].decision("1.2.3.4.99999")
    assert outcome(decision) == (DOUBT, "face.unchecked")


@needs_mean_head
def test_a_plan_shows_no_uids(company: tuple[FacePlan, dict[str, str], Study]) -> None:
    assert "1.2.3" not in repr(company[0])
    assert "array" not in repr(company[0])


@pytest.fixture(scope="module")
def bellies() -> tuple[FacePlan, dict[str, str]]:
    study = Study()
    planes = box(abdomen())
    ct = partial(study.add, modality="CT", body_part="ABDOMEN")
    values = seen(abdomen, Contrast.CT_SOFT, planes=planes, pose=Pose())
    uids = {
        "ct": ct(values, planes),
        "scout": ct(None, planes[20:21], image_type=LOCALIZER),
        "segments": study.add(None, planes, modality="SEG", sop_class=str(SegmentationStorage)),
        "segments elsewhere": study.add(
            None,
            planes,
            modality="SEG",
            sop_class=str(SegmentationStorage),
            frame_of_reference=ELSEWHERE,
        ),
        "no geometry": ct(None, [None]),
        "capture": study.add(
            None, [None], modality="CT", sop_class=str(SecondaryCaptureImageStorage)
        ),
    }
    return study.plan(), uids


@needs_mean_head
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, FaceOutcome.NO_FACE) for name in ("ct", "scout", "segments", "no geometry")),
        ("segments elsewhere", FaceOutcome.NO_FACE),
        ("capture", FaceOutcome.UNCONCERNED),
    ],
)
def test_a_study_without_a_head_stays_as_it_is(
    bellies: tuple[FacePlan, dict[str, str]], name: str, expected: FaceOutcome
) -> None:
    plan, uids = bellies
    decision = plan.decision(uids[name])
    assert decision.outcome is expected
    assert decision.code == ""
    assert decision.mask is None


@needs_mean_head
def test_a_survey_of_a_knee_is_as_its_knee() -> None:
    """It has a frame of reference of its own, and nobody could look at it."""
    study = Study()
    planes = box(knee())
    values = seen(knee, Contrast.CT_SOFT, planes=planes, pose=Pose())
    ct = partial(study.add, modality="CT", body_part="KNEE")
    whole = ct(values, planes)
    survey = ct(None, planes[::20], image_type=LOCALIZER, frame_of_reference=ELSEWHERE)
    other = study.add(
        None,
        planes[::20],
        modality="CT",
        body_part="HEAD",
        image_type=LOCALIZER,
        frame_of_reference="1.2.3.12",
    )
    plan = study.plan()
    assert outcome(plan.decision(whole)) == NO_FACE
    assert outcome(plan.decision(survey)) == NO_FACE
    assert outcome(plan.decision(other)) == (DOUBT, "face.unchecked")


@needs_mean_head
@pytest.mark.parametrize("body", [defaced, stripped])
def test_what_has_no_face_any_more_stays_as_it_is(body: Callable[[], Body]) -> None:
    study = Study()
    uid = study.add(seen(body, Contrast.T1), body_part="BRAIN")
    assert study.plan().decision(uid).outcome is FaceOutcome.ALREADY


@needs_mean_head
def test_no_label_hides_a_head() -> None:
    """Body Part Examined is often wrong; the image decides."""
    study = Study()
    uid = study.add(seen(head, Contrast.T1), body_part="KNEE")
    assert study.plan().decision(uid).outcome is FaceOutcome.REMOVED


@needs_mean_head
def test_a_series_without_frame_of_reference_is_alone() -> None:
    study = Study()
    here = study.add(seen(head, Contrast.T1), frame_of_reference="")
    other = study.add(None, PLANES[30:31], frame_of_reference="")
    same = study.add(
        None, PLANES[30:31], frame_of_reference="", series="1.2.3.5.0", image_type=LOCALIZER
    )
    plan = study.plan()
    assert plan.decision(here).outcome is FaceOutcome.REMOVED
    assert plan.decision(same).mask is plan.decision(here).mask
    assert outcome(plan.decision(other)) == (DOUBT, "face.unchecked")


@needs_mean_head
def test_the_rules_choose_the_mask() -> None:
    study = Study()
    uid = study.add(seen(head, Contrast.T1))
    mask = study.plan(depth=Depth.LAYER).decision(uid).mask
    assert isinstance(mask, FaceMask)
    assert mask.depth is Depth.LAYER
    nose, deep = ADULT.to_patient(np.array([[0.0, -110.0, -60.0], [0.0, -75.0, -75.0]]))
    assert mask.covers(np.array([nose, deep])).tolist() == [True, False]


@needs_mean_head
def test_pixels_that_nobody_can_read_are_doubtful() -> None:
    study = Study()
    uid = study.add(None)
    other = study.add(None, PLANES[30:31])
    plan = study.plan()
    assert outcome(plan.decision(uid)) == (DOUBT, "face.unsupported")
    assert plan.decision(other).outcome is DOUBT
    assert plan.decision(uid).mask is None


@needs_mean_head
def test_another_series_may_be_read_where_one_can_not() -> None:
    study = Study()
    thin = stack(Cut.AXIAL, pixel_mm=3.5, step_mm=3.0)
    broken = study.add(None, thin)
    whole = study.add(seen(head, Contrast.T1))
    plan = study.plan()
    assert plan.decision(whole).outcome is FaceOutcome.REMOVED
    assert plan.decision(broken).outcome in (FaceOutcome.REMOVED, DOUBT)


@needs_mean_head
@pytest.mark.parametrize("planes", [PLANES[:4], PLANES[:1], PLANES[::30]])
def test_too_little_to_look_at_is_unchecked(planes: tuple[Plane, ...]) -> None:
    study = Study()
    uid = study.add(None, planes)
    assert outcome(study.plan().decision(uid)) == (DOUBT, "face.unchecked")
    assert not study.read


def test_modalities_that_the_rules_do_not_name_are_not_read() -> None:
    study = Study()
    uid = study.add(None)
    assert study.plan(modalities=["CT"]).decision(uid).outcome is FaceOutcome.UNCONCERNED
    assert not study.read


def test_nothing_comes_of_nothing() -> None:
    assert Study().plan().decisions == {}


def test_without_the_package_nothing_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    load_template.cache_clear()
    monkeypatch.setattr(template, "PACKAGE", "no_such_package_of_narthex")
    study = Study()
    study.add(seen(head, Contrast.T1))
    with pytest.raises(HeldError) as held:
        study.plan()
    assert held.value.code == "face.no-template"


@needs_mean_head
def test_the_same_study_gives_the_same_masks_in_any_order() -> None:
    """Points a hair from the edge of one mask are on the same side of the other."""
    study, turned = Study(), Study()
    study.add(seen(head, Contrast.T1))
    study.add(None, PLANES[30:31])
    turned.add(None, PLANES[30:31])
    turned.add(seen(head, Contrast.T1))
    turned.headers = [replace(header, instance_number=0) for header in turned.headers]
    first, second = study.plan().decision("1.2.3.4.0"), turned.plan().decision("1.2.3.4.0")
    assert first.mask is not None
    assert second.mask is not None
    points = np.stack([plane.points() for plane in PLANES[::4]])
    assert np.array_equal(first.mask.covers(points), second.mask.covers(points))
    assert first.figures == second.figures


# What was found earlier


def remembered(study: Study) -> list[Remembered]:
    """Return what is kept of a study, as it comes back."""
    return [decode(news.data) for news in study.plan().news.values()]


@cache
def first_day() -> tuple[Remembered, ...]:
    study = Study()
    study.add(seen(head, Contrast.T1))
    return tuple(remembered(study))


def late() -> tuple[Study, dict[str, str]]:
    """Return objects that come alone, days later."""
    study = Study()
    return study, {
        "segments": study.add(None, modality="SEG", sop_class=str(SegmentationStorage)),
        "single slice": study.add(None, PLANES[30:31]),
        "survey": study.add(None, PLANES[::30], image_type=LOCALIZER),
        "no geometry": study.add(None, [None]),
        "capture": study.add(
            None, [None], modality="OT", sop_class=str(SecondaryCaptureImageStorage)
        ),
    }


@needs_mean_head
def test_what_comes_late_gets_the_mask_that_was_found() -> None:
    study, uids = late()
    plan = study.plan(earlier=first_day())
    for name in ("segments", "single slice", "survey"):
        decision = plan.decision(uids[name])
        assert outcome(decision) == (FaceOutcome.REMOVED, ""), name
        assert decision.decided_by is DecidedBy.EARLIER
        assert decision.mask is first_day()[0].mask
    assert outcome(plan.decision(uids["no geometry"])) == (DOUBT, "face.no-geometry")
    assert outcome(plan.decision(uids["capture"])) == (DOUBT, "face.rendering")
    assert plan.news == {}


@needs_mean_head
@pytest.mark.parametrize("is_already", [True, False])
def test_a_face_that_was_not_there_says_nothing_of_late_pictures(*, is_already: bool) -> None:
    known = replace(first_day()[0], outcome=Known.ALREADY) if is_already else NOTHING
    study, uids = late()
    plan = study.plan(earlier=[known])
    segments = plan.decision(uids["segments"])
    assert segments.outcome is (FaceOutcome.REMOVED if is_already else DOUBT)
    for name in ("single slice", "survey"):
        assert outcome(plan.decision(uids[name])) == (DOUBT, "face.unchecked")
    assert outcome(plan.decision(uids["capture"])) == (DOUBT, "face.rendering")


NOTHING = Remembered(frame_of_reference_uid=HERE, outcome=Known.NO_FACE)
UNCLEAR = Remembered(frame_of_reference_uid=HERE, outcome=Known.UNCLEAR)


def test_what_has_no_picture_of_its_own_follows_that_there_was_no_face() -> None:
    study = Study()
    segments = study.add(None, modality="SEG", sop_class=str(SegmentationStorage))
    plan = study.plan(earlier=[NOTHING])
    assert outcome(plan.decision(segments)) == NO_FACE
    assert plan.decision(segments).decided_by is DecidedBy.EARLIER


@needs_mean_head
def test_nothing_follows_anything_where_the_patient_has_moved() -> None:
    study, uids = late()
    plan = study.plan(earlier=[replace(first_day()[0], outcome=Known.MOVED)])
    for name in ("segments", "single slice", "survey"):
        assert outcome(plan.decision(uids[name])) == (DOUBT, "face.doubtful")


@needs_mean_head
def test_what_was_found_elsewhere_counts_nothing_here() -> None:
    study, uids = late()
    elsewhere = replace(first_day()[0], frame_of_reference_uid=ELSEWHERE)
    plan = study.plan(earlier=[elsewhere])
    for name in ("segments", "single slice"):
        assert outcome(plan.decision(uids[name])) == (DOUBT, "face.unchecked")


@needs_mean_head
def test_a_late_series_is_looked_at_and_gets_the_mask_that_was_found() -> None:
    study = Study()
    t2 = study.add(seen(head, Contrast.T2))
    segments = study.add(None, modality="SEG", sop_class=str(SegmentationStorage))
    plan = study.plan(earlier=first_day())
    for uid in (t2, segments):
        assert plan.decision(uid).mask is first_day()[0].mask
    assert study.read
    assert plan.decision(t2).decided_by is DecidedBy.LOOK
    assert plan.decision(t2).figures["agreement"] > 0
    assert plan.news == {}


@needs_mean_head
def test_a_head_that_has_moved_is_found_anew_and_that_is_remembered() -> None:
    study = Study()
    moved = replace(ADULT, shift=(0.0, 12.0, 20.0))
    again = study.add(seen(head, Contrast.T1, pose=moved))
    segments = study.add(None, modality="SEG", sop_class=str(SegmentationStorage))
    plan = study.plan(earlier=first_day())
    mask = plan.decision(again).mask
    assert mask is not None
    assert mask is not first_day()[0].mask
    for part in FACE:
        assert mask.covers(moved.to_patient(surface(head(), part))).mean() >= 0.98
    assert outcome(plan.decision(segments)) == (DOUBT, "face.doubtful")
    (news,) = plan.news.values()
    assert (news.outcome, decode(news.data).outcome) == (Known.MOVED, Known.MOVED)


@needs_mean_head
@pytest.mark.parametrize("known", [NOTHING, UNCLEAR])
def test_a_head_that_comes_later_is_remembered_instead(known: Remembered) -> None:
    study = Study()
    study.add(seen(head, Contrast.T1))
    (news,) = study.plan(earlier=[known]).news.values()
    assert news.outcome is Known.REMOVED


@needs_mean_head
def test_no_head_after_a_doubt_is_not_remembered() -> None:
    """What was in doubt is held, and what was drawn on it may come yet."""
    study = Study()
    body = study.add(
        seen(abdomen, Contrast.CT_SOFT, planes=box(abdomen())),
        box(abdomen()),
        modality="CT",
        body_part="ABDOMEN",
    )
    segments = study.add(None, modality="SEG", sop_class=str(SegmentationStorage))
    first, later = study.plan(), study.plan(earlier=[UNCLEAR])
    for plan in (first, later):
        assert outcome(plan.decision(body)) == NO_FACE
    assert outcome(first.decision(segments)) == NO_FACE
    assert outcome(later.decision(segments)) == (DOUBT, "face.unchecked")
    assert later.decision(segments).decided_by is DecidedBy.EARLIER
    assert [news.outcome for news in first.news.values()] == [Known.NO_FACE]
    assert later.news == {}


@needs_mean_head
@pytest.mark.parametrize("known", [(), (NOTHING,), (UNCLEAR,)])
def test_a_doubt_outweighs_that_there_was_no_face(known: tuple[Remembered, ...]) -> None:
    large = Study()
    large.add(seen(head, Contrast.T1, pose=replace(ADULT, scale=(1.5, 1.5, 1.5))))
    few = Study()
    few.add(None, PLANES[30:31])
    for study in (large, few):
        segments = study.add(None, modality="SEG", sop_class=str(SegmentationStorage))
        plan = study.plan(earlier=known)
        assert plan.decision("1.2.3.4.0").outcome is DOUBT
        assert plan.decision(segments).outcome is DOUBT
        is_known = UNCLEAR in known
        assert [n.outcome for n in plan.news.values()] == [Known.UNCLEAR] * (not is_known)
    alone = Study()
    segments = alone.add(None, modality="SEG", sop_class=str(SegmentationStorage))
    assert outcome(alone.plan(earlier=[UNCLEAR]).decision(segments)) == (DOUBT, "face.unchecked")


@needs_mean_head
def test_a_series_in_doubt_beside_a_head_is_remembered() -> None:
    """Nobody knows whether it shows the head at another place, nor what was drawn on it."""
    study = Study()
    study.add(seen(head, Contrast.T1, pose=replace(ADULT, scale=(1.5, 1.5, 1.5))))
    (news,) = study.plan(earlier=first_day()).news.values()
    assert news.outcome is Known.MOVED


@needs_mean_head
def test_of_a_space_without_a_name_it_is_remembered_that_it_may_show_a_head() -> None:
    first, later = Study(), Study()
    first.add(seen(head, Contrast.T1), frame_of_reference="")
    (known,) = remembered(first)
    assert (known.frame_of_reference_uid, known.outcome) == (NAMELESS, Known.UNCLEAR)
    planes = box(knee())
    values = seen(knee, Contrast.CT_SOFT, planes=planes, pose=Pose())
    ct = partial(later.add, modality="CT", body_part="KNEE", frame_of_reference="")
    body = ct(values, planes)
    survey = ct(None, planes[::20], image_type=LOCALIZER, frame_of_reference=ELSEWHERE)
    capture = later.add(None, [None], modality="OT", sop_class=str(SecondaryCaptureImageStorage))
    assert later.plan().decision(capture).outcome is FaceOutcome.UNCONCERNED
    assert outcome(later.plan().decision(survey)) == NO_FACE
    assert NAMELESS not in later.plan().news
    plan = later.plan(earlier=[known])
    assert outcome(plan.decision(body)) == NO_FACE
    assert outcome(plan.decision(capture)) == (DOUBT, "face.rendering")
    assert outcome(plan.decision(survey)) == (DOUBT, "face.unchecked")
