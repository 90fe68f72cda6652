"""Planted identifiers are found, wherever and however they are written."""

import base64
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import DataElement, Dataset
from pydicom.sequence import Sequence as Items

from pipelines.errors import ResidualError
from pipelines.objects import IdentityValue
from pipelines.verify import search
from pipelines.verify.identity import IDENTITY_TAGS
from pipelines.verify.search import search_of
from pipelines.verify.spelling import Form
from pipelines.verify.vocabulary import is_clinical
from tests.unit.pipelines.verify.written import (
    DOE,
    IMPLICIT,
    JPEG,
    PATIENT_ID,
    PATIENT_NAME,
    PSEUDONYM,
    SOURCE,
    dataset,
    encode,
    gate,
    identity,
    nested,
    plan_of,
)

PLAN = plan_of()
KEPT = {
    "SH": 0x00080010,
    "LO": 0x00080041,
    "LT": 0x00080108,
    "UR": 0x0008010E,
    "ST": 0x00080114,
    "UC": 0x00080119,
    "UT": 0x0008030E,
    "CS": 0x00080060,
    "PN": 0x00140104,
    "OB": 0x0008041B,
    "OW": 0x00281201,
}
"""Attributes that the basic profile keeps, by VR."""
LO, OB, UT = KEPT["LO"], KEPT["OB"], KEPT["UT"]


def hold(element: DataElement, *, syntax: str | None = None, **options: object) -> str:
    """Return code and place of what the gate finds with `element` in the object."""
    d = dataset(PLAN)
    d.add(element)
    data = encode(d, syntax=syntax) if syntax else encode(d)
    if syntax:
        options["syntax"] = syntax
    try:
        gate(data, plan=PLAN, **options)  # type: ignore[arg-type]  # options of the gate
    except ResidualError as error:
        return str(error)
    return ""


def text(value: str, vr: str = "UT") -> DataElement:
    return DataElement(KEPT[vr], vr, value)


def test_the_untouched_object_is_released() -> None:
    gate(encode(dataset(PLAN)), plan=PLAN)
    gate(encode(dataset(PLAN), syntax=IMPLICIT), plan=PLAN, syntax=IMPLICIT)


@pytest.mark.parametrize("syntax", [None, IMPLICIT])
@pytest.mark.parametrize("vr", KEPT)
def test_a_name_is_found_in_every_vr(vr: str, syntax: str | None) -> None:
    value = b"a\x00\x01Jane\x00" if vr in ("OB", "OW") else "Jane"
    where = f"({KEPT[vr] >> 16:04X},{KEPT[vr] & 0xFFFF:04X})"
    assert hold(DataElement(KEPT[vr], vr, value), syntax=syntax) == f"verify.identity {where}"


@pytest.mark.parametrize(
    "spelled",
    [
        *("Doe^Jane", "DOE, JANE", "jane doe", "JANE_DOE", "janedoe", "DoeJane", "jdoe", "DOEJ"),
        *("Jane", "made for JANE.", "x-jane-x", "J Doe", "dr (doe)"),
        *("00-4711-885", "004711885", "4711885", "4711-885", "ID:4711 885", "0004711885"),
        *("19580317", "1958-03-17", "17.03.1958", "17/3/1958", "3/17/1958", "17031958", "03171958"),
        *("17 March 1958", "17-MAR-58 to 17-MAR-1958", "March 17, 1958", "17. März 1958"),
        *("+49 351 4588 2210", "0351/45882210", "(351) 4588-2210", "4935145882210"),
        *("Hauptstrasse 17", "HAUPTSTRASSE 17, 01067 DRESDEN", "01067 Dresden"),
        *("ACC2024-3391", "acc2024 3391", "ACC20243391"),
        *("St. Elswhere Memorial", "Okonkwo", "C. Okonkwo", "cokonkwo"),
        base64.b64encode(b"Doe^Jane").decode(),
        base64.b64encode(b"..the 00-4711-885 again").decode(),
    ],
)
def test_every_spelling_is_found(spelled: str) -> None:
    assert hold(text(spelled)) == "verify.identity (0008,030E)"
    assert hold(text(f"before {spelled} after", "LT")) == "verify.identity (0008,0108)"


@pytest.mark.parametrize(
    "harmless",
    [
        *("does", "doen", "janet", "xjane", "jane7", "Janesville", "odoe", "00-4711-8855"),
        *("14711885", "119580317", "1958-03-18", "17.13.1958", "351", "2024", "Dresden"),
        *("Memorial", "General", "Dr", "^", "", "REMOVED", PSEUDONYM, f"{PSEUDONYM}^x"),
    ],
)
def test_what_only_looks_alike_is_released(harmless: str) -> None:
    assert hold(text(harmless)) == ""


def test_a_short_name_counts_as_a_whole_word_of_text_only() -> None:
    subject = identity((PATIENT_NAME, "Li^Po"))
    assert hold(text("seen by Li"), subject=subject)
    assert hold(text("po", "LO"), subject=subject)
    assert not hold(text("lit", "LO"), subject=subject)
    assert not hold(DataElement(OB, "OB", b"\x00Li\x00\x01"), subject=subject)
    assert not hold(DataElement(KEPT["CS"], "CS", "LI"), subject=subject)
    assert hold(DataElement(OB, "OB", b"\x00li^po\x00"), subject=subject)


def test_a_clinical_word_counts_as_a_person_or_with_another_part_of_the_name() -> None:
    subject = identity((PATIENT_NAME, "Hand^Marguerite"))
    assert not hold(text("LEFT HAND"), subject=subject)
    assert hold(text("Hand^Person", "PN"), subject=subject)
    assert hold(text("hand, marguerite"), subject=subject)
    assert hold(text("m hand", "PN"), subject=subject)


@pytest.mark.parametrize("name", ["ANON", "Anonymous^Patient", "Test1", "REMOVED", "Narthex"])
def test_a_placeholder_is_nobody(name: str) -> None:
    subject = identity((PATIENT_NAME, name), (PATIENT_ID, name))
    assert not hold(text(f"{name} unknown {name}"), subject=subject)


@pytest.mark.parametrize("number", ["1", "12", "123"])
def test_a_number_under_four_digits_says_nothing(number: str) -> None:
    subject = identity((PATIENT_ID, number), (PATIENT_NAME, number))
    assert not hold(text(f"{number} of {number}"), subject=subject)


def test_a_number_counts_in_number_elements_only_as_the_whole_value() -> None:
    subject = identity((PATIENT_ID, "512512"))
    event = 0x00082130  # DS
    assert hold(DataElement(event, "DS", "512512"), subject=subject)
    assert hold(DataElement(event, "DS", ["1", "512512"]), subject=subject)
    assert not hold(DataElement(event, "DS", "0.512512"), subject=subject)
    assert not hold(DataElement(event, "DS", ["512", "512"]), subject=subject)
    short = identity((PATIENT_ID, "5125"))
    assert not hold(DataElement(event, "DS", "5125"), subject=short)
    assert hold(text("5125", "LO"), subject=short)


def test_a_component_of_a_uid_counts_from_eight_digits() -> None:
    uid = DataElement(0x0008010C, "UI", "1.2.840.10008.20311958.47110815")
    assert hold(uid, subject=identity((PATIENT_ID, "47110815")))
    assert not hold(uid, subject=identity((PATIENT_ID, "10008")))
    assert not hold(uid, subject=identity((PATIENT_ID, "4711081")))


def test_nested_places_are_named() -> None:
    inner = nested(0x00080006, nested(0x00081199, text("Jane", "LO")))
    for syntax in (None, IMPLICIT):
        assert hold(inner, syntax=syntax) == (
            "verify.identity (0008,0006)[0].(0008,1199)[0].(0008,0041)"
        )


def test_a_kept_private_element_is_searched() -> None:
    rules = "  - {tags: ['(0019,\"ACME 1\",B0)'], action: K}\n"
    plan = plan_of(rules)
    for vr, value in (("LO", "Doe"), ("UN", b"\x01\x02\x03Jane\x00"), ("OB", b"jane")):
        d = dataset(plan)
        block = d.private_block(0x0019, "ACME 1", create=True)
        block.add_new(0xB0, vr, value)
        with pytest.raises(ResidualError, match=r"verify\.identity \(0019,10B0\)"):
            gate(encode(d), plan=plan)


def test_the_element_before_a_header_that_reads_like_text_is_searched() -> None:
    # (7053,xxxx) starts with the bytes "Sp", (0054,xxxx) with "T"
    rules = "  - {tags: ['(7053,\"ACME 1\",B0)'], action: K}\n"
    plan = plan_of(rules)
    d = dataset(plan)
    d.add_new(0x00720070, "LT", "x jane")
    d.private_block(0x7053, "ACME 1", create=True).add_new(0xB0, "US", 1)
    with pytest.raises(ResidualError, match=r"verify\.identity \(0072,0070\)"):
        gate(encode(d), plan=plan)
    d = dataset(PLAN)
    d.add_new(0x00400440, "SQ", [])
    d.add_new(0x0040A160, "UT", "x jane")
    d.add_new(0x00540081, "US", 1)
    with pytest.raises(ResidualError, match=r"verify\.\w+ \(0040,A160\)"):
        gate(encode(d), plan=PLAN)


def test_the_start_of_a_value_whose_length_reads_like_text_is_searched() -> None:
    # a length of 4140 hexadecimal ends with the byte "A"
    value = "jane" + " " * (0x4140 - 8) + "end."
    assert hold(text(value, "LT")) == "verify.identity (0008,0108)"


@pytest.mark.parametrize("codec", ["utf_16_le", "utf_16_be", "utf_8", "latin_1"])
@pytest.mark.parametrize("name", ["Jane", "Müller", "MÜLLER", "Østergård", "Mueller", "Muller"])
def test_all_encodings_of_a_name_are_found_in_bytes(codec: str, name: str) -> None:
    subject = identity(
        (PATIENT_NAME, "Müller^Jane"), (0x00101060, "Østergård^Åse"), charset="latin_1"
    )
    value = b"\x01\x02" + f" {name} ".encode(codec) + b"\x00\x00"
    assert hold(DataElement(OB, "OB", value), subject=subject)
    longer = b"\x01\x02" + f" x{name}x ".encode(codec) + b"\x00\x00"
    assert not hold(DataElement(OB, "OB", longer), subject=subject)


@pytest.mark.parametrize(
    ("name", "charset", "codecs"),
    [
        ("Люкceмбypг^Иван", "iso8859_5", ("iso8859_5", "cp1251", "koi8_r", "utf_8", "utf_16_be")),
        ("Διονυσιος^Νικος", "iso8859_7", ("iso8859_7", "cp1253", "utf_8", "utf_16_le")),
        ("山田^太郎", "shift_jis", ("shift_jis", "euc_jp", "iso2022_jp", "utf_8", "utf_16_le")),
        ("김희중^길동", "euc_kr", ("euc_kr", "utf_8", "utf_16_be")),
        ("王^小东", "gb18030", ("gb18030", "utf_8")),
    ],
)
def test_names_of_other_scripts_are_found_in_other_encodings(
    name: str, charset: str, codecs: tuple[str, ...]
) -> None:
    subject = identity((PATIENT_NAME, name), charset=charset)
    for codec in codecs:
        spelled = f" {name.replace('^', '')} ".encode(codec)
        assert hold(DataElement(OB, "OB", b"\x01" + spelled + b"\x00"), subject=subject), codec
        family = name.partition("^")[0]
        if len(family) > 1:
            spelled = f" {family}, ".encode(codec)
            assert hold(DataElement(OB, "OB", b"\x01" + spelled + b"\x00"), subject=subject), codec


def test_case_does_not_matter_beyond_ascii() -> None:
    subject = identity((PATIENT_NAME, "Люксембург^Иван"), charset="utf_8")
    for codec in ("utf_8", "iso8859_5", "utf_16_le"):
        value = " ЛЮКСЕМБУРГ ".encode(codec)
        assert hold(DataElement(OB, "OB", value + b"\x00" * (len(value) & 1)), subject=subject)


CHARSET_FILES = sorted(
    (Path(pydicom.__file__).parent / "data" / "charset_files").glob("chr[!S]*.dcm")
)


@pytest.mark.parametrize("path", CHARSET_FILES, ids=lambda path: path.stem)
def test_names_of_the_charset_files_are_found_as_encoded(path: Path) -> None:
    source = pydicom.dcmread(path)
    raw = pydicom.dcmread(path).get_item(PATIENT_NAME)
    assert raw is not None
    encodings = tuple(source["PatientName"].value.encodings or ("latin_1",))
    value = raw.value if isinstance(raw.value, bytes) else raw.value.original_string
    subject = (IdentityValue(tag=PATIENT_NAME, value=value, encodings=encodings),)
    d = dataset(PLAN)
    d.add_new(LO, "LO", "")  # its place; the bytes are put in below
    charset = source.SpecificCharacterSet
    d.SpecificCharacterSet = charset
    marker = b"\x08\x00\x41\x00LO\x00\x00"
    plain = encode(d)
    assert plain.count(marker) == 1
    padded = value + b" " * (len(value) & 1)
    for planted in (padded, b" (" + padded + b") "):
        header = b"\x08\x00\x41\x00LO" + len(planted).to_bytes(2, "little")
        with pytest.raises(ResidualError, match=r"verify\.identity \(0008,0041\)"):
            gate(plain.replace(marker, header + planted), plan=PLAN, subject=subject)


def test_an_ascii_name_after_an_escape_sequence_is_found() -> None:
    value = b"\x1b$B;3ED\x1b(BJane"
    d = dataset(PLAN)
    d.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    plain = encode(d)
    element = b"\x08\x00\x41\x00LO" + len(value + b" ").to_bytes(2, "little") + value + b" "
    at = plain.index(b"\x08\x00\x60\x00CS")
    at = min(at, plain.index(b"\x08\x00\x50\x00SH"))
    with pytest.raises(ResidualError, match=r"verify\.identity"):
        gate(plain[:at] + element + plain[at:], plan=PLAN)


def test_preamble_and_meta_information_are_checked() -> None:
    data = encode(dataset(PLAN))
    with pytest.raises(ResidualError, match=r"verify\.structure preamble"):
        gate(b"DOE^JANE" + data[8:], plan=PLAN)
    with pytest.raises(ResidualError, match=r"verify\.structure group 0002"):
        gate(data.replace(b"NARTHEX", b"JANEDOE", 1), plan=PLAN)


def fragments(*streams: bytes) -> bytes:
    items = [b"", *streams]
    return b"".join(
        b"\xfe\xff\x00\xe0"
        + len(s + b"\0" * (len(s) & 1)).to_bytes(4, "little")
        + s
        + b"\0" * (len(s) & 1)
        for s in items
    )


def encapsulated(*streams: bytes) -> bytes:
    d = dataset(PLAN)
    del d.PixelData
    end = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    return (
        encode(d, syntax=JPEG)
        + b"\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff"
        + fragments(*streams)
        + end
    )


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


CLEAN_JPEG = b"\xff\xd8" + segment(0xE0, b"JFIF\0") + segment(0xDA, b"\0" * 6)


@pytest.mark.parametrize(
    "stream",
    [
        b"\xff\xd8" + segment(0xE1, b"Exif\0\0Doe, Jane") + segment(0xDA, b"\0" * 6) + b"\xff\xd9",
        b"\xff\xd8" + segment(0xFE, b"id 4711885") + segment(0xDA, b"\0" * 6) + b"\xff\xd9",
        b"\xff\x4f\xff\x51\x00\x04ab"
        + segment(0x64, b"\0\1jane doe")
        + b"\xff\x90"
        + b"\0" * 9
        + b"\xff\xd9",
        CLEAN_JPEG + b"\1\2\3\xff\xd9 jane doe",
        b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x18xml <n>Jane Doe</n>" + b"\0\0\0\x0ajp2c\xff\x4f",
        b"jane doe" * 4,
    ],
)
def test_headers_of_codestreams_are_searched(stream: bytes) -> None:
    gate(encapsulated(CLEAN_JPEG + b"\xff\xd9"), plan=PLAN, syntax=JPEG)
    with pytest.raises(ResidualError, match=r"verify\.identity \(7FE0,0010\) fragment 2"):
        gate(encapsulated(CLEAN_JPEG + b"\xff\xd9", stream), plan=PLAN, syntax=JPEG)


def test_image_bytes_are_not_searched() -> None:
    gate(encapsulated(CLEAN_JPEG + b" jane doe \xff\xd9"), plan=PLAN, syntax=JPEG)
    d = dataset(PLAN)
    d.PixelData = b"jane doe"
    gate(encode(d), plan=PLAN)


def test_large_values_are_searched_to_their_end() -> None:
    value = b"\x00\x7f" * 1_600_000
    for at in (0, 70_000, 1024 * 1024 - 5, len(value) - 10):
        planted = value[:at] + b" jane doe " + value[at + 10 :]
        assert hold(DataElement(OB, "OB", planted)) == "verify.identity (0008,041B)", at


def test_what_a_rule_keeps_on_purpose_is_released() -> None:
    plan = plan_of("  - {tags: [InstitutionName], action: K}\n")
    d = dataset(plan)
    d.InstitutionName = "St Elswhere Memorial"
    gate(encode(d), plan=plan)
    d.InstitutionName = "Jane Doe Memorial"
    with pytest.raises(ResidualError, match=r"verify\.identity \(0008,0080\)"):
        gate(encode(d), plan=plan)


def test_text_that_a_rule_keeps_is_searched() -> None:
    plan = plan_of("  - {tags: [StudyDescription], action: K}\n")
    d = dataset(plan)
    d.StudyDescription = "MRI BREAST for Jane Doe"
    with pytest.raises(ResidualError, match=r"verify\.identity \(0008,1030\)"):
        gate(encode(d), plan=plan)


def test_kept_dates_may_equal_the_birth_date() -> None:
    plan = plan_of(options="retain-longitudinal-full-dates")
    d = dataset(plan)
    d.LongitudinalTemporalInformationModified = "UNMODIFIED"
    d.StudyDate = "19580317"
    gate(encode(d), plan=plan)
    d.add_new(LO, "LO", "19580317")
    with pytest.raises(ResidualError, match=r"verify\.identity"):
        gate(encode(d), plan=plan)


def test_a_source_uid_is_found_and_its_prefix_is_not() -> None:
    uid = SOURCE["series"]
    where = "verify.reference (0008,030E)"
    assert hold(text(f"see {uid}.")) == where
    assert hold(text(uid)) == where
    assert hold(text(f"{uid}1")) == hold(text(f"{uid}.1")) == hold(text(f"1{uid}")) == ""
    assert hold(DataElement(OB, "OB", b"\x01" + uid.encode() + b"\x00")).startswith(
        "verify.reference"
    )


def test_an_institution_called_like_the_manufacturer_is_released() -> None:
    subject = identity((0x00080080, "ACME Limited Works"), (0x00080080, "TOSHIBA"))
    d = dataset(PLAN)
    d.Manufacturer = "TOSHIBA"
    gate(encode(d), plan=PLAN, subject=subject)
    d.add_new(LO, "LO", "Toshiba")
    with pytest.raises(ResidualError):
        gate(encode(d), plan=PLAN, subject=subject)


def test_terms_show_no_values() -> None:
    assert {repr(s.term) for s in search_of(DOE).all} <= {f"Term({form.name})" for form in Form}
    assert PATIENT_NAME in IDENTITY_TAGS


def test_the_error_names_the_place_and_not_the_value() -> None:
    said = hold(text("Jane Doe 4711885"))
    assert said == "verify.identity (0008,030E)"


LETTERS = "bcdfghjklmnpqrstvwxz"
WORDS = st.text(alphabet=LETTERS, min_size=4, max_size=12).filter(lambda w: not is_clinical(w))
EDGES = st.sampled_from([" ", "^", ",", "_", "-", "/", "(", "\t", "."])


@given(
    family=WORDS,
    given_name=WORDS,
    edge=EDGES,
    vr=st.sampled_from(["LT", "UT", "OB"]),
    upper=st.booleans(),
)
def test_a_planted_name_with_boundaries_is_always_found(
    family: str, given_name: str, edge: str, vr: str, *, upper: bool
) -> None:
    subject = identity((PATIENT_NAME, f"{family}^{given_name}"))
    planted = f"qa{edge}{family.upper() if upper else family}{edge}qa"
    value = planted.encode() + b" " * (len(planted) & 1) if vr == "OB" else planted
    element = DataElement(KEPT[vr], vr, value)
    assert hold(element, subject=subject)
    assert hold(element, subject=subject, syntax=IMPLICIT)


@given(
    number=st.text(alphabet="123456789", min_size=4, max_size=16).filter(lambda n: len(set(n)) > 1),
    edge=EDGES,
)
def test_a_planted_number_with_boundaries_is_always_found(number: str, edge: str) -> None:
    subject = identity((PATIENT_ID, number))
    assert hold(text(f"ab{edge}{number}{edge}c"), subject=subject)
    assert not hold(text(f"ab{edge}7{number}{edge}c"), subject=subject)


@given(value=st.binary(max_size=300))
def test_any_bytes_of_a_source_make_a_search(value: bytes) -> None:
    for tag in (PATIENT_NAME, PATIENT_ID, 0x00100030, 0x00101040, 0x00080094):
        subject = (
            *identity((tag, value)),
            *identity((PATIENT_NAME, "Doe^Jane")),
        )
        assert hold(text("jane doe"), subject=subject)


def test_the_pseudonym_is_not_the_subject() -> None:
    part = PSEUDONYM.split("-")[1]
    subject = identity((PATIENT_ID, part))
    assert not hold(text("nothing"), subject=subject)
    assert hold(text(part), subject=subject) == "verify.identity (0008,030E)"


def test_headers_longer_than_a_window_are_walked_and_searched() -> None:
    item = Dataset()
    item.add(text("x" * 1000))
    for last, said in (("nobody", ""), ("Jane", "verify.identity (0008,0006)[700].(0008,030E)")):
        end = Dataset()
        end.add(text(last))
        codes = DataElement(0x00080006, "SQ", Items([*[item] * 700, end]))
        assert hold(codes) == said
        assert hold(codes, syntax=IMPLICIT) == said


def test_a_search_too_large_for_its_memory_is_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_MAX_MEMORY_BYTES", 40_000)
    parted = search.Search(DOE)
    assert len(parted._first_looks) > 1
    assert list(parted.candidates(b"by jane.", 8))


def test_many_identifiers_are_searched_and_too_many_are_held() -> None:
    many = identity(*((0x0040A123, f"Quistgaard{n}^Bj{n}rn") for n in range(1500)))
    assert not hold(text("jane doe"), subject=many)
    assert hold(text("quistgaard1499"), subject=many) == "verify.identity (0008,030E)"
    said = hold(text("jane doe"), subject=many * 2)
    assert said == "verify.identity more values than can be searched"


def test_long_values_are_searched() -> None:
    long = identity((PATIENT_ID, "12345678" * 600), (0x00101040, "Hauptstrasse " * 800))
    assert not hold(text("jane doe"), subject=long)
    many_words = identity((PATIENT_NAME, "^".join(["ab cde fghi jklmn opq"] * 100)))
    assert hold(text("jklmn"), subject=many_words)


def test_an_empty_subject_finds_nothing() -> None:
    assert not hold(text("jane doe"), subject=())
