"""What is a picture of a face that no mask can follow, by attributes alone."""

from dataclasses import replace
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file

from pipelines.deface.renderings import (
    Appearance,
    Rendering,
    StudyHead,
    appearance_of,
    is_rendering,
    rendering,
)
from pipelines.volumes.header import read_header

STORAGE = "1.2.840.10008.5.1.4.1.1"
CT, MR, SC = f"{STORAGE}.2", f"{STORAGE}.4", f"{STORAGE}.7"
AXIAL = Appearance(
    sop_class_uid=CT,
    modality="CT",
    image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
    samples=1,
    photometric="MONOCHROME2",
    has_plane=True,
    thickness_mm=5.0,
)
CAPTURE = replace(
    AXIAL, sop_class_uid=SC, image_type=("DERIVED", "SECONDARY"), has_plane=False, thickness_mm=0.0
)


def typed(text: str, of: Appearance = AXIAL, **other: Any) -> Appearance:  # noqa: ANN401  (fields)
    return replace(of, image_type=tuple(text.split("\\")), **other)


@pytest.mark.parametrize(
    "text",
    [
        r"ORIGINAL\PRIMARY\AXIAL\CT_SOM5 SPI",
        r"ORIGINAL\PRIMARY\M\NORM\DIS3D\DIS2D",
        r"ORIGINAL\PRIMARY\VOLUME\NONE",
        r"DERIVED\PRIMARY\VOLUME\RESAMPLED",
        r"DERIVED\SECONDARY\MPR\CT_SOM5 MPR",
        r"DERIVED\SECONDARY\REFORMATTED\AVERAGE",
        r"ORIGINAL\PRIMARY\MNIP\NORM",
        r"ORIGINAL\PRIMARY\3D",
        r"DERIVED\SECONDARY\3D",
        r"ORIGINAL\PRIMARY\LOCALIZER",
        "",
    ],
)
@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
def test_slices_with_a_plane_are_no_renderings(text: str, modality: str) -> None:
    assert rendering(typed(text, modality=modality)) is Rendering.NONE


@pytest.mark.parametrize(
    "text",
    [
        r"DERIVED\SECONDARY\AXIAL\VRT",
        r"DERIVED\SECONDARY\VOLREN",
        r"DERIVED\SECONDARY\OTHER\CSA 3D VRT",
        r"DERIVED\PRIMARY\VOLUME\VOLUME_RENDER",
        r"DERIVED\PRIMARY\VOLUME\SURFACE_RENDER",
        r"DERIVED\SECONDARY\3D RENDERING",
        r"DERIVED\SECONDARY\RENDERED",
        r"DERIVED\SECONDARY\SHADED SURFACE",
        r"DERIVED\SECONDARY\ssd",
        r"DERIVED\SECONDARY\CINEMATIC",
        r"DERIVED\SECONDARY\CURVED_MPR",
        r"DERIVED\SECONDARY\PANORAMIC",
    ],
)
@pytest.mark.parametrize("of", [AXIAL, CAPTURE])
def test_words_for_renderings_outweigh_a_plane(text: str, of: Appearance) -> None:
    assert rendering(typed(text, of)) is Rendering.VIEW


@pytest.mark.parametrize("word", ["3D", "VR", "SURFACE"])
def test_likely_words_count_for_what_is_derived_and_in_colour_or_nowhere(word: str) -> None:
    derived = typed(rf"DERIVED\SECONDARY\{word}")
    assert rendering(derived) is Rendering.NONE
    assert rendering(replace(derived, has_plane=False)) is Rendering.VIEW
    assert rendering(replace(derived, photometric="PALETTE COLOR")) is Rendering.VIEW
    assert rendering(typed(rf"ORIGINAL\PRIMARY\{word}", has_plane=False)) is Rendering.NONE


@pytest.mark.parametrize(
    "colour", [{"samples": 3, "photometric": "RGB"}, {"photometric": "YBR_FULL"}]
)
def test_colour_without_a_plane_is_a_view_and_with_one_a_map(colour: dict[str, Any]) -> None:
    assert rendering(replace(AXIAL, **colour)) is Rendering.NONE
    assert rendering(replace(AXIAL, has_plane=False, **colour)) is Rendering.VIEW
    assert rendering(replace(AXIAL, has_plane=False, modality="US", **colour)) is Rendering.NONE
    assert rendering(replace(AXIAL, has_plane=False)) is Rendering.NONE  # held without geometry


@pytest.mark.parametrize("word", ["MIP", "MinIP", "MAX_IP", "PROJECTION IMAGE", "ROTATION"])
def test_projections_are_views_but_for_slabs_in_a_plane(word: str) -> None:
    slab = typed(rf"DERIVED\SECONDARY\{word}")
    assert rendering(slab) is Rendering.NONE
    assert rendering(replace(slab, thickness_mm=20.0)) is Rendering.NONE
    assert rendering(replace(slab, thickness_mm=20.1)) is Rendering.VIEW
    assert rendering(replace(slab, thickness_mm=0.0)) is Rendering.VIEW
    assert rendering(replace(slab, has_plane=False)) is Rendering.VIEW
    assert rendering(replace(slab, modality="MG", thickness_mm=0.0)) is Rendering.NONE


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("77.1.4", Rendering.PHOTOGRAPH),
        ("77.1.4.1", Rendering.PHOTOGRAPH),
        ("77.1.7", Rendering.PHOTOGRAPH),
        ("77.1.1.1", Rendering.PHOTOGRAPH),
        ("77.1", Rendering.PHOTOGRAPH),
        ("68.1", Rendering.PHOTOGRAPH),
        ("68.2", Rendering.PHOTOGRAPH),
        ("66.5", Rendering.SURFACE),
        ("104.3", Rendering.SURFACE),
        ("104.4", Rendering.SURFACE),
        ("7", Rendering.CAPTURE),
        ("7.2", Rendering.CAPTURE),
        ("7.3", Rendering.CAPTURE),
        ("7.4", Rendering.CAPTURE),
        ("66", Rendering.CAPTURE),
        ("7.1", Rendering.SHEET),
        ("77.1.1", Rendering.NONE),
        ("77.1.6", Rendering.NONE),
        ("77.1.5.1", Rendering.NONE),
        ("1.1", Rendering.NONE),
        ("104.5", Rendering.NONE),
        ("11.9", Rendering.NONE),
    ],
)
def test_sop_classes(number: str, expected: Rendering) -> None:
    made = replace(CAPTURE, sop_class_uid=f"{STORAGE}.{number}", modality="OT", samples=3)
    assert rendering(made) is expected


@pytest.mark.parametrize("modality", ["XC", "DMS", "TG", "LS", "OSS", "xc "])
def test_modalities_of_photographs_whatever_the_class(modality: str) -> None:
    made = replace(CAPTURE, modality=modality, image_type=("DERIVED", "SECONDARY", "REPORT"))
    assert rendering(made) is Rendering.PHOTOGRAPH
    assert all(is_rendering(made, head=head) for head in StudyHead)


@pytest.mark.parametrize(
    "text",
    [
        r"DERIVED\SECONDARY\OTHER\CT_SOM5 PROT",
        r"DERIVED\SECONDARY\OTHER\CT_SOM7 PROT DERIVED",
        r"ORIGINAL\SECONDARY\DOSE_INFO",
        r"DERIVED\SECONDARY\DOSE REPORT",
        r"DERIVED\SECONDARY\CURVE",
    ],
)
@pytest.mark.parametrize("of", [CAPTURE, replace(CAPTURE, sop_class_uid=CT, samples=3)])
def test_sheets_of_text_pass(text: str, of: Appearance) -> None:
    assert rendering(typed(text, of)) is Rendering.SHEET
    assert not any(is_rendering(typed(text, of), head=head) for head in StudyHead)


def test_a_screen_is_a_sheet_only_if_it_says_so() -> None:
    screen = typed(r"DERIVED\SECONDARY\SCREEN SAVE", CAPTURE)
    assert rendering(screen) is Rendering.CAPTURE
    assert rendering(replace(screen, says_dose=True)) is Rendering.SHEET
    assert rendering(replace(screen, modality="DOC")) is Rendering.SHEET
    assert rendering(typed(r"DERIVED\SECONDARY\VRT", CAPTURE, says_dose=True)) is Rendering.VIEW
    assert rendering(replace(screen, sop_class_uid=CT)) is Rendering.CAPTURE
    assert rendering(replace(screen, sop_class_uid=CT, has_plane=True)) is Rendering.NONE


HELD = {
    Rendering.PHOTOGRAPH: (True, True, True),
    Rendering.SURFACE: (True, False, True),
    Rendering.VIEW: (True, False, True),
    Rendering.CAPTURE: (True, False, True),
    Rendering.SHEET: (False, False, False),
    Rendering.NONE: (False, False, False),
}
MADE = {
    Rendering.PHOTOGRAPH: replace(CAPTURE, sop_class_uid=f"{STORAGE}.77.1.4"),
    Rendering.SURFACE: replace(CAPTURE, sop_class_uid=f"{STORAGE}.66.5"),
    Rendering.VIEW: typed(r"DERIVED\SECONDARY\VRT"),
    Rendering.CAPTURE: CAPTURE,
    Rendering.SHEET: replace(CAPTURE, sop_class_uid=f"{STORAGE}.7.1"),
    Rendering.NONE: AXIAL,
}


@pytest.mark.parametrize("kind", Rendering)
def test_what_is_held_depends_on_the_heads_of_the_study(kind: Rendering) -> None:
    assert rendering(MADE[kind]) is kind
    heads = (StudyHead.FOUND, StudyHead.NONE, StudyHead.UNSEEN)
    assert tuple(is_rendering(MADE[kind], head=head) for head in heads) == HELD[kind]


@pytest.mark.parametrize("modality", ["OT", "US", ""])
def test_a_capture_that_comes_alone_is_held_whatever_its_modality(modality: str) -> None:
    alone = replace(CAPTURE, modality=modality)
    assert is_rendering(alone, head=StudyHead.UNSEEN)
    assert not is_rendering(alone, head=StudyHead.NONE)


def test_a_scanned_form_that_says_so_passes() -> None:
    for head in StudyHead:
        assert not is_rendering(replace(CAPTURE, modality="DOC"), head=head)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CT_small.dcm", Rendering.NONE),
        ("MR_small.dcm", Rendering.NONE),
        ("rtdose.dcm", Rendering.NONE),
        ("rtplan.dcm", Rendering.NONE),
        ("liver_1frame.dcm", Rendering.NONE),
        ("SC_rgb_rle.dcm", Rendering.CAPTURE),
        ("examples_rgb_color.dcm", Rendering.NONE),
        ("examples_ybr_color.dcm", Rendering.NONE),
    ],
)
def test_files_of_pydicom(name: str, expected: Rendering) -> None:
    path = get_testdata_file(name, download=False)
    if not isinstance(path, str):
        pytest.skip(f"pydicom's test file {name} is missing")
    header = read_header(pydicom.dcmread(path))
    assert rendering(appearance_of(header)) is expected


def test_a_plane_of_every_frame_is_a_plane() -> None:
    path = get_testdata_file("CT_small.dcm", download=False)
    assert isinstance(path, str)
    header = read_header(pydicom.dcmread(path))
    assert appearance_of(header).has_plane
    assert appearance_of(header).thickness_mm == 5.0
    assert appearance_of(replace(header, says_dose=True)).says_dose
    some = replace(header, planes=(*header.planes, None))
    assert not appearance_of(some).has_plane
    assert not appearance_of(replace(header, planes=())).has_plane
