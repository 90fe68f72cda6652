"""One head after another, in every way it is scanned: its face does not leave, its brain does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.heads.anatomy import Body, head
from tests.support.heads.door import Door, deidentify
from tests.support.heads.images import Series, write_series
from tests.support.heads.judging import fate, faults, harm, is_unchanged, shares
from tests.support.heads.mean_head import mean_head, needs_mean_head
from tests.support.heads.multiframe import write_enhanced
from tests.support.heads.persons import Study
from tests.support.heads.planes import Cut, Plane, reversed_rows, stack, unevenly
from tests.support.heads.poses import (
    ADULT,
    CHILD,
    LOOKING_UP,
    OTHER_ADULT,
    TILTED,
    Pose,
)
from tests.support.heads.tissues import Contrast
from tests.support.heads.variants import (
    abdomen,
    defaced,
    half_defaced,
    knee,
    nothing,
    spine,
    stripped,
    water,
)

Slow = pytest.mark.matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is scanned, and how it is written."""

    body: Callable[[], Body] = head
    pose: Pose = ADULT
    contrast: Contrast = Contrast.T1
    planes: tuple[Plane, ...] = stack(Cut.AXIAL)
    is_enhanced: bool = False
    order: tuple[int, ...] | None = None
    compress: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


def _through(case: Case, folder: Path, *, mask: str = "wide") -> tuple[Door, Series]:
    study = Study(folder / "in")
    if case.is_enhanced:
        series = write_enhanced(
            study,
            case.body(),
            case.pose,
            case.contrast,
            case.planes,
            order=case.order,
            compress=case.compress,
        )
    else:
        series = write_series(
            study,
            case.body(),
            case.pose,
            case.contrast,
            case.planes,
            order=case.order,
            compress=case.compress,
            **dict(case.attributes),  # type: ignore[arg-type]  # none is called seed
        )
    return deidentify(study, folder, mask=mask), series


_RLE = "1.2.840.10008.1.2.5"
_JPEG_LS = "1.2.840.10008.1.2.4.80"
_AXIAL = stack(Cut.AXIAL)
_SHUFFLED = tuple(int(k) for k in np.random.default_rng(7).permutation(len(_AXIAL)))
_WRONG = (("BodyPartExamined", "KNEE"), ("PatientPosition", "FFS"))
_FACE_ONLY = stack(Cut.AXIAL, low=(-75, -135, -115), high=(75, 10, -5), pixel_mm=2, step_mm=2)
_UPPER_FACE = stack(Cut.AXIAL, low=(-100, -140, -60), step_mm=5)
_THICK_CORONAL = stack(Cut.CORONAL, step_mm=6, pixel_mm=2)
_CT, _BONE = Contrast.CT_SOFT, Contrast.CT_BONE

REMOVED = {
    "adult": Case(),
    "another adult, T2": Case(pose=OTHER_ADULT, contrast=Contrast.T2),
    "FLAIR, thick": Case(contrast=Contrast.FLAIR, planes=stack(Cut.AXIAL, step_mm=6)),
    "PD": Case(pose=OTHER_ADULT, contrast=Contrast.PD),
    "T1 with contrast": Case(contrast=Contrast.T1_CONTRAST, pose=OTHER_ADULT),
    "CT": Case(contrast=_CT),
    "CT, bone kernel": Case(contrast=_BONE, pose=OTHER_ADULT),
    "child": Case(pose=CHILD),
    "child, CT": Case(pose=CHILD, contrast=_CT),
    "child, T2, coronal": Case(pose=CHILD, contrast=Contrast.T2, planes=_THICK_CORONAL),
    "chin down": Case(pose=TILTED),
    "chin down, CT": Case(pose=TILTED, contrast=_CT),
    "chin up": Case(pose=LOOKING_UP),
    "coronal, thick": Case(planes=_THICK_CORONAL),
    "sagittal, thick": Case(planes=stack(Cut.SAGITTAL, step_mm=5)),
    "oblique": Case(planes=stack(Cut.OBLIQUE)),
    "tilted gantry": Case(contrast=_CT, planes=stack(Cut.GANTRY, step_mm=5)),
    "uneven spacing": Case(contrast=_CT, planes=unevenly(stack(Cut.AXIAL, step_mm=4))),
    "columns from the left": Case(planes=reversed_rows(_AXIAL)),
    "face only, CT": Case(contrast=_BONE, planes=_FACE_ONLY),
    "upper face only": Case(planes=_UPPER_FACE),
    "upper face only, CT": Case(contrast=_CT, planes=_UPPER_FACE),
    "wrong body part": Case(attributes=_WRONG),
    "no body part": Case(contrast=_CT, attributes=(("BodyPartExamined", ""),)),
    "enhanced MR": Case(is_enhanced=True, order=_SHUFFLED),
    "enhanced CT": Case(is_enhanced=True, contrast=_BONE, pose=OTHER_ADULT),
    "files in any order": Case(order=_SHUFFLED),
    "RLE": Case(contrast=_CT, compress=_RLE),
    "JPEG-LS": Case(compress=_JPEG_LS),
    "enhanced, RLE": Case(is_enhanced=True, compress=_RLE),
}
_QUICK = {"child", "coronal, thick", "face only, CT", "enhanced MR", "wrong body part", "JPEG-LS"}


def _cases(cases: dict[str, Case]) -> Iterator[object]:
    for name, case in cases.items():
        yield pytest.param(case, id=name, marks=() if name in _QUICK else (Slow,))


@pytest.mark.parametrize("case", list(_cases(REMOVED)))
def test_the_face_of(case: Case, tmp_path: Path) -> None:
    door, series = _through(case, tmp_path)
    assert fate(door, series) == "cleaned"
    assert list(faults(door, series)) == []


@needs_mean_head
@pytest.mark.parametrize(
    "contrast", [Contrast.T1, pytest.param(Contrast.T2, marks=Slow), pytest.param(_CT, marks=Slow)]
)
def test_the_face_of_the_mean_head(contrast: Contrast, tmp_path: Path) -> None:
    """Of another size, turned and warped; its own blurred face is what is looked for."""
    pose = replace(OTHER_ADULT, pitch=10, shift=(12, -9, 7))
    case = Case(body=mean_head, pose=pose, contrast=contrast, planes=stack(Cut.AXIAL, step_mm=4))
    door, series = _through(case, tmp_path)
    assert fate(door, series) == "cleaned"
    assert list(faults(door, series)) == []


DOUBTFUL = {
    "DWI alone": Case(contrast=Contrast.DWI, planes=stack(Cut.AXIAL, step_mm=5)),
    "angiography alone": Case(
        contrast=Contrast.ANGIOGRAPHY,
        planes=stack(Cut.AXIAL, low=(-100, -140, -75), high=(100, 108, 30)),
    ),
    "PET alone": Case(contrast=Contrast.PET, planes=stack(Cut.AXIAL, pixel_mm=3)),
    "neck, from below": Case(
        contrast=_CT, planes=stack(Cut.AXIAL, low=(-100, -140, -205), high=(100, 108, -50))
    ),
    "whole body, CT": Case(
        body=lambda: head(with_chest=True),
        contrast=_CT,
        planes=stack(
            Cut.AXIAL, low=(-220, -140, -420), high=(220, 150, 92), pixel_mm=4.5, step_mm=5
        ),
    ),
    "half defaced": Case(body=half_defaced),
    "half defaced, CT": Case(body=half_defaced, contrast=_CT),
    "squashed": Case(pose=Pose(scale=(0.65, 1.35, 0.8))),
    "one image": Case(planes=(stack(Cut.SAGITTAL, step_mm=5)[20],)),
    "three images": Case(planes=stack(Cut.SAGITTAL, step_mm=5)[18:21]),
    "head cut at the brows": Case(planes=stack(Cut.AXIAL, low=(-100, -85, -130))),
    "half a head": Case(planes=stack(Cut.SAGITTAL, low=(0, -140, -130))),
    "on the side": Case(pose=Pose(yaw=80)),
    # Patient Position was entered wrongly: the axes are not those of the patient
    "prone is said to be supine": Case(pose=Pose(yaw=180)),
    "feet first is said to be head first": Case(pose=Pose(roll=180, shift=(0, 0, -20))),
    "both": Case(pose=Pose(pitch=180, shift=(0, 0, -20))),
}


@pytest.mark.matrix
@pytest.mark.parametrize("case", [pytest.param(c, id=n) for n, c in DOUBTFUL.items()])
def test_no_face_leaves_where_it_is_hard_to_find(case: Case, tmp_path: Path) -> None:
    door, series = _through(case, tmp_path)
    if all(door.is_held(source) for source in series.datasets):
        return
    assert fate(door, series) == "cleaned"
    assert list(faults(door, series)) == []


NO_FACE = {
    "knee": Case(
        body=knee, pose=Pose(), planes=stack(Cut.SAGITTAL, low=(-85, -95, -110), high=(85, 95, 110))
    ),
    "chest": Case(
        body=lambda: head(with_chest=True),
        contrast=_CT,
        planes=stack(
            Cut.AXIAL, low=(-220, -140, -425), high=(220, 150, -235), pixel_mm=4.5, step_mm=4
        ),
    ),
    "abdomen": Case(
        body=abdomen,
        pose=Pose(),
        contrast=Contrast.T2,
        planes=stack(
            Cut.AXIAL, low=(-185, -125, -100), high=(185, 145, 100), pixel_mm=4, step_mm=5
        ),
    ),
    "spine": Case(
        body=spine,
        pose=Pose(),
        contrast=Contrast.T2,
        planes=stack(Cut.SAGITTAL, low=(-36, -85, -140), high=(36, 105, 140), step_mm=4),
    ),
}


_SAID = {"knee": "KNEE", "chest": "CHEST", "abdomen": "ABDOMEN", "spine": "LSPINE"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in ("knee", "chest") else Slow) for n in NO_FACE],
)
def test_what_has_no_face_and_says_so_is_released_as_it_was(name: str, tmp_path: Path) -> None:
    said = (("BodyPartExamined", _SAID[name]),)
    door, series = _through(replace(NO_FACE[name], attributes=said), tmp_path)
    assert fate(door, series) == "cleaned"
    assert is_unchanged(door, series)
    assert all(door.is_told(source) for source in series.datasets)


@Slow
@pytest.mark.parametrize("name", list(NO_FACE))
@pytest.mark.parametrize("said", ["", "HEAD"])
def test_what_has_no_face_and_does_not_say_so_is_held_or_as_it_was(
    name: str, said: str, tmp_path: Path
) -> None:
    """Image and header must agree on a release: a head may be what was not found."""
    attributes = (("BodyPartExamined", said),)
    door, series = _through(replace(NO_FACE[name], attributes=attributes), tmp_path)
    if not all(door.is_held(source) for source in series.datasets):
        assert is_unchanged(door, series)


@pytest.mark.parametrize("body", [defaced, stripped])
@pytest.mark.parametrize("contrast", [Contrast.T1, pytest.param(_CT, marks=Slow)])
def test_what_was_defaced_before_is_left_alone(
    body: Callable[[], Body], contrast: Contrast, tmp_path: Path
) -> None:
    door, series = _through(Case(body=body, contrast=contrast), tmp_path)
    assert fate(door, series) == "cleaned"
    assert is_unchanged(door, series)
    assert all(door.row(source)["face"].startswith("already") for source in series.datasets)


@pytest.mark.parametrize("body", [water, pytest.param(nothing, marks=Slow)])
def test_what_is_no_body_is_released_as_it_was_or_held(
    body: Callable[[], Body], tmp_path: Path
) -> None:
    box = {"low": (-105.0,) * 3, "high": (105.0,) * 3}
    planes = stack(Cut.AXIAL, **box, step_mm=4)  # type: ignore[arg-type]  # three numbers
    door, series = _through(Case(body=body, pose=Pose(), planes=planes), tmp_path)
    if not all(door.is_held(source) for source in series.datasets):
        assert fate(door, series) == "cleaned"
        assert is_unchanged(door, series)


@pytest.mark.matrix
def test_brain_without_face_in_the_field_of_view(tmp_path: Path) -> None:
    planes = stack(Cut.AXIAL, low=(-100, -140, -8), step_mm=4)
    door, series = _through(Case(planes=planes), tmp_path)
    assert fate(door, series) == "cleaned"
    assert list(harm(door, series)) == []


@pytest.mark.matrix
def test_a_thinner_mask_takes_less(tmp_path: Path) -> None:
    taken = {}
    for mask in ("wide", "narrow", "layer"):
        door, series = _through(Case(), tmp_path / mask, mask=mask)
        assert fate(door, series) == "cleaned", mask
        assert list(harm(door, series)) == [], mask
        found = shares(door, series)
        parts = ("nose", "mouth") if mask == "narrow" else ("eyes", "nose", "mouth", "chin")
        assert {part: found[part] for part in parts if found[part] < 0.98} == {}, mask
        taken[mask] = int(door.changed(series).sum())
    assert taken["wide"] > max(taken["narrow"], taken["layer"])
