"""Tests of rule sets: what they expect, and what is said where it does not come."""

import pytest

from rules.load import compile_rules
from rules.schema import RuleTest
from rules.trials import Held, failures, findings
from tests.support.objects import BASIC, options

PLAN = compile_rules(BASIC, source="test")


def case(given: dict[str, str], expect: dict[str, str | None]) -> RuleTest:
    return RuleTest(given=given, expect=expect)


@pytest.mark.parametrize(
    ("given", "expected", "left", "kinds"),
    [
        ("a", None, None, ("removed", "removed")),
        ("a", None, "a", ("removed", "kept")),
        ("a", "", "b", ("empty", "changed")),
        ("a", "a", "b", ("kept", "changed")),
        ("a", "b", "b", ("changed", "changed")),
        ("a", "b", "c", ("changed", "another value")),
        ("a", "<changed>", "c", ("changed", "changed")),
        ("a", "<changed>", "a", ("changed", "kept")),
        ("a", "<changed>", "", ("changed", "empty")),
        ("a", "<kept>", "a", ("kept", "kept")),
        ("a", "<kept>", None, ("kept", "removed")),
        (None, "b", "b", ("added", "added")),
        (None, "b", "c", ("added", "another value")),
        (None, None, None, ("absent", "absent")),
        (None, "b", None, ("added", "absent")),
    ],
)
def test_a_finding_says_which_kind_was_expected_and_came(
    given: str | None, expected: str | None, left: str | None, kinds: tuple[str, str]
) -> None:
    said = case({} if given is None else {"PatientComments": given}, {"PatientComments": expected})
    after = {} if left is None else {"PatientComments": left}
    (found,) = findings(PLAN, said, run_test=lambda *_: after)
    assert (found.expected, found.got) == kinds
    good = left == (given if expected == "<kept>" else expected)
    if expected == "<changed>":
        good = left == "c"
    assert found.is_good == good


def test_a_held_object_fulfils_no_expectation() -> None:
    said = case({"PatientComments": "a"}, {"PatientComments": None, "Modality": None})
    assert failures(PLAN, said, run_test=lambda *_: Held(code="identity.missing")) == {
        "PatientComments": "held (identity.missing)",
        "Modality": "held (identity.missing)",
    }


@pytest.mark.parametrize(
    ("keyword", "expected", "is_good"),
    [
        ("Modality", "<kept>", True),
        ("Modality", "<changed>", False),
        ("PatientComments", "<kept>", False),
        ("PatientComments", "<changed>", False),
        ("PatientName", "<changed>", True),
        ("PatientName", "<kept>", False),
        ("SOPInstanceUID", "<changed>", True),
    ],
)
def test_the_plan_alone_knows_what_is_kept_and_changed(
    keyword: str, expected: str, *, is_good: bool
) -> None:
    found = failures(PLAN, case({keyword: "1"}, {keyword: expected}), run_test=None)
    assert (not found) == is_good


def test_an_operation_that_the_value_decides_is_left_to_the_engine() -> None:
    plan = compile_rules(options("retain-longitudinal-modified-dates"), source="test")
    for expected in ("19990101", "20000101", "<changed>", "", None):
        assert not failures(
            plan, case({"StudyDate": "20000101"}, {"StudyDate": expected}), run_test=None
        )
