"""The oracle itself, against expectations made by hand from the standard."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

import pytest
from pydicom import Dataset, FileDataset
from pydicom.tag import Tag

from pipelines.context import SubjectContext
from tests.support.datasets import CT, UNMAPPED, base, nested
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem, dicom_file
from tests.support.oracle import OracleHeld, Rule, expected
from tests.support.oracle_compare import differences
from tests.support.oracle_own import OWN_BY_TAG, fits
from tests.support.oracle_reading import bytes_of, items_of, make, parse
from tests.support.oracle_tables import standard_tables
from tests.support.oracle_values import (
    NotADate,
    cap_age,
    new_uid,
    persons,
    shift,
)
from tests.support.shared_data import needs_shared

pytestmark = needs_shared

SECRET = bytes(range(32))
CONTEXT = SubjectContext(pseudonym="NX-7K3M", shift_days=-100, uid_secret=SECRET, uid_generation=2)
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"


def run(
    *elements: Made,
    sop_class: str = CT,
    options: Sequence[str] = (),
    rules: Sequence[Rule] = (),
) -> FileDataset:
    return expected(
        dicom_file((*base(sop_class), *elements)),
        options=frozenset(options),
        rules=rules,
        context=CONTEXT,
        tables=standard_tables(),
    )


def value(ds: Dataset, tag: int) -> bytes | None:
    element = ds._dict.get(Tag(tag))
    return None if element is None else bytes_of(element).rstrip(b"\0")


def children(ds: Dataset, tag: int) -> list[Dataset]:
    items = items_of(ds._dict[Tag(tag)])
    assert items is not None
    return items


def test_patient_becomes_the_pseudonym() -> None:
    out = run()
    assert value(out, 0x00100010) == value(out, 0x00100020) == b"NX-7K3M"


def test_x_is_removed_z_is_emptied_and_what_the_table_does_not_name_is_kept() -> None:
    out = run(Made(0x00100030, "DA", b"19700101"), Made(0x00101040, "LO", b"Hill Road 7"))
    assert value(out, 0x00100030) == b""
    assert value(out, 0x00101040) is None
    assert value(run(Made(0x00280010, "US", b"\0\2")), 0x00280010) == b"\0\2"
    assert value(run(Made(0x00080070, "LO", b"ACME")), 0x00080070) == b"ACME"


def test_series_date_is_optional_in_ct_and_unknown_elsewhere() -> None:
    series_date = Made(0x00080021, "DA", b"20240229")
    assert value(run(series_date), 0x00080021) is None
    assert value(run(series_date, sop_class=UNMAPPED), 0x00080021) == b"19000101"


def test_content_date_of_a_structured_report_is_type_1() -> None:
    out = run(Made(0x00080023, "DA", b"20240229"), sop_class=ENHANCED_SR)
    assert value(out, 0x00080023) == b"19000101"


def test_content_sequence_becomes_one_text_item() -> None:
    out = run(Made(0x0040A730, "SQ", b"", ()), sop_class=ENHANCED_SR)
    (item,) = children(out, 0x0040A730)
    assert value(item, 0x0040A160) == b"REMOVED"
    assert value(item, 0x0040A010) == b"CONTAINS"


def test_uid_is_the_hmac_with_version_and_variant() -> None:
    mac = hmac.new(SECRET, b"uid|v1|2|1.2.3", hashlib.sha256).digest()
    number = int.from_bytes(mac[:16], "big")
    number = number & ~(0xF << 76) | (8 << 76)
    number = number & ~(0x3 << 62) | (2 << 62)
    assert new_uid(b"1.2.3\0", CONTEXT) == b"2.25." + str(number).encode()
    assert new_uid(b"1.2.840.10008.1.2", CONTEXT) == b"1.2.840.10008.1.2"
    assert new_uid(b"1.2.840.10008.4711", CONTEXT).startswith(b"2.25.")


def test_well_known_uids_stay_and_references_move_together() -> None:
    reference = Made(0x00081155, "UI", b"1.2.3.4.5.6.7")
    out = run(nested(3, (reference,), undefined=True))
    inner: Dataset = out
    for _ in range(3):
        (inner,) = children(inner, 0x00081115)
    assert value(inner, 0x00081155) == value(out, 0x00080018)
    assert value(out, 0x00080016) == CT.encode()


def test_uid_outside_the_table_is_replaced_unless_it_names_a_class() -> None:
    coding_scheme = Made(0x0008010C, "UI", b"1.2.3")
    assert value(run(coding_scheme), 0x0008010C) == b"1.2.3"
    volume_frame_of_reference = Made(0x00209312, "UI", b"1.2.3")
    out = run(volume_frame_of_reference)
    assert value(out, 0x00209312) == new_uid(b"1.2.3", CONTEXT)


@pytest.mark.parametrize(
    ("vr", "before", "after"),
    [
        ("DA", b"20240301", b"20231122"),
        ("DA", b"2024.03.01", b"20231122"),
        ("DA", b"2024", b"2024"),
        ("DA", b"202403 ", b"202312"),
        ("DA", b"20240301\\20240302", b"20231122\\20231123"),
        ("DT", b"20240301113000.5+0100", b"20231122113000.5+0100"),
        ("DT", b"202403", b"202312"),
        ("TM", b"113000.25 ", b"113000.25"),
        ("TM", b"11:30", b"11:30"),
    ],
)
def test_dates_move_by_whole_days(vr: str, before: bytes, after: bytes) -> None:
    assert shift(before, vr, -100) == after


@pytest.mark.parametrize(
    ("vr", "text"),
    [
        ("DA", b"20230229"),
        ("DA", b"20240101-20240201"),
        ("DA", b"00010101"),
        ("DT", b"2024.01.01"),
        ("TM", b"240000"),
        ("SH", b"+0100"),
    ],
)
def test_what_is_no_date_says_so(vr: str, text: bytes) -> None:
    with pytest.raises(NotADate):
        shift(text, vr, -100)


def test_a_bad_date_takes_the_basic_column() -> None:
    options = ("retain-longitudinal-modified-dates",)
    birth, series = Made(0x00100030, "DA", b"19700132"), Made(0x00080021, "DA", b"soon")
    out = run(birth, series, options=options)
    assert value(out, 0x00100030) == b""
    assert value(out, 0x00080021) is None
    assert value(out, 0x00280303) == b"MODIFIED"


def test_ages_over_89_are_capped() -> None:
    assert cap_age(b"089Y") == b"089Y"
    assert cap_age(b"090Y") == cap_age(b"101Y ") == b"090Y"
    assert cap_age(b"999M") == b"999M"
    out = run(Made(0x00101010, "AS", b"101Y"), options=("retain-patient-characteristics",))
    assert value(out, 0x00101010) == b"090Y"


def test_a_person_is_the_same_person_in_every_spelling() -> None:
    key = "müller^jörg".encode()
    mac = hmac.new(SECRET, b"person|v1|" + key, hashlib.sha256).digest()
    name = b"Person^" + base64.b32encode(mac[:5]).lower()
    assert len(name) == 15
    for spelling, codec in (("MÜLLER^JÖRG^^", "latin-1"), (" Müller ^Jörg=X", "utf-8")):
        assert persons(spelling.encode(codec), [codec], CONTEXT) == name
    assert persons(b"", ["ascii"], CONTEXT) == b"REMOVED"


def test_overlay_goes_with_its_data_and_private_goes() -> None:
    overlay = (Made(0x60020010, "US", b"\1\0"), Made(0x60023000, "OW", b"\1\0"))
    private = (Made(0x00190010, "LO", b"SIEMENS MR HEADER"), Made(0x0019100C, "IS", b"1000"))
    out = run(*overlay, *private, Made(0x50003000, "OW", b"\1\0"))
    assert not [tag for tag in out._dict if tag.group in (0x5000, 0x6002, 0x0019)]
    kept = run(*private, Made(0x00191200, "LO", b"x"), options=("retain-safe-private",))
    assert {tag.element for tag in kept._dict if tag.group == 0x0019} == {0x10, 0x100C}


def test_method_codes_are_those_that_ran() -> None:
    options = ("retain-patient-characteristics", "retain-device-identity")
    codes = {value(item, 0x00080100) for item in children(run(options=options), 0x00120064)}
    assert codes == {b"113100", b"113108", b"113109"}
    allergies = Made(0x00102110, "LO", b"pollen")
    codes = {value(i, 0x00080100) for i in children(run(allergies, options=options), 0x00120064)}
    assert codes == {b"113100", b"113108", b"113109"}
    unread = Made(0x00102110, "LO", b"pollen\1")
    codes = {value(i, 0x00080100) for i in children(run(unread, options=options), 0x00120064)}
    assert codes == {b"113100", b"113109"}


def test_a_private_sequence_in_un_is_walked() -> None:
    inner = MadeItem((Made(0x00080018, "UI", b"1.2.3"), Made(0x00101040, "LO", b"Hill Road")))
    creator = Made(0x20010010, "LO", b"Philips Imaging DD 001")
    sequence = Made(0x2001105F, "SQ", b"", (inner,), False, True)
    out = run(creator, sequence, options=("retain-safe-private",))
    (item,) = children(out, 0x2001105F)
    assert value(item, 0x00080018) == new_uid(b"1.2.3", CONTEXT)
    assert value(item, 0x00101040) is None


def test_rows_beyond_the_table() -> None:
    assert len(OWN_BY_TAG) == 39
    assert None not in OWN_BY_TAG
    assert not [tag for tag in OWN_BY_TAG if standard_tables().row(tag or 0)]
    arrival, contact = Made(0x00140102, "DA", b"20240301"), Made(0x00741010, "LO", b"x")
    title, text = Made(0x00420010, "ST", b"Letter"), Made(0x0040A160, "UT", b"Miller")
    url, scheme = Made(0x00081190, "UR", b"http://x"), Made(0x0008010E, "UR", b"http://y")
    found = {
        tag: value(run(arrival, title, text, url, scheme), tag)
        for tag in (0x00140102, 0x00420010, 0x0040A160, 0x00081190, 0x0008010E)
    }
    assert found == {
        0x00140102: b"19000101",
        0x00420010: b"",
        0x0040A160: b"REMOVED",
        0x00081190: b"urn:removed",
        0x0008010E: b"http://y",
    }
    full = run(arrival, contact, options=("retain-longitudinal-full-dates",))
    assert value(full, 0x00140102) == b"20240301"
    moved = run(arrival, options=("retain-longitudinal-modified-dates",))
    assert value(moved, 0x00140102) == b"20231122"


@pytest.mark.parametrize(
    ("vr", "file_vr", "raw", "good"),
    [
        ("IS", "IS", b"1\\-2 ", True),
        ("IS", "IS", b"Miller", False),
        ("IS", "LO", b"12", False),
        ("IS", "UN", b"12", True),
        ("DS", "", b"1.5E+3", True),
        ("CS", "CS", b"A^B ", False),
        ("UI", "UI", b"1.2.3\0", True),
        ("UI", "", b"Miller", False),
        ("FL", "FL", bytes(6), False),
        ("FD", "", bytes(16), True),
        ("SQ", "", b"Miller", False),
        ("SQ", "UN", b"\xfe\xff\0\xe0\0\0\0\0", True),
        ("SQ", "LO", b"", False),
    ],
)
def test_what_fits_a_vr(vr: str, file_vr: str, raw: bytes, good: bool) -> None:  # noqa: FBT001
    assert fits(make(0x0019100C, file_vr, raw), vr) is good


def test_an_unfit_safe_private_value_goes_and_withholds_its_code() -> None:
    block = (Made(0x00190010, "LO", b"SIEMENS MR HEADER"), Made(0x0019100C, "IS", b"Miller"))
    out = run(*block, options=("retain-safe-private",))
    assert not [tag for tag in out._dict if tag.group == 0x0019]
    assert {value(item, 0x00080100) for item in children(out, 0x00120064)} == {b"113100"}


def test_a_rule_keeps_hidden_items_only_walked_and_without_any_code() -> None:
    inner = MadeItem((Made(0x00080018, "UI", b"1.2.3"), Made(0x00101040, "LO", b"Hill Road")))
    block = (Made(0x00190010, "LO", b"ACME"), Made(0x00191001, "SQ", b"", (inner,), as_un=True))
    out = run(*block, rules=[(("ACME", 0x0019, 0x01), "K")])
    (item,) = children(out, 0x00191001)
    assert value(item, 0x00080018) == new_uid(b"1.2.3", CONTEXT)
    assert value(item, 0x00101040) is None
    assert value(out, 0x00120062) == b"YES"
    assert Tag(0x00120064) not in out._dict


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        (base(CT, patient_id=b"  "), "identity.missing"),
        (base(CT)[:1] + base(CT)[2:], "metadata.no-uid"),
        (base("1.2.840.10008.1.1"), "sop-class.unsupported"),
        ((*base(CT), nested(65, (), undefined=False)), "metadata.limit"),
        (
            (*base(CT), Made(0x00081115, "SQ", b"\xfe\xff\0\xe0\0\0\0\0" * 200_001)),
            "metadata.limit",
        ),
    ],
)
def test_held(elements: tuple[Made, ...], code: str) -> None:
    with pytest.raises(OracleHeld) as held:
        expected(
            dicom_file(elements), options=frozenset(), context=CONTEXT, tables=standard_tables()
        )
    assert held.value.code == code


def test_the_comparison_sees_every_kind_of_difference() -> None:
    nested_name = nested(2, (Made(0x00101040, "LO", b"Hill"),), undefined=False)
    left = parse(dicom_file((*base(CT), nested_name, Made(0x00280010, "US", b"\1\0"))))
    assert not [d for d in differences(left, left) if not d.startswith(("group 2", "pre"))]
    for changed in (
        (*base(CT), Made(0x00280010, "US", b"\1\0")),
        (*base(CT), nested_name, Made(0x00280010, "US", b"\2\0")),
        (*base(CT), nested_name, Made(0x00280010, "SS", b"\1\0")),
        (*base(CT), nested(2, (), undefined=False), Made(0x00280010, "US", b"\1\0")),
        (*base(CT), nested(1, (), undefined=False), Made(0x00280010, "US", b"\1\0")),
    ):
        right = parse(dicom_file(changed, transfer_syntax=EXPLICIT))
        found = [d for d in differences(left, right) if not d.startswith(("group 2", "pre"))]
        assert len(found) == 1, found
    implicit = (*base(CT), nested_name, Made(0x00280010, "US", b"\1\0"))
    same = parse(dicom_file(implicit, transfer_syntax=IMPLICIT))
    assert differences(left, same)[-1] == "preamble"
