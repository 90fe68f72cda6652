"""Generated datasets: builders of what the engine must cope with, and strategies over them."""

import struct
from functools import cache

from hypothesis import strategies as st
from pydicom._dicom_dict import DicomDictionary

from tests.support.encoding import DEFLATED, EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.oracle_tables import standard_tables

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
UNMAPPED = "1.2.840.10008.5.1.4.1.1.6"
SOP_CLASSES = {
    "CT": CT,
    "MR": MR,
    "enhanced MR": "1.2.840.10008.5.1.4.1.1.4.1",
    "enhanced SR": "1.2.840.10008.5.1.4.1.1.88.22",
    "RT plan": "1.2.840.10008.5.1.4.1.1.481.5",
    "GSPS": "1.2.840.10008.5.1.4.1.1.11.1",
    "PET": "1.2.840.10008.5.1.4.1.1.128",
    "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "SC": "1.2.840.10008.5.1.4.1.1.7",
    "unmapped": UNMAPPED,
}
PLAUSIBLE = {
    "AE": b"PACS_7",
    "AS": b"042Y",
    "AT": struct.pack("<HH", 0x0010, 0x0010),
    "CS": b"ANDROID",
    "DA": b"20240229",
    "DS": b"1.5\\2.5",
    "DT": b"20240229113000.25+0100",
    "FD": struct.pack("<d", 1.5),
    "FL": struct.pack("<f", 1.5),
    "IS": b"42",
    "LO": b"Ward 7, Hill Hospital",
    "LT": b"long text",
    "OB": b"\1\2\3\4",
    "OD": bytes(range(8)),
    "OF": b"\1\2\3\4",
    "OL": b"\1\2\3\4",
    "OV": bytes(range(8)),
    "OW": b"\1\2\3\4",
    "PN": b"Miller^Jane",
    "SH": b"short",
    "SL": struct.pack("<l", -5),
    "SS": struct.pack("<h", -5),
    "ST": b"some text",
    "SV": struct.pack("<q", -5),
    "TM": b"113000.25",
    "UC": b"unlimited characters",
    "UI": b"1.2.3.4.5.6",
    "UL": struct.pack("<L", 5),
    "UN": b"unknown bytes ",
    "UR": b"https://example.org/x",
    "US": struct.pack("<H", 5),
    "UT": b"unlimited text",
    "UV": struct.pack("<Q", 5),
}
CHARACTER_SETS = {
    b"": ("ascii", "Doe^Jane"),
    b"ISO_IR 100": ("latin-1", "Müller^Jörg"),
    b"ISO_IR 144": ("iso8859_5", "Иванов^Пётр"),
    b"ISO_IR 192": ("utf-8", "Wang^XiaoDong=王^小東"),
    b"GB18030": ("gb18030", "Wang^XiaoDong=王^小东"),
    b"ISO_IR 13": ("shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    b"\\ISO 2022 IR 87": ("iso2022_jp", "Yamada^Tarou=山田^太郎"),
    b"ISO_IR 126": ("iso8859_7", "Διονυσιος"),
}
DATES = (
    b"20240229", b"19000101", b"00010101", b"99991231", b"2024", b"202402", b"2024.02.29",
    b"20230229", b"20240101-20240201", b"20241301", b"24-01-01", b"", b"20240101\\20240201",
    b"20240101\\", b"20240101\\x", b"20240101 ", b"        ", b"0000", b"2024.13.01", b"202413",
)  # fmt: skip
TIMES = (
    b"113000", b"11", b"1130", b"113000.123456", b"11:30:00", b"11:30:00.5", b"235960", b"240000",
    b"116000", b"113000.1234567", b"noon", b"", b"1130 ", b"11\\12", b"113", b"11:30", b"11:60",
)  # fmt: skip
DATETIMES = (
    b"20240229113000.123456+0100", b"2024", b"202402", b"20240229", b"2024022911", b"20240229-0500",
    b"2024-0500", b"2024022924", b"2024.02.29", b"x", b"", b"20240229113000\\20240301", b"99991231",
    b"202402291130 ", b"20240229113000&0100", b"20240229113000.", b"00010101000000",
)  # fmt: skip
AGES = (b"042Y", b"089Y", b"090Y", b"120Y", b"999M", b"999W", b"999D", b"90Y", b"", b"old", b"095y")
UIDS = (
    b"1.2.3.4.5.6", b"1.2.840.10008.5.1.4.1.1.2", b"", b"1.2.3\\1.2.840.10008.1.2",
    b"1.2.3\\\\1.2.4",
    b"not a uid", b"1.2.3.4.5\0", b"1.2.3.4.5 ", b"2.25.329800735698586629295641978511506172918",
    b"1.2.840.10008.", b"1.2.840.100081.7",
)  # fmt: skip
SAFE_CREATORS = (
    "GEMS_ACQU_01",
    "SIEMENS MR HEADER",
    "Philips Imaging DD 001",
    "NQHeader",
    "ELSCINT1",
)


def base(sop_class: str, *, patient_id: bytes = b"PAT-4711") -> tuple[Made, ...]:
    """Return what every object must have."""
    return (
        Made(0x00080016, "UI", sop_class.encode("ascii")),
        Made(0x00080018, "UI", b"1.2.3.4.5.6.7"),
        Made(0x0020000D, "UI", b"1.2.3.4.5.6.8"),
        Made(0x0020000E, "UI", b"1.2.3.4.5.6.9"),
        Made(0x00100010, "PN", b"Miller^Jane"),
        Made(0x00100020, "LO", patient_id),
    )


def nested(depth: int, inside: tuple[Made, ...], *, undefined: bool, as_un: bool = False) -> Made:
    """Return `inside` under `depth` sequences that the profile keeps."""
    made = inside
    for _ in range(depth):
        item = MadeItem(made, undefined)
        made = (Made(0x00081115, "SQ", b"", (item,), undefined, as_un),)
    return made[0]


def row_element(tag_text: str, vr: str, name: str) -> Made:
    """Return a plausible element for a row of Table E.1-1."""
    for mask, low in (("XX3000", "023000"), ("XX4000", "024000"), ("XXXXXX", "003000")):
        tag_text = tag_text.replace(mask, low)
    tag = int(tag_text, 16)
    if not vr:
        endings = {"Sequence": "SQ", "DateTime": "DT", "Data": "OW"}
        vr = next((v for end, v in endings.items() if name.endswith(end)), "LT")
    if vr == "SQ":
        inner = (Made(0x00080018, "UI", b"1.9.9"), Made(0x00081155, "UI", b"1.9.8"))
        return Made(tag, "SQ", b"", (MadeItem((*inner, Made(0x00280010, "US", b"\5\0"))),))
    return Made(tag, vr, PLAUSIBLE[vr])


@cache
def table_tags() -> tuple[tuple[int, str], ...]:
    """Return tag and VR of the exact rows of Table E.1-1 that may stand in a dataset."""
    rows = standard_tables().rows.values()
    special = ("PRIV", "50XX", "60XX", "0000", "0002", "0004", "FFFA")
    made = [row_element(r.tag, r.vr, r.name) for r in rows if r.tag[:4] not in special]
    return tuple((element.tag, element.vr) for element in made)


@cache
def dictionary_tags() -> tuple[tuple[int, str], ...]:
    """Return tag and VR of PS3.6, but delimiters and groups 0 to 4."""
    dictionary = ((tag, entry[0].split(" or ")[0]) for tag, entry in DicomDictionary.items())
    return tuple(
        (t, vr) for t, vr in dictionary if 0x00080000 < t < 0x7FE00000 and vr in {*PLAUSIBLE, "SQ"}
    )


def values(vr: str) -> st.SearchStrategy[bytes]:
    """Return values of one VR, empty and odd ones too."""
    odd = {"DA": DATES, "TM": TIMES, "DT": DATETIMES, "AS": AGES, "UI": UIDS}
    if vr in odd:
        return st.sampled_from(odd[vr])
    plain = st.just(PLAUSIBLE[vr])
    if vr in ("LO", "SH", "CS", "PN", "UC", "AE", "DS", "IS"):
        several = st.just(PLAUSIBLE[vr] + b"\\" + PLAUSIBLE[vr])
        return st.one_of(plain, several, st.just(b""), st.just(b"\\" + PLAUSIBLE[vr]))
    return st.one_of(plain, plain, st.just(b""), st.just(b"  "), st.just(b"\1\2\3\4\5\6"))


@st.composite
def elements(draw: st.DrawFn, *, depth: int, tags: tuple[tuple[int, str], ...]) -> Made:
    """Draw one standard element."""
    tag, vr = draw(st.sampled_from(tags))
    as_un = draw(st.integers(0, 9)) == 0
    if vr != "SQ":
        value = draw(values(vr))
        if draw(st.integers(0, 9)) == 0 and tag != 0x00080005:  # pydicom fails on that
            return Made(tag, draw(st.sampled_from(("LO", "UT", "OB", "US"))), value)
        return Made(tag, vr, value, as_un=as_un)
    inner = draw(st.lists(items(depth=depth - 1), max_size=2)) if depth > 0 else []
    return Made(tag, "SQ", b"", tuple(inner), draw(st.booleans()), as_un)


@st.composite
def private_elements(draw: st.DrawFn, *, depth: int) -> tuple[Made, ...]:
    """Draw a private block: its creator, or none, and elements of it."""
    safe = standard_tables().safe_private
    creator = draw(st.sampled_from((*SAFE_CREATORS, "ACME 1.1", "")))
    block = draw(st.sampled_from((0x10, 0x11, 0x42, 0xFF)))
    known = [(g, e, vr) for (name, g, e), vr in safe.items() if name == creator]
    some = draw(st.lists(st.sampled_from(known), max_size=4)) if known else []
    group = some[0][0] if some else draw(st.sampled_from((0x0019, 0x0029, 0x2001)))
    made = [Made(group << 16 | block, "LO", creator.encode("ascii"))] if creator else []
    for other, low, vr in [*some, (group, 0x02, "LO"), (group, 0x7F, "SQ")]:
        tag = other << 16 | block << 8 | low
        made.append(draw(private_element(tag=tag, vr=vr if vr in PLAUSIBLE else "SQ", depth=depth)))
    return tuple(made)


@st.composite
def private_element(draw: st.DrawFn, *, tag: int, vr: str, depth: int) -> Made:
    """Draw one private element; a sequence may be UN, also of undefined length."""
    as_un = draw(st.booleans())
    if vr != "SQ":
        return Made(tag, vr, draw(values(vr)), as_un=as_un)
    inner = draw(st.lists(items(depth=depth - 1), max_size=2)) if depth > 0 else []
    return Made(tag, "SQ", b"", tuple(inner), draw(st.booleans()), as_un)


@st.composite
def person_elements(draw: st.DrawFn) -> tuple[Made, ...]:
    """Draw names in one character set."""
    names = st.sampled_from(sorted(CHARACTER_SETS))
    declared = draw(names)
    codec, name = CHARACTER_SETS[declared]
    text = name.encode(codec)
    spellings = st.sampled_from(
        (
            text,
            text.upper(),
            b"",
            b"^^",
            b"=" + text,
            text + b"^^",
            b" " + text,
            text + b"\\" + text,
        )
    )
    tags = (0x00080090, 0x00081070, 0x00700084, 0x0040A123, 0x0040A075, 0x00100010, 0x300E0008)
    people = [Made(tag, "PN", draw(spellings)) for tag in draw(st.sets(st.sampled_from(tags)))]
    return (Made(0x00080005, "CS", declared), *people)


REPEATING = st.builds(
    lambda group, pair: Made(group << 16 | pair[0], pair[1], PLAUSIBLE[pair[1]]),
    st.sampled_from((0x5000, 0x5002, 0x6000, 0x6002, 0x601E)),
    st.sampled_from(
        ((0x3000, "OW"), (0x0010, "US"), (0x0022, "LO"), (0x4000, "LT"), (0x1500, "LO"))
    ),
)
UNKNOWN = st.builds(
    lambda tag, vr: Made(tag, vr, PLAUSIBLE[vr]),
    st.sampled_from(
        (0x00080FFF, 0x00100042, 0x0040A034, 0x0040B03B, 0x3004007F, 0x7FE0FFFE, 0x0018FFFE)
    ),
    st.sampled_from(("LO", "UN", "DT", "UI", "OB")),
)
ALWAYS_REMOVED = st.sampled_from(
    (
        Made(0x00080000, "UL", b"\1\0\0\0"),
        Made(0x00100000, "UL", b"\1\0\0\0"),
        Made(0xFFFCFFFC, "OB", bytes(8)),
        Made(0xFFFAFFFA, "SQ", b"", (MadeItem((Made(0x04000005, "US", b"\1\0"),)),)),
    )
)


@st.composite
def bodies(draw: st.DrawFn, *, depth: int, most: int) -> tuple[Made, ...]:
    """Draw the elements of a dataset or item."""
    groups = (
        st.lists(elements(depth=depth, tags=table_tags()), max_size=most),
        st.lists(elements(depth=depth, tags=dictionary_tags()), max_size=most),
        st.lists(st.one_of(REPEATING, UNKNOWN, ALWAYS_REMOVED), max_size=3),
    )
    made = [element for group in groups for element in draw(group)]
    if draw(st.booleans()):
        made += draw(private_elements(depth=depth))
    if draw(st.integers(0, 2)) == 0:
        made += draw(person_elements())
    return tuple(made)


def items(*, depth: int) -> st.SearchStrategy[MadeItem]:
    """Return items of at most `depth` further levels."""
    return st.builds(MadeItem, bodies(depth=depth, most=3), st.booleans())


@st.composite
def objects(draw: st.DrawFn) -> tuple[tuple[Made, ...], str]:
    """Draw the elements of an object, and its transfer syntax."""
    sop_class = draw(st.sampled_from(sorted(SOP_CLASSES.values())))
    body = draw(bodies(depth=3, most=10))
    must = {0x00080016, 0x00080018, 0x0020000D, 0x0020000E, 0x00100020}
    body = tuple(e for e in body if e.tag not in must)
    return (*base(sop_class), *body), draw(st.sampled_from((EXPLICIT, IMPLICIT, DEFLATED)))
