"""The written object is what the plan allows, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import DataElement, Dataset
from pydicom.sequence import Sequence as Items

from pipelines.errors import ResidualError
from pipelines.verify.values import is_dummy
from tests.unit.pipelines.verify.written import (
    EXPLICIT,
    IMPLICIT,
    JPEG,
    NEW,
    PSEUDONYM,
    SOURCE,
    UIDS,
    dataset,
    encode,
    gate,
    identity,
    nested,
    plan_of,
    source_of,
)

PLAN = plan_of()
SYNTAXES = pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
LANGUAGE_CODES, EQUIVALENT_CODES = 0x00080006, 0x00080121


def verdict(d: Dataset | bytes, *, syntax: str = EXPLICIT, **options: object) -> str:
    """Return code and place of what the gate says; "" where it lets the object go."""
    data = d if isinstance(d, bytes) else encode(d, syntax=syntax)
    options.setdefault("plan", PLAN)
    options.setdefault("subject", ())
    try:
        gate(data, syntax=syntax, **options)  # type: ignore[arg-type]  # options of the gate
    except ResidualError as error:
        return str(error)
    return ""


def with_element(tag: int, vr: str, value: object) -> Dataset:
    d = dataset(PLAN)
    d.add_new(tag, vr, value)
    return d


def explicit(tag: int, vr: bytes, value: bytes) -> bytes:
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little") + vr
    if vr in (b"SQ", b"UN", b"OB", b"UT"):
        return head + b"\0\0" + len(value).to_bytes(4, "little") + value
    return head + len(value).to_bytes(2, "little") + value


def before_pixels(element: bytes) -> bytes:
    """Return an explicit VR object with `element` before its Pixel Data."""
    data = encode(dataset(PLAN))
    at = data.rindex(b"\xe0\x7f\x10\x00OW")
    return data[:at] + element + data[at:]


ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"
ZERO, OPEN = bytes(4), b"\xff\xff\xff\xff"

# What the plan decides


@SYNTAXES
@pytest.mark.parametrize(
    ("tag", "vr", "value", "place"),
    [
        (0x0008103E, "LO", "anything", "(0008,103E)"),
        (0x00081030, "LO", "", "(0008,1030)"),
        (0x00080020, "DA", "20240101", "(0008,0020)"),
        (0x00080014, "UI", SOURCE["sop"] + "9", "(0008,0014)"),
        (0x00090010, "LO", "ACME", "(0009,0010)"),
        (0x00100010, "PN", "Somebody^Else", "(0010,0010)"),
        (0x00100020, "LO", "", "(0010,0020)"),
        (0x00120062, "CS", "NO", "(0012,0062)"),
        (0x00120063, "LO", "Something", "(0012,0063)"),
        (0x00999998, "LO", "unknown", "(0099,9998)"),
        (0x00400275, "SQ", [], "(0040,0275)"),
        (0x60000010, "US", 4, "(6000,0010)"),
    ],
)
def test_what_the_plan_forbids_is_held(
    tag: int, vr: str, value: object, place: str, syntax: str
) -> None:
    assert verdict(with_element(tag, vr, value), syntax=syntax) == f"verify.structure {place}"


@SYNTAXES
def test_what_the_plan_allows_is_released(syntax: str) -> None:
    d = dataset(PLAN)
    d.FrameOfReferenceUID = f"2.25.{10**30}"
    d.ContentDate, d.ContentTime = "", ""
    d.add(nested(LANGUAGE_CODES, DataElement(0x00080100, "SH", "en")))
    before = source_of(encode(d, syntax=syntax), syntax=syntax)
    before = before.replace(f"2.25.{10**30}".encode(), b"1.2.39." + b"7" * 29)
    uids = UIDS | {"1.2.39." + "7" * 29: f"2.25.{10**30}"}
    assert verdict(d, syntax=syntax, before=before, uids=uids) == ""


@pytest.mark.parametrize("missing", [0x00100010, 0x00100020, 0x00120062, 0x00120063, 0x0020000D])
def test_what_must_be_said_is_said(missing: int) -> None:
    d = dataset(PLAN)
    del d[missing]
    assert verdict(d).startswith("verify.")


@SYNTAXES
def test_items_are_held_to_the_plan_too(syntax: str) -> None:
    inner = nested(EQUIVALENT_CODES, DataElement(0x00081030, "LO", "x"))
    d = with_element(*_of(nested(LANGUAGE_CODES, inner)))
    where = "(0008,0006)[0].(0008,0121)[0].(0008,1030)"
    assert verdict(d, syntax=syntax) == f"verify.structure {where}"


def _of(element: DataElement) -> tuple[int, str, object]:
    return element.tag, element.VR, element.value


@SYNTAXES
def test_a_dummy_sequence_holds_dummies_only(syntax: str) -> None:
    plan = plan_of("  - {tags: [ContentSequence], action: D}\n")
    name = Dataset()
    name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = "121106", "DCM", "Comment"
    item = Dataset()
    item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", "TEXT", "REMOVED"
    item.ConceptNameCodeSequence = [name]
    d = dataset(plan)
    d.ContentSequence = [item]
    assert verdict(d, plan=plan, syntax=syntax) == ""
    item.TextValue = "something else"
    assert verdict(d, plan=plan, syntax=syntax) == "verify.structure (0040,A730)[0].(0040,A160)"


def test_private_elements_stay_by_creator_and_element() -> None:
    plan = plan_of("  - {tags: ['(0019,\"ACME 1\",B0)'], action: K}\n")

    def said(creator: str, element: int) -> str:
        d = dataset(plan)
        d.private_block(0x0019, creator, create=True).add_new(element, "US", 1)
        return verdict(d, plan=plan)

    assert said("ACME 1", 0xB0) == ""
    assert said("ACME 1", 0xB1) == "verify.structure (0019,10B1)"
    assert said("ACME 2", 0xB0) == "verify.structure (0019,10B0)"
    d = dataset(plan)
    d.add_new(0x00190010, "LO", "ACME 1")
    assert verdict(d, plan=plan) == "verify.structure (0019,0010)"
    d = dataset(plan)
    d.add_new(0x001910B0, "US", 1)
    assert verdict(d, plan=plan) == "verify.structure (0019,10B0)"


def test_inside_items_the_patient_is_the_pseudonym_or_nobody() -> None:
    for value, said in ((PSEUDONYM, ""), ("", ""), ("Other^One", "verify.structure")):
        inner = nested(LANGUAGE_CODES, DataElement(0x00100010, "PN", value))
        assert verdict(with_element(*_of(inner))).startswith(said)
        assert bool(verdict(with_element(*_of(inner)))) is bool(said)


@pytest.mark.parametrize(
    "value",
    [b"REMOVED", b"19000101", b"Person^abcdefg2", b"Person^abcdefg2\\REMOVED ", bytes(8), b"000Y"],
)
def test_dummies_are_known(value: bytes) -> None:
    assert is_dummy(value)
    assert not is_dummy(value.replace(bytes(2), b"xx") + b"x")


# How it is encoded


def test_un_and_undefined_lengths_are_walked() -> None:
    forbidden = b"\x08\x00\x30\x10" + b"\x02\0\0\0" + b"x "  # implicit VR
    item = ITEM + len(forbidden).to_bytes(4, "little") + forbidden
    assert verdict(before_pixels(explicit(0x00283010, b"UN", item))) == (
        "verify.structure (0028,3010)[0].(0008,1030)"
    )
    opened = (
        ITEM + OPEN + explicit(0x00081030, b"LO", b"x ") + ITEM_END + ZERO + SEQUENCE_END + ZERO
    )
    element = b"\x28\x00\x10\x30SQ\0\0" + OPEN + opened
    assert verdict(before_pixels(element)) == "verify.structure (0028,3010)[0].(0008,1030)"
    allowed = opened.replace(explicit(0x00081030, b"LO", b"x "), explicit(0x00283003, b"LO", b"x "))
    assert "(0008,1030)" not in verdict(before_pixels(b"\x28\x00\x10\x30SQ\0\0" + OPEN + allowed))


@pytest.mark.parametrize(
    "element",
    [
        explicit(0x00280010, b"US", b"\1\0"),  # not ascending
        explicit(0x00283010, b"SQ", ITEM + b"\x20\0\0\0" + b"\0" * 8),  # item leaves sequence
        explicit(0x00283010, b"SQ", b"garbage!"),
        explicit(0x00283010, b"SQ", ITEM + ZERO + b"\0"),
        explicit(0x0028FFFE, b"??", b""),
        b"\x28\x00\x10\x30SQ\0\0" + OPEN + ITEM + OPEN,
        b"\x28\x00\x10\x30SQ\0\0" + OPEN + ITEM + ZERO,
        ITEM + ZERO,
        ITEM_END + ZERO,
        b"\x28\x00",
        explicit(0x0028FFF0, b"UT", b"x" * 4)[:-3],
    ],
)
def test_broken_encodings_are_held(element: bytes) -> None:
    assert verdict(before_pixels(element)).startswith("verify.structure")


@SYNTAXES
def test_the_file_ends_with_the_last_element(syntax: str) -> None:
    data = encode(dataset(PLAN), syntax=syntax)
    assert verdict(data, syntax=syntax) == ""
    for changed in (data + b"\0", data + b"JANE DOE", data[:-1], data[:-9], data[:400]):
        assert verdict(changed, syntax=syntax).startswith("verify.structure")


def test_fragments_are_whole() -> None:
    d = dataset(PLAN)
    del d.PixelData
    start = encode(d, syntax=JPEG) + b"\xe0\x7f\x10\x00OB\0\0" + OPEN
    frame = ITEM + b"\4\0\0\0\xff\xd8\xff\xd9"
    assert verdict(start + ITEM + ZERO + frame + SEQUENCE_END + ZERO, syntax=JPEG) == ""
    for end in (b"", SEQUENCE_END, frame[:-2], SEQUENCE_END + b"\1\0\0\0", b"anything" * 2):
        assert verdict(start + ITEM + ZERO + frame + end, syntax=JPEG).startswith("verify.")


def test_depth_is_bounded() -> None:
    def deep(levels: int) -> Dataset:
        item = Dataset()
        for _ in range(levels):
            outer = Dataset()
            outer.add_new(LANGUAGE_CODES, "SQ", Items([item]))
            item = outer
        d = dataset(PLAN)
        d.add(item[LANGUAGE_CODES])
        return d

    assert verdict(deep(64)) == ""
    assert verdict(deep(65)).endswith("depth")


@given(data=st.data())
def test_no_mutation_crashes_the_gate_and_no_cut_is_released(data: st.DataObject) -> None:
    d = dataset(PLAN)
    whole = encode(d)
    before = source_of(whole)
    assert verdict(whole, before=before) == ""
    at = data.draw(st.integers(0, len(whole) - 9))
    byte = data.draw(st.integers(0, 255))
    said = verdict(whole[:at] + bytes([byte]) + whole[at + 1 :], before=before)
    assert said == "" or said.startswith("verify.")
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert verdict(whole[:cut], before=before).startswith("verify.")
    assert verdict(whole[:at] + whole[at + 1 :], before=before).startswith("verify.")


@given(at=st.integers(0, 127), byte=st.integers(1, 255))
def test_the_preamble_is_zero(at: int, byte: int) -> None:
    whole = encode(dataset(PLAN))
    assert verdict(whole[:at] + bytes([byte]) + whole[at + 1 :]) == "verify.structure preamble"


# Validity and references

MODALITY, STUDY_DATE, FRAME_OF_REFERENCE = 0x00080060, 0x00080020, 0x00200052


def test_an_attribute_that_the_plan_keeps_keeps_its_value() -> None:
    d = dataset(PLAN)
    d.Modality = ""
    assert verdict(d, present=frozenset([MODALITY])) == "verify.validity (0008,0060)"
    del d.Modality
    assert verdict(d, present=frozenset([MODALITY])) == "verify.validity (0008,0060)"
    assert verdict(d) == ""


def test_an_attribute_of_type_1_keeps_a_value() -> None:
    type_1 = frozenset([FRAME_OF_REFERENCE])
    assert verdict(dataset(PLAN), present=type_1) == "verify.validity (0020,0052)"
    by_rule = plan_of("  - {tags: [FrameOfReferenceUID], action: X}\n")
    assert verdict(dataset(by_rule), plan=by_rule, present=type_1) == ""


def test_an_attribute_of_type_2_stays() -> None:
    d = dataset(PLAN)
    assert verdict(d, present=frozenset([STUDY_DATE])) == ""
    del d.StudyDate
    assert verdict(d, present=frozenset([STUDY_DATE])) == "verify.validity (0008,0020)"
    assert verdict(d, present_empty=frozenset([STUDY_DATE])) == "verify.validity (0008,0020)"


def test_what_was_empty_may_stay_empty_and_what_is_optional_may_go() -> None:
    d = dataset(PLAN)
    d.Modality = ""
    assert verdict(d, present_empty=frozenset([MODALITY])) == ""
    assert verdict(d, present=frozenset([0x00081030, 0x00091001, 0x60000010])) == ""


@pytest.mark.parametrize("tag", [0x00080018, 0x0020000D, 0x0020000E])
def test_the_instance_has_its_new_uids(tag: int) -> None:
    d = with_element(tag, "UI", f"2.25.{10**30}")
    assert verdict(d).startswith("verify.reference")


def test_a_source_uid_in_a_sequence_is_held() -> None:
    d = with_element(*_of(nested(LANGUAGE_CODES, DataElement(0x0008010C, "UI", SOURCE["study"]))))
    assert verdict(d) == "verify.reference (0008,0006)[0].(0008,010C)"


def test_many_source_uids_are_all_searched() -> None:
    uids = {f"2.25.{10**25 + n}": f"2.25.{10**26 + n}" for n in range(40)}
    uids |= {f"1.{n}.840.99.{n}": NEW["sop"] for n in range(40)}
    uids |= {"1.2.3": NEW["sop"], "no uid at all": NEW["sop"]}
    for uid in uids:
        d = with_element(*_of(nested(LANGUAGE_CODES, DataElement(0x0008010C, "UI", uid))))
        assert verdict(d, uids=uids).startswith("verify.reference"), uid
    assert verdict(dataset(PLAN), uids=uids | UIDS) == ""
    d = with_element(0x00082130, "DS", ["1.2", "3"])
    assert verdict(d, uids=uids | UIDS) == ""


def test_identity_is_named_before_structure() -> None:
    d = with_element(0x0008103E, "LO", "for Jane")
    said = verdict(d, subject=identity((0x00100010, "Doe^Jane")))
    assert said == "verify.identity (0008,103E)"
