"""Tests of rule sets run through the real engine."""

import pytest

from gateway.workbench.trials import run_trial
from rules.errors import RuleSetError
from rules.load import builtin_names, compile_rules, load_plan
from rules.trials import Held
from tests.support.engine import plan_of
from tests.support.objects import BASIC, options

CT = "1.2.840.10008.5.1.4.1.1.2"


def left(text: str, given: dict[str, str]) -> dict[str, str]:
    found = run_trial(plan_of(text), given)
    assert not isinstance(found, Held)
    return dict(found)


@pytest.mark.parametrize("name", builtin_names())
def test_the_tests_of_the_shipped_rule_sets_pass(name: str) -> None:
    assert load_plan(name, run_test=run_trial).name == name


def test_what_is_kept_comes_back_as_it_was_written() -> None:
    given = {
        "Rows": "5",
        "SliceThickness": "1.50",
        "RecommendedDisplayFrameRateInFloat": "1.50",
        "ImageType": "ORIGINAL\\PRIMARY",
        "Modality": "CT",
        "ImageOrientationPatient": "1\\0\\0\\0\\1\\0",
        "SelectorATValue": "",
    }
    found = left(BASIC, given)
    assert {keyword: found[keyword] for keyword in given} == given


def test_the_subject_is_always_the_same() -> None:
    text = options("retain-longitudinal-modified-dates") + "dates: {shift_days: [-10, -1]}\n"
    given = {"PatientName": "DOE^JANE", "StudyDate": "20200111", "StudyInstanceUID": "1.2.3"}
    found = left(text, given)
    assert found["PatientName"] == found["PatientID"] == "TESTSUBJECT"
    assert found["StudyDate"] == "20200101"
    assert found["StudyInstanceUID"].startswith("2.25.")
    assert left(text, given) == found


def test_the_sop_class_decides_about_types() -> None:
    given = {"ContentDate": "20200101"}
    assert left(BASIC, given)["ContentDate"] == "19000101"
    assert left(BASIC, {**given, "SOPClassUID": CT})["ContentDate"] == ""


def test_conditions_and_text_beyond_ascii() -> None:
    text = BASIC + "rules:\n- {tags: [SeriesDescription], action: K, when: 'Modality = \"MR\"'}\n"
    given = {"SeriesDescription": "Schädel", "Modality": "MR"}
    assert left(text, given)["SeriesDescription"] == "Schädel"
    assert "SeriesDescription" not in left(text, {**given, "Modality": "CT"})


def test_a_sequence_is_only_said_to_be_there() -> None:
    found = left(BASIC, {})
    assert found["DeidentificationMethodCodeSequence"] == "<present>"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"PatientID": ""}, "identity.missing"),
        ({"StudyInstanceUID": ""}, "metadata.no-uid"),
        ({"Rows": "five"}, "trial.unusable"),
        ({"Rows": "-5"}, "trial.unusable"),
        ({"RequestAttributesSequence": "x"}, "trial.unusable"),
    ],
)
def test_an_object_that_is_held_says_why(given: dict[str, str], code: str) -> None:
    assert run_trial(plan_of(BASIC), given) == Held(code=code)


def test_the_search_of_what_is_left_is_part_of_the_trial() -> None:
    text = BASIC + "rules:\n- {tags: [StudyDescription], action: K}\n"
    found = run_trial(
        plan_of(text), {"PatientName": "Featherstone^Eugenia", "StudyDescription": "Featherstone"}
    )
    assert isinstance(found, Held)
    assert found.code.startswith("verify.")


def test_a_failing_test_refuses_the_rule_set_where_the_plan_alone_could_not() -> None:
    text = options("retain-longitudinal-modified-dates") + (
        "tests:\n- {given: {StudyDate: '20200101'}, expect: {StudyDate: '20200101'}}\n"
    )
    compile_rules(text, source="a")
    with pytest.raises(RuleSetError, match="StudyDate comes out as: changed"):
        compile_rules(text, source="a", run_test=run_trial)
