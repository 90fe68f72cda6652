"""Planted identifiers are found, wherever and however they are written."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import DataElement

from pipelines.errors import ResidualError
from pipelines.identity import IDENTITY_TAGS
from pipelines.verify.search import search_of
from pipelines.verify.spelling import Form
from pipelines.vocabulary import is_clinical
from tests.unit.pipelines.verify.planted import KEPT, LO, OB, PLAN, hold, text
from tests.unit.pipelines.verify.written import (
    DOE,
    IMPLICIT,
    PATIENT_ID,
    PATIENT_NAME,
    PSEUDONYM,
    SOURCE,
    dataset,
    encode,
    gate,
    identity,
    nested,
    plan_of,
)


def test_the_untouched_object_is_released() -> None:
    gate(encode(dataset(PLAN)), plan=PLAN)
    gate(encode(dataset(PLAN), syntax=IMPLICIT), plan=PLAN, syntax=IMPLICIT)


@pytest.mark.parametrize("syntax", [None, IMPLICIT])
@pytest.mark.parametrize("vr", KEPT)
def test_a_name_is_found_in_every_vr(vr: str, syntax: str | None) -> None:
    value = b"a\x00\x01Jane\x00" if vr in ("OB", "OW") else "Jane"
    where = f"({KEPT[vr] >> 16:04X},{KEPT[vr] & 0xFFFF:04X})"
    assert hold(DataElement(KEPT[vr], vr, value), syntax=syntax) == f"verify.identity {where}"


@pytest.mark.parametrize(
    "spelled",
    [
        *("Doe^Jane", "DOE, JANE", "jane doe", "JANE_DOE", "janedoe", "DoeJane", "jdoe", "DOEJ"),
        *("Jane", "made for JANE.", "x-jane-x", "J Doe", "dr (doe)"),
        *("00-4711-885", "004711885", "4711885", "4711-885", "ID:4711 885", "0004711885"),
        *("19580317", "1958-03-17", "17.03.1958", "17/3/1958", "3/17/1958", "17031958", "03171958"),
        *("17 March 1958", "17-MAR-58 to 17-MAR-1958", "March 17, 1958", "17. März 1958"),
        *("+49 351 4588 2210", "0351/45882210", "(351) 4588-2210", "4935145882210"),
        *("Hauptstrasse 17", "HAUPTSTRASSE 17, 01067 DRESDEN", "01067 Dresden"),
        *("ACC2024-3391", "acc2024 3391", "ACC20243391"),
        *("St. Elswhere Memorial", "Okonkwo", "C. Okonkwo", "cokonkwo"),
        base64.b64encode(b"Doe^Jane").decode(),
        base64.b64encode(b"..the 00-4711-885 again").decode(),
    ],
)
def test_every_spelling_is_found(spelled: str) -> None:
    assert hold(text(spelled)) == "verify.identity (0008,030E)"
    assert hold(text(f"before {spelled} after", "LT")) == "verify.identity (0008,0108)"


@pytest.mark.parametrize(
    "harmless",
    [
        *("does", "doen", "janet", "xjane", "jane7", "Janesville", "odoe", "00-4711-8855"),
        *("14711885", "119580317", "1958-03-18", "17.13.1958", "351", "2024", "Dresden"),
        *("Memorial", "General", "Dr", "^", "", "REMOVED", PSEUDONYM, f"{PSEUDONYM}^x"),
    ],
)
def test_what_only_looks_alike_is_released(harmless: str) -> None:
    assert hold(text(harmless)) == ""


def test_a_short_name_counts_as_a_whole_word_of_text_only() -> None:
    subject = identity((PATIENT_NAME, "Li^Po"))
    assert hold(text("seen by Li"), subject=subject)
    assert hold(text("po", "LO"), subject=subject)
    assert not hold(text("lit", "LO"), subject=subject)
    assert not hold(DataElement(OB, "OB", b"\x00Li\x00\x01"), subject=subject)
    assert not hold(DataElement(KEPT["CS"], "CS", "LI"), subject=subject)
    assert hold(DataElement(OB, "OB", b"\x00li^po\x00"), subject=subject)


def test_a_clinical_word_counts_as_a_person_or_with_another_part_of_the_name() -> None:
    subject = identity((PATIENT_NAME, "Hand^Marguerite"))
    assert not hold(text("LEFT HAND"), subject=subject)
    assert hold(text("Hand^Person", "PN"), subject=subject)
    assert hold(text("hand, marguerite"), subject=subject)
    assert hold(text("m hand", "PN"), subject=subject)


@pytest.mark.parametrize("name", ["ANON", "Anonymous^Patient", "Test1", "REMOVED", "Narthex"])
def test_a_placeholder_is_nobody(name: str) -> None:
    subject = identity((PATIENT_NAME, name), (PATIENT_ID, name))
    assert not hold(text(f"{name} unknown {name}"), subject=subject)


@pytest.mark.parametrize("number", ["1", "12", "123"])
def test_a_number_under_four_digits_says_nothing(number: str) -> None:
    subject = identity((PATIENT_ID, number), (PATIENT_NAME, number))
    assert not hold(text(f"{number} of {number}"), subject=subject)


def test_a_number_counts_in_number_elements_only_as_the_whole_value() -> None:
    subject = identity((PATIENT_ID, "512512"))
    event = 0x00082130  # DS
    assert hold(DataElement(event, "DS", "512512"), subject=subject)
    assert hold(DataElement(event, "DS", ["1", "512512"]), subject=subject)
    assert not hold(DataElement(event, "DS", "0.512512"), subject=subject)
    assert not hold(DataElement(event, "DS", ["512", "512"]), subject=subject)
    short = identity((PATIENT_ID, "5125"))
    assert not hold(DataElement(event, "DS", "5125"), subject=short)
    assert hold(text("5125", "LO"), subject=short)


def test_a_component_of_a_uid_counts_from_eight_digits() -> None:
    uid = DataElement(0x0008010C, "UI", "1.2.840.10008.20311958.47110815")
    assert hold(uid, subject=identity((PATIENT_ID, "47110815")))
    assert not hold(uid, subject=identity((PATIENT_ID, "10008")))
    assert not hold(uid, subject=identity((PATIENT_ID, "4711081")))


def test_nested_places_are_named() -> None:
    inner = nested(0x00080006, nested(0x00081199, text("Jane", "LO")))
    for syntax in (None, IMPLICIT):
        assert hold(inner, syntax=syntax) == (
            "verify.identity (0008,0006)[0].(0008,1199)[0].(0008,0041)"
        )


def test_a_kept_private_element_is_searched() -> None:
    rules = "  - {tags: ['(0019,\"ACME 1\",B0)'], action: K}\n"
    plan = plan_of(rules)
    for vr, value in (("LO", "Doe"), ("UN", b"\x01\x02\x03Jane\x00"), ("OB", b"jane")):
        d = dataset(plan)
        block = d.private_block(0x0019, "ACME 1", create=True)
        block.add_new(0xB0, vr, value)
        with pytest.raises(ResidualError, match=r"verify\.identity \(0019,10B0\)"):
            gate(encode(d), plan=plan)


def test_what_a_rule_keeps_on_purpose_is_released() -> None:
    plan = plan_of("  - {tags: [InstitutionName], action: K}\n")
    d = dataset(plan)
    d.InstitutionName = "St Elswhere Memorial"
    gate(encode(d), plan=plan)
    d.InstitutionName = "Jane Doe Memorial"
    with pytest.raises(ResidualError, match=r"verify\.identity \(0008,0080\)"):
        gate(encode(d), plan=plan)


def test_text_that_a_rule_keeps_is_searched() -> None:
    plan = plan_of("  - {tags: [StudyDescription], action: K}\n")
    d = dataset(plan)
    d.StudyDescription = "MRI BREAST for Jane Doe"
    with pytest.raises(ResidualError, match=r"verify\.identity \(0008,1030\)"):
        gate(encode(d), plan=plan)


def test_kept_dates_may_equal_the_birth_date() -> None:
    plan = plan_of(options="retain-longitudinal-full-dates")
    d = dataset(plan)
    d.LongitudinalTemporalInformationModified = "UNMODIFIED"
    d.StudyDate = "19580317"
    gate(encode(d), plan=plan)
    d.add_new(LO, "LO", "19580317")
    with pytest.raises(ResidualError, match=r"verify\.identity"):
        gate(encode(d), plan=plan)


def test_a_source_uid_is_found_and_its_prefix_is_not() -> None:
    uid = SOURCE["series"]
    where = "verify.reference (0008,030E)"
    assert hold(text(f"see {uid}.")) == where
    assert hold(text(uid)) == where
    assert hold(text(f"{uid}1")) == hold(text(f"{uid}.1")) == hold(text(f"1{uid}")) == ""
    assert hold(DataElement(OB, "OB", b"\x01" + uid.encode() + b"\x00")).startswith(
        "verify.reference"
    )


def test_an_institution_called_like_the_manufacturer_is_released() -> None:
    subject = identity((0x00080080, "ACME Limited Works"), (0x00080080, "TOSHIBA"))
    d = dataset(PLAN)
    d.Manufacturer = "TOSHIBA"
    gate(encode(d), plan=PLAN, subject=subject)
    d.add_new(LO, "LO", "Toshiba")
    with pytest.raises(ResidualError):
        gate(encode(d), plan=PLAN, subject=subject)


def test_terms_show_no_values() -> None:
    assert {repr(s.term) for s in search_of(DOE).all} <= {f"Term({form.name})" for form in Form}
    assert PATIENT_NAME in IDENTITY_TAGS


def test_the_error_names_the_place_and_not_the_value() -> None:
    said = hold(text("Jane Doe 4711885"))
    assert said == "verify.identity (0008,030E)"


LETTERS = "bcdfghjklmnpqrstvwxz"
WORDS = st.text(alphabet=LETTERS, min_size=4, max_size=12).filter(lambda w: not is_clinical(w))
EDGES = st.sampled_from([" ", "^", ",", "_", "-", "/", "(", "\t", "."])


@given(
    family=WORDS,
    given_name=WORDS,
    edge=EDGES,
    vr=st.sampled_from(["LT", "UT", "OB"]),
    upper=st.booleans(),
)
def test_a_planted_name_with_boundaries_is_always_found(
    family: str, given_name: str, edge: str, vr: str, *, upper: bool
) -> None:
    subject = identity((PATIENT_NAME, f"{family}^{given_name}"))
    planted = f"qa{edge}{family.upper() if upper else family}{edge}qa"
    value = planted.encode() + b" " * (len(planted) & 1) if vr == "OB" else planted
    element = DataElement(KEPT[vr], vr, value)
    assert hold(element, subject=subject)
    assert hold(element, subject=subject, syntax=IMPLICIT)


@given(
    number=st.text(alphabet="123456789", min_size=4, max_size=16).filter(lambda n: len(set(n)) > 1),
    edge=EDGES,
)
def test_a_planted_number_with_boundaries_is_always_found(number: str, edge: str) -> None:
    subject = identity((PATIENT_ID, number))
    assert hold(text(f"ab{edge}{number}{edge}c"), subject=subject)
    assert not hold(text(f"ab{edge}7{number}{edge}c"), subject=subject)


@given(value=st.binary(max_size=300))
def test_any_bytes_of_a_source_make_a_search(value: bytes) -> None:
    for tag in (PATIENT_NAME, PATIENT_ID, 0x00100030, 0x00101040, 0x00080094):
        subject = (
            *identity((tag, value)),
            *identity((PATIENT_NAME, "Doe^Jane")),
        )
        assert hold(text("jane doe"), subject=subject)


def test_the_pseudonym_is_not_the_subject() -> None:
    part = PSEUDONYM.split("-")[1]
    subject = identity((PATIENT_ID, part))
    assert not hold(text("nothing"), subject=subject)
    assert hold(text(part), subject=subject) == "verify.identity (0008,030E)"


def test_an_empty_subject_finds_nothing() -> None:
    assert not hold(text("jane doe"), subject=())
