"""Annotations, overlays, curves and icons (PS3.15, E.3.3 and Table E.1-1)."""

import io
import struct

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from pipelines.errors import HeldError
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.objects import options, small
from tests.support.shared_data import SHARED, needs_shared
from tests.unit.pipelines.metadata.planted import (
    RESEARCH,
    Result,
    assert_gone,
    cleaned,
    code,
    file_of,
    instance,
    item,
)

_GSPS = "1.2.840.10008.5.1.4.1.1.11.1"
_ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
_CT = "1.2.840.10008.5.1.4.1.1.2"
GRAPHICS = options("clean-graphics")
_BOTH = pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])


_PLAIN: dict[str, object] = {
    "GraphicLayerSequence": Sequence([item(GraphicLayer="LAYER1", GraphicLayerOrder="1")]),
    "ContentDescription": "Key marks",
}
"""What the tables keep as it is, without a name."""


def _state(*texts: str, **attributes: object) -> Dataset:
    objects = [
        item(
            UnformattedTextValue=text,
            AnchorPoint=[10.0, 20.0],
            AnchorPointVisibility="Y",
            AnchorPointAnnotationUnits="PIXEL",
        )
        for text in texts
    ]
    drawn = item(
        GraphicAnnotationUnits="PIXEL",
        GraphicDimensions=2,
        NumberOfGraphicPoints=2,
        GraphicData=[1.0, 2.0, 3.0, 4.0],
        GraphicType="POLYLINE",
        GraphicFilled="N",
    )
    image = item(ReferencedSOPClassUID=_CT, ReferencedSOPInstanceUID="1.2.840.1.9.3")
    annotation = item(
        GraphicLayer="LAYER1",
        TextObjectSequence=Sequence(objects),
        GraphicObjectSequence=Sequence([drawn]),
        ReferencedImageSequence=Sequence([image]),
    )
    series = item(SeriesInstanceUID="1.2.840.1.9.2", ReferencedImageSequence=Sequence([image]))
    made = instance(
        _GSPS,
        Modality="PR",
        GraphicAnnotationSequence=Sequence([annotation]),
        GraphicLayerSequence=Sequence(
            [
                item(
                    GraphicLayer="LAYER1",
                    GraphicLayerOrder="1",
                    GraphicLayerDescription="marks of Griffith",
                )
            ]
        ),
        ReferencedSeriesSequence=Sequence([series]),
        ContentLabel="MARKS",
        ContentDescription="Key marks by Dr. Griffith",
        ContentCreatorName="Griffith^Aldo",
        PresentationCreationDate="20240229",
        PresentationCreationTime="101500",
        PresentationLUTShape="IDENTITY",
        InstanceNumber="1",
    )
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, ImplicitVRLittleEndian])
def test_a_presentation_state_keeps_its_marks_without_the_names(transfer_syntax: str) -> None:
    source = _state("Marchetti Lucia lesion 12 mm", "Dr. Griffith: follow up", "L5", "Lucia")
    result = cleaned(file_of(source, transfer_syntax=transfer_syntax), RESEARCH)
    assert_gone(result, "Marchetti", "Lucia", "Griffith")
    dataset = result.dataset
    (annotation,) = dataset.GraphicAnnotationSequence
    texts = [each.UnformattedTextValue for each in annotation.TextObjectSequence]
    assert texts[0] == "lesion 12 mm"
    assert "follow up" in texts[1]
    assert texts[2] == "L5"
    assert texts[3] == "REMOVED"  # Type 1
    assert annotation.GraphicLayer == "LAYER1"
    (drawn,) = annotation.GraphicObjectSequence
    assert list(drawn.GraphicData) == [1.0, 2.0, 3.0, 4.0]
    assert list(annotation.TextObjectSequence[0].AnchorPoint) == [10.0, 20.0]
    assert dataset.ContentLabel == "MARKS"
    assert "Key marks" in dataset.ContentDescription
    assert "ContentCreatorName" in dataset  # Type 2
    (layer,) = dataset.GraphicLayerSequence
    assert layer.GraphicLayer == annotation.GraphicLayer
    assert {"113103", "113105"} <= result.methods


def test_the_images_of_a_state_are_the_same_everywhere() -> None:
    dataset = cleaned(_state("L5"), RESEARCH).dataset
    (annotation,) = dataset.GraphicAnnotationSequence
    (series,) = dataset.ReferencedSeriesSequence
    (there,), (here,) = series.ReferencedImageSequence, annotation.ReferencedImageSequence
    assert there.ReferencedSOPInstanceUID == here.ReferencedSOPInstanceUID
    assert here.ReferencedSOPInstanceUID.startswith("2.25.")
    assert here.ReferencedSOPClassUID == _CT


def test_without_clean_descriptors_texts_become_dummies() -> None:
    source = _state("lesion 12 mm of Marchetti", **_PLAIN)
    result = cleaned(source, GRAPHICS)
    (annotation,) = result.dataset.GraphicAnnotationSequence
    assert [each.UnformattedTextValue for each in annotation.TextObjectSequence] == ["REMOVED"]
    assert len(annotation.GraphicObjectSequence) == 1
    assert "113103" in result.methods
    assert "113105" not in result.methods


def test_without_the_option_the_annotations_are_one_dummy() -> None:
    source = _state("lesion of Marchetti", "L5", **_PLAIN)
    result = cleaned(source, options())
    assert_gone(result, "lesion", "Marchetti", "L5", "Griffith")
    (annotation,) = result.dataset.GraphicAnnotationSequence
    assert annotation.GraphicLayer
    (text,) = annotation.TextObjectSequence
    assert text.UnformattedTextValue == "REMOVED"
    assert text.AnchorPointVisibility == "N"
    assert "113103" not in result.methods


def test_compound_graphics_lines_and_bounding_boxes_keep_their_geometry() -> None:
    compound = item(
        CompoundGraphicType="RULER",
        CompoundGraphicInstanceID=1,
        GraphicData=[1.0, 2.0, 3.0, 4.0],
        CompoundGraphicUnits="PIXEL",
        NumberOfGraphicPoints=2,
        MajorTicksSequence=Sequence([item(TickPosition=0.5, TickLabel="Marchetti 5 cm")]),
    )
    boxed = item(
        UnformattedTextValue="Marchetti: stone",
        BoundingBoxAnnotationUnits="PIXEL",
        BoundingBoxTopLeftHandCorner=[1.0, 1.0],
        BoundingBoxBottomRightHandCorner=[9.0, 9.0],
        BoundingBoxTextHorizontalJustification="LEFT",
    )
    source = _state("L5")
    source.GraphicAnnotationSequence[0].TextObjectSequence = Sequence([boxed])
    source.GraphicAnnotationSequence[0].CompoundGraphicSequence = Sequence([compound])
    result = cleaned(source, RESEARCH)
    assert_gone(result, "Marchetti")
    (annotation,) = result.dataset.GraphicAnnotationSequence
    (text,) = annotation.TextObjectSequence
    assert "stone" in text.UnformattedTextValue
    assert list(text.BoundingBoxBottomRightHandCorner) == [9.0, 9.0]
    (ruler,) = annotation.CompoundGraphicSequence
    assert ruler.MajorTicksSequence[0].TickPosition == 0.5
    assert "5 cm" in ruler.MajorTicksSequence[0].TickLabel


# Waveforms


def _annotated() -> Dataset:
    source = pydicom.dcmread(str(get_testdata_file("waveform_ecg.dcm")))
    source.PatientName, source.PatientID = "Marchetti^Lucia", "MR-40817"
    source.WaveformAnnotationSequence = Sequence(
        [
            item(
                UnformattedTextValue="Sinus rhythm, Lucia Marchetti, confirmed by Dr. Griffith",
                ReferencedWaveformChannels=[1, 0],
                AnnotationGroupNumber=1,
            ),
            item(
                ConceptNameCodeSequence=code("2:16016", "MDC", "QRS duration"),
                NumericValue="98",
                MeasurementUnitsCodeSequence=code("ms", "UCUM", "ms"),
                ReferencedWaveformChannels=[1, 0],
            ),
            item(UnformattedTextValue="Marchetti", ReferencedWaveformChannels=[1, 0]),
        ]
    )
    return source


def test_a_waveform_keeps_its_samples_and_cleaned_annotations() -> None:
    source = _annotated()
    buffer = io.BytesIO()
    source.save_as(buffer)
    result = cleaned(buffer.getvalue(), RESEARCH)
    assert_gone(result, "Marchetti", "Lucia", "Griffith")
    first, second, third = result.dataset.WaveformAnnotationSequence
    assert "Sinus rhythm" in first.UnformattedTextValue
    assert second.NumericValue == 98
    assert third.UnformattedTextValue == "REMOVED"
    assert list(third.ReferencedWaveformChannels) == [1, 0]
    before = [each.WaveformData for each in source.WaveformSequence]
    assert [each.WaveformData for each in result.dataset.WaveformSequence] == before
    assert "113104" in result.methods


def test_annotations_of_a_waveform_go_without_the_option() -> None:
    buffer = io.BytesIO()
    _annotated().save_as(buffer)
    result = cleaned(buffer.getvalue(), options("clean-descriptors"))
    assert_gone(result, "Marchetti", "Griffith", "Sinus")
    assert "113104" not in result.methods
    assert all(each.WaveformData for each in result.dataset.WaveformSequence)


# Bitmaps, whose text nobody reads


def _overlay(group: int = 0x6000) -> tuple[Made, ...]:
    base = group << 16
    return (
        Made(base | 0x0010, "US", struct.pack("<H", 8)),
        Made(base | 0x0011, "US", struct.pack("<H", 8)),
        Made(base | 0x0022, "LO", b"Marks for Marchetti"),
        Made(base | 0x0040, "CS", b"G"),
        Made(base | 0x0050, "SS", struct.pack("<hh", 1, 1)),
        Made(base | 0x0100, "US", struct.pack("<H", 1)),
        Made(base | 0x0102, "US", struct.pack("<H", 0)),
        Made(base | 0x1500, "LO", b"Lucia"),
        Made(base | 0x3000, "OW", b"\xaa\x55" * 4),
        Made(base | 0x4000, "LT", b"comment on Marchetti"),
    )


def _cleaned(*elements: Made, rules: str, transfer_syntax: str = EXPLICIT) -> Result:
    name = Made(0x00100010, "PN", b"Marchetti^Lucia")
    return cleaned(small(name, *elements, transfer_syntax=transfer_syntax), rules)


@_BOTH
@pytest.mark.parametrize("rules", [options(), GRAPHICS, RESEARCH])
@pytest.mark.parametrize("group", [0x6000, 0x6002, 0x601E])
def test_overlays_go_as_whole_groups(group: int, rules: str, transfer_syntax: str) -> None:
    result = _cleaned(*_overlay(group), rules=rules, transfer_syntax=transfer_syntax)
    assert not [each for each in result.dataset if each.tag.group >> 8 == 0x60]
    assert_gone(result, "Marchetti", "Lucia")
    assert b"\xaa\x55\xaa\x55" not in result.written
    assert "113103" not in result.methods  # nobody read what was drawn


@_BOTH
@pytest.mark.parametrize("rules", [options(), GRAPHICS, RESEARCH])
def test_curves_go(rules: str, transfer_syntax: str) -> None:
    made = (
        Made(0x50000005, "US", struct.pack("<H", 1)),
        Made(0x50002500, "LO", b"Curve of Marchetti"),
        Made(0x50003000, "OW", b"\xaa\x55" * 4),
    )
    result = _cleaned(*made, rules=rules, transfer_syntax=transfer_syntax)
    assert not [each for each in result.dataset if each.tag.group >> 8 == 0x50]
    assert_gone(result, "Marchetti")


def test_a_real_overlay_goes() -> None:
    source = pydicom.dcmread(str(get_testdata_file("examples_overlay.dcm")))
    source.PatientID = source.get("PatientID") or "MR-40817"
    assert 0x60003000 in source
    buffer = io.BytesIO()
    source.save_as(buffer)
    result = cleaned(buffer.getvalue(), RESEARCH)
    assert not [each for each in result.dataset if each.tag.group >> 8 == 0x60]
    assert result.dataset.PixelData == source.PixelData


@_BOTH
@pytest.mark.parametrize("rules", [options(), RESEARCH])
@pytest.mark.parametrize("as_un", [True, False])
def test_icons_go_at_every_depth(rules: str, transfer_syntax: str, *, as_un: bool) -> None:
    pixels = b"\xde\xad\xbe\xef" * 16
    icon = Made(
        0x00880200,
        "SQ",
        b"",
        (
            MadeItem(
                (
                    Made(0x00280010, "US", struct.pack("<H", 8)),
                    Made(0x00280011, "US", struct.pack("<H", 8)),
                    Made(0x7FE00010, "OW", pixels),
                )
            ),
        ),
        as_un=as_un,
    )
    inside = Made(0x00081115, "SQ", b"", (MadeItem((icon,)),))
    result = _cleaned(icon, inside, rules=rules, transfer_syntax=transfer_syntax)
    assert pixels not in result.written
    assert "IconImageSequence" not in result.dataset
    assert "113100" in result.methods


# What is no instance


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-empty.dcm"])
def test_a_directory_is_refused(name: str) -> None:
    with open(get_testdata_file("dicomdirtests/" + name) or "", "rb") as file:  # noqa: PTH123
        data = file.read()
    with pytest.raises(HeldError) as caught:
        cleaned(data, RESEARCH)
    assert caught.value.code == "sop-class.unsupported"


@needs_shared
def test_a_real_state_keeps_what_it_draws() -> None:
    assert SHARED is not None
    data = (SHARED / "corpus" / "document" / "gsps_text_annotation.dcm").read_bytes()
    result = cleaned(data, RESEARCH)
    assert_gone(result, "Marchetti", "Okafor", "40817")
    (annotation,) = result.dataset.GraphicAnnotationSequence
    assert [each.UnformattedTextValue for each in annotation.TextObjectSequence] == ["lesion 12 mm"]
