"""The written object beside its source: what was cleaned is what the plan makes of it.

Each test changes real output of the engine and asks the gate.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from pipelines.errors import HeldError
from tests.support.agreement import OPTIONS, rules_yaml
from tests.support.datasets import CT as CT_CLASS
from tests.support.datasets import UNMAPPED, base, objects
from tests.support.encoding import EXPLICIT as EXPLICIT_SYNTAX
from tests.support.encoding import Made, dicom_file
from tests.support.engine import run_engine
from tests.support.oracle_objects import declared_blocks, reports
from tests.support.shared_data import needs_shared
from tests.unit.pipelines.verify.real import CONTEXT, Edit, item, real, setting, source
from tests.unit.pipelines.verify.written import EXPLICIT, IMPLICIT, SOURCE

SYNTAXES = pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
OTHER_UID = f"2.25.{10**30}"


# Values


@SYNTAXES
def test_a_cleaned_text_is_a_cut_of_the_source(syntax: str) -> None:
    d = source(
        SpecificCharacterSet="ISO_IR 192",
        ImageComments="Größe der Läsion, gesehen von Dr. Marchetti",
        SeriesDescription="T1 axial",
        BodyPartExamined="LIVER",
        ReasonForStudy="Pain for Lucia Marchetti",
    )
    made = real(d, syntax=syntax)
    assert made.said() == ""
    assert "Größe" in made.dataset.ImageComments
    assert made.said(setting("ImageComments", "Größe")) == ""
    for keyword, value, place in (
        ("ImageComments", "Größe der Läsion X", "(0020,4000)"),
        ("ImageComments", "der Größe", "(0020,4000)"),
        ("SeriesDescription", "T1 coronal", "(0008,103E)"),
        ("SeriesDescription", "REMOVED", "(0008,103E)"),
        ("BodyPartExamined", "LIV", "(0018,0015)"),
    ):
        said = made.said(setting(keyword, value))
        assert said == f"verify.structure {place}", value


def test_a_text_that_is_kept_may_be_cut_or_become_a_dummy() -> None:
    d = source(
        KVP="120", ConvolutionKernel="H30s", AcquisitionType="SPIRAL", Manufacturer="ACME Inc"
    )
    made = real(d)
    assert made.said() == ""
    assert made.said(setting("Manufacturer", "ACME")) == ""
    assert made.said(setting("Manufacturer", "REMOVED")) == ""
    assert made.said(setting("Manufacturer", "Other")) == "verify.structure (0008,0070)"
    assert made.said(setting("Manufacturer", "")) != ""
    assert made.said(lambda d: d.__delattr__("Manufacturer")).startswith("verify.validity")


def test_a_date_is_shifted_by_the_days_of_the_subject() -> None:
    made = real(source(AcquisitionDateTime="20240301120000+0100", ContentDate="2024"))
    assert made.said() == ""
    assert made.dataset.StudyDate == "20230125"
    for keyword, value, place in (
        ("StudyDate", "20240229", "(0008,0020)"),
        ("StudyDate", "20230126", "(0008,0020)"),
        ("AcquisitionDateTime", "20240301120000+0100", "(0008,002A)"),
    ):
        said = made.said(setting(keyword, value))
        assert said == f"verify.structure {place}"


@given(
    st.dates().filter(lambda day: day.year > 1000),
    st.sampled_from(["", "\\20240101", "\\", "\\2024"]),
)
@settings(max_examples=25, deadline=None)
def test_dates_that_the_engine_shifts_pass(day: object, more: str) -> None:
    d = source(StudyDate=f"{day:%Y%m%d}")
    d["StudyDate"]._value = f"{day:%Y%m%d}{more}"
    assert real(d).said() == ""


# References

IMAGE = "1.2.840.10008.5.1.4.1.1.2"
FIRST, SECOND = "1.2.39.1.1001", "1.2.39.1.1002"


def referring() -> Dataset:
    images = [
        item(ReferencedSOPClassUID=IMAGE, ReferencedSOPInstanceUID=u) for u in (FIRST, SECOND)
    ]
    series = item(SeriesInstanceUID=SOURCE["series"], ReferencedInstanceSequence=images)
    return source(UNMAPPED, ReferencedSeriesSequence=[series], ReferencedImageSequence=images)


@SYNTAXES
def test_every_reference_is_mapped_like_the_uid_itself(syntax: str) -> None:
    made = real(referring(), syntax=syntax)
    assert made.said() == ""
    new = [one.ReferencedSOPInstanceUID for one in made.dataset.ReferencedImageSequence]
    place = "verify.reference (0008,1115)[0].(0008,114A)[0].(0008,1155)"

    def refer(uid: str) -> str:
        def edit(d: Dataset) -> None:
            first = d.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
            first.ReferencedSOPInstanceUID = uid

        return made.said(edit)

    assert refer(new[0]) == ""
    assert refer(new[1]) == refer(OTHER_UID) == refer(FIRST) == refer(IMAGE) == place
    series = "verify.reference (0008,1115)[0].(0020,000E)"
    assert (
        made.said(lambda d: setattr(d.ReferencedSeriesSequence[0], "SeriesInstanceUID", OTHER_UID))
        == series
    )
    turned = made.said(lambda d: d.ReferencedImageSequence.reverse())
    assert turned == "verify.reference (0008,1140)[0].(0008,1155)"


def test_a_uid_of_ours_in_the_source_is_a_source_uid() -> None:
    made = real(source(FrameOfReferenceUID=OTHER_UID))
    assert made.said() == ""
    said = made.said(setting("FrameOfReferenceUID", OTHER_UID))
    assert said == "verify.reference (0020,0052)"


def test_a_pair_of_which_one_half_is_mapped_is_held() -> None:
    rule = "rules:\n  - {tags: [FrameOfReferenceUID], action: K}\n"
    d = source(FrameOfReferenceUID="1.2.39.1.2000.1")
    assert real(d, more=rule).said() == ""
    frame = item(RelatedFrameOfReferenceUID="1.2.39.1.2000.1")
    d.ReferencedFrameOfReferenceSequence = [frame]
    frame.FrameOfReferenceRelationshipSequence = []
    assert real(d, more=rule).said() == "verify.reference (0020,0052)"


def test_a_class_that_looks_like_an_instance_is_none() -> None:
    d = source(ReferencedImageSequence=[item(ReferencedSOPInstanceUID="0")])
    d.ReferencedImageSequence[0].add_new(0x00081150, "UI", "0")
    assert real(d).said() == ""


# Levels


@SYNTAXES
def test_nothing_comes_from_nowhere_and_nothing_is_lost(syntax: str) -> None:
    made = real(referring(), syntax=syntax)
    assert made.said(setting("KVP", "120")) == "verify.structure (0018,0060)"

    def inside(d: Dataset) -> None:
        d.ReferencedImageSequence[1].ReferencedFrameNumber = 1

    assert made.said(inside) == "verify.structure (0008,1140)[1].(0008,1160)"
    sequence = "verify.structure (0008,1140)"
    assert made.said(lambda d: d.ReferencedImageSequence.pop()) == sequence
    assert made.said(lambda d: d.ReferencedImageSequence.append(Dataset())) == sequence
    lost = made.said(lambda d: d.ReferencedImageSequence[1].__delattr__("ReferencedSOPClassUID"))
    assert lost == "verify.validity (0008,1140)[1].(0008,1150)"
    for value in ("", None):

        def lose(d: Dataset, value: str | None = value) -> None:
            image = d.ReferencedImageSequence[0]
            image.ReferencedSOPInstanceUID = value
            if value is None:
                del image.ReferencedSOPInstanceUID

        assert made.said(lose) == "verify.validity (0008,1140)[0].(0008,1155)"


def test_a_type_of_the_iod_holds_inside_items_too() -> None:
    original = item(
        SourceOfPreviousValues="ACME",
        AttributeModificationDateTime="20240229101500",
        ModifyingSystem="ACME",
        ReasonForTheAttributeModification="CORRECT",
        ModifiedAttributesSequence=[item(Modality="CT")],
    )
    kept = real(
        source(OriginalAttributesSequence=[original]),
        more="rules:\n  - {tags: [OriginalAttributesSequence, ModifyingSystem], action: K}\n",
    )
    assert kept.said() == ""
    where = "verify.validity (0400,0561)[0].(0400,"

    def dropping(keyword: str) -> Edit:
        return lambda d: d.OriginalAttributesSequence[0].__delattr__(keyword)

    for keyword, place in (
        ("ModifyingSystem", "0563)"),
        ("ModifiedAttributesSequence", "0550)"),
        ("SourceOfPreviousValues", "0564)"),
    ):
        assert kept.said(dropping(keyword)) == where + place


# What is right passes


FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def gate_finds(data: bytes, options: set[str]) -> str:
    """Return what the gate finds in what the engine makes of `data`, but for identifiers."""
    both = {"retain-longitudinal-full-dates", "retain-longitudinal-modified-dates"}
    rules = rules_yaml(sorted(options - both if both <= options else options))
    try:
        run_engine(data, rules_yaml=rules, context=CONTEXT)
    except HeldError as error:
        # generated values repeat each other, names where an option keeps them too
        is_ours = error.code.startswith("verify.") and error.code != "verify.identity"
        return str(error) if is_ours else ""
    return ""


OPTION_SETS = st.sets(st.sampled_from(OPTIONS))


@needs_shared
@FEW
@given(drawn=objects() | reports(), options=OPTION_SETS)
def test_what_the_engine_makes_is_released(
    drawn: tuple[tuple[Made, ...], str], options: set[str]
) -> None:
    elements, syntax = drawn
    assert gate_finds(dicom_file(elements, transfer_syntax=syntax), options) == ""


@needs_shared
@FEW
@given(blocks=declared_blocks())
def test_declared_private_blocks_are_released(blocks: tuple[Made, ...]) -> None:
    whole = {each.tag: each for each in (*base(CT_CLASS), *blocks)}
    elements = tuple(whole[tag] for tag in sorted(whole))
    data = dicom_file(elements, transfer_syntax=EXPLICIT_SYNTAX)
    assert gate_finds(data, {"retain-safe-private", "clean-descriptors"}) == ""


@FEW
@given(
    words=st.lists(
        st.sampled_from(
            ["Lucia", "Marchetti", "liver", "T1", "Dr.", "12.03.2020", "ß", "\\", "|", "-"]
        ),
        max_size=8,
    ),
    charset=st.sampled_from(["ISO_IR 192", "ISO_IR 100"]),
    at=st.integers(0, 40),
)
def test_a_word_that_the_source_has_not_is_found(words: list[str], charset: str, at: int) -> None:
    d = source(SpecificCharacterSet=charset)
    value = " ".join(words)
    d.add_new(0x00204000, "LT", value)
    made = real(d)
    assert made.said() == ""
    left = made.dataset.get("ImageComments", "")
    if left:
        planted = f"{left[:at]}Q{left[at:]}"
        said = made.said(setting("ImageComments", planted))
        assert said == "verify.structure (0020,4000)"
