"""Engine and oracle agree on content: reports, presentation states, documents, private blocks.

Every row of Table E.3.4-1 under every option that it names, beside; the expectation there is
read from the table and the grid of ops/manual/metadata.md, not from the oracle's walk.
"""

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.tag import Tag

from tests.support import oracle_objects as made_of
from tests.support.agreement import (
    CONTEXT,
    OPTIONS,
    RESEARCH,
    disagreements,
    option_name,
    rules_yaml,
)
from tests.support.datasets import PLAUSIBLE, base
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem, dicom_file
from tests.support.engine import run_engine
from tests.support.oracle_content import DATES, VALUES, Concept, content_rows
from tests.support.oracle_reading import PADDING, bytes_of, items_of, parse
from tests.support.oracle_tables import standard_tables
from tests.support.oracle_values import new_uid, person, shift
from tests.support.shared_data import needs_shared

pytestmark = needs_shared

STRUCTURED, DESCRIPTORS = "clean-structured-content", "clean-descriptors"
FULL, MODIFIED = "retain-longitudinal-full-dates", "retain-longitudinal-modified-dates"
SAFE = "retain-safe-private"
BOTH = {FULL, MODIFIED}
SETS = (
    (),
    *((option,) for option in OPTIONS),
    *(pair for pair in itertools.combinations(OPTIONS, 2) if not set(pair) >= BOTH),
    RESEARCH,
    (*RESEARCH, DESCRIPTORS, STRUCTURED, "clean-graphics"),
)
SINGLE = ((), *((option,) for option in OPTIONS), RESEARCH, SETS[-1])
WITH_CONTENT = tuple(dict.fromkeys(tuple(dict.fromkeys((*o, STRUCTURED))) for o in SETS))
CLINICAL = b"small nodule in the right upper lobe"
FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def agree(
    made: Sequence[Made],
    options: Sequence[str] = (),
    *,
    syntax: str = EXPLICIT,
    private_lists: Sequence[str] = (),
) -> None:
    data = dicom_file(made, transfer_syntax=syntax)
    found = disagreements(data, options, private_lists=private_lists)
    assert not found, "\n".join(found[:20])


# Table E.3.4-1 ----------------------------------------------------------------------


def expected_value(concept: Concept, options: Sequence[str]) -> bytes | str:
    """Return what becomes of the value of an item: its bytes, "gone" or "walked"."""
    row = content_rows()[concept]
    letters = {row.options[name] for name in options if name in row.options}
    dates = [name for name in options if name in (FULL, MODIFIED) and name in row.options]
    if (
        not letters
        and row.basic == "X"
        and concept.value_type not in (*("IMAGE", "COMPOSITE", "WAVEFORM", "UIDREF"),)
    ):
        return "gone"
    kept = "K" in letters
    if concept.value_type in DATES:
        return dated(concept.value_type, dates)
    if concept.value_type == "TEXT":
        return CLINICAL if letters else b"REMOVED"
    if concept.value_type == "PNAME":
        return person("Miller^Jane", CONTEXT).encode("ascii")
    if concept.value_type == "UIDREF":
        return b"1.2.3.4.5.6.9" if kept else new_uid(b"1.2.3.4.5.6.9", CONTEXT)
    return "walked"


def dated(value_type: str, on: Sequence[str]) -> bytes:
    """Return what becomes of a date or time."""
    vr = {"DATE": "DA", "TIME": "TM", "DATETIME": "DT"}[value_type]
    raw = {"DA": b"20240229", "TM": b"113000", "DT": b"20240229113000"}[vr]
    if FULL in on:
        return raw
    if MODIFIED in on:
        return shift(raw, vr, CONTEXT.shift_days)
    return {"DA": b"19000101", "TM": b"000000", "DT": b"19000101000000"}[vr]


def observed(item: Dataset | None, concept: Concept) -> bytes | str:
    """Return what came out, in the terms of `expected_value`."""
    if item is None:
        return "gone"
    tag = VALUES.get(concept.value_type)
    if tag is None:
        return "walked"
    return bytes_of(item._dict[Tag(tag)]).rstrip(PADDING)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("options", WITH_CONTENT, ids=option_name)
def test_every_row_of_the_content_table(options: Sequence[str], syntax: str) -> None:
    """An SR item per row; a number tells which items are left."""
    assert len(content_rows()) == 214
    numbered = {
        str(number).encode("ascii"): concept for number, concept in enumerate(content_rows(), 1)
    }
    items = []
    for number, concept in numbered.items():
        item = made_of.content_item(concept, text=CLINICAL)
        items.append(MadeItem((*item.elements, Made(0x00280008, "IS", number))))
    data = dicom_file(made_of.report(*items), transfer_syntax=syntax)
    text = rules_yaml(options)
    out = parse(run_engine(data, rules_yaml=text, context=CONTEXT, verified=False))
    there = items_of(out._dict[Tag(made_of.CONTENT)]) or []
    left = {bytes_of(item._dict[Tag(0x00280008)]).strip(PADDING): item for item in there}
    wrong = [
        f"{concept}: {expected_value(concept, options)!r}, {observed(left.get(number), concept)!r}"
        for number, concept in numbered.items()
        if observed(left.get(number), concept) != expected_value(concept, options)
    ]
    assert not wrong, "\n".join([str(len(wrong)), *wrong[:40]])
    agree(made_of.report(*items), options, syntax=syntax)


@pytest.mark.parametrize("options", [(STRUCTURED,), (STRUCTURED, DESCRIPTORS)], ids=option_name)
def test_spellings_of_a_concept_agree(options: Sequence[str]) -> None:
    comment = Concept("TEXT", "121106", "DCM")
    for concept in (
        comment,
        comment._replace(scheme="99LOCAL"),
        Concept("TEXT", "440252007", "SCT"),
        Concept("TEXT", "P5-C0C04", "SRT"),
        Concept("NUM", "121033", "DCM"),
        Concept("TEXT", "121033", "DCM"),
        Concept("TEXT", "121008", "DCM"),
        Concept("TEXT", "110180", "DCM"),
        Concept("DATE", "121031", "DCM"),
        Concept("UIDREF", "121106", "DCM"),
    ):
        for named in (True, False):
            item = made_of.content_item(concept, text=CLINICAL, named_type=named)
            agree(made_of.report(item), options)
            agree(made_of.report(made_of.content_item(comment, children=(item,))), options)
    nameless = MadeItem((Made(0x0040A043, "SQ", b"", ()), Made(0x0040A160, "UT", CLINICAL)))
    plain = MadeItem((Made(0x0040A160, "UT", CLINICAL), Made(0x0040A040, "CS", b"TEXT")))
    agree(made_of.report(nameless, plain), options)


@pytest.mark.parametrize("number", [b"42", b"89", b"89.5", b"90", b"1080", b"4700", b"33000"])
@pytest.mark.parametrize("unit", ["a", "mo", "wk", "d"])
def test_ages_of_the_subject_agree(unit: str, number: bytes) -> None:
    age = Concept("NUM", "121033", "DCM")
    item = made_of.content_item(age, value=(made_of.measured(number, unit),))
    for options in ((), (STRUCTURED,), (STRUCTURED, "retain-patient-characteristics")):
        agree(made_of.report(item), options)


@pytest.mark.parametrize("options", SINGLE, ids=option_name)
@FEW
@given(drawn=made_of.reports())
def test_reports_agree(options: Sequence[str], drawn: tuple[tuple[Made, ...], str]) -> None:
    made, syntax = drawn
    agree(made, options, syntax=syntax)
    agree(made, (*dict.fromkeys((*options, STRUCTURED)),), syntax=syntax)


# Other objects -----------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("options", SETS, ids=option_name)
@pytest.mark.parametrize(
    "build",
    [
        made_of.presentation_state,
        made_of.key_objects,
        made_of.structure_set,
        made_of.segmentation,
        made_of.waveform,
    ],
)
def test_other_objects_agree(
    build: Callable[[], tuple[Made, ...]], options: Sequence[str], syntax: str
) -> None:
    agree(build(), options, syntax=syntax)


PAPER = b"%PDF-1.4\n1 0 obj <</Type/Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"


@pytest.mark.parametrize("letter", ["", *"XZDKC"])
@pytest.mark.parametrize(
    ("sop_class", "mime_type", "value"),
    [
        (made_of.PDF, b"application/pdf", PAPER),
        (made_of.PDF, b"Application/PDF ", PAPER),
        (made_of.PDF, b"application/pdf", b"junk" + PAPER),
        (made_of.PDF, b"application/pdf", b"hello"),
        (made_of.PDF, b"application/pdf", b""),
        (made_of.PDF, b"", PAPER),
        (made_of.CDA, b"text/XML", b"<ClinicalDocument/>"),
        (made_of.CDA, b"text/XML", PAPER),
        (made_of.STL, b"model/stl", b"solid"),
    ],
)
def test_documents_agree(sop_class: str, mime_type: bytes, value: bytes, letter: str) -> None:
    rules = [(0x00420011, letter)] if letter else []
    for syntax in (EXPLICIT, IMPLICIT):
        made = made_of.document(sop_class, mime_type, value)
        data = dicom_file(made, transfer_syntax=syntax)
        for options in ((), (DESCRIPTORS,), (STRUCTURED,)):
            found = disagreements(data, options, rules=rules)
            assert not found, "\n".join(found)


@pytest.mark.parametrize("label", [None, b"NO", b"YES", b"", b"no"])
@pytest.mark.parametrize(
    "kinds",
    [
        (b"ORIGINAL", b"PRIMARY", b"VOLUME", b"NONE"),
        (b"ORIGINAL", b"PRIMARY", b"LABEL", b"NONE"),
        (b"ORIGINAL", b" LABEL "),
        (b"ORIGINAL", b"PRIMARY", b"OVERVIEW"),
        (b"LABELLED",),
        (b"label",),
    ],
)
def test_slides_agree(kinds: Sequence[bytes], label: bytes | None) -> None:
    agree(made_of.slide(*kinds, label=label))


# Private blocks ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [(SAFE,), (SAFE, DESCRIPTORS), (SAFE, "retain-uids"), (SAFE, MODIFIED), (SAFE, FULL)],
    ids=option_name,
)
@pytest.mark.parametrize("lists", [(), ("tcia",)])
@FEW
@given(block=made_of.declared_blocks())
def test_declared_blocks_agree(
    options: Sequence[str], lists: Sequence[str], block: tuple[Made, ...]
) -> None:
    agree((*base(made_of.ECG), *block), options, private_lists=lists)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize(
    "options",
    [
        (SAFE,),
        (SAFE, DESCRIPTORS),
        (SAFE, "retain-uids"),
        (SAFE, MODIFIED),
        (SAFE, FULL),
    ],
    ids=option_name,
)
def test_every_element_of_the_archive_list_agrees(options: Sequence[str], syntax: str) -> None:
    item = MadeItem((Made(0x00081155, "UI", b"1.2.3"), Made(0x00101040, "LO", b"Hill Road 7")))
    listed = standard_tables().tcia
    for creator in {name for name, _, _ in listed}:
        made = []
        for (name, group, low), (_, vrs) in listed.items():
            vr = vrs.split("/")[0] or "UN"
            if name == creator and group & 1:
                made.append(Made(group << 16 | 0x10, "LO", creator.encode("ascii")))
                items = (item,) if vr == "SQ" else None
                tag = group << 16 | 0x1000 | low
                made.append(Made(tag, vr, PLAUSIBLE.get(vr, b""), items))
        agree((*base(made_of.ECG), *made), options, syntax=syntax, private_lists=["tcia"])


@pytest.mark.parametrize("statuses", list(itertools.product((b"SAFE", b"UNSAFE", b""), repeat=2)))
def test_a_block_that_is_described_twice_agrees(statuses: tuple[bytes, bytes]) -> None:
    said = tuple(made_of.characteristics(0x2001, b"Philips Imaging DD 001", s) for s in statuses)
    block = Made(0x20010010, "LO", b"Philips Imaging DD 001"), Made(0x20011003, "FL", bytes(4))
    agree((*base(made_of.ECG), *block, Made(0x00080300, "SQ", b"", said)), [SAFE])


@pytest.mark.parametrize("as_un", [False, True])
@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("tag", [0x20011064, 0x00100042, 0x00081030, 0x00080070, 0x0040A160])
def test_items_hidden_in_a_text_agree(
    tag: int,
    syntax: str,
    undefined: bool,  # noqa: FBT001
    as_un: bool,  # noqa: FBT001
) -> None:
    inner = MadeItem((Made(0x00081155, "UI", b"1.2.3"), Made(0x00101040, "LO", b"Oak Lane")))
    hidden = Made(tag, "SQ", b"", (inner,), undefined, as_un)
    creator = Made(0x20010010, "LO", b"Philips Imaging DD 001")
    agree((*base(made_of.ECG), creator, hidden), [SAFE, DESCRIPTORS], syntax=syntax)


VRS = st.sampled_from(("LO", "SH", "ST", "LT", "UT", "UC", "OB", "UN", "SQ"))


@FEW
@given(vr=VRS, text=st.sampled_from(made_of.TEXTS))
def test_texts_of_the_list_agree_in_any_vr(vr: str, text: bytes) -> None:
    creator = Made(0x20010010, "LO", b"Philips Imaging DD 001")
    made = Made(0x20011064, vr, text if vr != "SQ" else b"", () if vr == "SQ" else None)
    agree((*base(made_of.ECG), creator, made), [SAFE, DESCRIPTORS])
