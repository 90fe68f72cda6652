"""Engine and oracle agree on what is odd: file heads, private blocks, character sets, tails."""

import struct
from collections.abc import Sequence

import pytest

from tests.support.agreement import disagreements
from tests.support.datasets import CT, PLAUSIBLE, UNMAPPED, base
from tests.support.encoding import DEFLATED, EXPLICIT, IMPLICIT, Made, MadeItem, dicom_file, encode
from tests.support.oracle_tables import standard_tables
from tests.support.shared_data import needs_shared

pytestmark = needs_shared

SAFE = "retain-safe-private"
MR_HEADER = b"SIEMENS MR HEADER"
B_VALUE = Made(0x0019100C, "IS", b"1000")
BODY = encode(base(CT), implicit=False)
PADDING = encode([Made(0xFFFCFFFC, "OB", bytes(20))], implicit=False)


def agree(data: bytes, *options: str) -> None:
    found = disagreements(data, options)
    assert not found, "\n".join(found[:20])


def with_syntax(syntax: str, body: bytes) -> bytes:
    """Return a file whose meta information names `syntax`, whatever `body` is."""
    meta = encode(
        [Made(0x00020001, "OB", b"\0\1"), Made(0x00020010, "UI", syntax.encode("ascii"))],
        implicit=False,
    )
    length = encode([Made(0x00020000, "UL", struct.pack("<L", len(meta)))], implicit=False)
    return bytes(128) + b"DICM" + length + meta + body


def encapsulated() -> bytes:
    """Return Pixel Data in fragments: an empty offset table and one frame."""
    head = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
    table = struct.pack("<HHL", 0xFFFE, 0xE000, 0)
    frame = struct.pack("<HHL", 0xFFFE, 0xE000, 4) + b"\xff\xd8\xff\xd9"
    return head + table + frame + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


@pytest.mark.parametrize(
    "creator",
    [
        MR_HEADER,
        MR_HEADER + b"\0",
        b" " + MR_HEADER,
        MR_HEADER + b"   ",
        MR_HEADER.lower(),
        MR_HEADER + b"\\X",
        b"",
    ],
)
@pytest.mark.parametrize("as_un", [False, True])
def test_private_creators_agree(creator: bytes, as_un: bool) -> None:  # noqa: FBT001
    block = (Made(0x00190010, "LO", creator, as_un=as_un), B_VALUE)
    agree(dicom_file((*base(CT), *block)), SAFE)


@pytest.mark.parametrize(
    "private",
    [
        (B_VALUE,),
        (Made(0x00190010, "LO", MR_HEADER), Made(0x0019110C, "IS", b"1000")),
        (Made(0x00190010, "LO", MR_HEADER), Made(0x00190011, "LO", MR_HEADER), B_VALUE),
        (Made(0x001900FF, "LO", MR_HEADER), Made(0x0019FF0C, "IS", b"1000")),
        (Made(0x00210010, "LO", MR_HEADER), Made(0x0021100C, "IS", b"1000")),
        (Made(0x00190000, "UL", b"\1\0\0\0"), Made(0x00190010, "LO", MR_HEADER), B_VALUE),
        (Made(0x00190010, "LO", MR_HEADER), Made(0x0019100C, "IS", b"")),
        (Made(0x00190005, "LO", b"x"), Made(0x00190100, "LO", b"y")),
        (Made(0x00190010, "LO", MR_HEADER), Made(0x00081115, "SQ", b"", (MadeItem((B_VALUE,)),))),
    ],
)
def test_private_blocks_agree(private: tuple[Made, ...]) -> None:
    agree(dicom_file((*base(CT), *private)), SAFE)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize(
    "options",
    [
        (SAFE,),
        (SAFE, "retain-uids"),
        (SAFE, "retain-longitudinal-full-dates"),
        (SAFE, "retain-longitudinal-modified-dates"),
    ],
)
def test_every_safe_private_attribute_agrees(options: Sequence[str], syntax: str) -> None:
    item = MadeItem((Made(0x00081155, "UI", b"1.2.3"), Made(0x00101040, "LO", b"Hill Road 7")))
    safe = standard_tables().safe_private
    for creator in {name for name, _, _ in safe}:
        made = []
        for (name, group, low), table_vr in safe.items():
            vr = table_vr.split("/")[0] or "UN"
            items = (item,) if vr == "SQ" else None
            if name == creator:
                made.append(Made(group << 16 | 0x10, "LO", creator.encode("ascii")))
                tag = group << 16 | 0x1000 | low
                made.append(Made(tag, vr, PLAUSIBLE.get(vr, b""), items))
        agree(dicom_file((*base(CT), *made), transfer_syntax=syntax), *options)


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("as_un", [False, True])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED])
@pytest.mark.parametrize("tag", [0x2001105F, 0x00081115, 0x00081FFF, 0x00100043])
def test_sequences_agree(tag: int, syntax: str, as_un: bool, undefined: bool) -> None:  # noqa: FBT001
    inside = (Made(0x00081155, "UI", b"1.2.3"), Made(0x00101040, "LO", b"Hill Road 7"))
    creator = Made(0x00190010, "LO", MR_HEADER)
    full = MadeItem((*inside, creator, B_VALUE, Made(0x0019100D, "LO", b"x")), undefined)
    items = (full, MadeItem((), undefined))
    elements = (
        *base(CT),
        Made(0x20010010, "LO", b"Philips Imaging DD 001"),
        Made(tag, "SQ", b"", items, undefined, as_un),
    )
    data = dicom_file(elements, transfer_syntax=syntax)
    agree(data, SAFE)
    agree(data, "retain-patient-characteristics")


def test_an_odd_length_in_an_item_agrees() -> None:
    odd = Made(0x00080070, "LO", b"odd", padded=False)
    also = Made(0x00081030, "LO", b"Chest", padded=False)
    for elements in ((odd,), (also,), (odd, also)):
        sequence = Made(0x00081115, "SQ", b"", (MadeItem(elements),))
        agree(dicom_file((*base(CT), sequence, *elements)))


@pytest.mark.parametrize("tag", [0x60000010, 0x60003000, 0x60FE3000, 0x60010010, 0x50FE0010])
def test_repeating_groups_agree(tag: int) -> None:
    alone = Made(tag, "US", b"\1\0")
    inside = Made(0x00081115, "SQ", b"", (MadeItem((alone,)),))
    agree(dicom_file((*base(CT), alone, inside, Made(tag & 0xFFFF0000 | 0x22, "LO", b"x"))))


@pytest.mark.parametrize(
    "data",
    [
        with_syntax("1.2.840.10008.1.2.4.50", BODY + encapsulated()),
        with_syntax("1.2.840.10008.1.2.4.50", BODY + encapsulated() + PADDING),
        with_syntax(EXPLICIT, BODY + bytes(10)),
        with_syntax(EXPLICIT, BODY + b"abc"),
        with_syntax(IMPLICIT, BODY),
        with_syntax(EXPLICIT, encode(base(CT), implicit=True)),
        with_syntax("1.2.3.4", BODY),
        with_syntax(EXPLICIT, BODY)[132:],
        bytes(128) + b"DICM" + with_syntax(EXPLICIT, BODY)[144:],
        bytes(128) + b"DICM" + BODY,
        with_syntax(EXPLICIT, BODY)[:-1],
        with_syntax(EXPLICIT, BODY)[:-5],
        with_syntax(EXPLICIT, BODY)[:-17],
        b"",
        b"DICM",
        b"\xff" * 200,
    ],
)
def test_heads_and_tails_agree(data: bytes) -> None:
    agree(data)


def test_order_and_repetition_agree() -> None:
    parts = [encode([made], implicit=False) for made in base(CT)]
    makers = [encode([Made(0x00080070, "LO", name)], implicit=False) for name in (b"A", b"BB")]
    agree(with_syntax(EXPLICIT, b"".join(reversed(parts)) + makers[0]))
    agree(with_syntax(EXPLICIT, b"".join([*parts[:2], *makers, *parts[2:]])))
    agree(with_syntax(EXPLICIT, b"".join([*parts, *makers])))
    other = encode([Made(0x00100020, "LO", b"OTHER")], implicit=False)
    agree(with_syntax(EXPLICIT, b"".join([*parts, other])))


@pytest.mark.parametrize(
    "declared",
    [
        b"", b"ISO_IR 100", b"ISO_IR 192", b"\\ISO 2022 IR 87", b"ISO 2022 IR 13\\ISO 2022 IR 87",
        b"GB18030", b"ISO_IR 138", b"ISO-IR 100", b"ISO_IR 192\\ISO_IR 100", b"utf-8", b"nonsense",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe\x80", b"M\xfcller^J", b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
        "李^小=x\\y".encode("gb18030"), "ß^ẞ".encode(), b"a\\b\\\\c=", b"  A  B ^ c ", b"\xa5^\x81",
    ],
)  # fmt: skip
def test_character_sets_agree(declared: bytes, name: bytes) -> None:
    person = Made(0x0040A123, "PN", name)
    own = MadeItem((Made(0x00080005, "CS", b"ISO_IR 192"), person))
    none = MadeItem((Made(0x00080005, "CS", b""), person))
    inside = Made(0x00081115, "SQ", b"", (own, MadeItem((person,)), none))
    elements = (*base(UNMAPPED), Made(0x00080005, "CS", declared), inside, person)
    agree(dicom_file(elements))


@pytest.mark.parametrize("value", [b"", b"PAT-4711", b"pat-4711", b" PAT-4711 ", b"PAT-47"])
@pytest.mark.parametrize("sequence", [0x00081115, 0x00081140, 0x00120064])
def test_patients_inside_items_agree(value: bytes, sequence: int) -> None:
    inside = (
        Made(0x00100010, "PN", value),
        Made(0x00100020, "LO", value),
        Made(0x00120062, "CS", b"NO"),
        Made(0x00280303, "CS", b"X"),
    )
    for sop_class in (CT, UNMAPPED):
        elements = (
            *base(sop_class),
            Made(sequence, "SQ", b"", (MadeItem(inside),)),
            Made(0x00120062, "CS", b"NO"),
            Made(0x00120063, "LO", b"other\\method"),
        )
        agree(dicom_file(elements))
        agree(dicom_file(tuple(e for e in elements if e.tag != 0x00100010)))


def test_limits_agree() -> None:
    row = encode([Made(0x00280010, "US", b"\1\0")], implicit=False)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(row)) + row
    agree(dicom_file((*base(CT), Made(0x00081115, "SQ", item * 200_001))))
