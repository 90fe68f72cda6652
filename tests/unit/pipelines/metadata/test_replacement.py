"""What takes the place of a value, operation by operation, VR by VR."""

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset

from pipelines.errors import HeldError
from pipelines.metadata.charsets import DEFAULT, decode, encodings_of
from pipelines.metadata.dummies import ITEMS, VALUES, dummy_items
from pipelines.metadata.encode import LONG_VRS, SHORT_VRS, encode_element, encode_sequence
from pipelines.metadata.normalise import BytesReader
from pipelines.metadata.opening import open_object
from pipelines.metadata.root import RootLookup
from pipelines.metadata.uids import UidMap
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.objects import CONTEXT, cleaned, element, joined, options, small, walked

MODIFIED = options("retain-longitudinal-modified-dates")


def _rule(tag: str, action: str) -> str:
    return options(rules=f"rules:\n  - {{tags: ['{tag}'], action: {action}}}\n")


@pytest.mark.parametrize("vr", sorted(SHORT_VRS | LONG_VRS - {b"SQ"}))
def test_a_private_element_gets_the_dummy_value_of_its_vr(vr: bytes) -> None:
    creator = element(0x00290010, "LO", b"ACME")
    odd = element(0x00291010, vr.decode("ascii"), b"12345678")
    dataset = cleaned(small(tail=creator + odd), _rule('(0029,"ACME",10)', "D"))
    found = dataset.get_item(0x00291010)
    assert str(found.VR) == vr.decode("ascii")
    value = found.value
    if vr == b"UI":
        assert value.startswith(b"2.25.")
    elif vr == b"PN":
        assert value.startswith(b"Person^")
    else:
        assert value.rstrip() == VALUES[vr].rstrip()


def test_a_private_sequence_gets_an_item_and_unknown_encoding_zeros() -> None:
    creator = element(0x00290010, "LO", b"ACME")
    rule = _rule('(0029,"ACME",10)', "D")
    dataset = cleaned(small(tail=creator + element(0x00291010, "SQ", b"")), rule)
    assert list(dataset[0x00291010].value) == [Dataset()]
    tail = element(0x00290010, "", b"ACME") + element(0x00291010, "", b"Miller")
    implicit = cleaned(small(tail=tail, transfer_syntax=IMPLICIT), rule)
    assert implicit.get_item(0x00291010).value == bytes(8)


@pytest.mark.parametrize(
    ("keyword", "vr", "value"),
    [
        ("Rows", "US", b"\0\0"),
        ("PatientAge", "AS", b"000Y"),
        ("StudyDate", "DA", b"19000101"),
        ("StudyTime", "TM", b"000000"),
        ("SmallestImagePixelValue", "SS", b"\0\0"),  # US or SS: the first decides
        ("LUTData", "OW", b"\0\0"),
    ],
)
def test_the_dictionary_decides_over_the_vr_of_a_dummy(keyword: str, vr: str, value: bytes) -> None:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    made = Made(tag, vr, b"\1\0\1\0")
    first = dictionary_VR(tag)[:2]
    written = joined(walked(small(made), _rule(keyword, "D")))
    assert element(tag, first, value) in written


@pytest.mark.parametrize("keyword", sorted([*ITEMS, "ReferencedImageSequence"]))
@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_dummy_items_are_readable_in_both_encodings(keyword: str, transfer_syntax: str) -> None:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    made = Made(tag, "SQ", b"", (MadeItem((Made(0x00081155, "UI", b"1.2"),)),))
    dataset = cleaned(small(made, transfer_syntax=transfer_syntax), _rule(keyword, "D"))
    (found,) = dataset[keyword].value
    assert {each.keyword for each in found} == set(ITEMS.get(keyword, {}))
    assert dummy_items(keyword, UidMap(bytes(32), 1), implicit=False).startswith(
        b"\xfe\xff\x00\xe0"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"20200229", "20170604"),
        (b"20200229 ", "20170604"),
        (b"", ""),
        (b"2020", "2017"),
        (b"20200229\\20200301", ["20170604", "20170605"]),
        (b"20200229\\", ["20170604", ""]),
        (b"late", ""),  # fallback of Study Date in a CT: Type 2, empty
        (b"20200229\\late", ""),
    ],
)
def test_dates_are_shifted_or_fall_back_as_a_whole(value: bytes, expected: object) -> None:
    dataset = cleaned(small(Made(0x00080020, "DA", value)), MODIFIED)
    assert dataset.StudyDate == expected or list(dataset.StudyDate) == expected


def test_datetimes_are_shifted_and_times_stay() -> None:
    dataset = cleaned(
        small(
            Made(0x00080030, "TM", b"113000.5"),
            Made(0x0008002A, "DT", b"20200229113000.25+0100"),
            Made(0x00080031, "TM", b"noon"),
        ),
        MODIFIED,
    )
    assert dataset.StudyTime == "113000.5"
    assert dataset.AcquisitionDateTime == "20170604113000.25+0100"
    assert dataset.get("SeriesTime", "") == ""


@pytest.mark.parametrize(
    ("value", "expected"), [(b"089Y", "089Y"), (b"091Y", "090Y"), (b"old", ""), (b"", "")]
)
def test_ages_are_capped_or_fall_back(value: bytes, expected: str) -> None:
    rules = options("retain-patient-characteristics")
    assert cleaned(small(Made(0x00101010, "AS", value)), rules).get("PatientAge", "") == expected


@pytest.mark.parametrize("value", [b"Miller^Jane", b"Miller^Jane ", b"Someone^Else", b"", b" "])
def test_the_patient_inside_an_item_is_the_patient_of_the_root(value: bytes) -> None:
    inside = Made(0x00100010, "PN", value), Made(0x00100020, "LO", b"PAT-4711")
    dataset = cleaned(small(Made(0x00289110, "SQ", b"", (MadeItem(inside),))))
    (found,) = dataset[0x00289110].value
    assert found.PatientID == CONTEXT.pseudonym
    assert found.PatientName == (CONTEXT.pseudonym if value.startswith(b"Miller") else "")


def test_a_name_and_an_id_that_were_absent_are_added() -> None:
    data = small()
    name = element(0x00100010, "PN", b"Miller^Jane ")
    assert name in data
    dataset = cleaned(data.replace(name, b""))
    assert dataset.PatientName == dataset.PatientID == CONTEXT.pseudonym


def test_a_value_too_long_for_its_vr_becomes_un() -> None:
    long = b"1.2.3.4\\" * 9000
    written = encode_element(0x00080018, b"UI", long, implicit=False)
    assert written[4:6] == b"UN"
    assert len(written) == 12 + len(long)
    assert encode_element(0x00080018, b"UI", long, implicit=True)[8:] == long


@pytest.mark.parametrize(
    ("vr", "pad"), [(b"UI", b"\0"), (b"OB", b"\0"), (b"UN", b"\0"), (b"LO", b" ")]
)
def test_values_are_padded_to_even_length(vr: bytes, pad: bytes) -> None:
    for implicit in (True, False):
        assert encode_element(0x00080018, vr, b"odd", implicit=implicit).endswith(b"odd" + pad)


def test_a_sequence_with_an_odd_item_is_not_padded() -> None:
    odd = element(0x00280030, "DS", b"1\\1") + element(0x00280FFE, "LO", b"gone")
    tail = element(0x00289110, "SQ", b"\xfe\xff\0\xe0" + len(odd).to_bytes(4, "little") + odd)
    (found,) = cleaned(small(tail=tail))[0x00289110].value
    assert found.PixelSpacing == [1, 1]
    assert encode_sequence(0x00289110, b"SQ", b"odd", implicit=False).endswith(b"odd")


# Character sets and look-ups


@pytest.mark.parametrize(
    ("value", "codecs"),
    [
        (b"", DEFAULT),
        (b"ISO_IR 192 ", ("UTF8",)),
        (b"nothing known", DEFAULT),
        (b"\\ISO 2022 IR 87", ("iso8859", "iso2022_jp")),
        (b"x\\" * 5000, None),
    ],
)
def test_terms_name_codecs(value: bytes, codecs: tuple[str, ...] | None) -> None:
    found = encodings_of(value)
    assert found == codecs or codecs is None
    assert len(found) < 600
    assert decode(b"Miller\xe9\xff", found)


def test_text_that_no_codec_reads_is_text_still() -> None:
    assert decode("Müller".encode("latin-1"), ("no-such-codec",)) == "Müller"
    assert decode(b"\xff\xfe", ("utf8",))


def test_a_character_set_with_nul_inside_is_held() -> None:
    for made in (
        Made(0x00080005, "CS", b"ISO_IR\x00100"),
        Made(0x00289110, "SQ", b"", (MadeItem((Made(0x00080005, "CS", b"ISO_IR\x00100"),)),)),
    ):
        with pytest.raises(HeldError) as caught:
            walked(small(made))
        assert caught.value.code == "metadata.malformed"


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_numbers_are_shown_in_decimal_in_both_encodings(transfer_syntax: str) -> None:
    data = small(
        Made(0x00280010, "US", b"\4\0"),
        Made(0x00280030, "DS", b"1\\ 2 "),
        Made(0x00281201, "OW", bytes(100_000)),
        Made(0x00189073, "FD", b"\0\0\0\0\0\0\xf8\x3f"),
        transfer_syntax=transfer_syntax,
    )
    root = RootLookup.of_outline(open_object(BytesReader(data))[0])
    assert root("Rows") == "4"
    assert root("PixelSpacing") == "1\\2"
    assert root("AcquisitionDuration") == "1.5"
    assert root("RedPaletteColorLookupTableData") == ""  # present, and not shown
    assert root("Columns") is None
    assert root("NoSuchKeyword") is None
