import io
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian

from pipelines.errors import HeldError
from pipelines.volumes import read_header
from tests.unit.pipelines.volumes.made import (
    AXIAL,
    CORONAL,
    encoded,
    enhanced,
    group,
    image,
)


def reread(dataset: Dataset, syntax: str | None = None) -> Dataset:
    """Return a data set as it comes from a file: nothing is decoded yet."""
    reader = encoded(dataset, syntax) if syntax else encoded(dataset)
    return pydicom.dcmread(io.BytesIO(reader.read(0, reader.size)), stop_before_pixels=True)


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian])
def test_a_classic_image(syntax: str | None) -> None:
    made = image((1, 2, 3), CORONAL, BodyPartExamined="HEAD", InstanceNumber=7)
    for dataset in (made, reread(made, syntax)):
        header = read_header(dataset)
        assert (header.rows, header.columns, header.samples, header.frames) == (4, 5, 1, 1)
        assert (header.bits_allocated, header.bits_stored, header.pixel_representation) == (
            *(16, 16),
            1,
        )
        assert header.modality == "CT"
        assert header.image_type == ("ORIGINAL", "PRIMARY", "AXIAL")
        assert header.body_part == "HEAD"
        assert header.instance_number == 7
        assert header.photometric == "MONOCHROME2"
        assert header.has_pixels
        assert not header.is_localizer
        (plane,) = header.planes
        assert plane is not None
        assert (plane.position, plane.row, plane.column) == ((1, 2, 3), CORONAL[:3], CORONAL[3:])
        assert (plane.row_spacing, plane.column_spacing, plane.thickness) == (2, 0.5, 3)


def test_a_report_of_dose_says_so() -> None:
    item = Dataset()
    item.RadiationMode = "CONTINUOUS"
    for attributes, expected in (
        ({}, False),
        ({"ExposureDoseSequence": [item]}, True),
        ({"ExposureDoseSequence": []}, False),
        ({"CommentsOnRadiationDose": "DLP 400"}, True),
        ({"CommentsOnRadiationDose": ""}, False),
    ):
        made = image(**attributes)
        assert read_header(reread(made)).says_dose is expected, attributes


def test_source_uids_are_not_shown() -> None:
    header = read_header(image(BodyPartExamined="CANARY"))
    for secret in (header.sop_instance_uid, header.series_instance_uid, "CANARY", "1.2.3.2"):
        assert secret not in repr(header)


def test_groups_of_a_frame_override_shared_ones() -> None:
    shared = group((9, 9, 9), AXIAL, (1, 1))
    header = read_header(
        enhanced(shared, [group((0, 0, 1)), group(), group((0, 0, 3), CORONAL, (3, 4))])
    )
    first, second, third = header.planes
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.position, second.position, third.position) == (
        *((0, 0, 1), (9, 9, 9)),
        (0, 0, 3),
    )
    assert (first.row_spacing, third.row_spacing, third.column_spacing) == (1, 3, 4)
    assert (first.column, third.column) == (AXIAL[3:], CORONAL[3:])
    assert first.thickness == 4


def test_frames_are_told_apart_by_how_they_were_made() -> None:
    def frame(echo: float, b_value: float, direction: list[float] | None) -> Dataset:
        item = group((0, 0, 0), MREchoSequence={"EffectiveEchoTime": echo})
        diffusion = Dataset()
        diffusion.DiffusionBValue = b_value
        if direction:
            gradient = Dataset()
            gradient.DiffusionGradientOrientation = direction
            diffusion.DiffusionGradientDirectionSequence = [gradient]
        item.MRDiffusionSequence = [diffusion]
        return item

    header = read_header(
        enhanced(
            group(None, AXIAL, (1, 1)),
            [frame(10, 0, None), frame(20, 0, None), frame(10, 1000, [1, 0, 0])],
        )
    )
    first, second, third = header.acquisition
    assert (first.echo_time, second.echo_time) == ("10", "20")
    assert (first.b_value, third.b_value) == ("0", "1000")
    assert third.direction.startswith("1")
    assert len({first, second, third}) == 3


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_groups_that_are_not_one_per_frame_say_nothing(frames: int) -> None:
    header = read_header(enhanced(group(None, AXIAL, (1, 1)), [group((0, 0, 0))] * 3, frames))
    assert header.planes == (None,) * frames


def test_shared_groups_alone_serve_one_frame() -> None:
    header = read_header(enhanced(group((1, 2, 3), AXIAL, (1, 1)), [], 1))
    assert header.planes[0] is not None


def test_a_mosaic_is_no_plane() -> None:
    header = read_header(image(ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]))
    assert header.planes == (None,)


@pytest.mark.parametrize("word", ["LOCALIZER", "SCOUT", "TOPOGRAM"])
def test_a_localizer(word: str) -> None:
    assert read_header(image(ImageType=["ORIGINAL", "PRIMARY", word])).is_localizer


def test_frames_of_a_dose_have_offsets() -> None:
    dose = image((0, 0, 10), NumberOfFrames=3, GridFrameOffsetVector=[0, 2, 5])
    assert [p and p.position[2] for p in read_header(dose).planes] == [10, 12, 15]
    dose.GridFrameOffsetVector = [10, 12, 15]
    assert [p and p.position[2] for p in read_header(dose).planes] == [10, 12, 15]
    dose.GridFrameOffsetVector = [0, 2]
    assert read_header(dose).planes == (None,) * 3


def test_frames_of_a_classic_image_have_no_position() -> None:
    assert read_header(image(NumberOfFrames=3)).planes == (None,) * 3


def test_a_segmentation_names_its_images() -> None:
    instance, series = Dataset(), Dataset()
    instance.ReferencedSOPInstanceUID = "1.2.3.4"
    series.ReferencedInstanceSequence = [instance]
    derivation, source = Dataset(), Dataset()
    source.ReferencedSOPInstanceUID = "1.2.3.5"
    derivation.SourceImageSequence = [source]
    own = group((0, 0, 0), SegmentIdentificationSequence={"ReferencedSegmentNumber": 2})
    own.DerivationImageSequence = [derivation]
    dataset = enhanced(
        group(None, AXIAL, (1, 1)), [own], Modality="SEG", ReferencedSeriesSequence=[series]
    )
    header = read_header(reread(dataset))
    assert header.acquisition[0].segment == "2"


def test_a_structure_set_names_its_space() -> None:
    def of(**attributes: Any) -> Dataset:  # noqa: ANN401  (values of attributes)
        dataset = Dataset()
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        return dataset

    contour = of(ContourImageSequence=[of(ReferencedSOPInstanceUID="1.2.3.4")])
    dataset = of(
        SOPInstanceUID="1.2",
        Modality="RTSTRUCT",
        ReferencedFrameOfReferenceSequence=[
            of(
                FrameOfReferenceUID="1.2.9",
                RTReferencedStudySequence=[
                    of(
                        RTReferencedSeriesSequence=[
                            of(ContourImageSequence=[of(ReferencedSOPInstanceUID="1.2.3.5")])
                        ]
                    )
                ],
            )
        ],
        ROIContourSequence=[of(ContourSequence=[contour])],
    )
    header = read_header(dataset)
    assert header.frame_of_reference_uid == "1.2.9"
    assert (header.has_pixels, header.planes) == (False, ())


def test_too_many_frames_are_held() -> None:
    with pytest.raises(HeldError) as caught:
        read_header(image(NumberOfFrames=2_000_000_000))
    assert caught.value.code == "face.unsupported"


_KEYWORDS = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "InstanceNumber",
    "EchoTime",
    "NumberOfFrames",
    "ImageType",
    "Rows",
    "BitsAllocated",
    "ReferencedSeriesSequence",
    "PerFrameFunctionalGroupsSequence",
    "SharedFunctionalGroupsSequence",
)


@given(
    st.sampled_from(_KEYWORDS),
    st.one_of(
        st.none(),
        st.binary(max_size=24),
        st.sampled_from([b"1\\2\\x", b"nan\\0\\0", b"1e400\\0\\0", b"\\\\", b"\xff" * 8, b" "]),
    ),
    st.sampled_from(["DS", "IS", "CS", "US", "UN", "SQ", "FD", "OB", "XX"]),
)
def test_nonsense_never_raises(keyword: str, value: bytes | None, vr: str) -> None:
    dataset = image()
    tag = Tag(keyword)
    length = 0 if value is None else len(value)
    raw = RawDataElement(tag, vr, length, value, 0, is_implicit_VR=False, is_little_endian=True)
    dataset._dict[tag] = raw
    try:
        header = read_header(dataset)
    except HeldError as error:
        assert error.code == "face.unsupported"  # noqa: PT017  (both ways are right)
    else:
        assert len(header.planes) == len(header.acquisition)
