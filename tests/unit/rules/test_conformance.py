"""The conformance statement: complete, true to the plan, and the golden one."""

import json
import os
from pathlib import Path

import pytest

from pipelines.metadata.method import codes_of
from rules.compiler import compile_plan
from rules.conformance import HOW, Attribute, Statement, statement
from rules.conformance_page import page
from rules.difference import Compiled, compiled
from rules.load import builtin_names, read_rules
from rules.tables import confidentiality_table, method_codes
from rules.vocabulary import Operation, Option
from tests.support.objects import BASIC, options

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


def said(found: Compiled) -> Statement:
    codes = [code.value for code in codes_of(found.plan, frozenset())]
    return statement(found, claimed=codes, version="VERSION")


def of(text: str) -> Statement:
    loaded = read_rules(text, source="test")
    return said(Compiled(loaded=loaded, plan=compile_plan(loaded.rule_set, loaded.rules)))


def by_tag(found: Statement) -> dict[str, Attribute]:
    return {each.tag: each for each in found.attributes}


def golden(path: Path, text: str) -> None:
    """Compare with a golden file, or write it where REGENERATE_GOLDEN is set."""
    if os.environ.get("REGENERATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", builtin_names())
def test_the_statement_of_a_shipped_rule_set_is_the_golden_one(name: str) -> None:
    found = said(compiled(name))
    # the hash changes with every table, also where no row does
    golden(GOLDEN / f"conformance_{name}.md", page(found).replace(found.plan, "HASH"))


def test_the_statement_as_data_is_the_golden_one() -> None:
    data = said(compiled("basic")).as_data()
    attributes = data.pop("attributes")
    assert isinstance(attributes, tuple)
    data["plan"] = "HASH"
    head = json.dumps(data, indent=1)
    lines = "\n".join(json.dumps(each) for each in attributes)
    golden(GOLDEN / "conformance_basic.json", f"{head}\n{lines}\n")


@pytest.mark.parametrize("name", builtin_names())
def test_every_row_of_the_table_is_there_once(name: str) -> None:
    found = said(compiled(name))
    tags = [each.tag for each in found.attributes if each.origin != "Table E.3.4-1"]
    assert len(set(tags)) == len(tags)
    table = confidentiality_table()
    # groups 0000 to 0004 are in no data set
    rows = [r.tag for r in (*table.rows.values(), *table.repeating.values()) if r.tag > "0005"]
    missing = {f"({t[:4]},{t[4:]})" for t in rows if t[:4] not in ("FFFA", "FFFC")} - set(tags)
    assert not missing
    assert "(gggg,eeee), gggg odd" in tags
    assert page(found).count("\n| ") > len(rows)


def test_the_hash_the_version_and_the_editions_are_named() -> None:
    found = said(compiled("basic"))
    text = page(found)
    assert f"sha256:{compiled('basic').plan.hash}" in text
    assert "Narthex VERSION" in text
    assert "| ps315_e1_1.tsv | 2026d |" in text


def test_an_action_is_what_the_types_lead_to() -> None:
    attributes = by_tag(said(compiled("basic")))
    content = attributes["(0008,0023)"]
    assert (content.name, content.action) == ("Content Date", "Z/D")
    assert [(t.types, t.operation) for t in content.treatments] == [
        (("1", ""), "dummy"),
        (("2", "2C", "3"), "empty"),
    ]
    assert attributes["(0008,0018)"].action == "U"
    assert attributes["(0008,0018)"].treatments[0].types == ()
    assert attributes["(0010,0010)"].treatments[0].operation == "pseudonym"


def test_our_own_rows_and_those_of_the_rule_set_are_told_apart() -> None:
    rules = "rules:\n- {tags: [Modality, '(0019,\"ACME\",0C)'], action: X}\n"
    kept = "- {tags: ['(0019,\"ACME\",0D)'], action: K, when: 'Modality = \"CT|MR\"'}\n"
    found = of(BASIC + rules + kept)
    attributes = by_tag(found)
    assert attributes["(0008,0060)"].origin == "rule set"
    assert attributes["(0008,0060)"].treatments[0].rule.startswith("rules[0], line 5")
    assert '(0019,"ACME",0C)' not in attributes, "private elements are removed anyhow"
    private = attributes['(0019,"ACME",0D)']
    assert [t.condition for t in private.treatments] == ['Modality = "CT|MR"', ""]
    assert found.rules[1]["when"] == 'Modality = "CT|MR"'
    assert 'Modality = "CT\\|MR"' in page(found), "a bar would end the cell"
    text_value = attributes["(0040,A160)"]
    assert text_value.origin == "beyond Table E.1-1"


def test_it_is_said_what_every_operation_makes_of_a_value() -> None:
    assert set(HOW) == set(Operation)


def test_what_is_done_is_said_for_the_value_that_is_met() -> None:
    attributes = by_tag(said(compiled("research-default")))
    how = {tag: attribute.treatments[0].how for tag, attribute in attributes.items()}
    assert how["(0008,0030)"] == "a time of day is kept"
    assert how["(0008,0020)"] == "dates shifted by the days of the subject"
    assert how["(0070,0001)"] == "kept; its items are walked"
    assert how["(0042,0011)"].startswith("a PDF is made anew")


def test_days_are_named_only_where_dates_are_shifted() -> None:
    assert "shifted by -3650 to -365 days" in page(said(compiled("research-default")))
    assert "Modified dates are shifted" not in page(said(compiled("maximum-utility")))


def test_codes_are_claimed_for_what_can_run_and_the_others_say_why_not() -> None:
    found = of(
        options("retain-uids", "retain-safe-private", "clean-pixel-data")
        + "rules:\n- {tags: [StudyDescription], action: K}\n"
    )
    profiles = {each.option: each for each in found.profiles}
    assert {each.code for each in found.profiles} == {c.value for c in method_codes().values()}
    assert (profiles["basic"].claim, profiles["basic"].hindrance) == (
        "no",
        "rules keep what the profile changes: rules[0], line 5",
    )
    assert (profiles["retain-uids"].claim, profiles["retain-uids"].hindrance) == ("yes", "")
    assert profiles["retain-safe-private"].claim == "where complete"
    assert profiles["retain-device-identity"].hindrance == "the option is not on"
    assert "(pixels.unchecked)" in profiles["clean-pixel-data"].hindrance


def test_an_option_that_the_engine_does_not_carry_out_is_not_claimed() -> None:
    loaded = read_rules(options("retain-uids"), source="test")
    found = Compiled(loaded=loaded, plan=compile_plan(loaded.rule_set, loaded.rules))
    profiles = {each.option: each for each in statement(found, claimed=(), version="1").profiles}
    assert profiles["retain-uids"].claim == "no"
    assert profiles["retain-uids"].hindrance == "not carried out yet"


@pytest.mark.parametrize("option", Option)
def test_every_option_has_its_row_and_is_on_where_it_is_said(option: Option) -> None:
    profiles = {each.option: each for each in of(options(option.value)).profiles}
    assert [each for each, row in profiles.items() if row.is_on] == [
        name for name in profiles if name in ("basic", option.value)
    ]


def test_content_items_are_listed_where_content_stays() -> None:
    origin = "Table E.3.4-1"
    assert not [a for a in said(compiled("basic")).attributes if a.origin == origin]
    found = of(options("clean-structured-content"))
    assert [a for a in found.attributes if a.origin == origin]
