"""``narthex rules``: what it prints and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import COMMANDS, run
from gateway.commands.rules import rules
from rules.load import builtin_names

CT = "1.2.840.10008.5.1.4.1.1.2"


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:  # noqa: ANN401  (JSON)
    assert run(["rules", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", builtin_names())
def test_a_good_rule_set_is_said_to_be_good(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "check", name]) == 0
    printed = capsys.readouterr().out
    found = answer(capsys, "check", name)
    assert found["ok"]
    assert found["name"] == name
    assert found["hash"] in printed


@pytest.mark.parametrize("command", [["check"], ["show"], ["explain", "StudyDate", "--rules"]])
def test_a_bad_rule_set_is_refused_with_its_places(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("name: site\nprofile: basic\noptions: [retain-uid]\n", encoding="utf-8")
    assert run(["rules", *command, str(path)]) == 1
    said = capsys.readouterr()
    assert f"{path}:3:11: unknown option. Did you mean retain-uids?" in said.err
    assert run(["rules", *command, str(path), "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "ok": False,
        "problems": [
            {
                "line": 3,
                "column": 11,
                "message": "unknown option",
                "hint": "Did you mean retain-uids?",
            }
        ],
    }


def test_what_is_no_tag_is_a_mistake_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "explain", "StudyDat"]) == 2
    assert "Did you mean StudyDate?" in capsys.readouterr().err
    assert run(["rules", "explain", "StudyDate", "--path", "Modality"]) == 2
    assert run(["rules", "explain"]) == 2


def test_an_attribute_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["explain", "StudyDate", "--rules", "research-default", "--sop-class", CT]
    found = answer(capsys, *arguments)
    assert found["tag"] == "(0008,0020)"
    assert found["iod"] == "ct-image"
    assert found["type"] == "2"
    assert found["basic"] == "Z"
    assert found["options"]["retain-longitudinal-modified-dates"] == "C"
    assert (found["action"], found["operation"], found["fallback"]) == ("C", "shift-date", "empty")
    assert found["section"] == "PS3.15 E.3.6"
    assert run(["rules", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "retain-longitudinal-modified-dates C (on)" in printed
    assert "PS3.15 E.3.6" in printed


def test_an_attribute_inside_sequences_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    sequence = "ReferringPhysicianIdentificationSequence"
    by_path = answer(capsys, "explain", "InstitutionName", "--path", sequence, "--sop-class", CT)
    dotted = answer(capsys, "explain", f"{sequence}.InstitutionName", "--sop-class", CT)
    assert by_path == dotted
    assert (dotted["path"], dotted["type"], dotted["action"]) == (sequence, "1C", "D")


def test_private_elements_and_repeating_groups_are_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    private = '(0019,"SIEMENS MR HEADER",0C)'
    found = answer(capsys, "explain", private, "--rules", "research-default")
    assert (found["tag"], found["operation"]) == (private, "keep")
    found = answer(capsys, "explain", "(60xx,0010)")
    assert (found["tag"], found["basic"], found["operation"]) == ("(60XX,0010)", "", "remove")


def test_conditions_of_rules_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "name: site\nprofile: basic\nrules:\n"
        "- {tags: [StudyDescription], action: K, when: 'Modality = \"CT\"'}\n",
        encoding="utf-8",
    )
    found = answer(capsys, "explain", "StudyDescription", "--rules", str(path))
    assert found["operation"] == "remove"
    assert found["alternatives"][0]["when"] == 'Modality = "CT"'
    assert found["alternatives"][0]["rule"] == "rules[0], line 4"
    assert run(["rules", "explain", "StudyDescription", "--rules", str(path)]) == 0
    assert "otherwise" in capsys.readouterr().out
    assert run(["rules", "show", str(path)]) == 0
    printed = capsys.readouterr().out
    assert 'rules[0], line 4: K StudyDescription when Modality = "CT"' in printed
    assert "(+1 conditional)" in printed


def test_a_rule_set_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "show", "research-default", "--sop-class", CT)
    assert found["holds"] == {"clean-pixel-data": "pixels.unchecked"}
    assert found["deface"] == {"modalities": "CT MR PT", "mask": "wide", "renderings": "hold"}
    by_keyword = {a["keyword"]: a for a in found["attributes"]}
    assert by_keyword["PatientName"]["operation"] == "pseudonym"
    assert by_keyword["TargetFrameOfReferenceUID"]["operation"] == "replace-uid"
    assert "Columns" not in by_keyword, "what is just kept is not listed"
    assert any('"SIEMENS MR HEADER"' in a["tag"] for a in found["attributes"])
    assert run(["rules", "show", "basic"]) == 0
    assert "(6000,3000)" in capsys.readouterr().out


def test_the_schema_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"name", "profile"}


def test_what_becomes_of_a_private_date_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "name: site\nprofile: basic\nrules:\n- {tags: ['(0019,\"ACME\",0D)'], action: K}\n",
        encoding="utf-8",
    )
    named = ["explain", '(0019,"ACME",0D)', "--rules", str(path)]
    found = answer(capsys, *named)
    assert (found["operation"], found["if_date"]["operation"]) == ("keep", "shift-date")
    assert found["if_date"]["rule"] == "rules[0], line 4"
    assert run(["rules", *named]) == 0
    assert "  if a date   C (shift-date), else remove\n" in capsys.readouterr().out


def test_what_becomes_of_a_text_that_can_not_be_read_is_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["rules", "explain", "StudyDescription", "--rules", "research-default"]) == 0
    out = capsys.readouterr().out
    assert "  else        remove\n" in out
    assert "  if unfit    remove, note clean-descriptors.removed\n" in out


def test_the_line_of_the_command_names_what_it_can() -> None:
    said = COMMANDS["rules"].removeprefix("Rule sets: ").rstrip(".").split(", ")
    assert said == sorted(rules.commands)
