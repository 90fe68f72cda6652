"""What a cleaned object says was done to it (PS3.3, C.12.1.1.9)."""

import pytest

from rules.version import VERSION
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.engine import plan_of
from tests.support.objects import cleaned, options, small, walked


@pytest.mark.parametrize(
    ("names", "codes", "dates"),
    [
        ((), [], "REMOVED"),
        (("retain-longitudinal-full-dates",), ["113106"], "UNMODIFIED"),
        (("retain-longitudinal-modified-dates",), ["113107"], "MODIFIED"),
        (("retain-uids",), ["113110"], "REMOVED"),
        (
            (
                "retain-device-identity",
                "retain-institution-identity",
                "retain-patient-characteristics",
                "retain-safe-private",
            ),
            ["113108", "113109", "113111", "113112"],
            "REMOVED",
        ),
        (
            ("clean-descriptors", "clean-graphics", "clean-structured-content"),
            ["113103", "113104", "113105"],
            "REMOVED",
        ),
    ],
)
@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_the_codes_are_those_of_what_ran(
    names: tuple[str, ...], codes: list[str], dates: str, transfer_syntax: str
) -> None:
    dataset = cleaned(small(transfer_syntax=transfer_syntax), options(*names))
    said = dataset.DeidentificationMethodCodeSequence
    assert [code.CodeValue for code in said] == ["113100", *codes]
    assert {code.CodingSchemeDesignator for code in said} == {"DCM"}
    assert all(code.CodeMeaning for code in said)
    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.LongitudinalTemporalInformationModified == dates


def test_the_equipment_says_that_it_was_there() -> None:
    source = MadeItem((Made(0x00080070, "LO", b"ACME"),))
    for objects in ((), (Made(0x0018A001, "SQ", b"", (source,)),)):
        *before, ours = cleaned(small(*objects)).ContributingEquipmentSequence
        assert [each.Manufacturer for each in before] == ["ACME"] * len(objects)
        assert ours.SoftwareVersions == VERSION
        (purpose,) = ours.PurposeOfReferenceCodeSequence
        assert (purpose.CodeValue, purpose.CodingSchemeDesignator) == ("109104", "DCM")


def test_a_bitmap_that_could_not_be_read_is_not_cleaned_graphics() -> None:
    overlay = Made(0x60003000, "OW", b"\1\0")
    result = walked(small(overlay), options("clean-graphics"))
    assert result.report.notes == ("clean-graphics.removed",)
    assert result.report.methods == ("113100",)


def test_an_option_that_did_less_is_not_said() -> None:
    block = Made(0x00190010, "LO", b"GEMS_ACQU_01"), Made(0x00191023, "DS", b"no number")
    result = walked(small(*block), options("retain-safe-private"))
    assert result.report.notes == ("retain-safe-private.removed",)
    assert result.report.methods == ("113100",)


def test_what_the_source_said_is_replaced() -> None:
    code = MadeItem((Made(0x00080100, "SH", b"113101"),))
    dataset = cleaned(
        small(
            Made(0x00120062, "CS", b"NO"),
            Made(0x00120063, "LO", b"another tool"),
            Made(0x00120064, "SQ", b"", (code, code)),
            Made(0x00280303, "CS", b"UNMODIFIED"),
        )
    )
    assert dataset.PatientIdentityRemoved == "YES"
    assert [code.CodeValue for code in dataset.DeidentificationMethodCodeSequence] == ["113100"]
    assert dataset.LongitudinalTemporalInformationModified == "REMOVED"


@pytest.mark.parametrize("name", ["Heart study 2.1", "x" * 64])
def test_the_method_names_version_plan_and_hash(name: str) -> None:
    rules = options().replace("name: test", f"name: {name}")
    said = cleaned(small(), rules).DeidentificationMethod
    assert len(said) == 3
    assert said[0] == f"Narthex {VERSION}"
    assert said[1] == name
    assert said[2] == f"sha256:{plan_of(rules).hash[:32]}"
