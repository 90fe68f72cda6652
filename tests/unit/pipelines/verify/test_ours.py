"""What we add to every object is there, and no private element that must not be."""

import pytest
from pydicom import Dataset

from tests.unit.pipelines.verify.real import code, item, real, setting, source
from tests.unit.pipelines.verify.written import EXPLICIT, IMPLICIT

SYNTAXES = pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])


@SYNTAXES
def test_our_equipment_is_the_last(syntax: str) -> None:
    other = item(Manufacturer="ACME", PurposeOfReferenceCodeSequence=code("109101"))
    for made in (
        real(source(), syntax=syntax),
        real(source(ContributingEquipmentSequence=[other]), "", syntax=syntax),
    ):
        assert made.said() == ""
        for edit in (
            lambda d: d.ContributingEquipmentSequence.pop(),
            lambda d: d.__delattr__("ContributingEquipmentSequence"),
            lambda d: setattr(d.ContributingEquipmentSequence[-1], "SoftwareVersions", "9"),
            lambda d: d.ContributingEquipmentSequence.append(other),
            lambda d: d.ContributingEquipmentSequence.insert(0, other),
        ):
            assert made.said(edit).startswith("verify.")


CREATOR = "GEMS_ACQU_01"


def private(*elements: tuple[int, str, object], creator: str = CREATOR) -> Dataset:
    d = source()
    block = d.private_block(0x0019, creator, create=True)
    for element, vr, value in elements:
        block.add_new(element, vr, value)
    return d


@SYNTAXES
def test_the_private_blocks_that_stay_are_declared(syntax: str) -> None:
    made = real(private((0x23, "DS", "1.5")), syntax=syntax)
    tag = "verify.structure (0008,0300)"
    assert made.said() == ""
    assert len(made.dataset.PrivateDataElementCharacteristicsSequence) == 1

    def state(keyword: str, value: object) -> str:
        def edit(d: Dataset) -> None:
            setattr(d.PrivateDataElementCharacteristicsSequence[0], keyword, value)

        return made.said(edit)

    assert state("PrivateGroupReference", 0x0021) == tag
    assert state("PrivateCreatorReference", "ACME") == tag
    assert state("BlockIdentifyingInformationStatus", "MIXED") == tag
    sequence = "PrivateDataElementCharacteristicsSequence"
    assert made.said(lambda d: d.__delattr__(sequence)) == tag
    assert real(source()).said(lambda d: setattr(d, sequence, [item()])) == tag


@pytest.mark.parametrize(
    ("status", "safe", "stays"),
    [
        ("SAFE", [], True),
        ("UNSAFE", [], False),
        ("MIXED", [0x1023], True),
        ("MIXED", [0x24], False),
    ],
)
def test_what_the_source_calls_unsafe_does_not_stand(
    status: str, safe: list[int], *, stays: bool
) -> None:
    d = private((0x23, "DS", "1.5"))
    stated = item(
        PrivateGroupReference=0x0019,
        PrivateCreatorReference=CREATOR,
        BlockIdentifyingInformationStatus=status,
    )
    if safe:
        stated.NonidentifyingPrivateElements = safe
    d.PrivateDataElementCharacteristicsSequence = [stated]
    made = real(d)
    assert made.said() == ""
    assert ((0x0019, 0x1023) in made.dataset) is stays

    def put(d: Dataset) -> None:
        d.private_block(0x0019, CREATOR, create=True).add_new(0x23, "DS", "1.5")
        ours = item(PrivateGroupReference=0x0019, PrivateCreatorReference=CREATOR)
        ours.BlockIdentifyingInformationStatus = "SAFE"
        d.PrivateDataElementCharacteristicsSequence = [ours]

    assert made.said(put) == ("" if stays else "verify.structure (0019,1023)")


def test_the_list_of_tcia_counts_where_the_rule_set_names_it() -> None:
    d = source()
    d.private_block(0x0009, "GEIIS_RA1000", create=True).add_new(0x01, "CS", "SAFE_WORD")
    with_list = real(d, more="private_lists: [tcia]\n")
    assert with_list.said() == ""
    assert (0x0009, 0x1001) in with_list.dataset
    without = real(d)
    assert without.said() == ""

    def put(d: Dataset) -> None:
        d.private_block(0x0009, "GEIIS_RA1000", create=True).add_new(0x01, "CS", "SAFE_WORD")

    assert without.said(put) == "verify.structure (0009,1001)"


def test_the_label_of_a_slide_is_held() -> None:
    made = real(source(ImageType=["DERIVED", "PRIMARY", "VOLUME", "NONE"]))
    assert made.said() == ""
    for word in ("LABEL", "OVERVIEW"):
        said = made.said(setting("ImageType", ["DERIVED", "PRIMARY", word]))
        assert said == "verify.structure (0008,0008)"
    d = source(ImageType=["DERIVED", "PRIMARY", "OVERVIEW"], SpecimenLabelInImage="NO")
    assert real(d, "").said() == ""
