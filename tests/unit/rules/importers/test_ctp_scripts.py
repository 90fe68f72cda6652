"""Whole scripts: both forms, what is refused, what the script does not name."""

from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.errors import RuleSetError
from rules.importers import Imported, Outcome, import_ctp
from rules.load import compile_rules
from rules.plan import Plan
from rules.source import SIZE_LIMIT
from rules.tables import tags_by_keyword
from rules.vocabulary import Action, Operation, Option

EXACT, DIFFERENT, LOST = Outcome
CT = "1.2.840.10008.5.1.4.1.1.2"
IDENTITY = ("PatientID", "PatientName")
INSTANCES = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
GONE = (Operation.REMOVE, Operation.EMPTY)
XML = """\

<!-- a comment -->
<script>
  <p t="DATEINC">-100</p>
  <e en="T" t="00080020" n="StudyDate">@incrementdate(this,@DATEINC)</e>
  <e en="F" t="00080060" n="Modality">@remove()</e>
  <e en="T" t="00080080" n="InstitutionName">@remove()</e>
  <k en="T" t="0018">Keep group 0018</k>
  <r en="T" t="privategroups">Remove private groups</r>
  <r en="F" t="curves">Remove curves</r>
</script>
"""
PROPERTIES = """\
# a comment
! another

param.DATEINC=-100
set.[0008,0020]StudyDate=@incrementdate(this,\\
    @DATEINC)
#set.[0008,0060]Modality=@remove()
set.[0008,0080]InstitutionName=@remove()
keep.group18=
remove.privategroups=
#remove.curves=
"""


def made(text: str) -> Imported:
    return import_ctp(text, name="site", source="x.script")


def plan(text: str) -> Plan:
    return compile_rules(made(text).rule_set_text, source="made")


def script(*lines: str) -> str:
    return "\n".join(["<script>", *lines, "</script>"])


def e(tag: str, text: str = "", en: str = "T") -> str:
    return f'<e en="{en}" t="{tag}">{text}</e>'


def test_both_forms_come_to_the_same_rules() -> None:
    xml, old = made(XML), made(PROPERTIES)
    assert compile_rules(xml.rule_set_text, source="a") == compile_rules(
        old.rule_set_text, source="b"
    )
    by_line = {a.line: (a.element, a.outcome) for a in xml.accounts if a.line > 1}
    assert by_line == {
        4: ("DATEINC", DIFFERENT),
        5: ("StudyDate", DIFFERENT),
        6: ("Modality", EXACT),
        7: ("InstitutionName", EXACT),
        8: ("group 0018", EXACT),
        9: ("privategroups", EXACT),
        10: ("curves", DIFFERENT),
    }
    assert {a.line for a in old.accounts} == {1, 4, 5, 7, 8, 9, 10, 11}


def test_every_line_is_accounted_for_and_counted() -> None:
    found = made(XML)
    assert sum(found.counts.values()) == len(found.accounts)
    assert len(found.losses) == found.counts[DIFFERENT] + found.counts[LOST]
    assert all(a.why for a in found.losses)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "this is no CTP script"),
        ("name: site\nprofile: basic\n", 1, 1, "this is no CTP script"),
        ("<script>\n <e t='00080060'>\n", 3, 1, "this is not XML"),
        ("<script>\n <p t='A'>a & b</p></script>", 2, 14, "this is not XML"),
        ("<rules/>", 1, 1, "this is no CTP script"),
        ("<!DOCTYPE script [<!ENTITY a 'b'>]>\n<script/>", 1, 18, "a document type is not read"),
        ("<!DOCTYPE script SYSTEM 'file:///x'><script/>", 1, 36, "a document type is not read"),
        ("<script>\n <e en='T' t=''/></script>", 2, 2, "e names nothing"),
        ("<script>\n <k en='T'/></script>", 2, 2, "k names nothing"),
        ("<script>\n <e en='T' t='no'/></script>", 2, 2, "this is no tag"),
        ("<script>\n <e en='T' t='this'/></script>", 2, 2, "this is no tag"),
        ("<script>\n <e en='T' t='0010[A]10'/></script>", 2, 2, "this is no tag"),
        ("<script>\n <e en='T' t='00080060'><b/></e></script>", 2, 25, "holds text only"),
        ("set.[xyz]A=@keep()", 1, 1, "this is no tag"),
        (" " * (SIZE_LIMIT + 1), 1, 1, "at most"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(RuleSetError) as caught:
        made(text)
    problem = caught.value.problems[0]
    assert words in problem.message
    assert problem.hint
    assert (problem.line, problem.column) == (line, column)


def test_a_bad_name_is_refused() -> None:
    with pytest.raises(RuleSetError, match="this name can't be used"):
        import_ctp(script(), name="a/b", source="x")


def test_lines_that_ctp_reads_over_are_reported() -> None:
    found = made("param.A=1\nremove.overlay=\nnonsense\nset.x=@keep()\nkeep.all=\nkeep.group19=\n")
    lost = {a.line for a in found.losses if a.outcome is LOST}
    assert lost == {2, 3, 4, 5, 6}
    assert {a.line for a in made(script('<x t="1"/>')).losses if a.outcome is LOST} == {2}


def test_escapes_of_the_properties_form_are_read() -> None:
    text = "set.[0008,1030]A=@if(Modality,equals,\\u0022US\\u0022){@remove()}{@keep()}\\"
    assert 'item.Modality = "US"' in made(text).rule_set_text


def test_a_declared_encoding_does_not_matter() -> None:
    assert made('\ufeff<?xml version="1.0" encoding="UTF-16"?><script></script>')


def test_overlays_and_curves_go_before_any_rule_keeps_them() -> None:
    lines = [e("60003000", "@keep()"), e("50003000", "@keep()")]
    off = plan(script(*lines))
    assert off.roots[CT][0x60003000].operation is Operation.KEEP
    removed = [f'<r en="T" t="{word}"/>' for word in ("overlays", "curves")]
    on = plan(script(*lines, *removed))
    assert on.roots[CT][0x60003000].operation is Operation.REMOVE
    assert on.roots[CT][0x50003000].operation is Operation.REMOVE


def test_safe_private_elements_turn_the_option_on() -> None:
    for text in (script('<k en="T" t="safeprivateelements"/>'), "keep.safeprivate=\n"):
        assert plan(text).options == {Option.RETAIN_SAFE_PRIVATE}
    assert plan(script('<k en="F" t="safeprivateelements"/>')).options == frozenset()


UNNAMED = '<r en="T" t="unspecifiedelements"/>'


def test_what_the_script_does_not_name_is_removed() -> None:
    found = plan(
        script(
            e("00080060", "@keep()"),
            e("00082218", "@keep()"),
            e("00080070", "@keep()", "F"),
            '<k en="T" t="0018"/>',
            UNNAMED,
        )
    )
    root = found.roots[CT]
    kept = {
        k
        for k, tag in tags_by_keyword().items()
        if k and not tag >> 16 & 1 and root[tag].operation is Operation.KEEP
    }
    others = {k for k in kept if tags_by_keyword()[k] >> 16 not in (0x18, 0x28, 0x7FE0, 0xFFFE)}
    assert others == {"SpecificCharacterSet", "SOPClassUID", "Modality", "AnatomicRegionSequence"}
    assert "KVP" in kept
    anatomy = root.children[tags_by_keyword()["AnatomicRegionSequence"]]
    assert anatomy[tags_by_keyword()["CodeValue"]].operation is Operation.KEEP
    assert anatomy[tags_by_keyword()["CodeMeaning"]].operation is Operation.CLEAN_TEXT
    assert anatomy[tags_by_keyword()["ContextUID"]].operation is Operation.REMOVE
    for keyword in INSTANCES:
        assert root[tags_by_keyword()[keyword]].operation is Operation.REPLACE_UID
    for keyword in IDENTITY:
        assert root[tags_by_keyword()[keyword]].operation is Operation.PSEUDONYM


def test_a_line_that_is_off_counts_as_not_named() -> None:
    lines = [
        e("00080080", en="F"),
        e("00180060", en="F"),
        e("00280010", en="F"),
        e("00091010", en="F"),
    ]
    plain = {a.line: a.outcome for a in made(script(*lines)).accounts if 1 < a.line < 6}
    assert plain == {2: DIFFERENT, 3: EXACT, 4: EXACT, 5: EXACT}
    removed = {a.line: a.action for a in made(script(*lines, UNNAMED)).accounts if 1 < a.line < 6}
    assert removed == {2: "X", 3: "X", 4: "", 5: ""}


def test_groups_that_are_kept_are_reported_where_it_matters() -> None:
    keep = '<k en="T" t="0018"/>'
    assert made(script(keep, UNNAMED)).accounts[-2].outcome is DIFFERENT
    off = '<k en="F" t="0018"/>'
    assert [a.outcome for a in made(script(off)).accounts if a.line == 2] == [EXACT]


TAGS = [
    tag for k, tag in tags_by_keyword().items() if k and not tag >> 16 & 1 and tag >> 16 != 0xFFFE
]
FUNCTIONS = st.sampled_from(
    [
        "@keep()",
        "@process()",
        "@require()",
        "@remove()",
        "@always()@remove()",
        "@empty()",
        "@hash(this)",
        "@hashuid(@R,this)",
        "@incrementdate(this,5)",
        "@lookup(this,x)",
        "text",
        "@contents(this)",
        "@quarantine()",
    ]
)
CLAUSED = st.tuples(st.sampled_from(["if(Modality,equals,US)", "select()"]), FUNCTIONS, FUNCTIONS)
LINES = st.lists(
    st.tuples(
        st.sampled_from([*TAGS, *[tags_by_keyword()[k] for k in (*IDENTITY, *INSTANCES)]]),
        FUNCTIONS | CLAUSED.map(lambda c: f"@{c[0]}{{{c[1]}}}{{{c[2]}}}"),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda line: line[0],
)


def clause(text: str, modality: str) -> list[str]:
    """Return what CTP would carry out: at the root and in items."""
    if not text.startswith(("@if", "@select")):
        return [text]
    _, then, otherwise = text.replace("}", "").split("{")
    if text.startswith("@select"):
        return [then, otherwise]
    return [then if modality == "US" else otherwise]


@settings(max_examples=40, deadline=None)
@given(
    lines=LINES,
    unnamed=st.sets(st.sampled_from(TAGS), max_size=40),
    modality=st.sampled_from(["US", "CT"]),
)
def test_nothing_that_the_script_removes_or_empties_is_kept(
    lines: list[tuple[int, str, bool]], unnamed: set[int], modality: str
) -> None:
    text = script(
        *(e(f"{tag:08x}", what, "T" if on else "F") for tag, what, on in lines),
        *([UNNAMED] if unnamed else []),
    )
    compiled = plan(text)
    root = compiled.roots[CT]
    values = {"Modality": modality}
    for tag, what, on in lines:
        if not on or tag >> 16 in (0, 2, 4) or tag == tags_by_keyword()["SpecificCharacterSet"]:
            continue
        if not any("remove" in c or "empty" in c for c in clause(what, modality)):
            continue
        entry = root[tag]
        held = (a for when, a in entry.alternatives if when.holds(values.get, values.get))
        entry = next(held, entry)
        if tag in {tags_by_keyword()[k] for k in INSTANCES}:
            assert entry.operation is Operation.REPLACE_UID
        elif tag != tags_by_keyword()["SOPClassUID"] and tag >> 8 != 0x001200 and tag != 0x00280303:
            assert entry.operation in GONE, (f"{tag:08X}", what)
            assert entry.action in (Action.REMOVE, Action.EMPTY)
    if unnamed:
        named = {tag for tag, _, on in lines if on}
        for tag in unnamed:
            if tag not in named and tag >> 16 not in (0x28, 0x7FE0):
                kept = root[tag].operation is Operation.KEEP
                assert not kept or tag in (0x00080005, 0x00080016), f"{tag:08X}"


WORDS = (
    "@ ( ) { } \" \\ , [ ] if this Modality equals keep select append lookup param hashuid ' : # x"
)
PIECES = st.sampled_from([*WORDS.split(), " ", "\n"])


@settings(max_examples=150, deadline=None)
@given(text=st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=30))
def test_whatever_stands_in_a_line_makes_a_good_rule_set(text: str) -> None:
    # A control character is no XML; a backslash at the end goes on in the next line.
    value = "".join(c for c in text if c.isprintable())
    for form in (script(e("00081030", escape(value))), f"set.[0008,1030]{value}={value}"):
        try:
            found = made(form)
        except RuleSetError as refused:
            assert "no CTP script" in str(refused) or "no tag" in str(refused)  # noqa: PT017
            continue
        compile_rules(found.rule_set_text, source="made")


@settings(max_examples=100, deadline=None)
@given(
    text=st.lists(PIECES | st.sampled_from(["<", ">", "/", "script", "e", "t=", "set.", "="])).map(
        "".join
    )
    | st.text()
)
def test_no_text_raises_another_error(text: str) -> None:
    try:
        made(text)
    except RuleSetError as refused:
        assert refused.problems  # noqa: PT017
