"""What two rule sets differ in: nothing is overlooked, and the direction is right."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.compiler import compile_plan
from rules.difference import Compiled, Difference, Direction, compiled, differences
from rules.load import builtin_names, read_rules
from rules.vocabulary import Option
from tests.support.objects import BASIC, options

KEEPS, REMOVES, OTHERWISE = Direction.KEEPS_MORE, Direction.REMOVES_MORE, Direction.OTHERWISE


def of(text: str) -> Compiled:
    loaded = read_rules(text, source="test")
    return Compiled(loaded=loaded, plan=compile_plan(loaded.rule_set, loaded.rules))


def rule(text: str) -> str:
    return f"{BASIC}rules:\n- {{{text}}}\n"


def between(first: str, second: str) -> dict[str, Difference]:
    return {f"{each.what} {each.name}": each for each in differences(of(first), of(second))}


@pytest.mark.parametrize("name", builtin_names())
def test_a_rule_set_does_not_differ_from_itself(name: str) -> None:
    assert differences(compiled(name), compiled(name)) == []


def test_names_tests_and_layout_are_no_difference() -> None:
    other = "# hello\nprofile: basic\nname: other\ntests: [{given: {}, expect: {Modality: null}}]\n"
    assert not between(BASIC, other)


@pytest.mark.parametrize(
    ("action", "direction"), [("K", KEEPS), ("X", REMOVES), ("Z", None), ("D", KEEPS)]
)
def test_a_rule_keeps_or_removes_more(action: str, direction: Direction | None) -> None:
    # Accession Number is emptied by the basic profile (Type 2)
    found = between(BASIC, rule(f"tags: [AccessionNumber], action: {action}"))
    if direction is None:
        assert [each.what for each in found.values()] == ["rules"]
        return
    (each,) = found.values()
    assert each.name == "(0008,0050) AccessionNumber"
    assert each.direction is direction
    assert "rules[0], line 5" in each.second
    assert "Table E.1-1, basic profile" in each.first


def test_equal_differences_of_several_types_are_one() -> None:
    found = differences(of(BASIC), of(rule("tags: [ContentDate], action: X")))
    assert [each.first.split(" (")[0] for each in found] == ["D dummy", "Z empty"]
    assert [each.types for each in found] == [("1", ""), ("2", "2C", "3")]
    assert {each.direction for each in found} == {REMOVES}


def test_a_condition_is_a_difference_that_keeps_more() -> None:
    found = between(BASIC, rule("tags: [StudyDescription], action: K, when: 'Modality = \"CT\"'"))
    each = found["attribute (0008,1030) StudyDescription"]
    assert each.direction is KEEPS
    assert each.second.startswith('when Modality = "CT": K keep (rules[0], line 5); else X remove')


def test_a_condition_that_keeps_here_and_removes_there_is_neither() -> None:
    keeps = rule("tags: [AccessionNumber], action: D")
    mixed = rule("tags: [AccessionNumber], action: K, when: exists(Modality)") + (
        "- {tags: [AccessionNumber], action: X}\n"
    )
    assert between(keeps, mixed)["attribute (0008,0050) AccessionNumber"].direction is OTHERWISE


def test_a_rule_about_one_path_is_found_at_that_path() -> None:
    found = between(BASIC, rule("tags: [RequestAttributesSequence.Modality], action: X"))
    (each,) = found.values()
    assert each.name == "(0008,0060) Modality in RequestAttributesSequence"
    assert each.direction is REMOVES


def test_private_elements_options_and_settings_are_compared() -> None:
    other = (
        "name: test\nprofile: basic\noptions: [retain-uids, clean-pixel-data]\nunknown: hold\n"
        "dates: {shift_days: [-9, -1]}\ndeface: {modalities: [CT]}\n"
        "rules:\n- {tags: ['(0019,\"ACME\",0C)'], action: K}\n"
    )
    found = between(BASIC, other)
    assert found['private element (0019,"ACME",0C)'].direction is KEEPS
    assert found["option retain-uids"].direction is KEEPS
    assert found["option clean-pixel-data"].direction is REMOVES
    assert found["unknown unknown"].direction is REMOVES
    assert (found["unknown unknown"].first, found["unknown unknown"].second) == ("remove", "hold")
    assert found["dates dates"].second == "shift_days: [-9, -1]"
    assert found["deface deface"].direction is OTHERWISE
    assert found["attribute (0008,0018) SOPInstanceUID"].direction is KEEPS


def test_a_difference_that_nothing_shows_is_not_called_the_same() -> None:
    # Patient Comments is removed anyhow
    (each,) = differences(of(BASIC), of(rule("tags: [PatientComments], action: X")))
    assert (each.what, each.direction) == ("rules", OTHERWISE)


sets = st.sets(st.sampled_from([o for o in Option if "full" not in o]), max_size=4)


@settings(max_examples=8)  # two surveys of the whole dictionary each
@given(sets, sets)
def test_the_other_way_round_the_directions_are_reversed(
    first: set[Option], second: set[Option]
) -> None:
    one, other = of(options(*sorted(first))), of(options(*sorted(second)))
    reverse = {KEEPS: REMOVES, REMOVES: KEEPS, OTHERWISE: OTHERWISE}
    there = differences(one, other)
    back = [
        replace(each, first=each.second, second=each.first, direction=reverse[each.direction])
        for each in differences(other, one)
    ]
    assert {repr(each) for each in there} == {repr(each) for each in back}
    assert bool(there) == (first != second)


def test_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(BASIC, encoding="utf-8")
    assert differences(compiled("basic"), compiled(str(path))) == []
