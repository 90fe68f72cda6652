"""The shipped rule sets: they do what their page says, and pass their own tests."""

from pathlib import Path

import pytest

from gateway.workbench.trials import run_trial
from pipelines.metadata.method import codes_of
from rules.difference import Direction, compiled, differences
from rules.load import builtin_names, load_plan, read_rules, rule_text
from rules.schema import RuleSet
from rules.tables import tags_by_keyword, tcia_private
from rules.trials import findings
from rules.vocabulary import Operation, Option, PrivateList

PAGE = Path(__file__).resolve().parents[4] / "ops" / "manual" / "profiles.md"
SHIPPED = ("basic", "maximum-utility", "research-default", "tcia-like")
CT = "1.2.840.10008.5.1.4.1.1.2"


def rule_set(name: str) -> RuleSet:
    return read_rules(rule_text(name), source=name).rule_set


def test_these_are_shipped_under_their_names() -> None:
    assert builtin_names() == SHIPPED
    assert [rule_set(name).name for name in SHIPPED] == list(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_its_own_tests_pass_in_the_engine(name: str) -> None:
    tests = rule_set(name).tests
    assert len(tests) >= 5
    plan = load_plan(name, run_test=run_trial)
    for test in tests:
        assert all(found.is_good for found in findings(plan, test, run_test=run_trial))


@pytest.mark.parametrize("name", SHIPPED)
def test_it_has_its_section_in_the_manual(name: str) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    for word in ("**What remains.**", "**Risks.**", "**Not protected against.**", "**For whom.**"):
        assert word in section, word
    said = {option for option in Option if f"`{option}`" in section}
    assert said == set(rule_set(name).options)


def codes(name: str) -> set[str]:
    return {code.value for code in codes_of(load_plan(name), frozenset())}


def test_what_runs_completely_is_claimed() -> None:
    assert codes("basic") == {"113100"}
    cleaned = {"113100", "113103", "113104", "113105", "113108", "113111"}
    assert codes("research-default") == cleaned | {"113102", "113107"}
    assert codes("tcia-like") == cleaned | {"113107", "113109"}
    assert codes("maximum-utility") == cleaned | {"113106", "113109", "113112"}


def test_the_basic_rule_set_is_the_profile_and_nothing_else() -> None:
    basic = rule_set("basic")
    assert (basic.options, basic.rules, basic.private_lists) == ((), (), ())


@pytest.mark.parametrize("name", ["research-default", "tcia-like", "maximum-utility"])
def test_only_rules_keep_the_report_of_a_pdf(name: str) -> None:
    entry = load_plan(name).roots[""][0x00420011]
    assert entry.operation is Operation.CLEAN_DOCUMENT
    assert entry.rule.startswith("rules[")


def test_the_archive_keeps_the_private_elements_of_its_list() -> None:
    assert rule_set("tcia-like").private_lists == (PrivateList.TCIA,)
    private, without = (load_plan(n).roots[CT].private for n in ("tcia-like", "research-default"))
    staying = [key for key in tcia_private() if private[key].operation is not Operation.REMOVE]
    assert len(staying) > 1800
    assert sum(without[key].operation is not Operation.REMOVE for key in staying) < 500


@pytest.mark.parametrize("other", ["research-default", "tcia-like"])
def test_maximum_utility_keeps_all_that_the_others_keep(other: str) -> None:
    most = compiled("maximum-utility")
    assert not most.plan.unavailable, "no object is held for an engine that is not there"
    found = differences(compiled(other), most)
    stricter = {each.name for each in found if each.direction is Direction.REMOVES_MORE}
    assert stricter == {"retain-longitudinal-modified-dates"}


def test_maximum_utility_keeps_dates_and_replaces_uids() -> None:
    root = load_plan("maximum-utility").roots[CT]
    assert root[0x00080020].operation is Operation.KEEP
    assert root[0x0020000D].operation is Operation.REPLACE_UID
    assert root[0x00100030].operation is Operation.EMPTY, "a birth date is not of the study"


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(
    "keyword",
    [
        "PatientName",
        "PatientID",
        "OtherPatientIDs",
        "AccessionNumber",
        "ReferringPhysicianName",
        "PatientAddress",
        "PatientTelephoneNumbers",
    ],
)
def test_no_rule_set_lets_a_name_or_number_of_a_person_through(name: str, keyword: str) -> None:
    entry = load_plan(name).roots[CT][tags_by_keyword()[keyword]]
    assert entry.operation in (
        Operation.REMOVE,
        Operation.EMPTY,
        Operation.DUMMY,
        Operation.PSEUDONYM,
    )
