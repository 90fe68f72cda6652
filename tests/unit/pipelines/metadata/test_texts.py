"""Texts of attributes: the person goes, the meaning and its encoding stay (PS3.15, E.3.5)."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.objects import options
from tests.support.objects import small as _small
from tests.unit.pipelines.metadata.planted import DESCRIPTORS, RESEARCH, assert_gone, cleaned

_CHARSET, _NAME = 0x00080005, 0x00100010
_STUDY_DESCRIPTION, _SERIES_DESCRIPTION = 0x00081030, 0x0008103E
_PATIENT_COMMENTS, _IMAGE_COMMENTS = 0x00104000, 0x00204000
_HISTORY = 0x001021B0
_PROTOCOL_NAME = 0x00181030
_ALERTS = 0x00102000


def _text(tag: int, value: str, *, vr: str = "LO", codec: str = "ascii") -> Made:
    return Made(tag, vr, value.encode(codec))


def _object(*elements: Made, charset: bytes = b"", transfer_syntax: str = EXPLICIT) -> bytes:
    return _small(
        Made(_CHARSET, "CS", charset),
        Made(_NAME, "PN", b"Marchetti^Lucia"),
        Made(0x00100020, "LO", b"MR-40817"),
        *elements,
        transfer_syntax=transfer_syntax,
    )


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_descriptions_keep_their_meaning(transfer_syntax: str) -> None:
    stay = {
        _STUDY_DESCRIPTION: "MR Abdomen with and w/o contrast",
        _SERIES_DESCRIPTION: "ax T2 FSE fat sat",
        _PROTOCOL_NAME: "t1_mprage_sag_p2_iso",
        _ALERTS: "Penicillin allergy",
        0x00321060: "CT chest/abdomen/pelvis",
        0x00400254: "MRI Brain 3T",
    }
    made = [_text(tag, text) for tag, text in stay.items()]
    history = _text(_HISTORY, "58 year old with cough; smoker, COPD", vr="LT")
    dataset = cleaned(_object(*made, history, transfer_syntax=transfer_syntax), DESCRIPTORS).dataset
    assert {tag: dataset[tag].value for tag in stay} == stay
    assert dataset.AdditionalPatientHistory == "58 year old with cough; smoker, COPD"


def test_the_person_is_cut_out_of_every_text() -> None:
    made = (
        _text(_STUDY_DESCRIPTION, "CT Chest Marchetti"),
        _text(_SERIES_DESCRIPTION, "MARCHETTI_LUCIA ax 5mm"),
        _text(_PATIENT_COMMENTS, "Lucia M. phoned +44 20 7946 0958, lung nodule", vr="LT"),
        _text(_IMAGE_COMMENTS, "id 40817 mail l.marchetti@example.org motion artefact", vr="LT"),
        _text(_HISTORY, "Referred by Dr. Griffith, St. Mary Hospital, for haematuria", vr="LT"),
        _text(_PROTOCOL_NAME, "Abdomen MR-40817"),
    )
    result = cleaned(_object(*made), DESCRIPTORS)
    gone = ("Marchetti", "Lucia", "7946", "40817", "example.org", "Griffith", "St. Mary")
    assert_gone(result, *gone)
    dataset = result.dataset
    assert dataset.StudyDescription == "CT Chest"
    assert dataset.SeriesDescription == "ax 5mm"
    assert "lung nodule" in dataset.PatientComments
    assert "motion artefact" in dataset.ImageComments
    assert "haematuria" in dataset.AdditionalPatientHistory
    assert dataset.ProtocolName == "Abdomen"
    assert "113105" in result.methods
    assert result.report.reasons


def test_a_text_of_which_nothing_is_left_takes_the_profile() -> None:
    made = (_text(_STUDY_DESCRIPTION, "Marchetti"), _text(_IMAGE_COMMENTS, "Lucia", vr="LT"))
    result = cleaned(_object(*made), DESCRIPTORS)
    assert not result.dataset.get("StudyDescription")
    assert "ImageComments" not in result.dataset
    assert "113105" in result.methods  # it ran completely


def test_each_value_of_a_list_is_cleaned_by_itself() -> None:
    made = _text(_ALERTS, "Penicillin\\Marchetti\\Latex")
    result = cleaned(_object(made), DESCRIPTORS)
    assert list(result.dataset.MedicalAlerts) == ["Penicillin", "", "Latex"]


def test_a_backslash_in_a_long_text_is_a_character() -> None:
    made = _text(_IMAGE_COMMENTS, "left\\right artefact of Marchetti", vr="LT")
    result = cleaned(_object(made), DESCRIPTORS)
    assert "left\\right artefact" in result.dataset.ImageComments
    assert_gone(result, "Marchetti")


def test_lines_of_a_text_stay_lines() -> None:
    made = _text(_IMAGE_COMMENTS, "Nodule 4 mm\r\nLucia Marchetti\r\nNo effusion", vr="LT")
    lines = cleaned(_object(made), DESCRIPTORS).dataset.ImageComments.split("\r\n")
    assert lines[0] == "Nodule 4 mm"
    assert lines[-1] == "No effusion"


def test_empty_texts_stay_empty() -> None:
    made = (_text(_STUDY_DESCRIPTION, ""), _text(_SERIES_DESCRIPTION, "  "))
    dataset = cleaned(_object(*made), DESCRIPTORS).dataset
    assert not dataset.StudyDescription
    assert not dataset.SeriesDescription.strip()


# Names in the scripts of the world. The name stands in Patient's Name and again in a text.

_WORLD: Mapping[str, tuple[bytes, str, str, str, tuple[str, ...], str]] = {
    "Japanese, JIS": (
        b"\\ISO 2022 IR 87",
        "iso2022_jp",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "胸部CT 山田太郎 肺結節",
        ("山田", "太郎", "Yamada", "やまだ"),
        "肺結節",
    ),
    "Japanese, UTF-8": (
        b"ISO_IR 192",
        "utf-8",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "胸部CT 山田 太郎様 肺結節 やまだたろう",
        ("山田", "太郎", "Yamada", "やまだ", "たろう"),
        "肺結節",
    ),
    "Korean, UTF-8": (
        b"ISO_IR 192",
        "utf-8",
        "Hong^Gildong=洪^吉洞=홍^길동",
        "흉부 CT 홍길동 폐결절",
        ("홍길동", "길동", "吉洞"),
        "폐결절",
    ),
    "Chinese, GB18030": (
        b"GB18030",
        "gb18030",
        "Wang^XiaoDong=王^小东",
        "胸部CT平扫 王小东 肺结节",
        ("王小东", "小东", "XiaoDong"),
        "肺结节",
    ),
    "Chinese, UTF-8": (
        b"ISO_IR 192",
        "utf-8",
        "Wang^XiaoDong=王^小東",
        "王小東 胸部CT Wang Xiaodong",
        ("王小東", "小東", "Xiaodong"),
        "胸部CT",
    ),
    "Cyrillic": (
        b"ISO_IR 144",
        "iso8859_5",
        "Иванов^Пётр",
        "КТ грудной клетки, Иванов П., узел",
        ("Иванов",),
        "узел",
    ),
    "Greek": (
        b"ISO_IR 126",
        "iso8859_7",
        "Διονυσίου^Μαρία",
        "Αξονική θώρακος Διονυσίου όζος",
        ("Διονυσίου", "Μαρία"),
        "όζος",
    ),
    "Latin-1": (
        b"ISO_IR 100",
        "latin-1",
        "Müller^Jörg",
        "Schädel-CT Mueller, Jörg: keine Blutung",
        ("Müller", "Mueller", "Jörg"),
        "keine Blutung",
    ),
    "Arabic": (
        b"ISO_IR 127",
        "iso8859_6",
        "قباني^لنزار",
        "قباني صدر",
        ("قباني", "لنزار"),
        "صدر",
    ),
    "Thai": (b"ISO_IR 166", "iso8859_11", "สมชาย^ใจดี", "สมชาย CT chest", ("สมชาย",), "CT chest"),
}


@pytest.mark.parametrize("which", _WORLD)
@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_names_of_every_script_go_and_the_rest_can_still_be_read(
    which: str, transfer_syntax: str
) -> None:
    charset, codec, name, text, gone, stays = _WORLD[which]
    data = _object(
        Made(_NAME, "PN", name.encode(codec)),
        Made(_IMAGE_COMMENTS, "LT", text.encode(codec)),
        charset=charset,
        transfer_syntax=transfer_syntax,
    )
    result = cleaned(data, DESCRIPTORS)
    assert_gone(result, *gone)
    assert "\N{REPLACEMENT CHARACTER}" not in result.dataset.ImageComments
    assert stays in result.dataset.ImageComments
    assert "113105" in result.methods


def _korean(text: str) -> bytes:
    """Return text as ISO 2022 IR 149 has it: the escape once, then EUC-KR."""
    return b"\x1b$)C" + text.encode("euc_kr")


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_a_korean_name_by_escape_sequences_goes(transfer_syntax: str) -> None:
    name = b"Hong^Gildong=" + _korean("洪") + b"^" + _korean("吉洞")
    name += b"=" + _korean("홍") + b"^" + _korean("길동")
    data = _object(
        Made(_NAME, "PN", name),
        Made(_IMAGE_COMMENTS, "LT", _korean("흉부 CT 홍길동 폐결절")),
        charset=b"\\ISO 2022 IR 149",
        transfer_syntax=transfer_syntax,
    )
    result = cleaned(data, DESCRIPTORS)
    assert_gone(result, "홍길동", "길동", "Gildong")
    assert "폐결절" in result.dataset.ImageComments
    assert "\N{REPLACEMENT CHARACTER}" not in result.dataset.ImageComments


def test_an_item_with_its_own_character_set_is_read_by_it() -> None:
    inside = MadeItem(
        (
            Made(_CHARSET, "CS", b"ISO_IR 192"),
            Made(0x00400007, "LO", "Thorax 山田太郎".encode()),
            Made(0x00100010, "PN", "Yamada^Tarou=山田^太郎".encode()),
        )
    )
    result = cleaned(_object(Made(0x00400275, "SQ", b"", (inside,))), DESCRIPTORS)
    assert_gone(result, "山田", "太郎", "Yamada")


def test_a_name_in_another_spelling_goes() -> None:
    data = _object(
        Made(_NAME, "PN", "Größmann-Łukasiewicz^José".encode()),
        Made(_IMAGE_COMMENTS, "LT", b"seen: GROESSMANN LUKASIEWICZ, Jose; stone 3 mm"),
        charset=b"ISO_IR 192",
    )
    result = cleaned(data, DESCRIPTORS)
    assert_gone(result, "Groessmann", "Lukasiewicz", "Jose")
    assert "stone 3 mm" in result.dataset.ImageComments


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u2060", "\ufeff"])
def test_a_name_with_invisible_characters_goes(hidden: str) -> None:
    data = _object(
        Made(_IMAGE_COMMENTS, "LT", f"nodule Mar{hidden}chetti".encode()), charset=b"ISO_IR 192"
    )
    result = cleaned(data, DESCRIPTORS)
    assert "chetti" not in result.dataset.ImageComments
    assert "nodule" in result.dataset.ImageComments


@pytest.mark.parametrize("date", ["17.3.48", "17/03/48", "03-17-48"])
def test_a_birth_date_with_a_short_year_goes(date: str) -> None:
    data = _object(
        Made(0x00100030, "DA", b"19480317"),
        _text(_IMAGE_COMMENTS, f"nodule, b. {date}", vr="LT"),
    )
    result = cleaned(data, DESCRIPTORS)
    assert_gone(result, date)
    assert "nodule" in result.dataset.ImageComments


def test_a_uid_of_the_source_in_a_text_goes() -> None:
    data = _object(
        Made(0x0020000D, "UI", b"1.2.840.113619.2.55.3.9"),
        _text(_IMAGE_COMMENTS, "nodule, see study 1.2.840.113619.2.55.3.9", vr="LT"),
    )
    result = cleaned(data, DESCRIPTORS)
    assert_gone(result, "1.2.840.113619.2.55.3.9")
    assert "nodule" in result.dataset.ImageComments


_BESIDE_THE_TABLE = {
    "ContentDescription": (0x00700081, "LO"),
    "GraphicLayerDescription": (0x00700068, "LO"),
    "SegmentDescription": (0x00620006, "ST"),
    "SegmentLabel": (0x00620005, "LO"),
    "TrackingID": (0x00620020, "UT"),
    "LUTExplanation": (0x00283003, "LO"),
    "DisplaySetLabel": (0x00720203, "LO"),
    "BeamName": (0x300A00C2, "LO"),
    "WaveformFilterDescription": (0x003A0329, "ST"),
    "MultiplexGroupLabel": (0x003A0020, "SH"),
    "CommentsOnRadiationDose": (0x00400310, "ST"),
}


@pytest.mark.parametrize("which", _BESIDE_THE_TABLE)
def test_a_stranger_in_a_description_outside_the_table_goes_too(which: str) -> None:
    tag, vr = _BESIDE_THE_TABLE[which]
    stranger = Made(tag, vr, b"seen, Dr. Griffith")
    inside = Made(0x00081115, "SQ", b"", (MadeItem((stranger,)),))
    result = cleaned(_object(stranger, inside), DESCRIPTORS)
    assert_gone(result, "Griffith")
    plain = cleaned(_object(Made(tag, vr, b"liver")), DESCRIPTORS)
    assert plain.dataset[tag].value == "liver"


# What can't be read is not left standing, and the option is not claimed


@pytest.mark.parametrize(
    ("charset", "value"),
    [
        (b"ISO_IR 192", b"CT \xff\xfe\xfd Thorax"),
        (b"\\ISO 2022 IR 87", b"CT \x1b$B;3\xff"),
        (b"GB18030", b"CT \xff\xff"),
        (b"ISO_IR 192", b"CT Thorax \xe5\xb1"),
    ],
)
@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_a_text_that_can_not_be_decoded_takes_the_profile(
    charset: bytes, value: bytes, transfer_syntax: str
) -> None:
    data = _object(
        Made(_IMAGE_COMMENTS, "LT", value), charset=charset, transfer_syntax=transfer_syntax
    )
    result = cleaned(data, DESCRIPTORS)
    assert "ImageComments" not in result.dataset
    assert result.report.notes == ("clean-descriptors.removed",)
    assert "113105" not in result.methods
    assert "113100" in result.methods


@pytest.mark.parametrize(("size", "stays"), [(256 * 1024, True), (256 * 1024 + 2, False)])
def test_a_text_over_256_kib_takes_the_profile(size: int, *, stays: bool) -> None:
    value = (b"no finding. " * (size // 12 + 1))[: size - 1] + b"."
    result = cleaned(_object(Made(_HISTORY, "LT", value), transfer_syntax=IMPLICIT), RESEARCH)
    assert ("AdditionalPatientHistory" in result.dataset) is stays
    assert ("113105" in result.methods) is stays
    assert bool(result.report.notes) is not stays


def test_letters_beyond_a_character_set_that_is_not_declared_stay() -> None:
    # as many devices write it: Latin-1 without saying so
    data = _object(
        Made(_IMAGE_COMMENTS, "LT", b"CT Sch\xe4del, Marchetti"),
        Made(_STUDY_DESCRIPTION, "LO", b"CT Sch\xe4del"),
    )
    result = cleaned(data, DESCRIPTORS)
    assert_gone(result, "Marchetti")
    assert b"CT Sch\xe4del" in result.written


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (_STUDY_DESCRIPTION, "SH", b"CT Chest"),
        (_STUDY_DESCRIPTION, "ST", b"CT Chest"),
        (_HISTORY, "UT", b"smoker"),
        (_IMAGE_COMMENTS, "ST", b"motion"),
        (_SERIES_DESCRIPTION, "LT", b"axial"),
    ],
)
def test_a_text_under_another_vr_of_text_is_cleaned_all_the_same(
    tag: int, vr: str, value: bytes
) -> None:
    result = cleaned(_object(Made(tag, vr, value + b" Marchetti")), DESCRIPTORS)
    assert_gone(result, "Marchetti")
    assert result.dataset[tag].value.strip() == value.decode()
    assert "113105" in result.methods


@pytest.mark.parametrize("bad", [b" \xff", b"\x1b$B;3\xff", b"\x1b$B;3EDB@O:\xff;3"])
def test_a_name_beside_a_byte_that_can_not_be_decoded_goes(bad: bytes) -> None:
    name = "山田^太郎".encode("iso2022_jp")
    data = _object(
        Made(_NAME, "PN", b"Yamada^Tarou=" + name),
        Made(_IMAGE_COMMENTS, "LT", b"CT " + "山田太郎".encode("iso2022_jp") + bad),
        charset=b"\\ISO 2022 IR 87",
    )
    result = cleaned(data, DESCRIPTORS)
    assert_gone(result, "山田", "太郎")
    assert "山田".encode("iso2022_jp")[3:7] not in result.written


def test_a_large_value_of_unknown_vr_takes_the_profile() -> None:
    made = Made(_IMAGE_COMMENTS, "UN", b"Marchetti " * 40_000)
    result = cleaned(_object(made), DESCRIPTORS)
    assert "ImageComments" not in result.dataset
    assert "113105" not in result.methods


@pytest.mark.parametrize("vr", ["OB", "US", "FD"])
def test_a_text_under_the_wrong_vr_takes_the_profile(vr: str) -> None:
    result = cleaned(_object(Made(_IMAGE_COMMENTS, vr, b"Marchetti nodule")), DESCRIPTORS)
    assert "ImageComments" not in result.dataset
    assert "113105" not in result.methods
    assert_gone(result, "Marchetti")


# Coded words go whole or stay whole


def test_a_coded_word_that_names_the_person_goes_whole() -> None:
    data = _object(
        Made(0x00080070, "LO", b"ACME for Marchetti"),
        Made(0x00080054, "AE", b"MARCHETTI"),
        Made(0x00185100, "CS", b"MARCHETTI"),
        Made(0x00180015, "CS", b"CHEST"),
    )
    result = cleaned(data, RESEARCH)
    assert_gone(result, "Marchetti")
    assert result.dataset.BodyPartExamined == "CHEST"
    assert result.dataset.Manufacturer == "ACME"
    assert result.dataset.PatientPosition == "REMOVED"  # kept by the tables: it stays, as a dummy


def test_patient_characteristics_are_cleaned() -> None:
    data = _object(
        Made(0x00102180, "SH", b"baker"),
        Made(_HISTORY, "LT", b"diabetes, treated by Lucia"),
        Made(0x00101010, "AS", b"094Y"),
        Made(0x00100040, "CS", b"F"),
        Made(0x00101030, "DS", b"61.5"),
    )
    result = cleaned(data, RESEARCH)
    assert_gone(result, "Marchetti", "Lucia", "094Y")
    assert "diabetes" in result.dataset.AdditionalPatientHistory
    assert result.dataset.PatientAge == "090Y"
    assert result.dataset.PatientSex == "F"
    assert result.dataset.PatientWeight == 61.5


@pytest.mark.parametrize(
    ("family", "protocol"),
    [("HAND", "Hand AP/lat"), ("BONE", "Bone survey"), ("WHITE", "White matter"), ("HEAD", "Head")],
)
def test_a_protocol_of_a_body_part_stays_though_the_patient_is_called_so(
    family: str, protocol: str
) -> None:
    data = _object(
        Made(_NAME, "PN", f"{family}^Lucia".encode()),
        _text(_PROTOCOL_NAME, protocol),
        Made(_IMAGE_COMMENTS, "LT", f"Mrs {family.title()} could not lie still".encode()),
        Made(0x00180015, "CS", b"HAND"),
    )
    result = cleaned(data, DESCRIPTORS)
    assert result.dataset.ProtocolName == protocol
    assert result.dataset.BodyPartExamined == "HAND"
    assert_gone(result, f"Mrs {family}")
    assert "could not lie still" in result.dataset.ImageComments


# Properties

_WORDS = st.lists(
    st.sampled_from(
        ("chest", "CT", "nodule", "4 mm", "Marchetti", "MARCHETTI,", "lucia", "left", "MR-40817")
    ),
    min_size=1,
    max_size=8,
)


@given(words=_WORDS, transfer_syntax=st.sampled_from((EXPLICIT, IMPLICIT)))
def test_no_arrangement_of_words_lets_the_name_pass(
    *, words: list[str], transfer_syntax: str
) -> None:
    data = _object(
        Made(_IMAGE_COMMENTS, "LT", " ".join(words).encode()), transfer_syntax=transfer_syntax
    )
    result = cleaned(data, DESCRIPTORS)
    assert_gone(result, "Marchetti", "Lucia", "40817")
    left = str(result.dataset.get("ImageComments", ""))
    for word in ("chest", "nodule", "left"):
        assert left.count(word) == words.count(word)


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40))
def test_a_text_that_stays_stays_byte_for_byte_or_is_encoded_anew(text: str) -> None:
    data = _object(Made(_IMAGE_COMMENTS, "LT", text.encode()), charset=b"ISO_IR 192")
    result = cleaned(data, DESCRIPTORS)
    left = result.dataset.get("ImageComments", "")
    assert "\N{REPLACEMENT CHARACTER}" not in left or "\N{REPLACEMENT CHARACTER}" in text
    again = cleaned(
        _object(Made(_IMAGE_COMMENTS, "LT", left.encode()), charset=b"ISO_IR 192"), DESCRIPTORS
    )
    assert again.dataset.get("ImageComments", "") == left


def test_a_rule_that_cleans_does_so_without_the_option() -> None:
    rules = options(rules="rules:\n  - {tags: [ImageComments], action: C}\n")
    result = cleaned(_object(_text(_IMAGE_COMMENTS, "Marchetti: stone", vr="LT")), rules)
    assert_gone(result, "Marchetti")
    assert "stone" in result.dataset.ImageComments
    assert "113105" not in result.methods
