"""Planted identifiers are found in every character set."""

from pathlib import Path

import pydicom
import pytest
from pydicom import DataElement

from pipelines.errors import ResidualError
from pipelines.objects import IdentityValue
from tests.unit.pipelines.verify.planted import LO, OB, PLAN, hold
from tests.unit.pipelines.verify.written import PATIENT_NAME, dataset, encode, gate, identity


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
