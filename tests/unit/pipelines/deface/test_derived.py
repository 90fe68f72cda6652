"""One question to ask of each object of a study: what is to be done with it?"""

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom._uid_dict import UID_dictionary
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from pipelines.deface.derived import Treatment, follows_images, is_volume_of_head, treatment
from pipelines.deface.renderings import Appearance, StudyHead, appearance_of
from pipelines.metadata.sop_classes import storage_sop_classes
from pipelines.volumes.header import read_header

STORAGE = "1.2.840.10008.5.1.4.1.1"
GOLDEN = {
    Treatment.CONTOURS: {"RT Structure Set Storage"},
    Treatment.RENDERING: {
        "Dermoscopic Photography Image Storage",
        "DICOS 2D AIT Storage",
        "DICOS 3D AIT Storage",
        "Encapsulated OBJ Storage",
        "Encapsulated STL Storage",
        "Hardcopy Color Image Storage SOP Class",
        "Hardcopy Grayscale Image Storage SOP Class",
        "Multi-frame Grayscale Byte Secondary Capture Image Storage",
        "Multi-frame Grayscale Word Secondary Capture Image Storage",
        "Multi-frame True Color Secondary Capture Image Storage",
        "Raw Data Storage",
        "Secondary Capture Image Storage",
        "Surface Scan Mesh Storage",
        "Surface Scan Point Cloud Storage",
        "Surface Segmentation Storage",
        "VL Image Storage - Trial",
        "VL Multi-frame Image Storage - Trial",
        "VL Photographic Image Storage",
        "Video Endoscopic Image Storage",
        "Video Photographic Image Storage",
    },
}
IMAGES = (
    "Image Storage", "Image Storage - For Presentation", "Image Storage - For Processing",
    "Volume Storage", "RT Dose Storage", "Parametric Map Storage", "Segmentation Storage",
    "Thickness Map Storage", "Topography Map Storage", "Volume Analysis Storage",
    "Threat Detection Report Storage", "Resonance (QR) Storage",
)  # fmt: skip


def _bare(uid: str, modality: str = "OT") -> Appearance:
    return Appearance(
        sop_class_uid=uid,
        modality=modality,
        image_type=(),
        samples=1,
        photometric="MONOCHROME2",
        has_plane=False,
        thickness_mm=0.0,
    )


def _name(uid: str) -> str:
    return UID_dictionary[uid][0]


@pytest.mark.parametrize("uid", sorted(storage_sop_classes()), ids=_name)
def test_every_storage_class_has_a_treatment(uid: str) -> None:
    """In a study with a head. What holds pixels and is in no other list is an image."""
    name, found = _name(uid), treatment(_bare(uid), head=StudyHead.FOUND)
    expected = next((kind for kind, names in GOLDEN.items() if name in names), None)
    if expected is not None:
        assert found is expected
    elif name == "Multi-frame Single Bit Secondary Capture Image Storage":
        assert found is Treatment.NONE
    elif name.endswith(IMAGES):
        assert found is Treatment.IMAGE
    else:
        assert found is Treatment.NONE


@pytest.mark.parametrize(
    "uid", ["1.2.3.4", "", f"{STORAGE}.66.7", f"{STORAGE}.66.8", f"{STORAGE}.2.9"]
)
def test_what_nobody_knows_is_an_image(uid: str) -> None:
    assert treatment(_bare(uid), head=StudyHead.NONE) is Treatment.IMAGE


@pytest.mark.parametrize("number", ["88.99", "9.99.1"])
def test_reports_and_waveforms_to_come(number: str) -> None:
    assert treatment(_bare(f"{STORAGE}.{number}"), head=StudyHead.FOUND) is Treatment.NONE


def test_captures_pass_where_no_head_is() -> None:
    capture = _bare(f"{STORAGE}.7", "CT")
    assert treatment(capture, head=StudyHead.FOUND) is Treatment.RENDERING
    assert treatment(capture, head=StudyHead.UNSEEN) is Treatment.RENDERING
    assert treatment(capture, head=StudyHead.NONE) is Treatment.NONE
    assert treatment(_bare(f"{STORAGE}.7"), head=StudyHead.UNSEEN) is Treatment.RENDERING
    assert treatment(_bare(f"{STORAGE}.7", "DOC"), head=StudyHead.UNSEEN) is Treatment.NONE
    photograph = _bare(f"{STORAGE}.77.1.4", "XC")
    assert treatment(photograph, head=StudyHead.NONE) is Treatment.RENDERING


def test_derived_objects_follow_whatever_their_modality() -> None:
    followers = {_name(uid) for uid in storage_sop_classes() if follows_images(uid)}
    assert followers == {
        "Segmentation Storage",
        "Parametric Map Storage",
        "RT Dose Storage",
        "RT Structure Set Storage",
    }
    volumes = {_name(uid) for uid in storage_sop_classes() if is_volume_of_head(uid)}
    assert volumes == {
        "X-Ray 3D Angiographic Image Storage",
        "X-Ray 3D Craniofacial Image Storage",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rtplan.dcm", Treatment.NONE),
        ("rtdose.dcm", Treatment.IMAGE),
        ("rtstruct.dcm", Treatment.CONTOURS),
        ("CT_small.dcm", Treatment.IMAGE),
        ("reportsi.dcm", Treatment.NONE),
        ("SC_rgb_rle.dcm", Treatment.RENDERING),
        ("liver_1frame.dcm", Treatment.IMAGE),
        ("waveform_ecg.dcm", Treatment.NONE),
    ],
)
def test_files_of_pydicom(name: str, expected: Treatment) -> None:
    path = get_testdata_file(name, download=False)
    if not isinstance(path, str):
        pytest.skip(f"pydicom's test file {name} is missing")
    header = read_header(pydicom.dcmread(path, force=True))
    assert treatment(appearance_of(header), head=StudyHead.FOUND) is expected


def _ct() -> pydicom.Dataset:
    path = get_testdata_file("CT_small.dcm", download=False)
    assert isinstance(path, str)
    return pydicom.dcmread(path)


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_a_segmentation_of_highdicom_follows_its_image(kind: str) -> None:
    source = _ct()
    pixels = np.zeros((source.Rows, source.Columns), dtype=np.uint8)
    pixels[20:40, 20:40] = 1
    made = highdicom.seg.Segmentation(
        source_images=[source],
        pixel_array=pixels.astype(np.float32) if kind == "FRACTIONAL" else pixels,
        segmentation_type=kind,
        segment_descriptions=[
            highdicom.seg.SegmentDescription(
                segment_number=1,
                segment_label="skin",
                segmented_property_category=codes.SCT.AnatomicalStructure,
                segmented_property_type=codes.SCT.Skin,
                algorithm_type="MANUAL",
            )
        ],
        series_instance_uid=generate_uid(entropy_srcs=["series"]),
        series_number=2,
        sop_instance_uid=generate_uid(entropy_srcs=["instance"]),
        instance_number=1,
        manufacturer="ours",
        manufacturer_model_name="ours",
        software_versions="1",
        device_serial_number="1",
    )
    header = read_header(made)
    assert appearance_of(header).has_plane
    assert header.frame_of_reference_uid == source.FrameOfReferenceUID
    assert treatment(appearance_of(header), head=StudyHead.FOUND) is Treatment.IMAGE
    assert follows_images(header.sop_class_uid)
