"""Objects with content: structured reports, presentation states, documents, private blocks.

Builders for the comparison of engine and oracle; every name, number and text is made up.
"""

import struct
from functools import cache

from hypothesis import strategies as st

from tests.support.datasets import PLAUSIBLE, base
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.oracle_content import VALUES, Concept, content_rows
from tests.support.oracle_tables import standard_tables

COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
GRAYSCALE_STATE = "1.2.840.10008.5.1.4.1.1.11.1"
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
PDF, CDA, STL = (f"1.2.840.10008.5.1.4.1.1.104.{n}" for n in (1, 2, 3))
CONTENT, CONTEXT_ITEMS, STEP_ITEMS, MODIFIERS = 0x0040A730, 0x00400555, 0x00400612, 0x00400441
TEXTS = (
    b"Small nodule in the right upper lobe, 4 mm.",
    b"Seen by Dr. Miller: Jane has pain in the left hand.",
    b"PAT-4711 no change",
    b"Miller",
    b"normal",
    b"call +1 202 555 0143 or jane@example.org",
    b"",
)
UNLISTED = ("99LOCAL", "7001")
"""A concept that no table has: scheme and code."""


def code(value: str, scheme: str, meaning: str = "meaning") -> MadeItem:
    """Return the item of a code."""
    return MadeItem(
        (
            Made(0x00080100, "SH", value.encode("ascii")),
            Made(0x00080102, "SH", scheme.encode("ascii")),
            Made(0x00080104, "LO", meaning.encode("ascii")),
        )
    )


def reference(sop_class: bytes = b"1.2.840.10008.5.1.4.1.1.2") -> Made:
    """Return a Referenced SOP Sequence."""
    item = MadeItem((Made(0x00081150, "UI", sop_class), Made(0x00081155, "UI", b"1.2.3.9")))
    return Made(0x00081199, "SQ", b"", (item,))


def value_of(value_type: str, text: bytes = b"") -> tuple[Made, ...]:
    """Return the attributes that hold the value of an item of that type."""
    if value_type in VALUES:
        vr, raw = {
            "TEXT": ("UT", text),
            "PNAME": ("PN", b"Miller^Jane"),
            "UIDREF": ("UI", b"1.2.3.4.5.6.9"),
            "DATE": ("DA", b"20240229"),
            "TIME": ("TM", b"113000"),
            "DATETIME": ("DT", b"20240229113000"),
        }[value_type]
        return (Made(VALUES[value_type], vr, raw),)
    if value_type == "NUM":
        return (measured(b"42", "a"),)
    if value_type == "CODE":
        return (Made(0x0040A168, "SQ", b"", (code("T-04000", "SRT", "Breast"),)),)
    if value_type == "CONTAINER":
        return (Made(0x0040A050, "CS", b"SEPARATE"),)
    if value_type == "SCOORD":
        points = struct.pack("<4f", 1, 2, 3, 4)
        return (Made(0x00700022, "FL", points), Made(0x00700023, "CS", b"POLYLINE"))
    return (reference(),)


def measured(number: bytes, unit: str) -> Made:
    """Return a Measured Value Sequence."""
    item = MadeItem(
        (
            Made(0x0040A30A, "DS", number),
            Made(0x004008EA, "SQ", b"", (code(unit, "UCUM", "unit"),)),
        )
    )
    return Made(0x0040A300, "SQ", b"", (item,))


def content_item(
    concept: Concept,
    *,
    text: bytes = b"Miller has a small nodule",
    children: tuple[MadeItem, ...] | None = None,
    value: tuple[Made, ...] | None = None,
    named_type: bool = True,
) -> MadeItem:
    """Return a content item; without its Value Type if not `named_type`."""
    made = [
        Made(0x0040A010, "CS", b"CONTAINS"),
        Made(0x0040A043, "SQ", b"", (code(concept.code, concept.scheme),)),
        *(value_of(concept.value_type, text) if value is None else value),
    ]
    if named_type:
        made.append(Made(0x0040A040, "CS", concept.value_type.encode("ascii")))
    if children is not None:
        made.append(Made(CONTENT, "SQ", b"", children))
    return MadeItem(tuple(made))


def report(*items: MadeItem, sop_class: str = COMPREHENSIVE_SR) -> tuple[Made, ...]:
    """Return a structured report of these items."""
    return (
        *base(sop_class),
        Made(0x0040A040, "CS", b"CONTAINER"),
        Made(0x0040A043, "SQ", b"", (code("126000", "DCM"),)),
        Made(0x0040A050, "CS", b"SEPARATE"),
        Made(0x0040A491, "CS", b"COMPLETE"),
        Made(0x0040A493, "CS", b"UNVERIFIED"),
        Made(CONTENT, "SQ", b"", items),
    )


@cache
def concepts() -> tuple[Concept, ...]:
    """Return the concepts of Table E.3.4-1, and of each value type one that it lacks."""
    kinds = (*VALUES, "NUM", "CODE", "CONTAINER", "IMAGE", "COMPOSITE", "WAVEFORM", "SCOORD")
    scheme, number = UNLISTED
    return (*content_rows(), *(Concept(kind, number, scheme) for kind in kinds))


@st.composite
def content_items(draw: st.DrawFn, *, depth: int) -> MadeItem:
    """Draw a content item of a known or unknown concept, with items below it."""
    concept = draw(st.sampled_from(concepts()))
    children = None
    if depth > 0 and draw(st.booleans()):
        children = tuple(draw(st.lists(content_items(depth=depth - 1), max_size=3)))
    text = b"" if concept.value_type != "TEXT" else draw(st.sampled_from(TEXTS))
    return content_item(concept, text=text, children=children)


@st.composite
def reports(draw: st.DrawFn) -> tuple[tuple[Made, ...], str]:
    """Draw a report, or an image with content items, and its transfer syntax."""
    items = tuple(draw(st.lists(content_items(depth=3), max_size=4)))
    syntax = draw(st.sampled_from((EXPLICIT, IMPLICIT)))
    made = report(*items)
    if draw(st.integers(0, 4)) == 0:
        by_position = Made(0x0040DB73, "UL", struct.pack("<2L", 1, 1))
        made = report(*items, MadeItem((Made(0x0040A010, "CS", b"INFERRED FROM"), by_position)))
    if draw(st.booleans()):
        step = MadeItem((Made(STEP_ITEMS, "SQ", b"", items),))
        made = (
            *base(WHOLE_SLIDE),
            Made(CONTEXT_ITEMS, "SQ", b"", items),
            Made(0x00400560, "SQ", b"", (MadeItem((Made(0x00400610, "SQ", b"", (step,)),)),)),
        )
    return made, syntax


def presentation_state() -> tuple[Made, ...]:
    """Return a presentation state with text and graphics on the image."""
    text = MadeItem(
        (
            Made(0x00700006, "ST", b"Miller Jane, left breast"),
            Made(0x00700014, "FL", struct.pack("<2f", 1, 2)),
            Made(0x00700015, "CS", b"Y"),
            Made(0x00700004, "CS", b"PIXEL"),
        )
    )
    graphic = MadeItem(
        (
            Made(0x00700005, "CS", b"PIXEL"),
            Made(0x00700020, "US", struct.pack("<H", 2)),
            Made(0x00700021, "US", struct.pack("<H", 2)),
            Made(0x00700022, "FL", struct.pack("<4f", 1, 2, 3, 4)),
            Made(0x00700023, "CS", b"POLYLINE"),
        )
    )
    annotation = MadeItem(
        (
            Made(0x00081140, "SQ", b"", (MadeItem((Made(0x00081155, "UI", b"1.2.3.9"),)),)),
            Made(0x00700002, "CS", b"LAYER1"),
            Made(0x00700008, "SQ", b"", (text,)),
            Made(0x00700009, "SQ", b"", (graphic,)),
        )
    )
    layer = MadeItem((Made(0x00700002, "CS", b"LAYER1"), Made(0x00700068, "LO", b"by Miller")))
    return (
        *base(GRAYSCALE_STATE),
        Made(0x00700001, "SQ", b"", (annotation,)),
        Made(0x00700060, "SQ", b"", (layer,)),
        Made(0x00700080, "CS", b"MILLER"),
        Made(0x00700081, "LO", b"state of Jane Miller, left breast"),
        Made(0x00700082, "DA", b"20240229"),
        Made(0x00700084, "PN", b"Doe^John"),
        Made(0x60003000, "OW", b"\1\2"),
        Made(0x60000010, "US", b"\1\0"),
        Made(0x60000022, "LO", b"by Miller"),
    )


def key_objects() -> tuple[Made, ...]:
    """Return a key object selection."""
    title = Concept("TEXT", "113012", "DCM")
    images = MadeItem((Made(0x00081199, "SQ", b"", reference().items),))
    series = MadeItem((Made(0x0020000E, "UI", b"1.2.3.8"), *images.elements))
    study = MadeItem((Made(0x0020000D, "UI", b"1.2.3.7"), Made(0x00081115, "SQ", b"", (series,))))
    items = (
        content_item(title, text=b"Please show Miller"),
        content_item(Concept("PNAME", "121008", "DCM")),
        content_item(Concept("IMAGE", "113012", "DCM")),
    )
    return (*report(*items, sop_class=KEY_OBJECTS), Made(0x0040A375, "SQ", b"", (study,)))


def structure_set() -> tuple[Made, ...]:
    """Return a structure set with names and comments."""
    roi = MadeItem(
        (
            Made(0x30060022, "IS", b"1"),
            Made(0x30060026, "LO", b"PTV Miller"),
            Made(0x30060028, "ST", b"drawn by Dr. Doe, left lung"),
            Made(0x30060038, "LO", b"Jane"),
        )
    )
    seen = MadeItem((Made(0x30060085, "SH", b"left lung"), Made(0x300600A6, "PN", b"Doe^John")))
    return (
        *base(STRUCTURE_SET),
        Made(0x30060002, "SH", b"Miller 1"),
        Made(0x30060004, "LO", b"lung plan"),
        Made(0x30060006, "ST", b"for Jane Miller, lung"),
        Made(0x30060008, "DA", b"20240229"),
        Made(0x30060009, "TM", b"113000"),
        Made(0x30060020, "SQ", b"", (roi,)),
        Made(0x30060080, "SQ", b"", (seen,)),
        Made(0x300E0008, "PN", b"Doe^John"),
    )


def segmentation() -> tuple[Made, ...]:
    """Return a segmentation with derivation texts."""
    segment = MadeItem(
        (
            Made(0x00620004, "US", b"\1\0"),
            Made(0x00620005, "LO", b"liver of Miller"),
            Made(0x00620006, "ST", b"liver"),
            Made(0x00620009, "LO", b"region growing"),
            Made(0x00620020, "UT", b"Miller lesion 1"),
            Made(0x00620021, "UI", b"1.2.3.77"),
        )
    )
    derived = MadeItem((Made(0x00082111, "ST", b"from Miller"), Made(0x00081199, "SQ", b"", ())))
    return (
        *base(SEGMENTATION),
        Made(0x00082111, "ST", b"segmented from the images of PAT-4711"),
        Made(0x00089215, "SQ", b"", (code("113076", "DCM", "Segmentation"),)),
        Made(0x00089124, "SQ", b"", (derived,)),
        Made(0x00620002, "SQ", b"", (segment,)),
        Made(0x00700080, "CS", b"LIVER"),
        Made(0x00700081, "LO", b"liver, Jane Miller"),
        Made(0x00700084, "PN", b"Doe^John"),
    )


def waveform() -> tuple[Made, ...]:
    """Return a waveform with annotations."""
    text = (Made(0x00700006, "ST", b"pacing, Miller"), Made(0x0040A0B0, "US", b"\1\0\0\0"))
    measure = (
        Made(0x0040A043, "SQ", b"", (code("122148", "DCM"),)),
        Made(0x0040A30A, "DS", b"0.2"),
        Made(0x0040A132, "UL", struct.pack("<L", 5)),
        Made(0x0040A13A, "DT", b"20240229113000"),
    )
    channel = MadeItem((Made(0x003A0203, "SH", b"Lead I"), Made(0x003A0202, "IS", b"1")))
    group = MadeItem((Made(0x003A0020, "SH", b"Miller"), Made(0x003A0200, "SQ", b"", (channel,))))
    return (
        *base(ECG),
        Made(0x0040B020, "SQ", b"", (MadeItem(text), MadeItem(measure))),
        Made(CONTEXT_ITEMS, "SQ", b"", (content_item(Concept("PNAME", "7", "99LOCAL")),)),
        Made(0x54000100, "SQ", b"", (group,)),
    )


def document(sop_class: str, mime_type: bytes, value: bytes) -> tuple[Made, ...]:
    """Return an encapsulated document."""
    return (
        *base(sop_class),
        Made(0x00420010, "ST", b"Letter to Miller"),
        Made(0x00420011, "OB", value),
        Made(0x00420012, "LO", mime_type),
        Made(0x00420015, "UL", struct.pack("<L", len(value))),
        Made(0x0040A043, "SQ", b"", (code("18748-4", "LN", "Imaging report"),)),
    )


def slide(*kinds: bytes, label: bytes | None = None) -> tuple[Made, ...]:
    """Return a whole slide image with values of Image Type, and Specimen Label in Image."""
    made = (*base(WHOLE_SLIDE), Made(0x00080008, "CS", b"\\".join(kinds)))
    return made if label is None else (*made, Made(0x00480010, "CS", label))


def characteristics(
    group: int, creator: bytes, status: bytes, listed: tuple[int, ...] = ()
) -> MadeItem:
    """Return an item of Private Data Element Characteristics Sequence."""
    made = [
        Made(0x00080301, "US", struct.pack("<H", group)),
        Made(0x00080302, "LO", creator),
        Made(0x00080303, "CS", status),
    ]
    if listed:
        made.append(Made(0x00080304, "US", struct.pack(f"<{len(listed)}H", *listed)))
    return MadeItem(tuple(made))


@st.composite
def declared_blocks(draw: st.DrawFn) -> tuple[Made, ...]:
    """Draw safe private elements in blocks of which the source says how safe they are."""
    safe = standard_tables().safe_private
    keys = draw(st.lists(st.sampled_from(sorted(safe)), min_size=1, max_size=5, unique=True))
    made: list[Made] = []
    said: list[MadeItem] = []
    for creator, group, low in keys:
        block = draw(st.sampled_from((0x10, 0x11)))
        vr = safe[creator, group, low].split("/")[0] or "UN"
        items = () if vr == "SQ" else None
        made.append(Made(group << 16 | block, "LO", creator.encode("ascii")))
        made.append(Made(group << 16 | block << 8 | low, vr, PLAUSIBLE.get(vr, b""), items))
        status = draw(st.sampled_from((b"SAFE", b"UNSAFE", b"MIXED", b"")))
        listed = draw(st.sampled_from(((), (low,), (low ^ 1,))))
        named = {(item.elements[0].value, item.elements[1].value) for item in said}
        if status and (struct.pack("<H", group), creator.encode("ascii")) not in named:
            said.append(characteristics(group, creator.encode("ascii"), status, listed))
    return (*made, Made(0x00080300, "SQ", b"", tuple(said)))
