"""Which action: Table E.1-1, options, repeating groups, private elements, precedence."""

import json
import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import datadict

from rules.beyond import letter_beyond
from rules.compiler import plan_hash
from rules.load import compile_rules, load_plan, read_rules
from rules.plan import Entry, Plan
from rules.tables import Row, confidentiality_table, iod_types, safe_private, tags_by_keyword
from rules.vocabulary import Action, Operation, Option

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
SOP_CLASSES = {
    CT: "ct-image",
    ENHANCED_MR: "enhanced-mr-image",
    "1.2.840.10008.5.1.4.1.1.88.33": "comprehensive-sr",
    "1.2.840.10008.5.1.4.1.1.481.3": "rt-structure-set",
    "1.2.840.10008.5.1.4.1.1.11.1": "grayscale-softcopy-presentation-state",
}
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "plan_basic_ct.json"


@cache
def plan_of(
    *options: Option, rules: str = "", unknown: str = "remove", shift: str = "[-3650, -365]"
) -> Plan:
    text = (
        f"name: test\nprofile: basic\noptions: [{', '.join(options)}]\n"
        f"unknown: {unknown}\ndates: {{shift_days: {shift}}}\n"
    )
    return compile_rules(text + (f"rules:\n{rules}" if rules else ""), source="test.yaml")


def at_root(plan: Plan, keyword: str, sop_class_uid: str = CT) -> Entry:
    return plan.roots[sop_class_uid][tags_by_keyword()[keyword]]


# Table E.1-1 -----------------------------------------------------------------------


def expected_by_type(action: str, type_: str) -> str:
    """Return the letter by the rules of Table E.1-1a, said in words here."""
    need = type_[:1]  # "1", "2", "3" or "" for unknown
    if action == "X/Z/U*":
        return {"1": "K", "2": "K", "3": "X", "": "K"}[need]
    letters = set(action.split("/"))
    if letters in ({"D"}, {"U"}):
        return action
    if need == "3":
        return "X" if "X" in letters else "Z"
    if need == "2":
        return "Z" if "Z" in letters or letters == {"X"} else "D"
    if need == "1":
        return "Z" if letters == {"X", "Z"} else "D"
    # Unknown: what keeps the object valid, where the compound offers it.
    return next(letter for letter in "DZX" if letter in letters)


FALLBACKS = {"X": Operation.REMOVE, "Z": Operation.EMPTY, "D": Operation.DUMMY}
CLEANING = (
    Option.CLEAN_DESCRIPTORS,
    Option.RETAIN_PATIENT_CHARACTERISTICS,
    Option.RETAIN_DEVICE_IDENTITY,
)


def cleaned(option: Option, vr: str) -> Operation | None:
    """Return what a C of the table means by option and VR; None: nobody carries it out."""
    if vr == "SQ":
        return Operation.KEEP
    if option is Option.RETAIN_LONGITUDINAL_MODIFIED_DATES:
        return Operation.SHIFT_DATE if vr in ("DA", "TM", "DT") else None
    if option in CLEANING and vr in ("LO", "SH", "ST", "LT", "UT", "UC", ""):
        return Operation.CLEAN_TEXT
    if option in CLEANING and vr in ("AE", "CS"):
        return Operation.CLEAN_KNOWN
    return None


def vr_said(tag: int, name: str, printed: str) -> str:
    """Return the VR by PS3.6, else as printed, else what the attribute's name says."""
    try:
        return datadict.dictionary_VR(tag).split(" ")[0]
    except KeyError:
        ending = name.rsplit(" ", 1)[-1]
        return printed or {"Sequence": "SQ", "DateTime": "DT"}.get(ending, "")


def check_entry(entry: Entry, row: Row, option: Option | None, *, vr: str, basic: str) -> None:
    """Compare the entry of a row with the column of an option, or the basic column."""
    letter = row.options.get(option, "") if option else ""
    operation = cleaned(option, vr) if option and letter == "C" else None
    note = ""
    if row.keyword in ("PatientName", "PatientID"):
        wanted = entry.action, Operation.PSEUDONYM
    elif letter == "K":
        caps = row.keyword == "PatientAge"
        wanted = Action.KEEP, Operation.CAP_AGE if caps else Operation.KEEP
    elif operation is not None:
        wanted = Action.CLEAN, operation
        if operation is not Operation.KEEP:
            assert entry.fallback is FALLBACKS[basic], row.keyword
    else:
        said = {"K": Operation.KEEP, "U": Operation.REPLACE_UID, **FALLBACKS}
        wanted = Action(basic), said[basic]
        dates = option is Option.RETAIN_LONGITUDINAL_MODIFIED_DATES
        note = f"{option}.removed" if letter and not dates else ""
    assert (entry.action, entry.operation) == wanted, (row.keyword, row.tag, entry.type)
    assert entry.note == note, row.keyword
    texts = (Operation.CLEAN_TEXT, Operation.CLEAN_KNOWN)
    assert entry.unfit_note == (f"{option}.removed" if entry.operation in texts else "")


@pytest.mark.parametrize("sop_class_uid", [*SOP_CLASSES, "1.2.3"])
@pytest.mark.parametrize("option", [None, *Option])
def test_every_row_of_the_table_by_option_column(option: Option | None, sop_class_uid: str) -> None:
    node = plan_of(*([option] if option else [])).roots[sop_class_uid]
    types = SOP_CLASSES.get(sop_class_uid)
    for tag, row in confidentiality_table().rows.items():
        entry = node[tag]
        if tag >> 16 in (0, 2, 4, 0xFFFA):
            assert entry.operation is Operation.REMOVE
            continue
        type_ = iod_types(types).types.get(row.keyword, "") if types else ""
        assert entry.type == type_
        basic = expected_by_type(row.basic, type_)
        check_entry(entry, row, option, vr=vr_said(tag, row.name, row.vr), basic=basic)
        assert entry.rule
        assert entry.section.startswith("PS3.")
        assert entry.fallback in FALLBACKS.values()


@pytest.mark.parametrize("option", [None, *Option])
def test_repeating_and_private_rows_by_option_column(option: Option | None) -> None:
    rows = confidentiality_table()
    assert set(rows.repeating) == {"50XXXXXX", "60XX3000", "60XX4000"}
    node = plan_of(*([option] if option else [])).roots[CT]
    for mask, row in rows.repeating.items():
        note = f"{option}.removed" if option and row.options.get(option) else ""
        entry = node[int(mask.replace("X", "2"), 16)]
        assert (entry.operation, entry.note) == (Operation.REMOVE, note)
    assert dict(rows.private.options) == {Option.RETAIN_SAFE_PRIVATE: "C"}
    entry = node.private["SIEMENS MR HEADER", 0x0019, 0x0C]
    stays = option is Option.RETAIN_SAFE_PRIVATE
    assert entry.operation is (Operation.KEEP if stays else Operation.REMOVE)


def test_options_win_in_the_order_of_the_manual() -> None:
    dates, device = Option.RETAIN_LONGITUDINAL_MODIFIED_DATES, Option.RETAIN_DEVICE_IDENTITY
    keyword = "DateOfLastCalibration"  # K for device identity, C for modified dates
    assert at_root(plan_of(device), keyword).operation is Operation.KEEP
    assert at_root(plan_of(device, dates), keyword).operation is Operation.SHIFT_DATE
    both = plan_of(Option.CLEAN_DESCRIPTORS, Option.RETAIN_PATIENT_CHARACTERISTICS)
    allergies = at_root(both, "Allergies")
    assert (allergies.operation, allergies.note) == (Operation.CLEAN_TEXT, "")
    assert allergies.unfit_note == "retain-patient-characteristics.removed"


def test_what_the_table_lacks_is_kept_but_uids_of_instances() -> None:
    rows = confidentiality_table()
    node, retaining = plan_of().roots[CT], plan_of(Option.RETAIN_UIDS).roots[CT]
    for keyword, tag in datadict.keyword_dict.items():
        if rows.row(tag) or not keyword or tag >> 16 in (0, 2, 4):
            continue
        letter = letter_beyond(keyword, datadict.dictionary_VR(tag))
        if letter is not None:
            assert node[tag].action == letter, keyword
        elif datadict.dictionary_VR(tag) != "UI":
            assert node[tag].operation is Operation.KEEP, keyword
        else:
            assert retaining[tag].operation is Operation.KEEP
    for keyword, operation in {
        "TargetFrameOfReferenceUID": Operation.REPLACE_UID,
        "SOPClassUID": Operation.KEEP,
        "AvailableTransferSyntaxUID": Operation.KEEP,
        "CodingSchemeUID": Operation.KEEP,
        "SOPClassesInStudy": Operation.KEEP,
        "MappingResourceUID": Operation.KEEP,
    }.items():
        assert at_root(plan_of(), keyword).operation is operation, keyword


def test_what_can_identify_beyond_the_table_goes() -> None:
    modified = plan_of(Option.RETAIN_LONGITUDINAL_MODIFIED_DATES)
    for keyword, operation in {
        "EvaluatorName": Operation.DUMMY,
        "StudyUpdateDateTime": Operation.DUMMY,
        "RetrieveURL": Operation.DUMMY,
        "PlacerOrderNumberProcedure": Operation.REMOVE,
        "DocumentTitle": Operation.EMPTY,
        "TextValue": Operation.DUMMY,
        "CodingSchemeURL": Operation.KEEP,
    }.items():
        assert at_root(plan_of(), keyword).operation is operation, keyword
    assert at_root(modified, "StudyUpdateDateTime").operation is Operation.SHIFT_DATE


def test_what_the_dictionary_lacks_is_removed_or_held() -> None:
    assert plan_of().roots[CT][0x00081357].operation is Operation.REMOVE
    held = plan_of(unknown="hold").roots[CT][0x00081357]
    assert held.operation is Operation.HOLD
    assert held.note == "metadata.unknown"
    newer = plan_of(unknown="hold").roots[CT][tags_by_keyword()["EffectiveStartDateTime"]]
    assert newer.operation is Operation.REMOVE


@pytest.mark.parametrize("tag", [0x00000010, 0x00020010, 0x00041500, 0x00080000, 0xFFFCFFFC])
def test_groups_of_other_files_and_group_lengths_never_stay(tag: int) -> None:
    assert plan_of(unknown="hold").roots[CT][tag].operation is Operation.REMOVE


# Sequences -------------------------------------------------------------------------


def test_types_are_found_at_the_path_in_the_iod() -> None:
    node = plan_of().roots[CT]
    institution = tags_by_keyword()["InstitutionName"]
    assert node[institution].action is Action.REMOVE
    physicians = node.children[tags_by_keyword()["ReferringPhysicianIdentificationSequence"]]
    assert physicians[institution].type == "1C"
    assert physicians[institution].action is Action.DUMMY


def test_a_place_that_no_iod_lists_has_no_types_and_costs_nothing() -> None:
    node = plan_of().roots[CT]
    content = tags_by_keyword()["ContentSequence"]
    deep = node.children[content].children[content]
    assert deep is deep.children[content].children[0x00991001].children[0x00081140]
    assert deep is node.children[0x00291010], "a private sequence"
    assert deep[tags_by_keyword()["InstitutionName"]].action is Action.DUMMY
    assert deep[tags_by_keyword()["StudyDescription"]].action is Action.REMOVE


def test_sop_classes_of_one_iod_share_their_nodes() -> None:
    plan = plan_of()
    assert plan.roots["1.2.3"] is plan.roots["1.2.4"]
    assert plan.roots[CT] is not plan.roots["1.2.3"]


# Repeating groups ------------------------------------------------------------------


@given(st.integers(0, 127), st.sampled_from([0x0010, 0x0022, 0x0050, 0x1500, 0x3000, 0x4000]))
def test_overlays_go_as_a_whole(index: int, element: int) -> None:
    tag = (0x6000 + 2 * index) << 16 | element
    assert plan_of().roots[CT][tag].operation is Operation.REMOVE


def test_curves_go_as_a_whole() -> None:
    assert plan_of().roots[CT][0x50020110].operation is Operation.REMOVE


def test_an_overlay_that_a_rule_keeps_keeps_its_group() -> None:
    node = plan_of(rules="  - {tags: ['(60xx,3000)'], action: K}\n").roots[CT]
    assert node[0x60020010].operation is Operation.KEEP
    assert node[0x60024000].operation is Operation.REMOVE, "comments have a row of their own"
    only = plan_of(rules="  - {tags: ['(6002,3000)'], action: K}\n").roots[CT]
    assert only[0x60020010].operation is Operation.KEEP
    assert only[0x60000010].operation is Operation.REMOVE


def test_a_conditional_overlay_decides_over_its_group() -> None:
    rules = "  - {tags: ['(60xx,3000)'], action: K, when: 'Modality = \"CT\"'}\n"
    entry = plan_of(rules=rules).roots[CT][0x60000010]
    assert entry.operation is Operation.REMOVE
    ((condition, kept),) = entry.alternatives
    assert kept.operation is Operation.KEEP
    assert condition.holds({"Modality": "CT"}.get, {"Modality": "MR"}.get)


# Private elements ------------------------------------------------------------------


def test_private_elements_go_unless_they_are_safe() -> None:
    for key, safe in safe_private().items():
        assert plan_of().roots[CT].private[key].operation is Operation.REMOVE
        entry = plan_of_safe().roots[CT].private[key]
        if safe.vr in ("", "OW/OB", "LO", "SH", "ST", "LT", "UN", "OB", "OW"):
            assert entry.operation is Operation.REMOVE
            assert entry.note == "retain-safe-private.removed"
        else:
            uid = safe.vr == "UI"
            assert entry.operation is (Operation.REPLACE_UID if uid else Operation.KEEP)
            assert entry.vr == safe.vr
    unsafe = plan_of_safe().roots[CT].private["ACME 1", 0x0019, 0x0C]
    assert (unsafe.operation, unsafe.note) == (Operation.REMOVE, "")


def plan_of_safe() -> Plan:
    return plan_of(Option.RETAIN_SAFE_PRIVATE)


def test_a_rule_names_a_private_element() -> None:
    rules = """
  - {tags: ['(0019,"ACME  1",b0)'], action: K}
  - {tags: ['(0019,"SIEMENS MR HEADER",0C)'], action: C}
"""
    private = plan_of(rules=rules).roots[CT].private
    kept = private["ACME  1", 0x0019, 0xB0]
    assert (kept.operation, kept.rule) == (Operation.KEEP, "rules[0], line 8")
    assert private["ACME  1", 0x0019, 0xB1].operation is Operation.REMOVE
    assert private["ACME  1", 0x0021, 0xB0].operation is Operation.REMOVE
    assert private["SIEMENS MR HEADER", 0x0019, 0x0C].note == "rules.clean.removed"
    assert not private.nothing_stays
    assert plan_of().roots[CT].private.nothing_stays
    assert not plan_of_safe().roots[CT].private.nothing_stays


def test_a_private_element_that_a_rule_keeps_may_be_a_date() -> None:
    rules = "  - {tags: ['(0019,\"ACME 1\",B0)'], action: K}\n"
    full, modified = (
        Option.RETAIN_LONGITUDINAL_FULL_DATES,
        Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
    )
    for options, shifts in (((), True), ((modified,), True), ((full,), False)):
        entry = plan_of(*options, rules=rules).roots[CT].private["ACME 1", 0x0019, 0xB0]
        assert entry.operation is Operation.KEEP
        assert (entry.if_date is not None) is shifts
        if entry.if_date is not None:
            assert entry.if_date.operation is Operation.SHIFT_DATE
            assert entry.if_date.rule == entry.rule


@pytest.mark.parametrize("group", [0x0001, 0x0003, 0x0005, 0x0007, 0xFFFF])
def test_some_private_groups_never_stay(group: int) -> None:
    entry = plan_of_safe().roots[CT].private["SIEMENS MR HEADER", group, 0x0C]
    assert entry.operation is Operation.REMOVE


# Rules -----------------------------------------------------------------------------


def test_the_first_rule_that_matches_wins() -> None:
    rules = """
  - {tags: [StudyDescription], action: K, when: 'Modality = "CT"'}
  - {tags: [StudyDescription], action: Z, when: 'Modality = "MR"'}
  - {tags: [StudyDescription, '(0008,103E)'], action: D}
  - {tags: [StudyDescription], action: X, when: 'exists(Modality)'}
  - {tags: [SeriesDescription], action: K}
"""
    plan = plan_of(Option.CLEAN_DESCRIPTORS, rules=rules)
    entry = at_root(plan, "StudyDescription")
    assert entry.action is Action.DUMMY
    assert [a.action for _, a in entry.alternatives] == [Action.KEEP, Action.EMPTY]
    assert [a.rule for _, a in entry.alternatives] == ["rules[0], line 8", "rules[1], line 9"]
    assert at_root(plan, "SeriesDescription").rule == "rules[2], line 10"
    assert plan.condition_attributes == {"Modality"}


def test_where_no_condition_holds_the_table_answers() -> None:
    rules = "  - {tags: [StudyDescription], action: K, when: 'Modality = \"CT\"'}\n"
    entry = at_root(plan_of(rules=rules), "StudyDescription")
    assert entry.rule == "PS3.15 Table E.1-1, basic profile"
    assert len(entry.alternatives) == 1


def test_a_path_means_exactly_that_place() -> None:
    rules = "  - {tags: [RequestAttributesSequence.ScheduledProcedureStepID], action: K}\n"
    for sop_class_uid in (CT, "1.2.3"):
        node = plan_of(rules=rules).roots[sop_class_uid]
        step = tags_by_keyword()["ScheduledProcedureStepID"]
        inside = node.children[tags_by_keyword()["RequestAttributesSequence"]]
        assert inside[step].action is Action.KEEP
        assert node[step].action is Action.REMOVE
        code = tags_by_keyword()["ScheduledProtocolCodeSequence"]
        assert inside.children[code][step].action is Action.REMOVE


def test_a_keyword_means_any_depth() -> None:
    node = plan_of(rules="  - {tags: [StudyDescription], action: K}\n").roots[CT]
    for _ in range(70):
        assert node[tags_by_keyword()["StudyDescription"]].action is Action.KEEP
        node = node.children[tags_by_keyword()["ContentSequence"]]


def test_action_c_of_a_rule_does_what_can_be_done() -> None:
    tags = "StudyDate, StudyDescription, Columns, StudyTime"
    plan = plan_of(rules=f"  - {{tags: [{tags}], action: C}}\n")
    date = at_root(plan, "StudyDate")
    assert (date.operation, date.fallback) == (Operation.SHIFT_DATE, Operation.EMPTY)
    assert at_root(plan, "StudyTime").operation is Operation.SHIFT_DATE
    text = at_root(plan, "StudyDescription")
    assert (text.operation, text.fallback) == (Operation.CLEAN_TEXT, Operation.REMOVE)
    assert (text.note, text.unfit_note) == ("", "rules.clean.removed")
    columns = at_root(plan, "Columns")
    assert columns.operation is Operation.REMOVE, "kept is not cleaned"
    assert columns.note == "rules.clean.removed"
    uid = plan_of(rules="  - {tags: [FrameOfReferenceUID], action: C}\n")
    assert at_root(uid, "FrameOfReferenceUID").operation is Operation.REPLACE_UID


def test_conditions_on_items_are_announced() -> None:
    rules = "  - {tags: [CodeMeaning], action: K, when: 'item.CodeValue = \"1\"'}\n"
    assert plan_of(rules=rules).roots[CT].item_conditions
    assert not plan_of().roots[CT].item_conditions


# The plan --------------------------------------------------------------------------


def test_options_without_an_engine_are_named() -> None:
    plan = load_plan("research-default")
    assert plan.unavailable == {Option.CLEAN_PIXEL_DATA: "pixels.unchecked"}
    assert plan.shift_days == (-3650, -365)
    assert load_plan("basic").unavailable == {}


def test_how_faces_are_removed_is_of_the_plan_and_of_its_hash() -> None:
    plan = load_plan("research-default")
    assert plan.deface_modalities == {"CT", "MR", "PT"}
    assert (plan.deface_mask, plan.deface_renderings) == ("wide", "hold")
    text = "name: a\nprofile: basic\noptions: [clean-recognizable-visual-features]\n"
    said = [
        text,
        f"{text}deface: {{mask: narrow}}\n",
        f"{text}deface: {{mask: layer}}\n",
        f"{text}deface: {{renderings: remove}}\n",
        f"{text}deface: {{modalities: [CT]}}\n",
    ]
    plans = [compile_rules(each, source="a") for each in said]
    assert len({each.hash for each in plans}) == len(said)
    assert [each.deface_mask for each in plans[:3]] == ["wide", "narrow", "layer"]
    assert plans[3].deface_renderings == "remove"
    spelled = f"{text}deface: {{modalities: [CT, MR, PT], mask: wide, renderings: hold}}\n"
    assert compile_rules(spelled, source="a").hash == plans[0].hash


def test_the_hash_is_that_of_what_the_rules_mean() -> None:
    text = "name: a\nprofile: basic\noptions: [retain-uids, clean-graphics]\n"
    same = (
        "# a comment\nprofile:   basic\nname: a\nunknown: remove\n"
        "options:\n- clean-graphics\n- retain-uids\n"
        "tests:\n- {given: {Modality: CT}, expect: {Modality: CT}}\n"
    )

    def hash_of(said: str) -> str:
        return plan_hash(read_rules(said, source="a").rule_set)

    assert hash_of(text) == hash_of(same) == compile_rules(text, source="other").hash
    different = [
        "name: b\nprofile: basic\noptions: [retain-uids, clean-graphics]\n",
        "name: a\nprofile: basic\noptions: [retain-uids]\n",
        text + "unknown: hold\n",
        text + "rules: [{tags: [StudyDescription], action: K}]\n",
        text + "dates: {shift_days: [-10, -1]}\n",
    ]
    assert len({hash_of(said) for said in (text, *different)}) == 6


def test_the_basic_plan_for_ct_is_the_golden_one() -> None:
    node = load_plan("basic").roots[CT]
    plan = {
        row.keyword: f"{node[tag].action} {node[tag].operation} {node[tag].type}".rstrip()
        for tag, row in confidentiality_table().rows.items()
        if iod_types("ct-image").types.get(row.keyword)
    }
    if os.environ.get("REGENERATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(plan, indent=1) + "\n", encoding="utf-8")
    assert plan == json.loads(GOLDEN.read_text(encoding="utf-8"))
