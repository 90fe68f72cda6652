"""Content items stand or go by the concept they name; nobody is over 89."""

import pytest
from pydicom import Dataset

from tests.unit.pipelines.verify.real import Real, code, item, real, setting, source
from tests.unit.pipelines.verify.written import EXPLICIT, IMPLICIT

SYNTAXES = pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
CONTENT = "verify.structure (0040,A730)"


def text(concept: str, value: str, **attributes: object) -> Dataset:
    name = code(concept)
    return item(
        RelationshipType="CONTAINS",
        ValueType="TEXT",
        ConceptNameCodeSequence=name,
        TextValue=value,
        **attributes,
    )


def report(*items: Dataset) -> Dataset:
    return source(REPORT, Modality="SR", ValueType="CONTAINER", ContentSequence=list(items))


FINDING, ACCESSION = "121071", "121022"
DUMMY_ITEM = text("121106", "REMOVED")
DUMMY_ITEM.ConceptNameCodeSequence[0].CodeMeaning = "Comment"

# Content items


def made_report(*more: Dataset, syntax: str = EXPLICIT) -> Real:
    items = text(FINDING, "Lesion of the liver"), text(ACCESSION, "A12"), *more
    return real(report(*items), syntax=syntax)


@SYNTAXES
def test_an_item_that_must_go_does_not_stand(syntax: str) -> None:
    made = made_report(syntax=syntax)
    assert made.said() == ""
    assert len(made.dataset.ContentSequence) == 1
    assert made.said(lambda d: d.ContentSequence.append(text(ACCESSION, "A12"))) == CONTENT
    assert made.said(lambda d: d.ContentSequence.insert(0, text(ACCESSION, "A12"))) != ""
    assert made.said(lambda d: d.ContentSequence.append(DUMMY_ITEM)) == CONTENT
    assert made.said(lambda d: d.ContentSequence.pop()).startswith("verify.")


def test_an_item_may_be_stood_in_for_where_others_are_named_by_position() -> None:
    named = item(RelationshipType="INFERRED FROM", ReferencedContentItemIdentifier=[1, 1])
    made = real(report(text(ACCESSION, "A12"), text(FINDING, "Seen", ContentSequence=[named])))
    assert made.said() == ""
    assert made.dataset.ContentSequence[0] == DUMMY_ITEM
    assert made.said(lambda d: d.ContentSequence.pop(0)).startswith("verify.")

    def say(d: Dataset) -> None:
        d.ContentSequence[0].TextValue = "A12"

    assert made.said(say) == f"{CONTENT}[0].(0040,A160)"


def test_a_tree_that_lost_all_its_items_has_the_dummy() -> None:
    made = real(report(text(ACCESSION, "A12")))
    assert made.said() == ""
    assert list(made.dataset.ContentSequence) == [DUMMY_ITEM]
    assert made.said(lambda d: d.ContentSequence.append(DUMMY_ITEM)) == CONTENT
    assert made.said(lambda d: d.__delattr__("ContentSequence")).startswith("verify.validity")


def test_the_concept_says_what_may_stand() -> None:
    observer = item(
        RelationshipType="HAS OBS CONTEXT",
        ValueType="PNAME",
        ConceptNameCodeSequence=code("121008"),
        PersonName="Okonkwo^Chidi",
    )
    made = made_report(observer)
    assert made.said() == ""

    def name(d: Dataset) -> None:
        d.ContentSequence[1].PersonName = "Somebody^Else"

    assert made.said(name) == f"{CONTENT}[1].(0040,A123)"


def age(years: str) -> Dataset:
    measured = item(NumericValue=years, MeasurementUnitsCodeSequence=code("a", "UCUM", "year"))
    return item(
        RelationshipType="HAS OBS CONTEXT",
        ValueType="NUM",
        ConceptNameCodeSequence=code("121033"),
        MeasuredValueSequence=[measured],
    )


def test_nobody_is_over_89() -> None:
    made = made_report(age("93"))
    assert made.said() == ""
    measured = age("93").MeasuredValueSequence

    def say(d: Dataset) -> None:
        d.ContentSequence[1].MeasuredValueSequence = measured

    assert made.said(say) == f"{CONTENT}[1].(0040,A300)"
    assert made_report(age("42")).said() == ""
    months = age("600")
    months.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = code("mo", "UCUM", "month")
    assert made_report(months).said() == ""
    made = real(source(PatientAge="093Y"))
    assert made.said() == ""
    assert made.said(setting("PatientAge", "093Y")) == "verify.structure (0010,1010)"
