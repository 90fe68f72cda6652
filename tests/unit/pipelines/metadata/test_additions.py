"""What we add at the root: who did it, how, and where it stands (PS3.3, C.12.1.1.9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.version import VERSION
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.objects import BASIC, options, small
from tests.unit.pipelines.metadata.planted import RESEARCH, Result, assert_gone, cleaned

_EQUIPMENT = 0x0018A001
_BOTH = pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])


def _equipment(*elements: Made, undefined: bool = False, as_un: bool = False) -> Made:
    return Made(_EQUIPMENT, "SQ", b"", (MadeItem(elements, undefined),), undefined, as_un)


def _cleaned(*elements: Made, rules: str = BASIC, transfer_syntax: str = EXPLICIT) -> Result:
    return cleaned(small(*elements, transfer_syntax=transfer_syntax), rules)


_OTHERS = (
    Made(0x00080070, "LO", b"ACME"),
    Made(0x00080080, "LO", b"Hill Hospital"),
    Made(0x00081010, "SH", b"STATION-7"),
    Made(0x00081070, "PN", b"Okafor^Ngozi"),
    Made(0x00181000, "LO", b"SN-8812-7743"),
    Made(0x0018A002, "DT", b"20240229101500"),
    Made(0x0018A003, "ST", b"Fused for Lucia Marchetti"),
)


@_BOTH
@pytest.mark.parametrize("rules", [BASIC, RESEARCH])
def test_we_say_that_we_were_there(rules: str, transfer_syntax: str) -> None:
    result = _cleaned(rules=rules, transfer_syntax=transfer_syntax)
    (ours,) = result.dataset.ContributingEquipmentSequence
    assert ours.Manufacturer == ours.ManufacturerModelName == "Narthex"
    assert ours.SoftwareVersions == VERSION
    (purpose,) = ours.PurposeOfReferenceCodeSequence
    assert purpose.CodeValue == "109104"
    assert purpose.CodingSchemeDesignator == "DCM"
    assert purpose.CodeMeaning == "De-identifying Equipment"


@_BOTH
@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize("as_un", [True, False])
@pytest.mark.parametrize("rules", [BASIC, RESEARCH])
def test_the_equipment_of_others_stays_cleaned_before_ours(
    *, undefined: bool, as_un: bool, rules: str, transfer_syntax: str
) -> None:
    made = _equipment(*_OTHERS, undefined=undefined, as_un=as_un)
    name = Made(0x00100010, "PN", b"Marchetti^Lucia")
    result = _cleaned(name, made, rules=rules, transfer_syntax=transfer_syntax)
    theirs, ours = result.dataset.ContributingEquipmentSequence
    assert theirs.Manufacturer == "ACME"
    assert ours.Manufacturer == "Narthex"
    assert_gone(result, "Marchetti", "Okafor", "Hill Hospital", "STATION-7", "SN-8812", "20240229")


@_BOTH
def test_an_empty_sequence_gains_our_item(transfer_syntax: str) -> None:
    made = Made(_EQUIPMENT, "SQ", b"", ())
    result = _cleaned(made, transfer_syntax=transfer_syntax)
    (ours,) = result.dataset.ContributingEquipmentSequence
    assert ours.Manufacturer == "Narthex"


def test_a_second_de_identification_adds_a_second_item() -> None:
    once = _cleaned()
    twice = cleaned(once.written, BASIC)
    assert len(twice.dataset.ContributingEquipmentSequence) == 2
    assert twice.dataset.PatientIdentityRemoved == "YES"


@pytest.mark.parametrize("value", [b"no items at all ", b"", b"\0" * 8])
def test_equipment_that_can_not_be_read_goes_and_ours_is_still_said(value: bytes) -> None:
    result = _cleaned(Made(_EQUIPMENT, "UN", value))
    assert b"no items" not in result.written
    assert [each.Manufacturer for each in result.dataset.ContributingEquipmentSequence] == [
        "Narthex"
    ]


def test_a_rule_that_removes_the_equipment_of_others_removes_ours_or_leaves_ours_alone() -> None:
    rules = options(rules="rules:\n  - {tags: [ContributingEquipmentSequence], action: X}\n")
    result = _cleaned(_equipment(*_OTHERS), rules=rules)
    left = result.dataset.get("ContributingEquipmentSequence", [])
    assert [each.Manufacturer for each in left] in ([], ["Narthex"])
    assert b"ACME" not in result.written


def test_equipment_inside_items_gains_nothing() -> None:
    inside = MadeItem((_equipment(Made(0x00080070, "LO", b"ACME")),))
    result = _cleaned(Made(0x00081115, "SQ", b"", (inside,)))
    (series,) = result.dataset.ReferencedSeriesSequence
    assert [each.Manufacturer for each in series.ContributingEquipmentSequence] == ["ACME"]
    assert len(result.dataset.ContributingEquipmentSequence) == 1


_PLACES = (
    Made(0x00080300, "SQ", b"", (MadeItem(()),)),
    Made(0x00120062, "CS", b"NO"),
    Made(0x00120063, "LO", b"other"),
    Made(0x00120064, "SQ", b"", (MadeItem(()),)),
    Made(0x0018A001, "SQ", b"", (MadeItem(()),)),
    Made(0x00280303, "CS", b"UNMODIFIED"),
    Made(0x00280010, "US", b"\4\0"),
    Made(0x00080060, "CS", b"CT"),
    Made(0x7FE00010, "OW", bytes(16)),
)


@given(
    places=st.sets(st.sampled_from(_PLACES)),
    transfer_syntax=st.sampled_from((EXPLICIT, IMPLICIT)),
    rules=st.sampled_from((BASIC, RESEARCH)),
)
def test_tags_ascend_and_each_stands_once(
    *, places: set[Made], transfer_syntax: str, rules: str
) -> None:
    result = _cleaned(*places, rules=rules, transfer_syntax=transfer_syntax)
    tags = [int(element.tag) for element in result.dataset]
    assert tags == sorted(set(tags))
    for tag in (0x00120062, 0x00120063, 0x00120064, 0x0018A001, 0x00280303):
        assert tag in tags
        position = result.written.count(
            (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
        )
        assert position == 1
