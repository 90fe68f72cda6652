"""Bad rule sets are refused with line, column and what to do."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rules.errors import RuleSetError
from rules.load import builtin_names, compile_rules, load_plan
from rules.plan import Plan
from rules.schema import RuleSet

HEAD = "name: test\nprofile: basic\n"
FULL, MODIFIED = "retain-longitudinal-full-dates", "retain-longitudinal-modified-dates"


def refused(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(RuleSetError) as caught:
        compile_rules(text, source="site.yaml")
    for problem in caught.value.problems:
        assert problem.message
        assert problem.hint
        assert f"site.yaml:{problem.line}:{problem.column}: " in str(caught.value)
    return [(p.line, p.column, f"{p.message}. {p.hint}") for p in caught.value.problems]


def rule(tag: str, action: str = "K", when: str = "") -> str:
    condition = f", when: {when}" if when else ""
    return f"{HEAD}rules:\n  - {{tags: [{tag}], action: {action}{condition}}}\n"


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("§", "a rule set is a mapping"),
        ("§- a\n", "a rule set is a mapping"),
        ("name: [a\n§", "this is not YAML"),
        ("§name: a\x07\n", "this is not YAML"),
        (HEAD + "§name: again\n", "the key name is here twice"),
        (HEAD + "options: §&o [retain-uids]\nrules: *o\n", "aliases are not read"),
        (HEAD + "rules: §!!python/tuple []\n", "YAML tags are not read"),
        ("name: §!!python/name:os.system x\n", "YAML tags are not read"),
        (HEAD + "§<<: {a: b}\n", "a key is a word"),
        ("§profile: basic\n", "the key name is missing"),
        (HEAD + "§optons: []\n", "Did you mean options?"),
        (HEAD + "rules:\n- {§tag: [Modality], action: K}\n", "Did you mean tags?"),
        (HEAD + "dates: {§shift: [1, 2]}\n", "Did you mean shift_days?"),
        (HEAD + "deface: {§modality: [CT]}\n", "Did you mean modalities?"),
        ("name: test\nprofile: §basc\n", "Did you mean basic?"),
        (HEAD + "options:\n- §retain-uid\n", "Did you mean retain-uids?"),
        (HEAD + "options: [§clean-noses]\n", "unknown option"),
        (HEAD + "unknown: §keep\n", "Write one of: remove, hold"),
        (HEAD + "options: [retain-uids, §retain-uids]\n", "is here twice"),
        (f"{HEAD}options:\n- {FULL}\n- §{MODIFIED}\n", "exclude each other"),
        (HEAD + "dates: {shift_days: §[-1, -9]}\n", "Write [-9, -1]"),
        (HEAD + "dates: {shift_days: §[-9, 9]}\n", "a shift of 0 days"),
        (HEAD + "dates: {shift_days: §[0, 9]}\n", "a shift of 0 days"),
        (HEAD + "dates: {shift_days: §[-9, -9]}\n", "no secret"),
        (HEAD + "dates: {shift_days: [§-9.5, -1]}\n", "whole number"),
        (HEAD + "dates: {shift_days: [§2020-01-01, -1]}\n", "whole number"),
        (HEAD + "dates: {shift_days: §[-9]}\n", "Write two bounds"),
        ("name: §'a\\b'\nprofile: basic\n", "letters, digits"),
        (HEAD + "deface: {modalities: [§ct]}\n", "capitals"),
        (HEAD + "deface: {mask: §wid}\n", "Did you mean wide?"),
        (HEAD + "deface: {renderings: §keep}\n", "Write one of: hold, remove"),
        (rule("§StudyDescripton"), "Did you mean StudyDescription?"),
        (rule("§'(0008;1030)'"), "this is no tag"),
        (rule("§'(0019,100C)'"), "named with its creator"),
        (rule("§'(0018,\"ACME\",0C)'"), "odd group"),
        (rule("§'(0007,\"ACME\",0C)'"), "never pass"),
        (rule("§'(0002,0010)'"), "never pass"),
        (rule("§OverlayData"), "(60xx,3000)"),
        (rule("§StudyDescription.Modality"), "no sequence"),
        (rule("§''"), "no attribute has the keyword (empty)"),
        (rule("PatientName", "§K"), "PatientName, which can't have the action K"),
        (rule("PatientID", "§X"), "Write Z or D"),
        (rule("'(0010,xxxx)'", "§K"), "PatientName"),
        (rule("RequestAttributesSequence.PatientID", "§K"), "can't have the action K"),
        (rule("SOPInstanceUID", "§D"), "Write U or K"),
        (rule("SOPClassUID", "§U"), "Write K"),
        (rule("StudyDescription", "§U"), "holds no UID"),
        (rule("StudyDescription", "§Q"), "unknown action"),
        (rule("StudyDescription", when="Modality = §CT"), "can't be read"),
        (rule("StudyDescription", when="'Modality = §CT'"), "can't be read"),
        (rule("StudyDescription", when="'§Modalty = \"CT\"'"), "Did you mean Modality?"),
        (rule("StudyDescription", when="'StudyID = \"it''s\" §x'"), "can't be read"),
        (rule("StudyDescription", when="'exists(Modality§'"), "ends too early"),
        (rule("StudyDescription", when='"Modality =§= 1"'), "can't be read"),
        (rule("StudyDescription", when='§"x\n     y"'), "can't be read"),
        (rule("StudyDate", "§C") + f"options: [{FULL}]\n", "tells the shift"),
        (HEAD + "tests:\n- {given: {}, expect: {§Modalty: CT}}\n", "Did you mean Modality?"),
        (HEAD + "tests:\n- {given: {StudyDate: §20200101}, expect: {}}\n", "in quotes"),
        (HEAD + "tests:\n- {given: {}, expect: §{}}\n", "at least 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(marked: str, words: str) -> None:
    before, _, after = marked.partition("§")
    place = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    found = refused(before + after)
    assert any(place == p[:2] and words in p[2] for p in found), (place, found)


def test_every_problem_is_told_at_once_in_order() -> None:
    text = HEAD + "rules:\n- {tags: [Foo], action: K}\n- {tags: [PatientID], action: K, when: no}\n"
    assert [(line, column) for line, column, _ in refused(text)] == [(4, 11), (5, 31), (5, 40)]


def test_a_test_that_the_plan_contradicts_fails() -> None:
    text = HEAD + (
        "options: [retain-patient-characteristics]\n"
        "tests:\n"
        "- given: {PatientName: DOE^JANE, StudyDate: '20200101', Modality: CT, PatientSex: F}\n"
        "  expect:\n"
        "    Modality: CT\n"
        "    PatientSex: F\n"
        "    StudyDate: ''\n"
        "    StudyTime: null\n"
        "    PatientName: PSEUDONYM\n"
    )
    compile_rules(text, source="a")
    for wrong, line in {
        "    StudyDescription: a\n": 12,
        "    SeriesDescription: null\n    PatientID: a\n": 13,
    }.items():
        ((found, column, words),) = refused(text + wrong)
        assert (found, column) == (line, 5)
        assert "this test fails" in words
    for said, instead in {
        "Modality: CT\n    P": "Modality: null\n    P",
        "PatientSex: F\n    S": "PatientSex: M\n    S",
        "StudyDate: ''": "StudyDate: null",
        "PatientName: PSEUDONYM": "PatientName: DOE^JANE",
    }.items():
        ((_, _, words),) = refused(text.replace(said, instead))
        assert "this test fails" in words
        assert "DOE" not in words


def test_a_test_asks_conditions() -> None:
    text = rule("StudyDescription", when="'Modality = \"CT\"'") + (
        "tests:\n"
        "- {given: {Modality: CT, StudyDescription: a}, expect: {StudyDescription: a}}\n"
        "- {given: {Modality: MR, StudyDescription: a}, expect: {StudyDescription: null}}\n"
    )
    compile_rules(text, source="a")
    assert len(refused(text.replace("MR", "CT"))) == 1


def test_the_engine_runs_the_tests_where_it_is_given() -> None:
    asked: list[Mapping[str, str]] = []

    def engine(plan: Plan, given: Mapping[str, str]) -> Mapping[str, str]:
        asked.append(given)
        return {"PatientID": plan.name}

    text = HEAD + "tests:\n- {given: {PatientID: a}, expect: {PatientID: test, Modality: null}}\n"
    compile_rules(text, source="a", run_test=engine)
    assert asked == [{"PatientID": "a"}]
    wrong = text.replace("PatientID: test", "PatientID: other")
    with pytest.raises(RuleSetError, match="another value"):
        compile_rules(wrong, source="a", run_test=engine)


@pytest.mark.parametrize("name", builtin_names())
def test_the_shipped_rule_sets_are_good(name: str) -> None:
    assert load_plan(name).name == name


@pytest.mark.parametrize("version", ["rules.compiler.VERSION", "pydicom.__version__"])
def test_another_program_or_dictionary_makes_another_plan(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_plan("basic").hash
    assert load_plan("basic").hash == before
    monkeypatch.setattr(version, "99.0")
    assert load_plan("basic").hash != before


def test_a_file_is_read_as_a_rule_set(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(HEAD, encoding="utf-8")
    assert load_plan(path).name == "test"
    path.write_bytes(b"name: \xff\n")
    with pytest.raises(RuleSetError, match="no UTF-8"):
        load_plan(path)
    with pytest.raises(RuleSetError, match="one of: basic"):
        load_plan(tmp_path / "none.yaml")


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_a_rule_set_or_refused(text: str) -> None:
    with pytest.raises(RuleSetError):
        compile_rules(text, source="a")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(RuleSet.model_fields)), json_values)
def test_any_value_of_any_key_is_taken_or_refused(key: str, value: object) -> None:
    said = TypeAdapter(object).dump_json({"name": "a", "profile": "basic", key: value})
    try:
        compile_rules(said.decode(), source="a")
    except RuleSetError as error:
        assert error.problems  # noqa: PT017  (either outcome is right)


def test_nesting_bombs_and_giants_are_refused() -> None:
    refused(HEAD + "rules: " + "[" * 3000 + "]" * 3000)
    refused(HEAD + "#" * 1_000_001)
