"""Slides: the image of a label is held, the tissue stays (PS3.3, C.8.12.4)."""

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from pipelines.errors import HeldError
from tests.support.objects import options
from tests.support.shared_data import SHARED, needs_shared
from tests.unit.pipelines.metadata.planted import (
    RESEARCH,
    assert_gone,
    cleaned,
    code,
    file_of,
    instance,
    item,
)

_WSI = "1.2.840.10008.5.1.4.1.1.77.1.6"
_MICROSCOPY = "1.2.840.10008.5.1.4.1.1.77.1.2"
_SECONDARY = "1.2.840.10008.5.1.4.1.1.7"
_BOTH = pytest.mark.parametrize("rules", [options(), RESEARCH])


def _slide(image_type: list[str] | None, *, label: str | None, sop_class: str = _WSI) -> Dataset:
    made = instance(
        sop_class,
        Modality="SM",
        ContainerIdentifier="S24-0815",
        BarcodeValue="S24-0815-A1",
        LabelText="Marchetti, Lucia\nS24-0815",
        BurnedInAnnotation="NO",
        VolumetricProperties="VOLUME",
        IssuerOfTheContainerIdentifierSequence=Sequence([]),
    )
    if image_type is not None:
        made.ImageType = image_type
    if label is not None:
        made.SpecimenLabelInImage = label
    return made


def _code(source: Dataset, rules: str, *, transfer_syntax: str = "1.2.840.10008.1.2.1") -> str:
    with pytest.raises(HeldError) as caught:
        cleaned(file_of(source, transfer_syntax=transfer_syntax), rules)
    return caught.value.code


@_BOTH
@pytest.mark.parametrize("label", ["YES", "NO", "", None])
@pytest.mark.parametrize("sop_class", [_WSI, _MICROSCOPY, _SECONDARY])
@pytest.mark.parametrize("transfer_syntax", ["1.2.840.10008.1.2.1", ImplicitVRLittleEndian])
def test_a_label_is_held_whatever_else_it_says(
    label: str | None, sop_class: str, transfer_syntax: str, rules: str
) -> None:
    source = _slide(["ORIGINAL", "PRIMARY", "LABEL", "NONE"], label=label, sop_class=sop_class)
    assert _code(source, rules, transfer_syntax=transfer_syntax) == "pixels.label"


@_BOTH
@pytest.mark.parametrize("label", ["YES", "", None, "MAYBE"])
def test_an_overview_that_may_show_the_label_is_held(label: str | None, rules: str) -> None:
    source = _slide(["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"], label=label)
    assert _code(source, rules) == "pixels.label"


@pytest.mark.parametrize("image_type", [["DERIVED", "PRIMARY", "LABEL"], ["LABEL"], ["label "]])
def test_where_and_how_the_word_stands_does_not_matter(image_type: list[str]) -> None:
    assert _code(_slide(image_type, label="NO"), RESEARCH) == "pixels.label"


@_BOTH
@pytest.mark.parametrize(
    ("image_type", "label"),
    [
        (["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"], "NO"),
        (["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "NO"),
        (["DERIVED", "PRIMARY", "THUMBNAIL", "RESAMPLED"], "NO"),
        (["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"], None),
    ],
)
def test_tissue_without_label_is_released(
    image_type: list[str], label: str | None, rules: str
) -> None:
    result = cleaned(_slide(image_type, label=label), rules)
    assert list(result.dataset.ImageType) == image_type
    assert_gone(result, "Marchetti", "S24-0815")


@_BOTH
@pytest.mark.parametrize("image_type", ["VOLUME", "THUMBNAIL"])
def test_whatever_says_that_the_label_is_in_the_image_is_held(image_type: str, rules: str) -> None:
    # Specimen Label in Image YES: the label is among the pixels, whatever the flavour
    source = _slide(["ORIGINAL", "PRIMARY", image_type, "NONE"], label="YES")
    assert _code(source, rules) == "pixels.label"


def test_a_slide_keeps_its_optics_and_loses_the_specimen_numbers() -> None:
    path = item(
        OpticalPathIdentifier="1",
        IlluminationTypeCodeSequence=code("111744", "DCM", "Brightfield illumination"),
    )
    source = _slide(["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], label="NO")
    source.OpticalPathSequence = Sequence([path])
    source.SpecimenDescriptionSequence = Sequence(
        [
            item(
                SpecimenIdentifier="S24-0815",
                SpecimenUID="1.2.840.1.9.7",
                SpecimenShortDescription="Skin, left arm",
                SpecimenDetailedDescription="Melanoma of Lucia Marchetti, margins clear",
            )
        ]
    )
    source.ImagedVolumeWidth = 15.0
    result = cleaned(source, RESEARCH)
    assert_gone(result, "Marchetti", "S24-0815", "1.2.840.1.9.7")
    dataset = result.dataset
    (specimen,) = dataset.SpecimenDescriptionSequence
    assert specimen.SpecimenShortDescription == "Skin, left arm"
    assert "margins clear" in specimen.SpecimenDetailedDescription
    assert specimen.SpecimenIdentifier  # Type 1
    assert dataset.OpticalPathSequence[0].OpticalPathIdentifier == "1"
    assert dataset.ImagedVolumeWidth == 15.0


@needs_shared
def test_real_slides_are_released() -> None:
    assert SHARED is not None
    data = (SHARED / "corpus" / "wsi" / "sm_image.dcm").read_bytes()
    result = cleaned(data, RESEARCH)
    assert "LABEL" not in result.dataset.ImageType
    assert result.dataset.TotalPixelMatrixColumns
