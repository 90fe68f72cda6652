"""Conditions: a closed grammar over attributes."""

import operator
import re
from collections.abc import Callable
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import LENGTH_LIMIT, parse_condition
from rules.errors import ConditionError

COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
texts = st.text(st.characters(exclude_characters='\\"\n', exclude_categories=["Cs"]), max_size=8)
# A value is compared without its padding.
values = texts.map(lambda t: t.strip(" \0"))
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-99, max_value=99)


NOTHING: dict[str, str] = {}


def holds(text: str, **root: str) -> bool:
    return parse_condition(text).holds(root.get, NOTHING.get)


@given(literal=values, value=values, comparator=st.sampled_from(sorted(COMPARATORS)))
def test_text_is_compared_as_text(literal: str, value: str, comparator: str) -> None:
    found = holds(f'Modality {comparator} "{literal}"', Modality=value)
    assert found == COMPARATORS[comparator](value, literal)


@given(literal=numbers, value=numbers, comparator=st.sampled_from(sorted(COMPARATORS)))
def test_numbers_are_compared_as_numbers(literal: Decimal, value: Decimal, comparator: str) -> None:
    found = holds(f"SliceThickness {comparator} {literal}", SliceThickness=f" {value} ")
    assert found == COMPARATORS[comparator](value, literal)


def test_a_value_that_is_no_number_differs_from_every_number() -> None:
    assert not holds("SliceThickness < 5", SliceThickness="thin")
    assert not holds("SliceThickness = 5", SliceThickness="thin")
    assert holds("SliceThickness != 5", SliceThickness="thin")
    assert holds("SliceThickness < 5", SliceThickness="1e-3")
    assert not holds("SliceThickness < 5", SliceThickness="1" * 65)


def test_text_that_looks_like_a_number_stays_text() -> None:
    assert not holds('PatientID = "7"', PatientID="007")
    assert holds("PatientID = 7", PatientID="007")


@given(comparator=st.sampled_from(sorted(COMPARATORS)), literal=values)
def test_no_test_holds_of_an_absent_attribute(comparator: str, literal: str) -> None:
    assert not holds(f'Modality {comparator} "{literal}"')
    assert not holds('Modality ~ "*"')
    assert not holds("exists(Modality)")
    assert not holds('Modality in ["", "CT"]')


@given(st.lists(values, min_size=1, max_size=4), values)
def test_a_test_holds_if_any_value_satisfies_it(several: list[str], literal: str) -> None:
    found = holds(f'ImageType = "{literal}"', ImageType="\\".join(several))
    assert found == (literal in several)


@given(st.lists(values, min_size=1, max_size=4), values)
def test_in_means_equal_to_one_of_them(literals: list[str], value: str) -> None:
    listed = ", ".join(f'"{literal}"' for literal in literals)
    assert holds(f"Modality in [{listed}]", Modality=value) == (value in literals)


@given(
    st.text("ab*?", max_size=8),
    st.text("ab", max_size=10),
)
def test_wildcards_match_the_whole_value(pattern: str, value: str) -> None:
    found = holds(f'Modality ~ "{pattern}"', Modality=value)
    assert found == bool(fnmatchcase(value, pattern))


def test_brackets_and_dots_are_no_wildcards() -> None:
    assert not holds('Modality ~ "[CM]T"', Modality="CT")
    assert not holds('Modality ~ "C."', Modality="CT")


@given(st.booleans(), st.booleans(), st.booleans())
def test_and_binds_closer_than_or_and_not_closest(a: bool, b: bool, c: bool) -> None:  # noqa: FBT001
    root = {
        k: "x" for k, on in zip(["Modality", "PatientID", "StudyID"], [a, b, c], strict=True) if on
    }
    text = "exists(Modality) or not exists(PatientID) and exists(StudyID)"
    assert holds(text, **root) == (a or (not b and c))
    text = "(exists(Modality) or not exists(PatientID)) and exists(StudyID)"
    assert holds(text, **root) == ((a or not b) and c)


def test_an_attribute_of_the_item_is_not_that_of_the_root() -> None:
    condition = parse_condition('item.CodeValue = "1" and Modality = "CT"')
    assert condition.attributes == {"Modality"}
    assert condition.item_attributes == {"CodeValue"}
    assert condition.holds({"Modality": "CT"}.get, {"CodeValue": "1"}.get)
    assert not condition.holds({"Modality": "CT", "CodeValue": "1"}.get, NOTHING.get)


def test_quotes_and_backslashes_are_escaped() -> None:
    assert holds(r'StudyID = "a\"b"', StudyID='a"b')
    assert not holds(r'StudyID = "a\\b"', StudyID="a\\b"), "a backslash parts values"


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("", 0, "ends too early"),
        ("Modality =", 10, "ends too early"),
        ('Modality == "CT"', 10, "can't be read"),
        ('Modality = "CT', 11, "can't be read"),
        ('(Modality = "CT"', 16, "ends too early"),
        ('Modalty = "CT"', 0, "Did you mean Modality?"),
        ('exists(Modality) and Modalty = "CT"', 21, "Did you mean Modality?"),
        ("Modality in []", 13, "can't be read"),
        ("__import__('os')", 0, "can't be read"),
        ("exists(Modality)" + " " * LENGTH_LIMIT, 0, "at most"),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(text: str, offset: int, words: str) -> None:
    with pytest.raises(ConditionError, match=re.escape(words)) as caught:
        parse_condition(text)
    assert caught.value.offset == offset


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    try:
        parse_condition(text)
    except ConditionError as error:
        assert 0 <= error.offset <= len(text)  # noqa: PT017  (either outcome is right)


def test_the_deepest_condition_can_be_asked() -> None:
    text = "not " * ((LENGTH_LIMIT - 20) // 4) + "exists(Modality)"
    assert parse_condition(text).holds(NOTHING.get, NOTHING.get) in (True, False)
    text = "(" * 480 + "exists(Modality)" + ")" * 480
    assert not parse_condition(text).holds(NOTHING.get, NOTHING.get)
