"""The setting ``accession`` decides what the table would, and nothing else."""

import pytest

from gateway.workbench.trials import run_trial
from rules.errors import RuleSetError
from rules.load import compile_rules
from rules.plan import Entry, Plan
from rules.trials import Held
from rules.vocabulary import Action, Operation

ACCESSION_NUMBER, SPECIMEN_ACCESSION_NUMBER = 0x00080050, 0x0040050A
REQUEST_ATTRIBUTES_SEQUENCE = 0x00400275
CT = "1.2.840.10008.5.1.4.1.1.2"


def plan(more: str = "") -> Plan:
    return compile_rules(f"name: t\nprofile: basic\n{more}", source="test")


def entries(compiled: Plan) -> list[Entry]:
    """Return what is done at the root of an IOD, of none, and in items."""
    roots = [compiled.roots[uid] for uid in (CT, "")]
    return [
        each[ACCESSION_NUMBER]
        for root in roots
        for each in (root, root.children[REQUEST_ATTRIBUTES_SEQUENCE])
    ]


def test_the_table_decides_unless_the_setting_does() -> None:
    said, table = plan("accession: table\n"), plan()
    assert said.hash == table.hash != plan("accession: pseudonym\n").hash
    assert {entry.operation for entry in entries(table)} == {Operation.EMPTY}


def test_a_pseudonym_keeps_letter_and_fallback_of_the_table() -> None:
    compiled = plan("accession: pseudonym\noptions: [clean-descriptors, retain-uids]\n")
    for entry in entries(compiled):
        assert (entry.action, entry.operation) == (Action.EMPTY, Operation.ACCESSION)
        assert entry.fallback is Operation.EMPTY
    assert compiled.roots[CT][SPECIMEN_ACCESSION_NUMBER].operation is Operation.REMOVE


def test_a_rule_goes_first() -> None:
    compiled = plan(
        "accession: pseudonym\nrules:\n"
        "  - {tags: [AccessionNumber], action: X, when: 'Modality = \"CT\"'}\n"
    )
    for entry in entries(compiled):
        assert entry.operation is Operation.ACCESSION
        assert [other.operation for _, other in entry.alternatives] == [Operation.REMOVE]


def test_another_word_is_refused() -> None:
    with pytest.raises(RuleSetError):
        plan("accession: hash\n")


def test_a_test_of_a_rule_set_can_expect_it() -> None:
    tests = (
        "accession: pseudonym\ntests:\n"
        "  - {given: {AccessionNumber: A1}, expect: {AccessionNumber: <changed>}}\n"
        "  - {given: {AccessionNumber: ''}, expect: {AccessionNumber: ''}}\n"
    )
    compiled = compile_rules(f"name: t\nprofile: basic\n{tests}", source="t", run_test=run_trial)
    left = run_trial(compiled, {"AccessionNumber": "A1"})
    assert not isinstance(left, Held)
    assert left["AccessionNumber"] == "TESTACCESSION"
    with pytest.raises(RuleSetError):
        compile_rules(
            f"name: t\nprofile: basic\n{tests.replace('<changed>', '<kept>')}", source="t"
        )
