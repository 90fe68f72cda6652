"""Content items go, stay or are cleaned by the concept they name (PS3.15, E.3.4)."""

import io
from datetime import date

import highdicom
import numpy as np
import pydicom
import pytest
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from tests.support.objects import CONTEXT, options
from tests.support.shared_data import SHARED, needs_shared
from tests.unit.pipelines.metadata.planted import (
    RESEARCH,
    STRUCTURED,
    Result,
    assert_gone,
    cleaned,
    code,
    content,
    file_of,
    instance,
    item,
    named,
    tree,
)

_BASIC_TEXT = "1.2.840.10008.5.1.4.1.1.88.11"
_ENHANCED = "1.2.840.10008.5.1.4.1.1.88.22"
_COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"
_DOSE = "1.2.840.10008.5.1.4.1.1.88.67"
_MAMMOGRAPHY_CAD = "1.2.840.10008.5.1.4.1.1.88.50"
_CT = "1.2.840.10008.5.1.4.1.1.2"
_MODIFIED = "retain-longitudinal-modified-dates"
_FULL = "retain-longitudinal-full-dates"
_CLEANERS = ("clean-descriptors", "clean-structured-content")
_OTHER_STUDY = "1.2.840.113619.2.55.3.1"

_OBSERVER = ("121008", "DCM", "Person Observer Name")
_HISTORY = ("11329-0", "LN", "History")
_FINDING = ("121071", "DCM", "Finding")
_LOCAL = ("X-1", "99LOCAL", "Remark")


def _report(*items: Dataset, sop_class: str = _BASIC_TEXT, **attributes: object) -> Dataset:
    made = instance(
        sop_class,
        Modality="SR",
        ValueType="CONTAINER",
        ContinuityOfContent="SEPARATE",
        ConceptNameCodeSequence=code("126000", "DCM", "Imaging Measurement Report"),
        ContentDate="20240229",
        ContentTime="101500",
        CompletionFlag="COMPLETE",
        VerificationFlag="UNVERIFIED",
        InstanceNumber="1",
        SeriesNumber="1",
    )
    made.ContentSequence = Sequence(items)
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def _text(name: tuple[str, str, str], text: str) -> Dataset:
    return content("TEXT", name, TextValue=text)


def _reference(name: tuple[str, str, str], uid: str, *, value_type: str = "IMAGE") -> Dataset:
    referenced = item(ReferencedSOPClassUID=_CT, ReferencedSOPInstanceUID=uid)
    return content(value_type, name, ReferencedSOPSequence=Sequence([referenced]))


def _one(result: Result, value: str) -> Dataset:
    (found,) = named(result.dataset, value)
    return found


def test_the_sentence_stays_and_the_persons_go() -> None:
    source = _report(
        _text(_HISTORY, "Pain in the right hand since a fall. Dr. Griffith saw Lucia Marchetti."),
        _text(_FINDING, "Fracture of the distal radius, 12 mm; seen 2024-02-27 by Marchetti"),
        _text(_LOCAL, "MR-40817: no pneumothorax. Call 030 555 0142."),
    )
    result = cleaned(source, STRUCTURED)
    assert_gone(result, "Marchetti", "Lucia", "Griffith", "40817", "2024-02-27", "555 0142")
    assert "Pain in the right hand since a fall" in _one(result, "11329-0").TextValue
    assert "Fracture of the distal radius, 12 mm" in _one(result, "121071").TextValue
    assert "no pneumothorax" in _one(result, "X-1").TextValue
    assert {"113104", "113105"} <= result.methods


def test_a_text_that_is_nothing_but_a_name_becomes_the_dummy() -> None:
    result = cleaned(_report(_text(_LOCAL, "Marchetti, Lucia")), STRUCTURED)
    assert _one(result, "X-1").TextValue == "REMOVED"


def test_names_of_persons_become_the_same_dummy_or_go_with_their_items() -> None:
    source = _report(
        content("PNAME", _OBSERVER, PersonName="Okafor^Ngozi^^Dr"),
        content("PNAME", ("121114", "DCM", "Performing Physician"), PersonName="OKAFOR^NGOZI"),
        content("PNAME", ("121088", "DCM", "Fellow"), PersonName="Bassey^Ada"),
        content("PNAME", ("X-2", "99LOCAL", "Second Reader"), PersonName="Lindqvist^Per"),
        _text(_HISTORY, "Read with Dr Okafor and Lindqvist, no change"),
    )
    result = cleaned(source, STRUCTURED)
    assert_gone(result, "Okafor", "Ngozi", "Bassey", "Lindqvist")
    assert not named(result.dataset, "121088")
    assert str(_one(result, "121114").PersonName).startswith("Person^")
    assert str(_one(result, "X-2").PersonName).startswith("Person^")
    assert "no change" in _one(result, "11329-0").TextValue


@pytest.mark.parametrize(
    ("family", "sentence"),
    [
        ("HAND", "Swelling of the right hand"),
        ("BONE", "No bone marrow oedema"),
        ("MAY", "This may represent a scar"),
        ("WHITE", "Loss of white matter"),
    ],
)
def test_a_surname_that_is_a_clinical_word_goes_as_a_name_only(family: str, sentence: str) -> None:
    source = _report(
        _text(_HISTORY, f"Mrs. {family.title()} was seen. {sentence}."),
        _text(_FINDING, f"Ms Lucia {family}: {sentence}"),
        PatientName=f"{family}^Lucia",
    )
    result = cleaned(source, STRUCTURED)
    assert_gone(result, "Lucia", f"Mrs. {family}", f"Ms {family}")
    assert sentence in _one(result, "11329-0").TextValue
    assert sentence in _one(result, "121071").TextValue


def test_uids_of_items_are_replaced_alike_everywhere() -> None:
    uid = "1.2.840.113619.2.55.3.9"
    source = _report(
        content("UIDREF", ("112040", "DCM", "Tracking Unique Identifier"), UID=uid),
        content("UIDREF", ("121028", "DCM", "Subject UID"), UID=uid),
        content("UIDREF", ("X-3", "99LOCAL", "Of the plan"), UID=uid),
        content("UIDREF", ("110180", "DCM", "Study Instance UID"), UID="1.2.3.4.5.6.8"),
        _reference(("121112", "DCM", "Source of Measurement"), uid),
    )
    result = cleaned(source, STRUCTURED)
    assert_gone(result, uid)
    replaced = [each.UID for each in tree(result.dataset) if "UID" in each]
    assert len(replaced) == 4  # an item that is a mapped reference names nobody
    assert replaced[0] == replaced[1] == replaced[2]
    assert replaced[3] == result.dataset.StudyInstanceUID
    (image,) = named(result.dataset, "121112")
    (referenced,) = image.ReferencedSOPSequence
    assert referenced.ReferencedSOPInstanceUID == replaced[0]
    assert referenced.ReferencedSOPClassUID == _CT


def test_uids_stay_under_their_option() -> None:
    name = ("112040", "DCM", "Tracking Unique Identifier")
    source = _report(content("UIDREF", name, UID="1.2.840.113619.2.55.3.9"))
    result = cleaned(source, options(*_CLEANERS, "retain-uids"))
    assert _one(result, "112040").UID == "1.2.840.113619.2.55.3.9"


_DATED = (
    content("DATE", ("111060", "DCM", "Study Date"), Date="20240229"),
    content("TIME", ("111061", "DCM", "Study Time"), Time="101500"),
    content("DATETIME", ("111526", "DCM", "DateTime Started"), DateTime="20240229101500"),
    content("DATETIME", ("122165", "DCM", "DateTime of Death"), DateTime="20240301070000"),
    content("DATE", ("121031", "DCM", "Subject Birth Date"), Date="19480317"),
    content("DATE", ("X-4", "99LOCAL", "Some Date"), Date="20240229"),
)


@pytest.mark.parametrize(
    ("names", "day", "moment", "death"),
    [
        ((), "19000101", "19000101000000", None),
        ((_MODIFIED,), "20210604", "20210604101500", "20210605070000"),
        ((_FULL,), "20240229", "20240229101500", "20240301070000"),
    ],
)
def test_dates_of_items_follow_the_options_of_dates(
    names: tuple[str, ...], day: str, moment: str, death: str | None
) -> None:
    result = cleaned(_report(*_DATED), options(*_CLEANERS, *names))
    assert CONTEXT.shift_days == -1000
    assert not named(result.dataset, "121031")  # no option of dates keeps a birth date
    assert_gone(result, "19480317")
    assert _one(result, "111060").Date == day
    assert _one(result, "X-4").Date == day
    assert _one(result, "111526").DateTime == moment
    assert [each.DateTime for each in named(result.dataset, "122165")] == ([death] * bool(death))
    assert _one(result, "111061").Time == ("101500" if names else "000000")


def test_a_birth_date_goes_whatever_the_concept_calls_it() -> None:
    source = _report(
        _text(_HISTORY, "born 17.03.1948, cough"),
        _text(_LOCAL, "DOB 03/17/1948; fever"),
        _text(_FINDING, "Geburtsdatum 17. März 1948, Fieber"),
        SpecificCharacterSet="ISO_IR 100",
    )
    result = cleaned(source, STRUCTURED)
    assert_gone(result, "1948", "19480317")
    assert "cough" in _one(result, "11329-0").TextValue
    assert "fever" in _one(result, "X-1").TextValue


_AGE, _SEX = ("121033", "DCM", "Subject Age"), ("121032", "DCM", "Subject Sex")


def _aged(number: str, unit: tuple[str, str, str] = ("a", "UCUM", "year")) -> Dataset:
    measured = item(NumericValue=number, MeasurementUnitsCodeSequence=code(*unit))
    return content("NUM", _AGE, MeasuredValueSequence=Sequence([measured]))


def test_characteristics_of_the_subject_go_without_their_option() -> None:
    sex = content("CODE", _SEX, ConceptCodeSequence=code("F", "DCM", "Female"))
    result = cleaned(_report(_aged("77"), sex), STRUCTURED)
    assert not named(result.dataset, "121033")
    assert not named(result.dataset, "121032")
    kept = cleaned(_report(_aged("77"), sex), RESEARCH)
    (age,) = _one(kept, "121033").MeasuredValueSequence
    assert age.NumericValue == 77
    assert _one(kept, "121032").ConceptCodeSequence[0].CodeValue == "F"
    assert "113108" in kept.methods


@pytest.mark.parametrize("number", ["90", "97", "104.5", "1e2"])
def test_an_age_over_89_is_not_told(number: str) -> None:
    result = cleaned(_report(_aged(number)), RESEARCH)
    assert not _one(result, "121033").MeasuredValueSequence
    assert_gone(result, "104.5")


@pytest.mark.parametrize(
    ("number", "unit"),
    [
        ("600", ("mo", "UCUM", "month")),
        ("2600", ("wk", "UCUM", "week")),
        ("120", ("d", "UCUM", "day")),
    ],
)
def test_an_age_in_other_units_is_judged_by_its_unit(
    number: str, unit: tuple[str, str, str]
) -> None:
    (age,) = _one(cleaned(_report(_aged(number, unit)), RESEARCH), "121033").MeasuredValueSequence
    assert age.NumericValue == float(number)


def test_identifiers_and_places_go_with_their_items() -> None:
    going = {
        "121022": "ACC-7",
        "121020": "PL-9",
        "121021": "FI-9",
        "128774": "ngozi",
        "121009": "Hill Hospital",
        "121017": "Room 4",
        "121016": "SN-1",
        "121434": "Ward 7",
        "113873": "Hill Hospital",
    }
    items = [_text((value, "DCM", "some"), text) for value, text in going.items()]
    result = cleaned(_report(*items, _text(_FINDING, "normal")), STRUCTURED)
    assert_gone(result, "ACC-7", "PL-9", "FI-9", "ngozi", "Hill Hospital", "Room 4", "Ward 7")
    assert [each.TextValue for each in tree(result.dataset)] == ["normal"]


@pytest.mark.parametrize(
    ("option", "stay"),
    [
        ("retain-device-identity", {"121016", "113880"}),
        ("retain-institution-identity", {"121009", "113873"}),
    ],
)
def test_what_an_option_keeps_stays_word_for_word(option: str, stay: set[str]) -> None:
    texts = {
        "121016": "SN-1",
        "113880": "SN-2",
        "121009": "Hill Hospital",
        "113873": "Hill Hospital Trust",
        "121022": "ACC-7",
    }
    items = [_text((value, "DCM", "some"), text) for value, text in texts.items()]
    result = cleaned(_report(*items), options(*_CLEANERS, option))
    there = {each.ConceptNameCodeSequence[0].CodeValue: each for each in tree(result.dataset)}
    assert stay <= there.keys()
    assert all(there[value].TextValue == texts[value] for value in stay)
    assert "121022" not in there


@pytest.mark.parametrize("scheme", ["SRT", "SNM3", "99SDM"])
def test_concepts_in_old_snomed_codes_are_known(scheme: str) -> None:
    # G-D0B0 and others: SNOMED-RT codes that PS3.16 maps to SNOMED CT
    social = ("R-00254", scheme, "Social History")
    result = cleaned(_report(_text(social, "Lives with Lucia Marchetti, smoker")), STRUCTURED)
    assert_gone(result, "Marchetti")
    assert "smoker" in next(tree(result.dataset)).TextValue


def test_long_and_urn_codes_name_concepts_too() -> None:
    by_long = item(
        LongCodeValue="121088", CodingSchemeDesignator="DCM", CodeMeaning="Fellow as a long code"
    )
    made = item(RelationshipType="CONTAINS", ValueType="PNAME", PersonName="Bassey^Ada")
    made.ConceptNameCodeSequence = Sequence([by_long])
    result = cleaned(_report(made, _text(_FINDING, "normal")), STRUCTURED)
    assert_gone(result, "Bassey", "Ada")
    assert [each.ValueType for each in tree(result.dataset)] == ["TEXT"]


def test_an_item_without_a_concept_is_cleaned_by_its_attributes() -> None:
    bare = content("TEXT", None, TextValue="Lucia Marchetti, effusion on the left")
    result = cleaned(_report(bare), STRUCTURED)
    assert_gone(result, "Marchetti")


@pytest.mark.parametrize("transfer_syntax", ["1.2.840.10008.1.2.1", ImplicitVRLittleEndian])
def test_a_deep_tree_is_cleaned_at_every_level(transfer_syntax: str) -> None:
    made = _text(_FINDING, "Marchetti: nodule of 4 mm")
    for level in range(20):
        made = content("CONTAINER", (f"L-{level}", "99LOCAL", "Section"), made)
    result = cleaned(file_of(_report(made), transfer_syntax=transfer_syntax), STRUCTURED)
    assert_gone(result, "Marchetti")
    assert "nodule of 4 mm" in _one(result, "121071").TextValue
    assert len(list(tree(result.dataset))) == 21


def test_a_container_that_goes_takes_all_below_with_it() -> None:
    inside = _text(_FINDING, "(01)00844588003288")
    devices = content("CONTAINER", ("121000", "DCM", "Unique Device Identifiers"), inside)
    result = cleaned(_report(devices, _text(_HISTORY, "cough")), STRUCTURED)
    assert_gone(result, "00844588003288")
    assert [each.TextValue for each in tree(result.dataset)] == ["cough"]


def test_a_tree_that_lost_everything_has_a_dummy() -> None:
    result = cleaned(_report(_text(("121022", "DCM", "Accession Number"), "ACC-7")), STRUCTURED)
    (left,) = result.dataset.ContentSequence
    assert (left.ValueType, left.TextValue) == ("TEXT", "REMOVED")
    assert left.RelationshipType == "CONTAINS"


def test_references_by_position_still_point_at_the_same_items() -> None:
    by_reference = item(RelationshipType="INFERRED FROM", ReferencedContentItemIdentifier=[1, 3])
    source = _report(
        _text(("121022", "DCM", "Accession Number"), "ACC-7"),
        _text(_FINDING, "normal"),
        _text(_HISTORY, "cough"),
        content("CONTAINER", ("X-9", "99LOCAL", "Section"), by_reference),
        sop_class=_COMPREHENSIVE,
    )
    result = cleaned(source, STRUCTURED)
    assert_gone(result, "ACC-7")
    assert [each.get("TextValue") for each in result.dataset.ContentSequence] == [
        "REMOVED",
        "normal",
        "cough",
        None,
    ]
    (left,) = result.dataset.ContentSequence[3].ContentSequence
    assert list(left.ReferencedContentItemIdentifier) == [1, 3]


def test_evidence_and_references_keep_their_graph() -> None:
    series = item(
        SeriesInstanceUID=f"{_OTHER_STUDY}.2",
        ReferencedSOPSequence=Sequence(
            [item(ReferencedSOPClassUID=_CT, ReferencedSOPInstanceUID=f"{_OTHER_STUDY}.3")]
        ),
    )
    evidence = item(StudyInstanceUID=_OTHER_STUDY, ReferencedSeriesSequence=Sequence([series]))
    source = _report(
        _reference(("121112", "DCM", "Source of Measurement"), f"{_OTHER_STUDY}.3"),
        sop_class=_ENHANCED,
        CurrentRequestedProcedureEvidenceSequence=Sequence([evidence]),
    )
    result = cleaned(source, RESEARCH)
    (study,) = result.dataset.CurrentRequestedProcedureEvidenceSequence
    (image,) = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    (used,) = _one(result, "121112").ReferencedSOPSequence
    assert image.ReferencedSOPInstanceUID == used.ReferencedSOPInstanceUID
    assert image.ReferencedSOPClassUID == _CT
    assert_gone(result, _OTHER_STUDY)


@pytest.mark.parametrize("name", ["Zbigniew", "Dr Young", "Young, May", "abassey", "Ada B."])
def test_a_name_under_a_concept_of_persons_goes_whatever_the_value_type(name: str) -> None:
    # as real measurement reports have it: TEXT in the place of PNAME
    source = _report(_text(_OBSERVER, name), _text(_FINDING, "normal"))
    result = cleaned(source, STRUCTURED)
    assert_gone(result, name.strip("."))
    assert _one(result, "121071").TextValue == "normal"


def test_names_in_meanings_of_local_codes_are_found() -> None:
    local = content(
        "CODE",
        ("X-5", "99LOCAL", "Reader of Marchetti"),
        ConceptCodeSequence=code("17", "99LOCAL", "Marchetti Lucia protocol"),
    )
    result = cleaned(_report(local), STRUCTURED)
    assert_gone(result, "Marchetti", "Lucia")
    assert _one(result, "X-5").ConceptCodeSequence[0].CodeValue == "17"
    assert _one(result, "X-5").ConceptNameCodeSequence[0].CodeMeaning


def test_without_the_option_texts_and_names_become_dummies() -> None:
    source = _report(_text(_HISTORY, "cough"), content("PNAME", _OBSERVER, PersonName="Okafor^N"))
    result = cleaned(source, options())
    assert_gone(result, "cough", "Okafor")
    assert "ContentSequence" in result.dataset
    assert "113104" not in result.methods


def test_items_of_acquisition_context_and_modifiers_are_content_items() -> None:
    context = item(
        ValueType="TEXT",
        ConceptNameCodeSequence=code("109054", "DCM", "Patient State"),
        TextValue="Marchetti, resting supine",
        ContentItemModifierSequence=Sequence(
            [
                item(
                    ValueType="PNAME",
                    ConceptNameCodeSequence=code("121114", "DCM", "Performing Physician"),
                    PersonName="Okafor^Ngozi",
                )
            ]
        ),
    )
    source = instance(_CT, Modality="CT", AcquisitionContextSequence=Sequence([context]))
    result = cleaned(source, STRUCTURED)
    assert_gone(result, "Marchetti", "Okafor")
    (left,) = result.dataset.AcquisitionContextSequence
    assert "resting supine" in left.TextValue
    assert str(left.ContentItemModifierSequence[0].PersonName).startswith("Person^")


def test_a_specimen_keeps_its_preparation_without_the_names() -> None:
    def step(value_type: str, name: tuple[str, str, str], **attributes: object) -> Dataset:
        return item(ValueType=value_type, ConceptNameCodeSequence=code(*name), **attributes)

    steps = [
        step("TEXT", ("121041", "DCM", "Specimen Identifier"), TextValue="S24-0815"),
        step("TEXT", ("111703", "DCM", "Processing step description"), TextValue="HE stain by Cho"),
        step("PNAME", ("X-6", "99LOCAL", "Technician"), PersonName="Cho^Min"),
        step(
            "CODE",
            ("17636008", "SCT", "Specimen collection"),
            ConceptCodeSequence=code("65801008", "SCT", "Excision"),
        ),
    ]
    specimen = item(
        SpecimenIdentifier="S24-0815",
        SpecimenUID="1.2.840.113619.2.55.3.9",
        SpecimenPreparationSequence=Sequence(
            [item(SpecimenPreparationStepContentItemSequence=Sequence(steps))]
        ),
    )
    source = instance(
        "1.2.840.10008.5.1.4.1.1.77.1.6",
        Modality="SM",
        ContainerIdentifier="C-0815",
        SpecimenDescriptionSequence=Sequence([specimen]),
    )
    result = cleaned(source, STRUCTURED)
    assert_gone(result, "S24-0815", "Cho^", "C-0815")
    (left,) = result.dataset.SpecimenDescriptionSequence
    (preparation,) = left.SpecimenPreparationSequence
    kinds = [each.ValueType for each in preparation.SpecimenPreparationStepContentItemSequence]
    assert kinds == ["TEXT", "PNAME", "CODE"]


# Documents as other software makes them


def _measured() -> Dataset:
    """Return a measurement report (TID 1500) as highdicom writes it."""
    image = pydicom.dcmread(str(pydicom.data.get_testdata_file("CT_small.dcm")))
    image.PatientName, image.PatientID = "Marchetti^Lucia", "MR-40817"
    image.FrameOfReferenceUID = image.get("FrameOfReferenceUID") or highdicom.UID()
    observer = highdicom.sr.ObserverContext(
        observer_type=CodedConcept("121006", "DCM", "Person"),
        observer_identifying_attributes=highdicom.sr.PersonObserverIdentifyingAttributes(
            name="Okafor^Ngozi", login_name="nokafor", organization_name="Hill Hospital"
        ),
    )
    device = highdicom.sr.ObserverContext(
        observer_type=CodedConcept("121007", "DCM", "Device"),
        observer_identifying_attributes=highdicom.sr.DeviceObserverIdentifyingAttributes(
            uid=highdicom.UID(), name="STATION-7", serial_number="SN-4711"
        ),
    )
    region = highdicom.sr.ImageRegion3D(
        graphic_type=highdicom.sr.GraphicTypeValues3D.POINT,
        graphic_data=np.array([[1.0, 2.0, 3.0]]),
        frame_of_reference_uid=image.FrameOfReferenceUID,
    )
    group = highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        referenced_region=region,
        tracking_identifier=highdicom.sr.TrackingIdentifier(
            uid=highdicom.UID(), identifier="Lesion 1 of Marchetti"
        ),
        finding_type=CodedConcept("108369006", "SCT", "Neoplasm"),
        measurements=[
            highdicom.sr.Measurement(
                name=CodedConcept("118565006", "SCT", "Volume"),
                value=1.5,
                unit=CodedConcept("mm3", "UCUM", "cubic millimeter"),
            )
        ],
    )
    report = highdicom.sr.MeasurementReport(
        observation_context=highdicom.sr.ObservationContext(
            observer_person_context=observer, observer_device_context=device
        ),
        procedure_reported=CodedConcept("77477000", "SCT", "CT"),
        imaging_measurements=[group],
        title=CodedConcept("126000", "DCM", "Imaging Measurement Report"),
    )
    return highdicom.sr.Comprehensive3DSR(
        evidence=[image],
        content=report[0],
        series_number=1,
        series_instance_uid=highdicom.UID(),
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="ACME",
        series_description="Measurements of Marchetti",
        content_date=date(2024, 2, 29),
        is_complete=True,
    )


def test_a_measurement_report_can_still_be_read_as_one() -> None:
    buffer = io.BytesIO()
    _measured().save_as(buffer)
    result = cleaned(buffer.getvalue(), RESEARCH)
    assert_gone(result, "Marchetti", "Okafor", "nokafor", "Hill Hospital", "STATION-7", "SN-4711")
    parsed = highdicom.sr.srread(io.BytesIO(result.written))
    assert isinstance(parsed, highdicom.sr.Comprehensive3DSR)
    (group,) = parsed.content.get_planar_roi_measurement_groups()  # type: ignore[attr-defined]
    (measurement,) = group.get_measurements()
    assert measurement.value == 1.5
    assert group.tracking_identifier == "Lesion 1"
    assert str(group.tracking_uid).startswith("2.25.")


def test_a_radiation_dose_report_keeps_its_numbers() -> None:
    def number(name: tuple[str, str, str], value: str) -> Dataset:
        unit = code("mGy", "UCUM", "mGy")
        measured = item(NumericValue=value, MeasurementUnitsCodeSequence=unit)
        return content("NUM", name, MeasuredValueSequence=Sequence([measured]))

    event = content(
        "CONTAINER",
        ("113819", "DCM", "CT Acquisition"),
        _text(("125203", "DCM", "Acquisition Protocol"), "Abdomen portal venous, Marchetti"),
        content("UIDREF", ("113769", "DCM", "Irradiation Event UID"), UID="1.2.840.1.9.7"),
        number(("113830", "DCM", "Mean CTDIvol"), "12.4"),
        _text(("113832", "DCM", "Identification of the X-Ray Source"), "TUBE-A-0815"),
    )
    source = _report(
        content("PNAME", _OBSERVER, PersonName="Okafor^Ngozi"),
        _text(("121013", "DCM", "Device Observer Name"), "STATION-7"),
        _text(("121016", "DCM", "Device Observer Serial Number"), "SN-4711"),
        content("DATETIME", ("113809", "DCM", "Start"), DateTime="20240229101500"),
        content("PNAME", ("113850", "DCM", "Irradiation Authorizing"), PersonName="Griffith^A"),
        event,
        sop_class=_DOSE,
    )
    result = cleaned(source, RESEARCH)
    gone = ("Marchetti", "Okafor", "Griffith", "STATION-7", "SN-4711", "TUBE-A-0815")
    assert_gone(result, *gone, "1.2.840.1.9.7")
    (measured,) = _one(result, "113830").MeasuredValueSequence
    assert str(measured.NumericValue) == "12.4"
    assert "Abdomen portal venous" in _one(result, "125203").TextValue
    assert _one(result, "113809").DateTime == "20210604101500"
    assert _one(result, "113832").TextValue == "REMOVED"  # mandatory in TID 10003
    assert _one(result, "113769").UID.startswith("2.25.")


def test_a_cad_report_keeps_findings_geometry_and_references() -> None:
    place = content(
        "SCOORD",
        ("111010", "DCM", "Center"),
        GraphicType="POINT",
        GraphicData=[10.0, 20.0],
    )
    finding = content(
        "CODE",
        ("111059", "DCM", "Single Image Finding"),
        place,
        content(
            "NUM",
            ("111012", "DCM", "Certainty of Finding"),
            MeasuredValueSequence=Sequence([item(NumericValue="80")]),
        ),
        ConceptCodeSequence=code("F-01796", "SRT", "Mammography breast density"),
    )
    source = _report(
        _reference(("111040", "DCM", "Original Source"), "1.2.840.1.9.3", value_type="COMPOSITE"),
        _text(("111001", "DCM", "Algorithm Name"), "Second Look"),
        _text(("111003", "DCM", "Algorithm Version"), "7.2"),
        finding,
        sop_class=_MAMMOGRAPHY_CAD,
    )
    result = cleaned(source, RESEARCH)
    assert len(list(tree(result.dataset))) == 6
    assert _one(result, "111001").TextValue == "Second Look"
    assert _one(result, "111003").TextValue == "7.2"
    assert list(_one(result, "111010").GraphicData) == [10.0, 20.0]
    assert_gone(result, "1.2.840.1.9.3")


def test_a_key_object_selection_keeps_its_references() -> None:
    series = item(
        SeriesInstanceUID="1.2.840.1.9.2",
        ReferencedSOPSequence=Sequence(
            [item(ReferencedSOPClassUID=_CT, ReferencedSOPInstanceUID="1.2.840.1.9.3")]
        ),
    )
    study = item(StudyInstanceUID="1.2.3.4.5.6.8", ReferencedSeriesSequence=Sequence([series]))
    description = ("113012", "DCM", "Key Object Description")
    source = _report(
        content("PNAME", _OBSERVER, PersonName="Okafor^Ngozi"),
        _text(description, "Key slices for Marchetti Lucia, hilar mass"),
        item(
            RelationshipType="CONTAINS",
            ValueType="IMAGE",
            ReferencedSOPSequence=Sequence(
                [item(ReferencedSOPClassUID=_CT, ReferencedSOPInstanceUID="1.2.840.1.9.3")]
            ),
        ),
        sop_class="1.2.840.10008.5.1.4.1.1.88.59",
        Modality="KO",
        CurrentRequestedProcedureEvidenceSequence=Sequence([study]),
        ConceptNameCodeSequence=code("113000", "DCM", "Of Interest"),
    )
    result = cleaned(source, RESEARCH)
    assert_gone(result, "Marchetti", "Okafor", "1.2.840.1.9")
    assert "hilar mass" in _one(result, "113012").TextValue
    (evidence,) = result.dataset.CurrentRequestedProcedureEvidenceSequence
    assert evidence.StudyInstanceUID == result.dataset.StudyInstanceUID
    image = result.dataset.ContentSequence[2]
    referenced = image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    (there,) = evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert there.ReferencedSOPInstanceUID == referenced


@needs_shared
def test_a_siemens_report_with_its_protocol_keeps_the_tree_and_loses_the_archive() -> None:
    assert SHARED is not None
    folder = SHARED / "corpus" / "sr"
    data = next(folder.glob("REPORT_PF_PAT_POS*0001.201.dcm")).read_bytes()
    before = pydicom.dcmread(io.BytesIO(data))
    result = cleaned(data, RESEARCH)
    assert len(list(tree(result.dataset))) == len(list(tree(before)))
    assert not any(element.tag.is_private for element in result.dataset)  # PHOENIXZIP, CSA
    assert_gone(result, "PF_PAT_POS_BW_INTERP_test", "SIEMENS CSA REPORT", "AWP166038")
    assert result.dataset.ProtocolName == before.ProtocolName  # "Phoenix Document": no address


@needs_shared
@pytest.mark.parametrize("name", ["structured_report.dcm", "sample-sr.dcm"])
def test_the_marks_of_a_web_viewer_are_no_mail_addresses(name: str) -> None:
    assert SHARED is not None
    before = pydicom.dcmread(SHARED / "corpus" / "sr" / name)
    before.PatientID = before.get("PatientID") or "MR-40817"
    result = cleaned(file_of(before), RESEARCH)
    identifiers = [each.TextValue for each in named(result.dataset, "112039")]
    assert identifiers == [each.TextValue for each in named(before, "112039")]


@needs_shared
def test_a_reference_to_nothing_does_not_hold_the_report() -> None:
    assert SHARED is not None
    source = pydicom.dcmread(SHARED / "corpus" / "sr" / "reportsi.dcm")
    source.PatientID = "MR-40817"
    result = cleaned(file_of(source), RESEARCH)  # its references are the UID "0"
    assert len(list(tree(result.dataset))) == 8


@needs_shared
def test_a_report_with_hundreds_of_items_keeps_them() -> None:
    assert SHARED is not None
    data = (SHARED / "corpus" / "sr" / "sr.dcm").read_bytes()
    before = pydicom.dcmread(io.BytesIO(data))
    result = cleaned(data, RESEARCH)
    assert len(list(tree(result.dataset))) == len(list(tree(before))) == 255
    numbers = [
        each.MeasuredValueSequence[0].NumericValue
        for dataset in (before, result.dataset)
        for each in tree(dataset)
        if each.ValueType == "NUM"
    ]
    half = len(numbers) // 2
    assert half > 20
    assert numbers[:half] == numbers[half:]
    assert_gone(result, "QIN-HEADNECK")
