"""Every function of CTP has its letter, and its account."""

from functools import cache

import pytest

from rules.importers import Account, Imported, Outcome, import_ctp
from rules.load import compile_rules, read_rules
from rules.plan import Plan
from rules.schema import RuleSet
from rules.tables import safe_private, tags_by_keyword
from rules.vocabulary import AccessionPolicy, Operation, Option

EXACT, DIFFERENT, LOST = Outcome
SHIFT = "@incrementdate(this,-9)"
FULL, MODIFIED = (
    Option.RETAIN_LONGITUDINAL_FULL_DATES,
    Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
)


def element(tag: str, text: str, name: str = "", *, is_enabled: bool = True) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<e en="{"T" if is_enabled else "F"}" t="{tag}" n="{name}">{text}</e>'


@cache
def imported(*lines: str) -> Imported:
    return import_ctp("\n".join(["<script>", *lines, "</script>"]), name="site", source="x.script")


def rule_set(found: Imported) -> RuleSet:
    return read_rules(found.rule_set_text, source="made").rule_set


def plan(found: Imported) -> Plan:
    return compile_rules(found.rule_set_text, source="made")


def account(found: Imported, line: int) -> Account:
    return next(a for a in found.accounts if a.line == line)


def letters(found: Imported, tag: str) -> list[str]:
    return [r.action for r in rule_set(found).rules if tag in r.tags]


def operation(found: Imported, keyword: str) -> Operation:
    return plan(found).roots[""][tags_by_keyword()[keyword]].operation


@pytest.mark.parametrize(
    ("text", "letter", "outcome"),
    [
        ("@keep()", "K", EXACT),
        ("@process()", "K", EXACT),
        ("@remove()", "X", EXACT),
        ("@always()@remove()", "X", EXACT),
        ("text @remove()", "X", EXACT),
        ("@empty()", "Z", EXACT),
        ("@blank(4)", "Z", DIFFERENT),
        ("", "X", DIFFERENT),
        ("@require()", "K", DIFFERENT),
        ('@require(Modality,"CT")', "K", DIFFERENT),
        ("@hash(this,16)", "D", DIFFERENT),
        ("@hashname(this,6,2)", "D", DIFFERENT),
        ("@hashptid(@SITEID,PatientID,10)", "D", DIFFERENT),
        ("@integer(this,ptid,8)", "D", DIFFERENT),
        ("@lookup(this,ptid)", "D", DIFFERENT),
        ("@lookup(this,ptid,keep)", "D", DIFFERENT),
        ("@param(@SITENAME)", "D", DIFFERENT),
        ("A text, of commas", "D", DIFFERENT),
        ("@always()YES", "D", DIFFERENT),
        ("@param(@P)-@hashptid(@SITEID,this,10)", "D", DIFFERENT),
        ("@date()", "D", DIFFERENT),
        ("@time(:)", "D", DIFFERENT),
        ("@hashuid(@UIDROOT,this)", "D", DIFFERENT),
        (SHIFT, "X", DIFFERENT),
        ("@modifydate(this,*,1,1)", "Z", LOST),
        ("@round(this,10)", "X", LOST),
        ("@truncate(this,4)", "X", LOST),
        ("@initials(this)", "X", LOST),
        ("@initials(PatientName,3)", "X", LOST),
        ("@uppercase(this)", "X", LOST),
        ("@lowercase(this)", "X", LOST),
        ("@contents(PatientID)", "X", LOST),
        (r'@contents(this,"a\\(b",",")', "X", LOST),
        ('@value(this,"none")', "X", LOST),
        ("@pathelement(this,-1)", "X", LOST),
        ("@dateinterval(this,base,PatientID)", "X", LOST),
        ('@encrypt(this,"secret")', "X", LOST),
        ('@decrypt(this,"secret")', "X", LOST),
        ("@append(){text @date()}", "X", LOST),
        ("@always()@append(){text}", "X", LOST),
        ("@quarantine()", "X", LOST),
        ("@skip()", "X", LOST),
        ("@call(plugin,this)", "X", LOST),
        ("@hashPtID(@SITEID,this)", "X", LOST),
        ("@contents(this)-@param(@P)", "X", LOST),
        ("@keep() and more", "X", LOST),
        ("@keep(", "X", LOST),
        ("@", "X", LOST),
        ("@if(this,exists){@keep()}", "X", LOST),
        ("@if(this,exists){@keep()} x {@remove()}", "X", LOST),
        ("@select(){@keep()}{@remove()}", "X", DIFFERENT),
        ("@select(){@keep()}{@keep()}", "K", EXACT),
        ("@if(this,exists){@if(this,isblank){@keep()}{@keep()}}{@keep()}", "X/K", LOST),
        ("@select(){" * 5000, "X", LOST),
        ("@select(){" * 9 + "}{}" * 9, "X", LOST),
    ],
)
def test_a_function_has_its_letter(text: str, letter: str, outcome: Outcome) -> None:
    found = imported(element("00081030", text))
    said = account(found, 2)
    assert (said.element, said.action, said.outcome) == ("StudyDescription", letter, outcome)
    assert letters(found, "StudyDescription") == letter.split("/")
    assert bool(said.why) is (outcome is not EXACT)
    assert bool(said.hint) >= (outcome is LOST)


@pytest.mark.parametrize(
    ("tag", "text", "letter", "outcome"),
    [
        ("00080020", SHIFT, "C", DIFFERENT),
        ("00080020", "@hashdate(this,PatientID)", "C", DIFFERENT),
        ("00080020", "@incrementdate(StudyDate,@DATEINC)", "C", DIFFERENT),
        ("00100030", "@modifydate(this,*,1,1)", "Z", LOST),
        ("00080018", "@hashuid(@UIDROOT,this)", "U", EXACT),
        ("00200052", "@hashuid(@UIDROOT,StudyInstanceUID)", "U", DIFFERENT),
        ("00200052", "@hash(this)", "U", DIFFERENT),
        ("00200052", "@keep()", "K", EXACT),
        ("00080018", "@remove()", "U", DIFFERENT),
        ("0020000d", "@empty()", "U", DIFFERENT),
        ("0020000e", "@select(){@keep()}{@hashuid(@UIDROOT,this)}", "U", DIFFERENT),
        ("00100010", "@remove()", "Z", DIFFERENT),
        ("00100020", "@empty()", "Z", EXACT),
        ("00100020", "@keep()", "", DIFFERENT),
        ("00100020", "@lookup(this,ptid)", "", DIFFERENT),
        ("00100020", "@contents(this)", "Z", LOST),
        ("00080016", "@keep()", "", EXACT),
        ("00080016", "@hashuid(@UIDROOT,this)", "", DIFFERENT),
        ("00080005", "@remove()", "", DIFFERENT),
        ("00080005", "@keep()", "", EXACT),
        ("00120062", "YES", "", DIFFERENT),
        ("00120063", "@append(){CTP}", "", DIFFERENT),
        ("00120064", "113100/113105", "", DIFFERENT),
        ("00280303", "@always()MODIFIED", "", DIFFERENT),
        ("00400275", "@keep()", "K", DIFFERENT),
        ("00400275", "@hash(this)", "X", DIFFERENT),
        ("7fe00010", "@param(@A)", "X", DIFFERENT),
        ("fffafffa", "@remove()", "", EXACT),
        ("fffafffa", "@keep()", "", DIFFERENT),
        ("00020016", "@keep()", "", DIFFERENT),
        ("00603000", "@remove()", "X", EXACT),
        ("60003000", "@remove()", "X", EXACT),
        ("00130010", "@always()CTP", "", LOST),
        ("00131010", "@param(@A)", "", LOST),
        ("00131010", "@remove()", "", EXACT),
        ("0013[CTP]10", "@keep()", "K", DIFFERENT),
        ("0013[CTP]10", "@empty()", "X", DIFFERENT),
        ("0013[CTP]10", "@param(@A)", "X", LOST),
        ("0013,00[CTP]", "@keep()", "", LOST),
    ],
)
def test_some_attributes_are_special(tag: str, text: str, letter: str, outcome: Outcome) -> None:
    found = imported(element(tag, text), element("00080021", SHIFT))
    said = account(found, 2)
    assert (said.action, said.outcome) == (letter, outcome)
    plan(found)


def test_an_empty_argument_is_this_element() -> None:
    assert account(imported(element("00080020", "@hashdate(,PatientID)")), 2).action == "C"


def test_dates_that_are_shifted_turn_the_option_on_and_times_stay() -> None:
    found = imported(
        element("00080020", SHIFT), element("00080030", "@keep()"), element("00080021", "@keep()")
    )
    assert rule_set(found).options == (MODIFIED,)
    assert [account(found, n).outcome for n in (2, 3, 4)] == [DIFFERENT, EXACT, DIFFERENT]
    for keyword in ("StudyDate", "StudyTime", "SeriesDate"):
        assert operation(found, keyword) is Operation.SHIFT_DATE


def test_dates_that_are_all_kept_stay() -> None:
    found = imported(
        '<p t="DATEINC">0</p>',
        element("00080020", "@keep()"),
        element("00080021", "@incrementdate(this,@DATEINC)"),
    )
    assert rule_set(found).options == (FULL,)
    assert operation(found, "StudyDate") is operation(found, "SeriesDate") is Operation.KEEP
    assert account(found, 3).outcome is EXACT


def test_times_alone_tell_no_date() -> None:
    found = imported(element("00080030", "@keep()"))
    assert rule_set(found).options == (MODIFIED,)


def test_a_kept_instance_uid_keeps_the_references_to_it() -> None:
    found = imported(element("00080018", "@keep()"))
    assert rule_set(found).options == (Option.RETAIN_UIDS,)
    assert operation(found, "ReferencedSOPInstanceUID") is Operation.KEEP


def test_the_pseudonym_is_written_whatever_the_script_hashes() -> None:
    found = imported(element("00100020", "@hash(this,10)"), element("00100010", "@param(@P)"))
    assert operation(found, "PatientID") is operation(found, "PatientName") is Operation.PSEUDONYM


def test_a_removed_private_element_goes_by_every_creator_of_the_safe_list() -> None:
    creator, group, low = next(k for k in safe_private() if k[0] != k[0].lower())
    safe = '<k en="T" t="safeprivateelements">x</k>'
    for tag in (f"{group:04x}10{low:02x}", f"{group:04x}[{creator.lower()}]{low:02x}"):
        found = imported(element(tag, "@remove()"), safe)
        assert rule_set(found).options == (Option.RETAIN_SAFE_PRIVATE,)
        entry = plan(found).roots[""].private[creator, group, low]
        assert entry.operation is Operation.REMOVE
    assert plan(imported(safe)).roots[""].private[creator, group, low].operation is Operation.KEEP


def test_an_element_named_twice_gets_the_stricter_letter() -> None:
    found = imported(element("00081030", "@keep()"), element("00081030", "@remove()"))
    assert letters(found, "StudyDescription") == ["X"]
    assert account(found, 3).why.startswith("named twice")


def test_no_literal_of_the_script_is_repeated() -> None:
    found = imported(
        '<p t="KEY">CANARY</p>',
        '<p t="CANARY 1">x</p>',
        element("00081030", "CANARY", "CANARY"),
        element("00080050", '@encrypt(this,"CANARY")'),
        element("00080090", '@if(PatientID,matches,"(CANARY)"){CANARY}{@keep()}'),
        element("0013[CANARY\u00e9]10", "@keep()"),
    )
    assert "CANARY" not in found.rule_set_text
    assert "CANARY" not in "".join(map(str, found.accounts))


@pytest.mark.parametrize("text", ["@hash(this,16)", "@integer(this,acc,8)", "@lookup(this,acc)"])
@pytest.mark.parametrize("unnamed", ["", '<r en="T" t="unspecifiedelements"/>'])
def test_accession_numbers_that_were_hashed_get_pseudonyms(text: str, unnamed: str) -> None:
    found = imported(element("00080050", text), unnamed)
    said = account(found, 2)
    assert (said.action, said.outcome) == ("", DIFFERENT)
    assert "accession: pseudonym" in said.why
    assert rule_set(found).accession is AccessionPolicy.PSEUDONYM
    assert operation(found, "AccessionNumber") is Operation.ACCESSION


def test_a_conditional_pseudonym_of_accession_numbers_is_one() -> None:
    text = '@if(Modality,equals,"CT"){@hash(this,16)}{@remove()}'
    found = imported(element("00080050", text), '<r en="T" t="unspecifiedelements"/>')
    assert account(found, 2).action == "tables/X"
    root = plan(found).roots[""][tags_by_keyword()["AccessionNumber"]]
    assert root.operation is Operation.ACCESSION
    assert [entry.operation for _, entry in root.alternatives] == [Operation.REMOVE]


@pytest.mark.parametrize("text", ["@remove()", "@empty()", "a text", "@initials(this)"])
def test_other_accession_numbers_get_none(text: str) -> None:
    found = imported(element("00080050", text))
    assert rule_set(found).accession is AccessionPolicy.TABLE
    assert operation(found, "AccessionNumber") is not Operation.ACCESSION


def test_an_accession_number_that_is_named_twice_gets_the_stricter() -> None:
    found = imported(element("00080050", "@hash(this,16)"), element("00080050", "@remove()"))
    assert rule_set(found).accession is AccessionPolicy.TABLE
    assert operation(found, "AccessionNumber") is Operation.REMOVE
