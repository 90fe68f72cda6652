"""What is known of the subject is cut out of what the tables keep (second walk)."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import HeldError
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.objects import options, small
from tests.unit.pipelines.metadata.planted import (
    DESCRIPTORS,
    RESEARCH,
    Result,
    assert_gone,
    cleaned,
)

_MANUFACTURER, _MODEL = 0x00080070, 0x00081090
_KERNEL = 0x00181210  # Convolution Kernel, SH
_SEQUENCE_NAME = 0x00180024
_CODES = 0x00081032  # Procedure Code Sequence
_NAME = Made(0x00100010, "PN", b"Marchetti^Lucia")
_ID = Made(0x00100020, "LO", b"MR-40817")


def _cut(*elements: Made, rules: str = DESCRIPTORS, transfer_syntax: str = EXPLICIT) -> Result:
    return cleaned(small(_NAME, _ID, *elements, transfer_syntax=transfer_syntax), rules)


def _code(value: bytes, meaning: bytes) -> Made:
    elements = (
        Made(0x00080100, "SH", value),
        Made(0x00080102, "SH", b"99LOCAL"),
        Made(0x00080104, "LO", meaning),
    )
    return Made(_CODES, "SQ", b"", (MadeItem(elements),))


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_a_name_is_cut_out_of_an_attribute_that_the_tables_keep(transfer_syntax: str) -> None:
    result = _cut(
        Made(_MODEL, "LO", b"Ingenia for Marchetti"),
        _code(b"CT-17", b"Chest, Lucia Marchetti"),
        Made(_SEQUENCE_NAME, "SH", b"tse MR-40817"),
        transfer_syntax=transfer_syntax,
    )
    assert_gone(result, "Marchetti", "Lucia", "40817")
    assert result.dataset.ManufacturerModelName == "Ingenia"
    (kept,) = result.dataset.ProcedureCodeSequence
    assert (kept.CodeValue, kept.CodeMeaning) == ("CT-17", "Chest")
    assert result.dataset.SequenceName == "tse"


def test_without_the_option_it_is_held_as_before() -> None:
    with pytest.raises(HeldError) as caught:
        _cut(Made(_MODEL, "LO", b"Ingenia for Marchetti"), rules=options())
    assert caught.value.code == "verify.identity"


def test_nothing_else_changes_by_the_second_walk() -> None:
    stay = (
        Made(0x00080060, "CS", b"CT"),
        Made(_MANUFACTURER, "LO", b"ACME"),
        Made(_KERNEL, "SH", b"B30f"),
        Made(0x00180015, "CS", b"CHEST"),
        Made(0x00080008, "CS", b"ORIGINAL\\PRIMARY\\AXIAL"),
        Made(0x00280030, "DS", b"0.5\\0.5"),
        Made(0x00280010, "US", pack("<H", 4)),
    )
    once = _cut(*stay).dataset
    twice = _cut(*stay, Made(_MODEL, "LO", b"Ingenia Marchetti")).dataset
    for made in stay:
        assert once[made.tag].value == twice[made.tag].value
    assert twice.ManufacturerModelName == "Ingenia"


@pytest.mark.parametrize(
    ("tag", "vr", "keyword"),
    [
        (_MANUFACTURER, "LO", "Manufacturer"),  # Type 2
        (0x00185100, "CS", "PatientPosition"),  # Type 2C
        (_KERNEL, "SH", "ConvolutionKernel"),  # Type 3
    ],
)
def test_what_was_nothing_but_a_name_becomes_no_less_valid(tag: int, vr: str, keyword: str) -> None:
    result = _cut(Made(tag, vr, b"MARCHETTI"))
    assert_gone(result, "Marchetti")
    assert result.dataset[keyword].value == "REMOVED"


@pytest.mark.parametrize("word", [b"CT", b"MR", b"CT1", b"Radiology", b"Chest"])
def test_a_station_or_department_with_a_common_name_costs_nothing(word: bytes) -> None:
    result = _cut(
        Made(0x00081010, "SH", word),  # Station Name
        Made(0x00081040, "LO", word),  # Institutional Department Name
        Made(0x00080060, "CS", b"CT"),
        Made(0x00081030, "LO", b"CT Chest"),
        Made(0x00181030, "LO", b"MR Knee"),
        Made(0x00180015, "CS", b"CHEST"),
        Made(_MODEL, "LO", b"CT 5000 Marchetti"),
    )
    assert_gone(result, "Marchetti")
    assert result.dataset.Modality == "CT"
    assert result.dataset.StudyDescription == "CT Chest"
    assert result.dataset.ProtocolName == "MR Knee"
    assert result.dataset.BodyPartExamined == "CHEST"


@pytest.mark.parametrize("number", [b"1", b"12", b"007", b"2"])
def test_a_short_number_as_an_identifier_costs_nothing(number: bytes) -> None:
    result = _cut(
        Made(0x00100020, "LO", number),
        Made(0x00200010, "SH", number),
        Made(0x00080050, "SH", number),
        Made(0x00181000, "LO", number),
        Made(0x0008103E, "LO", b"T2 ax 12 mm, 2 of 7"),
        Made(_KERNEL, "SH", b"B 12 f"),
    )
    assert result.dataset.SeriesDescription == "T2 ax 12 mm, 2 of 7"
    assert result.dataset.ConvolutionKernel == "B 12 f"


# Known from far away: the value stands in one attribute, its repetition in another

_FAR = {
    "other names": (0x00101001, "PN", b"Cavalcanti^Lucia", b"Cavalcanti"),
    "birth name": (0x00101005, "PN", b"Cavalcanti^Lucia", b"Cavalcanti"),
    "mother": (0x00101060, "PN", b"Cavalcanti^Rosa", b"Cavalcanti"),
    "referrer": (0x00080090, "PN", b"Cavalcanti^Aldo^^Dr", b"Cavalcanti"),
    "operator": (0x00081070, "PN", b"Cavalcanti^Aldo", b"Aldo Cavalcanti"),
    "responsible": (0x00102297, "PN", b"Cavalcanti^Aldo", b"Cavalcanti"),
    "other id": (0x00101000, "LO", b"XK-553201", b"XK-553201"),
    "accession": (0x00080050, "SH", b"A2024-99812", b"A2024-99812"),
    "study id": (0x00200010, "SH", b"ST9981277", b"ST9981277"),
    "admission": (0x00380010, "LO", b"ADM-778812", b"ADM-778812"),
    "telephone": (0x00102154, "SH", b"+39 06 6982 3114", b"06 6982 3114"),
    "address": (0x00101040, "LO", b"Via Appia Nuova 17, Roma", b"Via Appia Nuova 17"),
    "institution": (0x00080080, "LO", b"Ospedale Santa Zita", b"Ospedale Santa Zita"),
    "serial number": (0x00181000, "LO", b"SN-8812-7743", b"SN-8812-7743"),
}


@pytest.mark.parametrize("which", _FAR)
def test_what_stands_in_a_far_attribute_is_known_in_a_text(which: str) -> None:
    tag, vr, value, repeated = _FAR[which]
    result = _cut(Made(tag, vr, value), Made(0x00204000, "LT", b"Liver lesion, " + repeated))
    assert_gone(result, repeated.decode())
    assert "Liver lesion" in result.dataset.ImageComments


@pytest.mark.parametrize("which", _FAR)
@pytest.mark.parametrize("as_un", [False, True])
def test_what_stands_deep_in_a_sequence_is_known_at_the_root(which: str, *, as_un: bool) -> None:
    tag, vr, value, repeated = _FAR[which]
    inside: tuple[Made, ...] = (Made(tag, vr, value),)
    for outer in (0x00400275, 0x00081115, 0x00400275):
        inside = (Made(outer, "SQ", b"", (MadeItem(inside),), as_un=as_un),)
    result = _cut(*inside, Made(0x00204000, "LT", b"Liver lesion, " + repeated))
    assert_gone(result, repeated.decode())
    assert "Liver lesion" in result.dataset.ImageComments


@pytest.mark.parametrize("outer", [0x00081115, 0x00400275])
def test_a_large_sequence_in_unknown_bytes_is_read_for_names_too(outer: int) -> None:
    filler = MadeItem((Made(0x00400007, "LO", b"x" * 60),))
    first = MadeItem((Made(0x00101001, "PN", b"Cavalcanti^Rosa"),))
    result = _cut(
        Made(outer, "SQ", b"", (first, *[filler] * 200), as_un=True),
        Made(0x00204000, "LT", b"Liver lesion, Cavalcanti"),
        Made(_MODEL, "LO", b"Ingenia Cavalcanti"),
    )
    assert_gone(result, "Cavalcanti")
    assert "Liver lesion" in result.dataset.ImageComments


def test_names_in_an_item_of_another_character_set_are_known_there() -> None:
    inside = MadeItem(
        (
            Made(0x00080005, "CS", b"ISO_IR 192"),
            Made(0x0008103E, "LO", "CT Grüßner Jörg".encode()),
        )
    )
    result = _cut(
        Made(0x00080005, "CS", b"ISO_IR 100"),
        Made(0x00100010, "PN", "Grüßner^Jörg".encode("latin-1")),
        Made(0x00081115, "SQ", b"", (inside,)),
    )
    assert_gone(result, "Grüßner", "Jörg")
    assert result.dataset.ReferencedSeriesSequence[0].SeriesDescription == "CT"


def test_what_is_kept_on_purpose_is_not_cut() -> None:
    rules = options(
        "clean-descriptors",
        rules="rules:\n  - {tags: [InstitutionName, ManufacturerModelName], action: K}\n",
    )
    result = _cut(
        Made(0x00080080, "LO", b"Ospedale Santa Zita"),
        Made(_MODEL, "LO", b"Scanner of Santa Zita"),
        Made(_KERNEL, "SH", b"B30f Marchetti"),
        rules=rules,
    )
    assert result.dataset.InstitutionName == "Ospedale Santa Zita"
    assert result.dataset.ManufacturerModelName == "Scanner of Santa Zita"
    assert result.dataset.ConvolutionKernel == "B30f"


def test_an_institution_stays_in_texts_where_it_is_retained() -> None:
    rules = options("clean-descriptors", "retain-institution-identity")
    result = _cut(
        Made(0x00080080, "LO", b"Ospedale Santa Zita"),
        Made(_MODEL, "LO", b"Scanner Marchetti"),
        rules=rules,
    )
    assert result.dataset.InstitutionName == "Ospedale Santa Zita"
    assert_gone(result, "Marchetti")


def test_numbers_and_uids_are_never_cut() -> None:
    result = _cut(
        Made(0x00100020, "LO", b"512"),
        Made(0x00280010, "US", pack("<H", 512)),
        Made(0x00180050, "DS", b"512"),
        Made(0x00200013, "IS", b"512"),
        Made(_MODEL, "LO", b"Ingenia Marchetti"),
    )
    assert result.dataset.Rows == 512
    assert result.dataset.SliceThickness == 512
    assert result.dataset.InstanceNumber == 512


def test_the_report_tells_why_and_never_what() -> None:
    result = _cut(Made(_MODEL, "LO", b"Ingenia Marchetti"), Made(0x00104000, "LT", b"Lucia, calm"))
    assert result.report.reasons.keys() <= {"name.known", "name.context", "name.unknown-word"}
    assert "Marchetti" not in repr(result.report)
    assert {"113100", "113105"} <= result.methods


_PLACES = st.sampled_from(
    (
        (_MODEL, "LO"),
        (_KERNEL, "SH"),
        (_SEQUENCE_NAME, "SH"),
        (0x00180022, "CS"),
        (0x00041141, "CS"),
    )
)


@given(
    places=st.lists(_PLACES, min_size=1, max_size=3, unique=True),
    word=st.sampled_from((b"MARCHETTI", b"marchetti lucia", b"LUCIA MARCHETTI", b"X MR-40817")),
    transfer_syntax=st.sampled_from((EXPLICIT, IMPLICIT)),
    rules=st.sampled_from((DESCRIPTORS, RESEARCH)),
)
def test_wherever_the_name_stands_it_goes(
    *, places: list[tuple[int, str]], word: bytes, transfer_syntax: str, rules: str
) -> None:
    made = [Made(tag, vr, word) for tag, vr in places]
    result = _cut(*made, rules=rules, transfer_syntax=transfer_syntax)
    assert_gone(result, "Marchetti", "Lucia", "40817")
