"""@if is said in our grammar where it can be, and errs towards the stricter clause."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.importers import Outcome, import_ctp
from rules.load import compile_rules, read_rules
from rules.tables import tags_by_keyword
from rules.vocabulary import Operation

EXACT, DIFFERENT, LOST = Outcome
TAG = tags_by_keyword()["StudyDescription"]


def script(condition: str, then: str = "@remove()", otherwise: str = "@keep()") -> str:
    quoted = condition.replace("&", "&amp;").replace("<", "&lt;")
    return (
        '<script><p t="P">US</p><e en="F" t="00081150" n="RefSOPClassUID"></e>'
        f'<e en="T" t="00081030">@if({quoted}){{{then}}}{{{otherwise}}}</e></script>'
    )


def outcome(condition: str, then: str = "@remove()", otherwise: str = "@keep()") -> Outcome:
    found = import_ctp(script(condition, then, otherwise), name="x", source="x")
    return next(a.outcome for a in found.accounts if a.element == "StudyDescription")


def removes(condition: str, given: dict[str, str]) -> bool:
    text = import_ctp(script(condition), name="x", source="x").rule_set_text
    entry = compile_rules(text, source="x").roots[""][TAG]
    for when, alternative in entry.alternatives:
        if when.holds(given.get, given.get):
            entry = alternative
            break
    return entry.operation is Operation.REMOVE


@pytest.mark.parametrize(
    ("condition", "holds", "fails"),
    [
        ("Modality,exists", [{"Modality": ""}, {"Modality": "CT"}], [{}]),
        ("Modality,isblank", [{}, {"Modality": ""}, {"Modality": "  "}], [{"Modality": "CT"}]),
        ("ImageType,isblank", [{}], [{"ImageType": "\\A"}]),
        (
            'Modality,equals,"us"',
            [{"Modality": "US"}, {"Modality": "us"}],
            [{"Modality": "CT"}, {}],
        ),
        ("Modality,equals,@P", [{"Modality": "US"}], [{"Modality": "CT"}]),
        ("[0008,0060],equals,US", [{"Modality": "US"}], [{"Modality": "CT"}]),
        ("00080060,equals,US", [{"Modality": "US"}], [{"Modality": "CT"}]),
        ("root:Modality,equals,US", [{"Modality": "US"}], [{"Modality": "CT"}]),
        ("this,contains,12", [{"StudyDescription": "a12b"}], [{"StudyDescription": "a1b"}]),
        ("this,contains,Dr.", [{"StudyDescription": "by dR. X"}], [{"StudyDescription": "x"}]),
        ('this,contains,"1\u00b2"', [{"StudyDescription": "a 1\u00b2"}], [{}]),
        ("Modality,matches,^C.*$", [{"Modality": "CT"}], [{"Modality": "MR"}, {"Modality": "c"}]),
        ("Modality,matches,C.", [{"Modality": "CT"}], [{"Modality": "C"}]),
        ("Modality,matches,C.+", [{"Modality": "CTX"}], [{"Modality": "C"}]),
        (
            "PatientAge,greaterthan,89",
            [{"PatientAge": "090Y"}, {"PatientAge": "100M"}],
            [{"PatientAge": "089Y"}, {"PatientAge": "012M"}, {}],
        ),
        (
            "SeriesNumber,greaterthan,5",
            [{"SeriesNumber": "6"}, {"SeriesNumber": "-6"}],
            [{"SeriesNumber": "5"}, {"SeriesNumber": "-5"}],
        ),
        ("Rows,greaterthan,5", [{"Rows": "6"}], [{"Rows": "5"}]),
        ("RefSOPClassUID,exists", [{"ReferencedSOPClassUID": "1.2"}], [{}]),
    ],
)
def test_a_condition_means_what_it_means_in_ctp(
    condition: str, holds: list[dict[str, str]], fails: list[dict[str, str]]
) -> None:
    assert outcome(condition) is EXACT
    for given_ in holds:
        assert removes(condition, given_), given_
    for given_ in fails:
        assert not removes(condition, given_), given_


@pytest.mark.parametrize(
    "condition",
    [
        "Modality",
        "Modality,begins,C",
        "Modality,equals",
        "NoSuchName,exists",
        "0019[X]10,exists",
        "00091010,exists",
        "RefImageSeq::RefSOPClassUID,exists",
        "ReferencedImageSequence,isblank",
        "ImageType,equals,AXIAL",
        r'Modality,equals,"a\b"',
        'Modality,contains,"*"',
        'Modality,contains," a"',
        "AdditionalPatientHistory,contains,a",
        'Modality,matches,"[A-Z]+"',
        "SliceThickness,greaterthan,5",
        "SeriesNumber,greaterthan,x",
        'Manufacturer,equals,"FUJIFILM Corporation"',
        f"StudyID,equals,{'1' * 1200}",
    ],
)
def test_what_cannot_be_said_takes_the_stricter_clause(condition: str) -> None:
    assert outcome(condition) is LOST
    assert removes(condition, {"Modality": "CT"})


def test_a_long_word_may_be_missed_where_missing_is_stricter() -> None:
    condition = 'Manufacturer,contains,"philips medical"'
    assert outcome(condition, "@keep()", "@remove()") is DIFFERENT
    assert outcome(condition, "@remove()", "@keep()") is LOST


def test_a_clause_that_the_tables_decide_makes_no_rule() -> None:
    text = (
        '<script><e en="T" t="00100010">@if(Modality,exists){@hash(this)}{@empty()}</e>'
        '<e en="T" t="00100020">@if(Modality,exists){@empty()}{@hash(this)}</e></script>'
    )
    made = import_ctp(text, name="x", source="x").rule_set_text
    rules = read_rules(made, source="x").rule_set.rules
    assert [(r.action, r.when) for r in rules] == [
        ("Z", "not (exists(item.Modality))"),
        ("Z", "exists(item.Modality)"),
    ]


def test_two_clauses_that_come_to_the_same_need_no_condition() -> None:
    assert outcome("A,b,c", "@keep()", "@keep()") is EXACT
    assert outcome("A,b,c", "text", "@hash(this)") is DIFFERENT


def test_a_clause_that_quarantines_removes() -> None:
    assert outcome("Modality,equals,US", "@quarantine()", "@keep()") is LOST
    assert removes("Modality,equals,US", {"Modality": "US"})


WORDS = st.text("aB1. ", max_size=4)


@given(word=WORDS.map(str.strip).filter(bool), value=WORDS)
def test_equals_and_contains_agree_with_ctp(word: str, value: str) -> None:
    value = value.strip()
    for test, holds in (
        ("equals", value.lower() == word.lower()),
        ("contains", word.lower() in value.lower()),
    ):
        assert removes(f'StationName,{test},"{word}"', {"StationName": value}) is holds


PIECES = ["A", "b", ".", ".*", ".+", "1", "-"]


@pytest.mark.parametrize("pattern", ["".join(p) for p in product(PIECES, repeat=2)])
def test_matches_agrees_with_regular_expressions(pattern: str) -> None:
    for value in ("", "A", "Ab", "b1", "A-1", "1-", "--", "bb1"):
        expected = re.fullmatch(pattern, value) is not None
        assert removes(f'StationName,matches,"{pattern}"', {"StationName": value}) is expected
