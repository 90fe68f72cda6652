"""Engine and oracle agree on what goes beyond the table: own rows, rules, safe private values."""

import struct
from collections.abc import Sequence

import pytest
from pydicom._dicom_dict import DicomDictionary

from rules.errors import RuleSetError
from tests.support.agreement import CONTEXT, disagreements, option_name, rules_yaml
from tests.support.datasets import CT, PLAUSIBLE, UNMAPPED, base
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem, dicom_file, encode
from tests.support.engine import plan_of, run_engine
from tests.support.oracle_decisions import PrivateKey, Rule, refused
from tests.support.oracle_own import OWN_BY_TAG
from tests.support.oracle_tables import dictionary_entry, standard_tables
from tests.support.shared_data import needs_shared

pytestmark = needs_shared

FULL, MODIFIED = "retain-longitudinal-full-dates", "retain-longitudinal-modified-dates"
SAFE, UIDS = "retain-safe-private", "retain-uids"
ACME: PrivateKey = ("ACME 1.1", 0x0019, 0x01)
ITEM = struct.pack("<HHL", 0xFFFE, 0xE000, 0)
INNER = MadeItem(
    (
        Made(0x00081155, "UI", b"1.2.3"),
        Made(0x00101040, "LO", b"Hill Road 7"),
        Made(0x00190010, "LO", b"ACME 1.1"),
        Made(0x00191001, "LO", b"deep"),
    )
)


def agree(
    elements: Sequence[Made],
    options: Sequence[str] = (),
    *,
    rules: Sequence[Rule] = (),
    syntaxes: Sequence[str] = (EXPLICIT, IMPLICIT),
) -> None:
    for syntax in syntaxes:
        data = dicom_file((*base(CT), *elements), transfer_syntax=syntax)
        found = disagreements(data, options, rules=rules)
        assert not found, "\n".join([syntax, *found[:20]])


def beyond() -> list[Made]:
    """Return an element per attribute of our own rows."""
    identifying = ("PN", "DA", "DT", "TM", "UR")
    made = []
    for tag in DicomDictionary:
        entry = dictionary_entry(tag)
        if entry is None or tag >> 16 <= 4 or standard_tables().row(tag):
            continue
        if entry[0] in identifying or tag in OWN_BY_TAG:
            items = (INNER,) if entry[0] == "SQ" else None
            made.append(Made(tag, entry[0], PLAUSIBLE.get(entry[0], b""), items))
    return made


@pytest.mark.parametrize("options", [(), (FULL,), (MODIFIED,)], ids=option_name)
def test_own_rows_agree(options: Sequence[str]) -> None:
    made = beyond()
    assert len(made) > 60
    agree((*made, Made(0x00081115, "SQ", b"", (MadeItem(tuple(made)),))), options)


@pytest.mark.parametrize("letter", "XZDKCU")
@pytest.mark.parametrize("tag", [0x0040A160, 0x00420010, 0x00140102, 0x00081190, 0x0008010C])
def test_rules_on_own_rows_agree(tag: int, letter: str) -> None:
    entry = dictionary_entry(tag)
    assert entry is not None
    if letter == "U" and entry[0] != "UI":
        return
    made = Made(tag, entry[0], PLAUSIBLE[entry[0]])
    for options in ((), (FULL,), (MODIFIED,)):
        if not refused(frozenset(options), [(tag, letter)]):
            agree([made], options, rules=[(tag, letter)])


@pytest.mark.parametrize("options", [(), (FULL,), (MODIFIED,)], ids=option_name)
@pytest.mark.parametrize("letter", "XZDKC")
@pytest.mark.parametrize(
    "tag", [0x00080020, 0x00080030, 0x0008002A, 0x00100030, 0x00101010, 0x00140102, 0x00081030]
)
def test_refusals_agree(tag: int, letter: str, options: Sequence[str]) -> None:
    text = rules_yaml(options, rules=[(tag, letter)])
    if not refused(frozenset(options), [(tag, letter)]):
        assert plan_of(text)
        return
    with pytest.raises(RuleSetError):
        plan_of(text)


@pytest.mark.parametrize(
    "tag", [0x00080016, 0x00080070, 0x00081030, 0x00081140, 0x00080FFF, 0x60003000, 0x0020000D]
)
@pytest.mark.parametrize("options", [(), ("retain-patient-characteristics",)], ids=option_name)
def test_method_codes_under_a_keeping_rule_agree(tag: int, options: Sequence[str]) -> None:
    there = Made(0x00081030, "LO", b"Chest"), Made(0x00120064, "SQ", b"", (MadeItem(()),))
    for sop_class in (CT, UNMAPPED):
        for made in ((), there):
            data = dicom_file((*base(sop_class), *made))
            found = disagreements(data, options, rules=[(tag, "K")])
            assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("vr", "raw"),
    [
        ("IS", b"1-2"), ("IS", b"12a"), ("IS", b""), ("IS", b"1\\2"), ("IS", b"1.5"),
        ("IS", b" 1\0"),
        ("DS", b"1.5E+3\\-2"), ("DS", b"Miller"), ("DS", b"1e"), ("DS", b"nan"),
        ("CS", b"YES_1"), ("CS", b"Yes"), ("CS", b"A^B"), ("CS", b"A\\b"),
        ("FL", bytes(4)), ("FL", bytes(6)), ("FL", bytes(5)), ("FD", bytes(12)), ("US", bytes(3)),
        ("UL", bytes(2)), ("SL", bytes(6)), ("SS", bytes(3)), ("AT", bytes(4)), ("AT", bytes(6)),
        ("UI", b"1.2.3"), ("UI", b"Miller"), ("UI", b"1.2.3\\x"), ("UI", b""),
    ],
)  # fmt: skip
def test_safe_private_values_agree(vr: str, raw: bytes) -> None:
    safe = standard_tables().safe_private
    creator, group, low = next(key for key, table_vr in safe.items() if table_vr == vr)
    tag, name = group << 16 | 0x1000 | low, Made(group << 16 | 0x10, "LO", creator.encode())
    for options in ((SAFE,), (SAFE, UIDS)):
        agree([name, Made(tag, vr, raw)], options)
        agree([name, Made(tag, vr, raw, as_un=True)], options, syntaxes=[EXPLICIT])
        if vr != "UI":
            agree([name, Made(tag, "LO", raw)], options, syntaxes=[EXPLICIT])


@pytest.mark.parametrize("letter", "KXZDCU")
@pytest.mark.parametrize(
    "made",
    [
        Made(0x00191001, "LO", b"Miller"), Made(0x00191001, "UN", b"Miller"),
        Made(0x00191001, "LO", b""), Made(0x00191001, "DA", b"20240229"),
        Made(0x00191001, "SQ", b"", (INNER,)), Made(0x00191001, "SQ", b"", ()),
        Made(0x00191001, "SQ", b"", (INNER,), as_un=True),
        Made(0x00191001, "SQ", b"", (INNER, INNER), undefined=True, as_un=True),
        Made(0x00191001, "UN", ITEM), Made(0x00191001, "UN", ITEM + b"junk"),
        Made(0x00191001, "UN", ITEM[:4]), Made(0x00191001, "UN", ITEM[:4] + b"\x10\0\0\0ab"),
        Made(0x00191001, "OB", ITEM),
    ],
)  # fmt: skip
def test_private_rules_agree(made: Made, letter: str) -> None:
    agree([Made(0x00190010, "LO", b"ACME 1.1"), made], rules=[(ACME, letter)])
    agree([made], rules=[(ACME, letter)])


@pytest.mark.parametrize("options", [(), (FULL,), (MODIFIED,), (MODIFIED, SAFE)], ids=option_name)
@pytest.mark.parametrize("letter", "KCD")
def test_private_dates_under_rules_agree(letter: str, options: Sequence[str]) -> None:
    values = {
        "DA": [b"20240229", b"20230229", b"2024", b"1\\2", b"", b"\xff\xfe"],
        "DT": [b"20240229101112.5+0100", b"20240229-20240301", b""],
        "TM": [b"101112.25", b"25", b""],
        "LO": [b"20240229"],
        "UN": [b"20240229"],
    }
    safe = standard_tables().safe_private
    for key in (ACME, next(key for key, vr in safe.items() if vr == "IS")):
        creator, group, low = key
        name = Made(group << 16 | 0x10, "LO", creator.encode())
        for vr, raws in values.items():
            for raw in raws:
                made = [name, Made(group << 16 | 0x1000 | low, vr, raw)]
                inside = Made(0x00081115, "SQ", b"", (MadeItem(tuple(made)),))
                agree([*made, inside], options, rules=[(key, letter)])


@pytest.mark.parametrize("letter", "KXZDCU")
@pytest.mark.parametrize("vr", ["UI", "IS", "FD", "LO", "SQ", ""])
def test_rules_on_safe_private_elements_agree(vr: str, letter: str) -> None:
    safe = standard_tables().safe_private
    key = creator, group, low = next(key for key, listed in safe.items() if listed == vr)
    value = {"UI": b"1.2.3", "FD": bytes(8), "SQ": b""}.get(vr, b"12")
    made = Made(group << 16 | 0x1000 | low, vr or "LO", value, (INNER,) if vr == "SQ" else None)
    name = Made(group << 16 | 0x10, "LO", creator.encode())
    for options in ((), (SAFE,)):
        agree([name, made], options, rules=[(key, letter)])


@pytest.mark.parametrize("syntax", ["1.2.3.4", "1.2.840.10008.1.20", "1.2.840.10008.1.2.4.999"])
def test_transfer_syntaxes_agree(syntax: str) -> None:
    agree([], syntaxes=[syntax])


def test_items_are_limited_alike() -> None:
    row = encode([Made(0x00280010, "US", b"\1\0")], implicit=False)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(row)) + row
    for value in (ITEM * 200_001, item * 120_000):
        agree([Made(0x00081115, "SQ", value)], syntaxes=[EXPLICIT])


@pytest.mark.parametrize("as_un", [False, True])
def test_a_sequence_of_odd_length_is_not_padded(as_un: bool) -> None:  # noqa: FBT001
    odd = Made(0x00080070, "LO", b"odd", padded=False)
    gone = Made(0x00101040, "LO", b"Hill Road 7")
    sequence = Made(0x00081115, "SQ", b"", (MadeItem((odd, gone)),), as_un=as_un)
    data = dicom_file((*base(CT), sequence, Made(0x00280010, "US", b"\1\0")))
    text = rules_yaml(())
    written = run_engine(data, rules_yaml=text, context=CONTEXT, verified=False)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 11)
    after = written[written.index(item) + 8 :]
    assert after[8:11] == b"odd"
    assert struct.unpack("<HH", after[11:15]) == (0x0010, 0x0010)
    assert not disagreements(data, ())
