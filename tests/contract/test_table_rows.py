"""Every row of Table E.1-1, under the basic column and each option column, does what it says.

The expectation comes from the letters of the table and the grid of ops/manual/metadata.md;
not from the oracle's walk.
"""

from collections.abc import Sequence
from functools import cache

import pytest
from pydicom import Dataset
from pydicom.tag import Tag

from tests.support.agreement import CONTEXT, OPTIONS, option_name, rules_yaml
from tests.support.datasets import PLAUSIBLE, UNMAPPED, base, row_element
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem, dicom_file
from tests.support.engine import run_engine
from tests.support.oracle_held import DICOMDIR, is_storage
from tests.support.oracle_reading import PADDING, bytes_of, encodings_of, items_of, parse
from tests.support.oracle_tables import Row, dictionary_entry, standard_tables
from tests.support.oracle_values import NotADate, dummy, new_uids, shift
from tests.support.shared_data import SHARED, needs_shared

pytestmark = needs_shared

FULL = "retain-longitudinal-full-dates"
MODIFIED = "retain-longitudinal-modified-dates"
PATIENT = {"00100010", "00100020"}
DOCUMENT = 0x00420011
"""Decides over the whole object: test_oracle_content.py."""
CLEANING = ("clean-descriptors", "retain-patient-characteristics", "retain-device-identity")
TEXTS = ("LO", "SH", "ST", "LT", "UT", "UC", "AE", "CS")
COMMAND_OR_FILE = ("0000", "0002", "0004")
GRID = {  # Type 1, 2, 3, unknown
    "X": "DZXX",
    "Z": "DZZZ",
    "D": "DDDD",
    "U": "UUUU",
    "X/Z": "ZZXZ",
    "X/D": "DDXD",
    "Z/D": "DZZD",
    "X/Z/D": "DZXD",
    "X/Z/U*": "KKXK",
}
ENCLOSING = 0x00081115
COLUMNS = [(), *((option,) for option in OPTIONS)]


@cache
def rows() -> tuple[tuple[Row, Made], ...]:
    """Return each row with a plausible element; PRIVATE is tested by itself."""
    names = {} if SHARED is None else standard_tables().rows
    return tuple(
        (row, row_element(row.tag, row.vr, row.name))
        for row in names.values()
        if row.tag not in ("PRIVATE", f"{DOCUMENT:08X}")
    )


def letter(row: Row, type_: str, options: Sequence[str]) -> str:
    """Return the one letter that holds; "M" for the C of modified dates, "T" of a text."""
    on = {row.options[name] for name in options if name in row.options}
    if MODIFIED in options and MODIFIED in row.options:
        return "M"
    if "K" in on:
        return "K"
    for name in (name for name in options if row.options.get(name) == "C"):
        entry = dictionary_entry(int(row.tag.replace("X", "0"), 16))
        vr = entry[0] if entry else row.named_vr
        if vr == "SQ":
            return "K"
        if name in CLEANING and vr in TEXTS:
            return "T"
    return GRID[row.basic][{"1": 0, "2": 1, "3": 2}.get(type_[:1], 3)]


Outcome = str | bytes | None | tuple[str | bytes | None, ...]


def outcome(row: Row, made: Made, type_: str, options: Sequence[str]) -> Outcome:
    """Return the bytes that must come out: None is gone, "items" a kept sequence.

    Several where a text is cleaned: as it is (nobody is in it), but for a place, or the fallback.
    """
    if row.tag[:4] in COMMAND_OR_FILE or row.tag == "FFFAFFFA":
        return None
    what = letter(row, type_, options)
    basic = GRID[row.basic][{"1": 0, "2": 1, "3": 2}.get(type_[:1], 3)]
    if what == "M":
        try:
            return shift(made.value, made.vr, CONTEXT.shift_days)
        except NotADate:
            what = basic
    if what == "K" and made.items is not None:
        return "items"
    if what == "T":
        letters = {"X": None, "Z": b"", "D": dummied(made)}
        return (made.value, b"Ward 7", b"Ward 7,", letters[basic])
    if what == "D":
        return dummied(made)
    return {"X": None, "Z": b"", "U": new_uids(made.value, CONTEXT), "K": made.value}[what]


def dummied(made: Made) -> str | bytes:
    """Return the dummy value; "dummy items" for a sequence."""
    if made.items is not None:
        return "dummy items"
    entry = dictionary_entry(made.tag)
    vr = entry[0] if entry else made.vr
    source = Dataset()
    element = dummy(
        parse(dicom_file((*base(UNMAPPED), made)))._dict[Tag(made.tag)],
        value=made.value,
        vr=vr,
        keyword=entry[1] if entry else "",
        encodings=encodings_of(source, ["iso8859"]),
        context=CONTEXT,
    )
    return bytes_of(element)


def observed(ds: Dataset, made: Made) -> str | bytes | None:
    """Return what came out, in the terms of `outcome`."""
    element = ds._dict.get(Tag(made.tag))
    if element is None:
        return None
    items = items_of(element, known_vr=made.vr) if made.items is not None else None
    if items is None:
        return bytes_of(element)
    if not items:
        return b""
    kept = any(tag == 0x00280010 for tag in items[0]._dict)
    return "items" if kept else "dummy items"


def same(wanted: Outcome, got: str | bytes | None) -> bool:
    """Return whether two outcomes are equal but for padding."""
    if isinstance(wanted, tuple):
        return any(same(one, got) for one in wanted)
    if isinstance(wanted, bytes) and isinstance(got, bytes):
        return wanted.rstrip(PADDING) == got.rstrip(PADDING)
    return wanted == got


def run(
    elements: Sequence[Made], options: Sequence[str], sop_class: str, syntax: str = EXPLICIT
) -> Dataset:
    """Return what the engine makes of the elements."""
    own = {made.tag for made in elements}
    must = [made for made in base(sop_class) if made.tag not in own]
    data = dicom_file((*must, *elements), transfer_syntax=syntax)
    text = rules_yaml(options)
    return parse(run_engine(data, rules_yaml=text, context=CONTEXT, verified=False))


def wrong(
    ds: Dataset, options: Sequence[str], *, sop_class: str = UNMAPPED, path: tuple[str, ...] = ()
) -> list[str]:
    """Return one line per row that did not do what the table says."""
    found = []
    for row, made in rows():
        if row.tag in PATIENT:
            continue
        type_ = standard_tables().type_of(sop_class, (*path, row.keyword))
        wanted, got = outcome(row, made, type_, options), observed(ds, made)
        if not same(wanted, got):
            found.append(f"{row.tag} {row.basic} Type {type_}: {wanted!r}, got {got!r}")
    return found


def all_elements() -> list[Made]:
    """Return an element per row."""
    return [made for row, made in rows() if row.tag not in PATIENT and made.tag >> 16 != 2]


def test_every_row_is_there() -> None:
    assert len(rows()) == 655
    assert sum("/" in row.basic for row, _ in rows()) == 50


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("options", COLUMNS, ids=option_name)
def test_every_row_at_the_root(options: Sequence[str], syntax: str) -> None:
    elements = all_elements()
    if syntax == IMPLICIT:  # without a VR nobody knows what these are
        elements = [made for made in elements if dictionary_entry(made.tag)]
    ds = run(elements, options, UNMAPPED, syntax)
    known = {made.tag for made in elements}
    lines = [line for line in wrong(ds, options) if int(line[:8].replace("X", "0"), 16) in known]
    assert not lines, "\n".join([str(len(lines)), *lines[:40]])


@pytest.mark.parametrize("options", COLUMNS, ids=option_name)
def test_every_row_inside_a_sequence(options: Sequence[str]) -> None:
    enclosing = Made(ENCLOSING, "SQ", b"", (MadeItem(tuple(all_elements())),))
    items = items_of(run([enclosing], options, UNMAPPED)._dict[Tag(ENCLOSING)])
    assert items is not None
    lines = wrong(items[0], options, path=("ReferencedSeriesSequence",))
    assert not lines, "\n".join([str(len(lines)), *lines[:40]])


def test_every_row_in_every_mapped_sop_class() -> None:
    found, types = [], set()
    elements = all_elements()
    for sop_class in standard_tables().iods:
        if sop_class == DICOMDIR or not is_storage(sop_class):
            continue
        ds = run(elements, (), sop_class)
        found += [f"{sop_class} {line}" for line in wrong(ds, (), sop_class=sop_class)]
        types |= {
            (row.tag, standard_tables().type_of(sop_class, (row.keyword,))[:1])
            for row, _ in rows()
            if "/" in row.basic
        }
    assert not found, "\n".join([str(len(found)), *found[:40]])
    assert len(types) > 100


@pytest.mark.parametrize(
    ("tag", "vr", "basic", "full", "modified"),
    [
        (0x00140102, "DA", b"19000101", b"20240229", b"20210604"),
        (0x00140103, "TM", b"000000", b"113000.25", b"113000.25"),
        (0x00081190, "UR", *[b"urn:removed"] * 3),
        (0x0008010E, "UR", *[b"https://example.org/x"] * 3),
        (0x00420010, "ST", b"", b"", b""),
        (0x0040A160, "UT", *[b"REMOVED"] * 3),
        (0x300A0016, "LO", None, None, None),
    ],
)
def test_rows_beyond_the_table(
    tag: int, vr: str, basic: bytes | None, full: bytes | None, modified: bytes | None
) -> None:
    made = Made(tag, vr, PLAUSIBLE[vr])
    for options, wanted in (((), basic), ((FULL,), full), ((MODIFIED,), modified)):
        assert same(wanted, observed(run([made], options, UNMAPPED), made)), options


@pytest.mark.parametrize("options", COLUMNS, ids=option_name)
def test_private_attributes(options: Sequence[str]) -> None:
    private = [
        Made(0x00190010, "LO", b"SIEMENS MR HEADER"),
        Made(0x0019100C, "IS", b"1000"),
        Made(0x00191099, "LO", b"Miller"),
    ]
    ds = run(private, options, UNMAPPED)
    left = {int(tag) & 0xFFFF for tag in ds._dict if tag.group == 0x0019}
    assert left == ({0x10, 0x100C} if "retain-safe-private" in options else set())


def test_patient_id_and_name_become_the_pseudonym() -> None:
    ds = run([], (), UNMAPPED)
    for tag in PATIENT:
        assert bytes_of(ds._dict[Tag(int(tag, 16))]).strip() == CONTEXT.pseudonym.encode("ascii")
